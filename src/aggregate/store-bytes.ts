import { chunkLayout, chunkOn, type Chunk, type Column, columnBytes, type Layout, type Store } from './store.ts'

/** A store without its cells: what is left when they are kept as bytes. */
export type StoreFrame = Omit<Store, 'chunks' | 'onWrite'> & { readonly count: number }

export type OldStoreFrame = Omit<StoreFrame, 'layout'> & { readonly layout: Omit<Layout, 'width'> }

export function frameOf({ layout, free, used, crowded, many, chunks }: Store): StoreFrame {
  return { layout, free, used, crowded, many, count: chunks.length }
}

/** How many bytes a chunk of a layout takes. */
export function chunkSize(layout: Layout): number {
  return chunkLayout(layout).reduce((sum, column) => sum + columnBytes(column), 0)
}

/** The columns of a chunk, one behind the other. */
export function writeChunk(layout: Layout, chunk: Chunk): Uint8Array {
  const bytes = new Uint8Array(chunkSize(layout))
  let at = 0
  for (const [name] of chunkLayout(layout)) {
    const { buffer, byteOffset, byteLength } = chunk[name]
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at)
    at += byteLength
  }
  return bytes
}

/** Takes the next so many bytes, as a buffer of their own. */
export type Take = (bytes: number) => ArrayBuffer

/** The store again, from its frame and the bytes of its chunks. */
export function readStore(frame: StoreFrame, take: Take): Store {
  const { count, ...rest } = frame
  const chunks = Array.from({ length: count }, () => chunkOn(frame.layout, (column) => take(columnBytes(column))))
  return { ...rest, chunks, onWrite: undefined }
}

/** A store as version 0.1 wrote it: it knew one width of buckets, and kept the whole instant of a last sample. */
export function readOldStore(frame: OldStoreFrame, width: number, take: Take): Store {
  const { count, layout: old, ...rest } = frame
  const layout: Layout = { width, ...old }
  const buffer = (column: Column): ArrayBuffer => {
    const [name, , length] = column
    if (name !== 'lastAt') return take(columnBytes(column))
    return Float32Array.from(
      new Float64Array(take(length * Float64Array.BYTES_PER_ELEMENT)),
      (ts) => ts - Math.floor(ts / width) * width,
    ).buffer
  }
  const chunks = Array.from({ length: count }, () => chunkOn(layout, buffer))
  return { ...rest, layout, chunks, onWrite: undefined }
}
