/** Sample counts by cell: 16 bits each, with larger counts in a map by the number of the cell in its store. */
export interface WideCounts {
  readonly overflow: Map<number, number>
}

/** Value in the column for a count that is in the map. */
const MAX_COUNT = 0xffff

export function readCount(counts: WideCounts, column: Uint16Array, at: number, key: number): number {
  const n = column[at] as number
  return n === MAX_COUNT ? (counts.overflow.get(key) ?? n) : n
}

/** Counts one more sample. The first one of a cleared cell restarts its count. */
export function addCount(counts: WideCounts, column: Uint16Array, at: number, key: number): void {
  const n = column[at] as number
  if (n === 0) counts.overflow.delete(key)
  if (n + 1 < MAX_COUNT) column[at] = n + 1
  else writeCount(counts, column, at, key, readCount(counts, column, at, key) + 1)
}

export function writeCount(counts: WideCounts, column: Uint16Array, at: number, key: number, n: number): void {
  column[at] = Math.min(n, MAX_COUNT)
  if (n >= MAX_COUNT) counts.overflow.set(key, n)
}
