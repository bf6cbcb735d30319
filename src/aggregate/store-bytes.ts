import { chunkLayout, type Chunk, type Layout, type Store } from './store.ts'

/** A store without its cells: what is left when they are kept as bytes. */
export type StoreFrame = Omit<Store, 'chunks' | 'onWrite'> & { readonly count: number }

export function frameOf({ layout, free, used, crowded, many, chunks }: Store): StoreFrame {
  return { layout, free, used, crowded, many, count: chunks.length }
}

/** How many bytes a chunk of a layout takes. */
export function chunkSize(layout: Layout): number {
  return chunkLayout(layout).reduce((sum, [, column]) => sum + column.bytes, 0)
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

/** The store again, from its frame and the bytes of its chunks, which begin at an offset. */
export function readStore(frame: StoreFrame, bytes: Uint8Array, offset: number): Store {
  const { count, ...rest } = frame
  const size = chunkSize(frame.layout)
  const chunks = Array.from({ length: count }, (_, i) => readChunk(frame.layout, bytes, offset + i * size))
  return { ...rest, chunks, onWrite: undefined }
}

function readChunk(layout: Layout, bytes: Uint8Array, offset: number): Chunk {
  let at = offset
  const columns = chunkLayout(layout).map(([name, column]) => {
    const copy = new Uint8Array(bytes.subarray(at, at + column.bytes)).buffer
    at += column.bytes
    return [name, column.isCount ? new Uint16Array(copy) : new Float64Array(copy)]
  })
  return Object.fromEntries(columns) as Chunk
}
