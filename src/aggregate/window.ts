import { type Millis, type Of, readPercentile } from '../model.ts'
import { type Distribution, findPercentile, joinDistributions } from './distribution.ts'
import { growth, readCounterSamples } from './counter.ts'
import { emptyPartial, computeMean, mergeInto, type Partial, computeStddev, computeSum } from './partial.ts'
import {
  firstCell,
  cellIndex,
  findChunk,
  firstSampleTime,
  newestBucket,
  cellKey,
  readCell,
  readDistribution,
  sampleCount,
  sumShift,
  type Store,
  oldestBucket,
} from './store.ts'

/** Buckets `from` (inclusive) to `to` (exclusive). */
export interface BucketRange {
  readonly from: number
  readonly to: number
}

/** Merged samples of a window, and how many of its buckets hold any. Columns that are not kept are NaN. */
export interface Window extends Partial {
  filled: number
}

export function readWindow(store: Store, slot: number, span: BucketRange): Window {
  const all = { ...emptyPartial(), filled: 0 }
  const cell = emptyPartial()
  const to = Math.min(span.to - 1, newestBucket(store, slot))
  for (let bucket = Math.max(span.from, oldestBucket(store, slot)); bucket <= to; bucket++) {
    readCell(store, slot, bucket, cell)
    if (cell.n === 0) continue
    all.filled++
    mergeInto(all, cell)
  }
  return all
}

/** Returns the statistic that a rule evaluates, rounded to 13 digits where it is calculated; NaN if the window has none. */
export function computeFigure(
  store: Store,
  slot: number,
  span: BucketRange,
  of: Of,
  window: Readonly<Partial>,
): number {
  if (of === 'increase' || of === 'rate') return roundDecimal(counterFigure(store, slot, span, of))
  const k = sumShift(store, slot)
  if (window.n === 0) return NaN
  if (of === 'mean') return roundDecimal(computeMean(window, k), k)
  if (of === 'sum') return roundDecimal(computeSum(window, k), window.n * k)
  if (of === 'count') return window.n
  if (of === 'stddev') return roundDecimal(computeStddev(window))
  if (of === 'range') return roundDecimal(window.max - window.min, Math.max(Math.abs(window.max), Math.abs(window.min)))
  const percent = readPercentile(of)
  return percent === undefined ? window[of as 'min' | 'max' | 'last'] : percentile(store, slot, span, percent, window)
}

/** Returns a percentile of the samples of a window; NaN where some of them are not known. */
function percentile(
  store: Store,
  slot: number,
  span: BucketRange,
  percent: number,
  { min, max }: Readonly<Partial>,
): number {
  const cells: Distribution[] = []
  const to = Math.min(span.to - 1, newestBucket(store, slot))
  for (let bucket = Math.max(span.from, oldestBucket(store, slot)); bucket <= to; bucket++) {
    const cell = readDistribution(store, slot, bucket)
    if (cell === undefined) return NaN
    cells.push(cell)
  }
  return Math.max(min, Math.min(max, findPercentile(joinDistributions(cells), percent)))
}

/**
 * Returns the growth of a counter within a window, from the sample before it; `rate` is per second of the time covered.
 * If a growth took longer than the window (the counter pauses or reports less often), only the window's share of it
 * counts.
 */
function counterFigure(store: Store, slot: number, span: BucketRange, of: 'increase' | 'rate'): number {
  const length = (span.to - span.from) * store.layout.width
  let before = lastBefore(store, slot, span.from)
  const start = before?.ts
  let began = start
  let increase = 0
  let pairs = 0
  const to = Math.min(span.to - 1, newestBucket(store, slot))
  for (let bucket = Math.max(span.from, oldestBucket(store, slot)); bucket <= to; bucket++) {
    const samples = counterSamples(store, slot, bucket)
    for (let i = 0; i < samples.length; i += 2) {
      const ts = samples[i] as number
      const value = samples[i + 1] as number
      if (before !== undefined) {
        const share = of === 'rate' ? 1 : Math.min(1, length / (ts - before.ts))
        increase += growth(before.value, value) * share
        pairs++
      }
      began ??= ts
      before = { ts, value }
    }
  }
  if (pairs === 0 || before === undefined || began === undefined) return NaN
  if (of === 'increase') return increase
  return before.ts > began ? (increase * 1000) / (before.ts - began) : NaN
}

