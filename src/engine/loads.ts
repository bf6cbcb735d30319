/** Samples of one share, host by host: how many, their sum, and the greatest. A row that was never written is 0. */
export interface Columns {
  n: Uint32Array
  sum: Float64Array
  max: Float32Array
}

const LEAST_ROWS = 64

export function emptyColumns(rows: number): Columns {
  const size = Math.max(LEAST_ROWS, rows)
  return { n: new Uint32Array(size), sum: new Float64Array(size), max: new Float32Array(size) }
}

/** Takes one sample in. The columns grow by half when a host comes that they have no row for. */
export function noteLoad(columns: Columns, row: number, share: number): void {
  if (row >= columns.n.length) grow(columns, Math.max(row + 1, Math.ceil(columns.n.length * 1.5)))
  const { n, sum, max } = columns
  const before = n[row] as number
  n[row] = before + 1
  sum[row] = (sum[row] as number) + share
  if (before === 0 || share > (max[row] as number)) max[row] = share
}

function grow(columns: Columns, rows: number): void {
  const { n, sum, max } = columns
  const wide = emptyColumns(rows)
  wide.n.set(n)
  wide.sum.set(sum)
  wide.max.set(max)
  Object.assign(columns, wide)
}

/** The sum of two, in the first of them. */
export function mergeColumns(into: Columns, from: Columns): Columns {
  if (from.n.length > into.n.length) grow(into, from.n.length)
  for (let row = 0; row < from.n.length; row++) {
    const count = from.n[row] as number
    if (count === 0) continue
    const before = into.n[row] as number
    into.max[row] = before === 0 ? (from.max[row] as number) : Math.max(into.max[row] as number, from.max[row] as number)
    into.n[row] = before + count
    into.sum[row] = (into.sum[row] as number) + (from.sum[row] as number)
  }
  return into
}

/** A copy with memory of its own: what is read out of a snapshot lies in the snapshot's bytes, and would keep all of them. */
export function copyColumns({ n, sum, max }: Columns): Columns {
  return { n: n.slice(), sum: sum.slice(), max: max.slice() }
}
