/**
 * Samples of one share, host by host: a row of three figures each, namely how many, their sum, and the greatest. They
 * lie side by side since they change together. A row that was never written is 0.
 */
export interface UtilizationRows {
  rows: Float64Array
}

/** What one host used. */
export interface Utilization {
  readonly n: number
  readonly sum: number
  readonly max: number
}

const WIDTH = 3
const LEAST_ROWS = 64

/** @param rows how many hosts are known already. */
export function emptyRows(rows = 0): UtilizationRows {
  return { rows: new Float64Array(WIDTH * Math.max(LEAST_ROWS, rows)) }
}

/** Takes so many samples of a host in. Room grows by half when a host comes that there is no row for. */
export function addSample(loads: UtilizationRows, row: number, n: number, sum: number, max: number): void {
  const at = WIDTH * row
  if (at >= loads.rows.length) grow(loads, Math.max(at + WIDTH, WIDTH * Math.ceil(loads.rows.length / 2)))
  const { rows } = loads
  const before = rows[at] as number
  rows[at] = before + n
  rows[at + 1] = (rows[at + 1] as number) + sum
  if (before === 0 || max > (rows[at + 2] as number)) rows[at + 2] = max
}

function grow(loads: UtilizationRows, length: number): void {
  const wide = new Float64Array(length)
  wide.set(loads.rows)
  loads.rows = wide
}

export function readRow({ rows }: UtilizationRows, row: number): Utilization {
  const at = WIDTH * row
  return { n: rows[at] ?? 0, sum: rows[at + 1] ?? 0, max: rows[at + 2] ?? 0 }
}

/** What one host used in several stretches of time. */
export function sumOf(all: readonly UtilizationRows[], row: number): Utilization {
  const at = WIDTH * row
  let [n, sum, max] = [0, 0, -Infinity]
  for (const { rows } of all) {
    const count = rows[at] ?? 0
    if (count === 0) continue
    n += count
    sum += rows[at + 1] as number
    max = Math.max(max, rows[at + 2] as number)
  }
  return { n, sum, max }
}

/** Adds one to the other, where row `i` stands at row `order[i]` of what is added; without an order, at its own. */
export function mergeRows(into: UtilizationRows, from: UtilizationRows, order?: readonly number[]): UtilizationRows {
  const count = order?.length ?? from.rows.length / WIDTH
  if (into.rows.length < WIDTH * count) grow(into, WIDTH * count)
  const { rows } = from
  for (let row = 0; row < count; row++) {
    const at = WIDTH * (order?.[row] ?? row)
    const n = rows[at] ?? 0
    if (n > 0) addSample(into, row, n, rows[at + 1] as number, rows[at + 2] as number)
  }
  return into
}

/** A copy with memory of its own: what is read out of a snapshot lies in its bytes, and would keep all of them. */
export function copyRows({ rows }: UtilizationRows): UtilizationRows {
  return { rows: rows.slice() }
}
