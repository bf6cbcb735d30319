import { chunkLayout, chunkOn, type Chunk, columnBytes, type Layout, type Store } from './store.ts'

/** A store without its cells: what is left when they are kept as bytes. */
export type StoreFrame = Omit<Store, 'chunks' | 'onWrite'> & { readonly count: number }

export function frameOf({ layout, free, used, crowded, overflow, chunks }: Store): StoreFrame {
  return { layout, free, used, crowded, overflow, count: chunks.length }
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