/** Times and values alternately, sorted by time, of the counter readings in a bucket. */
export function counterSamples(store: Store, slot: number, bucket: number): readonly number[] {
  const chunk = findChunk(store, slot)
  const cell = cellIndex(store, bucket)
  const at = firstCell(store, slot) + cell
  return chunk.n[at] === 0 ? [] : readCounterSamples(chunk, at, store.crowded, cellKey(store, slot, cell))
}

function lastBefore(store: Store, slot: number, bucket: number): { ts: number; value: number } | undefined {
  for (let b = Math.min(bucket - 1, newestBucket(store, slot)); b >= oldestBucket(store, slot); b--) {
    const samples = counterSamples(store, slot, b)
    if (samples.length === 0) continue
    return { ts: samples[samples.length - 2] as number, value: samples[samples.length - 1] as number }
  }
  return undefined
}

/**
 * Returns the usual interval between samples of a series, learned from the kept buckets before `to`: the median gap
 * between buckets with samples, or a fraction of a bucket if buckets hold several. NaN while it is unknown.
 */
export function estimateInterval(store: Store, slot: number, to: number): Millis {
  const { width } = store.layout
  const gaps: number[] = []
  const counts: number[] = []
  let previous = NaN
  const last = Math.min(to - 1, newestBucket(store, slot))
  for (let bucket = oldestBucket(store, slot); bucket <= last; bucket++) {
    const n = sampleCount(store, slot, bucket)
    if (n === 0) continue
    counts.push(n)
    if (!Number.isNaN(previous)) gaps.push(bucket - previous)
    previous = bucket
  }
  if (gaps.length === 0) return counts.length === 1 && (counts[0] as number) > 1 ? width / (counts[0] as number) : NaN
  const gap = median(gaps, (gaps.length - 1) >> 1)
  return gap > 1 ? gap * width : width / median(counts, counts.length >> 1)
}

/** Returns the value at position `middle` in sorted order: a gap that did occur, never a mean of two. */
function median(values: readonly number[], middle: number): number {
  return Float64Array.from(values).sort()[middle] as number
}

/**
 * Returns true if a window can be evaluated: the series began no later than one interval after the window did, the
 * window holds at least `least` samples, and the ring has lost none of it. The default for `least` is half of what the
 * interval predicts, at least one; a window without an empty bucket always holds enough.
 */
export function hasCoverage(
  store: Store,
  slot: number,
  span: BucketRange,
  window: Readonly<Window>,
  min: number | undefined,
): boolean {
  const { n, filled } = window
  const { width } = store.layout
  if (n === 0 || (min !== undefined && n < min)) return false
  const start = span.from * width
  const began = firstSampleTime(store, slot)
  const tail = oldestBucket(store, slot)
  if (span.from < tail && began < tail * width) return false
  if (began <= start && (min !== undefined || filled === span.to - span.from)) return true
  const interval = estimateInterval(store, slot, span.to)
  if (Number.isNaN(interval)) return began <= start
  if (began > start + interval) return false
  return min !== undefined || n >= Math.max(1, Math.floor((0.5 * (span.to - span.from) * width) / interval))
}

/** Powers of ten that a double holds exactly. */
const POWERS: readonly number[] = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

/** Enough for any reading; fewer than a double holds, so that the rounding errors of a hundred additions are cut off. */
const DIGITS = 13

/**
 * Rounds a calculated value to 13 digits, counted from the first digit of the larger of `value` and `shift`: the shift
 * that a sum was accumulated with is what its rounding errors are proportional to. Twelve samples of 0.95 have a mean
 * of 0.9500000000000001 in binary arithmetic, which is above 0.95; rounded it is 0.95 again. Values of 1e13 and more,
 * or below 1e-10, are returned as they are.
 */
export function roundDecimal(value: number, shift = 0): number {
  const size = Math.max(Math.abs(value), Math.abs(shift))
  if (!(size < 1e13)) return value
  const power = POWERS[DIGITS - Math.ceil(Math.log10(size))]
  return power === undefined ? value : Math.round(value * power) / power
}
