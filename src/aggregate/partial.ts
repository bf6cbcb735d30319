/**
 * Aggregate of the samples of one series in one bucket. Partials merge in any order and grouping to the same result:
 * exactly for n, min, max and last, and for the sums up to rounding (exactly on dyadic values).
 *
 * The sums are shifted by `k`, the first value of the series: sums of squares of large values, such as byte counters,
 * would otherwise lose every digit of their variance.
 */
export interface Partial {
  n: number
  /** Sum of (x - k), and of its square. */
  d1: number
  d2: number
  min: number
  max: number
  lastTs: number
  last: number
}

export function emptyPartial(): Partial {
  return { n: 0, d1: 0, d2: 0, min: Infinity, max: -Infinity, lastTs: -Infinity, last: NaN }
}

/**
 * Returns true if (ts, value) comes after the other sample. Equal times are ordered by value, so that the order of
 * arrival does not matter.
 */
export function isLater(ts: number, value: number, otherTs: number, other: number): boolean {
  return ts > otherTs || (ts === otherTs && value > other)
}

/** Adds `other` to `into`. Both must be shifted by the same `k`. */
export function mergeInto(into: Partial, other: Readonly<Partial>): void {
  if (other.n === 0) return
  const takeLast = into.n === 0 || isLater(other.lastTs, other.last, into.lastTs, into.last)
  into.n += other.n
  into.d1 += other.d1
  into.d2 += other.d2
  into.min = Math.min(into.min, other.min)
  into.max = Math.max(into.max, other.max)
  if (!takeLast) return
  into.lastTs = other.lastTs
  into.last = other.last
}

export function computeSum(partial: Readonly<Partial>, k: number): number {
  return partial.n * k + partial.d1
}

/**
 * Divides once, after the shift is undone: on dyadic values the result does not depend on `k`, and so not on which sample
 * came first. A sum that overflows is the only reason to divide before.
 */
export function computeMean(partial: Readonly<Partial>, k: number): number {
  const sum = computeSum(partial, k)
  return Number.isFinite(sum) ? sum / partial.n : k + partial.d1 / partial.n
}

/** Returns the population standard deviation (divided by n, not n - 1). Divides last, for the same reason. */
export function computeStddev({ n, d1, d2 }: Readonly<Partial>): number {
  return Math.sqrt(Math.max(0, n * d2 - d1 * d1)) / n
}
