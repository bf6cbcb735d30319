import { chunkLayout, chunkOn, chunkSize, type Chunk, type Layout, type Store } from './store.ts'

/** A store without its cells: what is left when they are kept as bytes. */
export type StoreFrame = Omit<Store, 'chunks' | 'onWrite'> & { readonly count: number }

export function storeFrame({ layout, free, used, crowded, overflow, chunks }: Store): StoreFrame {
  return { layout, free, used, crowded, overflow, count: chunks.length }
}

/** The columns of a chunk, one behind the other. */
export function writeChunk(layout: Layout, chunk: Chunk): Uint8Array {
  const bytes = new Uint8Array(chunkSize(layout))
  let at = 0
  const columns = [...chunkLayout(layout).map(([name]) => chunk[name]), ...chunk.learnt]
  for (const { buffer, byteOffset, byteLength } of columns) {
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
  const chunks = Array.from({ length: count }, () => chunkOn(frame.layout, take))
  return { ...rest, chunks, onWrite: undefined }
}
