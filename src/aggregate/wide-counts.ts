/** Counts of samples by cell: 16 bits each, and what does not fit beside them, by the number of the cell in its store. */
export interface WideCounts {
  readonly overflow: Map<number, number>
}

/** In the column it says that the count is beside it. */
const FULL = 0xffff

export function readCount(counts: WideCounts, column: Uint16Array, at: number, key: number): number {
  const n = column[at] as number
  return n === FULL ? (counts.overflow.get(key) ?? n) : n
}

/** Counts one sample more, the first one in a cell that is begun anew. */
export function addCount(counts: WideCounts, column: Uint16Array, at: number, key: number): void {
  const n = column[at] as number
  if (n === 0) counts.overflow.delete(key)
  if (n + 1 < FULL) column[at] = n + 1
  else writeCount(counts, column, at, key, readCount(counts, column, at, key) + 1)
}

export function writeCount(counts: WideCounts, column: Uint16Array, at: number, key: number, n: number): void {
  column[at] = Math.min(n, FULL)
  if (n >= FULL) counts.overflow.set(key, n)
}
