/**
 * Utilization samples by host: a row of count, sum and maximum. The three are adjacent since they change together. A
 * row that was never written is 0.
 */
export interface UtilizationRows {
  rows: Float64Array
}

/** Utilization of one host. */
interface Utilization {
  readonly n: number
  readonly sum: number
  readonly max: number
}

const WIDTH = 3
const MIN_ROWS = 64

/** @param rows number of hosts known so far. */
export function emptyRows(rows = 0): UtilizationRows {
  return { rows: new Float64Array(WIDTH * Math.max(MIN_ROWS, rows)) }
}

/** Adds `n` samples to a host's row. The table grows by half when the row lies beyond its end. */
export function addToRow(utilization: UtilizationRows, row: number, n: number, sum: number, max: number): void {
  const at = WIDTH * row
  if (at >= utilization.rows.length)
    grow(utilization, Math.max(at + WIDTH, WIDTH * Math.ceil(utilization.rows.length / 2)))
  const { rows } = utilization
  const before = rows[at] as number
  rows[at] = before + n
  rows[at + 1] = (rows[at + 1] as number) + sum
  if (before === 0 || max > (rows[at + 2] as number)) rows[at + 2] = max
}

function grow(utilization: UtilizationRows, length: number): void {
  const wide = new Float64Array(length)
  wide.set(utilization.rows)
  utilization.rows = wide
}

export function readRow({ rows }: UtilizationRows, row: number): Utilization {
  const at = WIDTH * row
  return { n: rows[at] ?? 0, sum: rows[at + 1] ?? 0, max: rows[at + 2] ?? 0 }
}

/** Returns the utilization of one host over several periods. */
export function mergeRow(all: readonly UtilizationRows[], row: number): Utilization {
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

/**
 * Adds `from` to `into`: row `order[i]` of `from` to row `i` of `into`. Without an order, rows keep their positions.
 */
export function mergeRows(into: UtilizationRows, from: UtilizationRows, order?: readonly number[]): UtilizationRows {
  const count = order?.length ?? from.rows.length / WIDTH
  if (into.rows.length < WIDTH * count) grow(into, WIDTH * count)
  const { rows } = from
  for (let row = 0; row < count; row++) {
    const at = WIDTH * (order?.[row] ?? row)
    const n = rows[at] ?? 0
    if (n > 0) addToRow(into, row, n, rows[at + 1] as number, rows[at + 2] as number)
  }
  return into
}

/**
 * Returns a copy with its own memory. Rows read from a snapshot are views of its bytes and would keep all of them
 * alive.
 */
export function copyRows({ rows }: UtilizationRows): UtilizationRows {
  return { rows: rows.slice() }
}
