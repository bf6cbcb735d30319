import { sumShift, type Store, oldestBucket } from '../../aggregate/store.ts'
import { computeMean, computeSum } from '../../aggregate/partial.ts'
import { computeFigure, type BucketRange, readWindow } from '../../aggregate/window.ts'
import type { ChartBucket, ChartData, Millis, Of } from '../../model.ts'
import type { JudgedWindow } from './evidence.ts'
import type { WindowPlan } from '../plan.ts'
import type { Host } from '../state.ts'

interface Series {
  readonly host: Host
  readonly store: Store
  readonly slot: number
}

/** So many buckets at most, of so many digits, keep a mail's effect under 8 kB. */
const MAX_BUCKETS = 80
const DIGITS = 6

/** What can be held against a single bucket; sums, counts and deviations depend on how long one looks. */
const COMPARABLE: readonly Of[] = ['mean', 'min', 'max', 'last', 'rate']

/**
 * The buckets of a series around the window that decided, as they are now: from one window's length before the alert
 * began to the window's end, as far as the ring reaches; neighbours are merged where they would be too many. The mean
 * of a bucket is the number of its samples where the rule counts, a counter's growth a second where it asks for growth.
 *
 * @param span the window, in buckets of the store. @param width of such a bucket.
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

/** As far as JSON can say it and anybody needs it. */
function short(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null
}

/** The limits that can be drawn beside buckets, and what was expected. */
export function chartLimits(
  { of }: WindowPlan,
  { detector, params, view, learnt, verdict }: JudgedWindow,
): Pick<ChartData, 'limits' | 'expected' | 'range'> {
  if (!COMPARABLE.includes(of)) return { limits: [] }
  const { expected, range } = verdict.kind === 'no_data' ? {} : detector.evidence(params, view, verdict, learnt)
  return {
    limits: detector.limits(params, view, learnt),
    ...(expected === undefined ? {} : { expected }),
    ...(range === undefined ? {} : { range }),
  }
}
