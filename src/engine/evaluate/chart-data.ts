import { sumShift, type Store, oldestBucket } from '../../aggregate/store.ts'
import { computeMean, computeSum } from '../../aggregate/partial.ts'
import { computeFigure, type BucketRange, readWindow } from '../../aggregate/window.ts'
import { type ChartBucket, type ChartData, isInUnit, type Millis, type Of } from '../../model.ts'
import type { JudgedWindow } from './evidence.ts'
import type { WindowPlan } from '../plan.ts'
import type { Host } from '../state.ts'

interface Series {
  readonly host: Host
  readonly store: Store
  readonly slot: number
}

/** The most buckets and digits of a chart; they keep the effect of a mail under 8 kB. */
const MAX_BUCKETS = 80
const DIGITS = 6

/** Aggregates that compare with a single bucket. Sums, counts and deviations depend on the length of the window. */
const isComparable = (of: Of): boolean => isInUnit(of) || of === 'rate'

/**
 * Returns the current buckets of a series around the deciding window: from one window's length before the alert started
 * to the end of the window, as far as the ring reaches. Neighbours are merged if there are too many. The mean of a
 * bucket is its number of samples if the rule counts, and the increase per second if the rule uses increase or rate.
 *
 * @param span the window, in buckets of the store. @param width the width of a bucket.
 * @param since end of the first breaching window.
 */
export function buildChartData(
  series: Series,
  plan: WindowPlan,
  span: BucketRange,
  width: Millis,
  since: Millis,
): Omit<ChartData, 'limits'> {
  const { store, slot } = series
  const over = span.to - span.from
  const wanted = Math.min(span.from, Math.floor(since / width) - over) - over
  const first = Math.min(span.to - 1, Math.max(wanted, oldestBucket(store, slot)))
  const merged = Math.ceil((span.to - first) / MAX_BUCKETS)
  const count = Math.ceil((span.to - first) / merged)
  const from = span.to - count * merged
  const buckets = Array.from({ length: count }, (_, i) => {
    const start = from + i * merged
    return chartBucket(series, plan, { from: start, to: start + merged }, width)
  })
  return {
    width: merged * width,
    from: from * width,
    buckets,
    window: { from: span.from * width, to: span.to * width },
  }
}

function chartBucket({ store, slot, host }: Series, plan: WindowPlan, span: BucketRange, width: Millis): ChartBucket {
  const window = readWindow(store, slot, span)
  const shift = sumShift(store, slot)
  const nothing = { min: null, max: null, last: null }
  if (plan.of === 'count') {
    const matches = plan.rule.kind === 'count' ? Math.round(computeSum(window, shift)) : window.n
    return { n: matches, mean: span.from * width <= host.newestEvent ? matches : null, ...nothing }
  }
  const { n, min, max, last } = window
  if (n === 0) return { n, mean: null, ...nothing }
  const grows = plan.of === 'rate' || plan.of === 'increase'
  const mean = grows ? computeFigure(store, slot, span, 'rate', window) : computeMean(window, shift)
  return { n, mean: short(mean), min: short(min), max: short(max), last: short(last) }
}

/** Rounds a number to the digits of a chart; null if JSON has no notation for it. */
function short(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null
}

/** Returns the limits and the expected value that can be drawn with the buckets. */
export function chartLimits(
  { of }: WindowPlan,
  { detector, params, view, learnt, verdict }: JudgedWindow,
): Pick<ChartData, 'limits' | 'expected' | 'range'> {
  if (!isComparable(of)) return { limits: [] }
  const { expected, range } = verdict.kind === 'no_data' ? {} : detector.evidence(params, view, verdict, learnt)
  return {
    limits: detector.limits(params, view, learnt),
    ...(expected === undefined ? {} : { expected }),
    ...(range === undefined ? {} : { range }),
  }
}
