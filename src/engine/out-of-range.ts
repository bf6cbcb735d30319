import { ratePerSecond, ratesAround, type Reading } from '../aggregate/counter-rate.ts'
import { restartSeries } from '../aggregate/ring.ts'
import type { Store } from '../aggregate/store.ts'
import {
  BUILTIN_RULES,
  type Bounds,
  MAX_READING,
  type Millis,
  type OutOfRange,
  type OutOfRangeReading,
  SEP,
} from '../model.ts'
import { countReading, RANGE_WINDOW, type RangeTally } from './range-tally.ts'
import { builtinAlertId } from './builtin/evaluation.ts'
import type { MetricPlan } from './plan.ts'
import { count, type Fold, type Host } from './state.ts'

/** The most readings that the answer to one batch names. */
const MAX_NAMED = 10

/** Readings of one batch that were left out. */
export interface LeftOut {
  count: number
  readonly first: OutOfRangeReading[]
}

/** Where a reading belongs. `slot` is undefined while its series is unknown. */
interface Place {
  readonly host: Host
  readonly key: string
  readonly plan: MetricPlan
  readonly slot: number | undefined
}

/**
 * Returns whether a reading is within the bounds of its metric, and counts it where its series had readings outside
 * lately. One that is not is left out. A counter that went on from another value for ten minutes starts anew there.
 */
export function isInRange(fold: Fold, place: Place, reading: Reading, receivedAt: Millis, left: LeftOut): boolean {
  const { host, key, plan, slot } = place
  const outside = findOutside(fold, place, reading)
  if (outside === undefined) {
    const tally = host.ranges?.get(key)
    if (tally === undefined) return true
    countReading(tally, receivedAt).inside++
    delete tally.chain
    return true
  }
  const tally = tallyFor(fold, host, key, receivedAt)
  const isAlerted = host.alerts.has(builtinAlertId(BUILTIN_RULES.range, key))
  if (tally !== undefined && plan.metric.kind === 'counter' && goesOn(tally, plan.bounds, reading, isAlerted)) {
    if (slot !== undefined) for (const store of tierStores(fold, plan)) restartSeries(store, slot)
    countReading(tally, receivedAt).inside++
    return true
  }
  if (tally !== undefined) {
    countReading(tally, receivedAt).outside++
    tally.outsideAt = tally.lastAt
    tally.outsideValue = outside
  }
  count(fold, 'samples_out_of_range')
  left.count++
  const { name, unit, kind, by } = plan.metric
  const labels = Object.fromEntries(
    key
      .split(SEP)
      .slice(1)
      .map((value, i) => [by[i] ?? '', value]),
  )
  if (left.first.length < MAX_NAMED)
    left.first.push({ host: host.name, metric: name, labels, unit, kind, value: outside, ...plan.bounds })
  return false
}

/** Returns the value of a reading outside its bounds, or the rate that it would lead to; undefined within them. */
function findOutside(fold: Fold, { plan, slot }: Place, reading: Reading): number | undefined {
  const { bounds, metric, tiers } = plan
  const isOut = (value: number, { min, max }: Bounds): boolean => value < min || value > max
  if (metric.kind === 'gauge') return isOut(reading.value, bounds) ? reading.value : undefined
  if (reading.value < 0 || reading.value > MAX_READING) return reading.value
  const tier = tiers.find(({ layout }) => layout.counter)
  if (tier === undefined || slot === undefined) return undefined
  const store = fold.state.stores.get(tier.id) as Store
  return ratesAround(store, slot, reading).find((rate) => isOut(rate, bounds))
}

function tierStores({ state }: Fold, { tiers }: MetricPlan): readonly Store[] {
  return tiers.map(({ id }) => state.stores.get(id) as Store)
}

/**
 * Follows the readings of a counter that are left out. Returns true once they have agreed with each other for ten
 * minutes, and an alert has said so.
 */
function goesOn(tally: RangeTally, { min, max }: Bounds, reading: Reading, isAlerted: boolean): boolean {
  const { newest, since } = tally.chain ?? {}
  const rate = newest !== undefined && newest.ts < reading.ts ? ratePerSecond(newest, reading) : NaN
  const agrees = newest !== undefined && newest.value <= reading.value && rate >= min && rate <= max
  if (isAlerted && agrees && since !== undefined && reading.ts - since >= RANGE_WINDOW) {
    delete tally.chain
    return true
  }
  tally.chain = { newest: reading, since: agrees && since !== undefined ? since : reading.ts }
  return false
}

/** Returns the tally of a series; undefined where a host has too many of them. */
function tallyFor(fold: Fold, host: Host, key: string, receivedAt: Millis): RangeTally | undefined {
  const ranges = (host.ranges ??= new Map())
  const known = ranges.get(key)
  if (known !== undefined || ranges.size >= fold.plan.config.limits.seriesPerHost) return known
  const fresh: RangeTally = {
    since: receivedAt,
    minutes: [],
    outsideAt: receivedAt,
    outsideValue: 0,
    lastAt: receivedAt,
  }
  ranges.set(key, fresh)
  return fresh
}

/** What the answer to a batch says of the readings that were left out. */
export function summariseLeftOut({ count: total, first }: LeftOut): { readonly outOfRange?: OutOfRange } {
  return total === 0 ? {} : { outOfRange: { count: total, first } }
}
