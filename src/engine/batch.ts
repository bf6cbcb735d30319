import { CLOCK_BOUND, createSkew, observeOffset } from '../aggregate/clock-skew.ts'
import {
  onHeartbeat,
  recordArrival,
  isLive,
  advanceByArrival,
  advanceWatermark,
  type Source,
  MAX_EVENT_AGE,
} from '../aggregate/watermark.ts'
import { addSample } from '../aggregate/ring.ts'
import { newestBucket, evaluatedTo, type Store, oldestBucket } from '../aggregate/store.ts'
import { type EventSamples, type Frame, type Millis, type OutOfRange, SEP } from '../model.ts'
import { foldHostName } from '../labels/host-name.ts'
import type { Reading } from '../aggregate/counter-rate.ts'
import { evaluateUpTo, type WorkBudget } from './evaluate/due-windows.ts'
import { recordMatches } from './evaluate/matched-events.ts'
import { watchedSeries } from './evaluate/window.ts'
import { admitHost, findHost, admitSeries, admitSource, forgetUnusedKey, keyId } from './inventory/admission.ts'
import { hasId, rememberId, bodyId, type Known, rememberedSince } from './repeats.ts'
import { recordDelivery, recordMention } from './inventory/deliveries.ts'
import { isInRange, type LeftOut, summariseLeftOut } from './out-of-range.ts'
import type { MetricPlan, Tier } from './plan.ts'
import { count, type Fold, type Host, type KeyInfo, type State } from './state.ts'
import { recordUtilization, countInReport } from './report/stats.ts'

/** Result of folding a frame. */
interface BatchResult {
  readonly duplicate: boolean
  /** Events counted before, recognized by their own ids. */
  readonly known: number
  /** Events with a host or a series that a limit refused. */
  readonly refused: number
  readonly outOfRange?: OutOfRange
}

/** An event time later than the arrival by more than this is not used. */
const FUTURE = 60_000
/** The series of a rule that counts events: `count(<rule>)`. */
const COUNT_PREFIX = 'count('

export function foldBatch(fold: Fold, frame: Frame): BatchResult {
  const source = admitSource(fold, frame.source, frame.receivedAt)
  recordArrival(source, frame.receivedAt)
  if (isRepeat(fold, frame)) {
    for (const event of frame.events) recordSourceReturn(fold, source, event, frame.receivedAt)
    return { duplicate: true, known: 0, refused: 0 }
  }
  const judged: WorkBudget = { spent: 0 }
  const left: LeftOut = { count: 0, first: [] }
  let [known, refused] = [0, 0]
  for (const event of frame.events) {
    if (isKnownEvent(fold, event)) {
      recordSourceReturn(fold, source, event, frame.receivedAt)
      known++
    } else if (event.heartbeat) onHeartbeat(source, eventTime(event, frame.receivedAt), frame.receivedAt)
    else if (!foldEvent(fold, source, event, frame.receivedAt, judged, left)) refused++
  }
  if (refused > 0) countInReport(fold.state, 'refused', refused)
  return { duplicate: false, known, refused, ...summariseLeftOut(left) }
}

/**
 * Returns true if a body repeats a delivery: the same source sent an equal body before, and each event carries a time
 * of its own. Without times, equal bodies may be separate measurements, like two equal single events, and count twice,
 * unless the HTTP side marks the body as a possible retry.
 */
function isRepeat(fold: Fold, frame: Frame): boolean {
  if (frame.events.length === 0) return false
  const isTelltale = frame.events.every(({ ts }) => (frame.isBatch ? !Number.isNaN(ts) : isPrecise(ts)))
  const kind = isTelltale ? 'batches' : 'singles'
  const known = isKnown(fold, kind, bodyId(frame.source, frame.batchId))
  if (known && (isTelltale || frame.isMaybeRetry)) return true
  remember(fold, kind, bodyId(frame.source, frame.batchId))
  return false
}

/** Returns true for a time with a fraction of a second: two measurements hardly share it, and all else besides. */
function isPrecise(ts: Millis): boolean {
  return !Number.isNaN(ts) && ts % 1000 !== 0
}

/**
 * Returns true if an event with this id about this host counted before, whichever source delivered it: a Beat may resend
 * its events through another Logstash. Hosts may use equal ids, such as the numbers of their lines.
 */
function isKnownEvent(fold: Fold, { id, host }: EventSamples): boolean {
  if (id === undefined) return false
  const key = `${foldHostName(host)}\n${id}`
  const known = isKnown(fold, 'events', key)
  if (!known) remember(fold, 'events', key)
  return known
}

function isKnown({ state: { known, ticks } }: Fold, kind: keyof Known, id: string): boolean {
  return hasId(known[kind], id, rememberedSince(kind, ticks))
}

function remember({ state: { known, ticks } }: Fold, kind: keyof Known, id: string): void {
  rememberId(known[kind], id, ticks, rememberedSince(kind, ticks))
}

function eventTime(event: EventSamples, receivedAt: Millis): Millis {
  return Number.isNaN(event.ts) ? receivedAt : event.ts
}

/** An event without the result of a rule: its text was too expensive for the rule's expression. */
function recordUnmatched(fold: Fold, key: string, host: Host, source: Source, receivedAt: Millis): void {
  const { unmatched } = fold.state
  count(fold, 'events_unmatched')
  unmatched.count++
  unmatched.last = receivedAt
  unmatched.rule = (key.split(SEP, 1)[0] as string).slice(COUNT_PREFIX.length, -1)
  unmatched.host = host.name
  unmatched.source = source.name
}

/** Folds one event. Returns false if a limit refused its host or one of its series. */
function foldEvent(
  fold: Fold,
  source: Source,
  event: EventSamples,
  receivedAt: Millis,
  judged: WorkBudget,
  left: LeftOut,
): boolean {
  const isRemote = event.remote === true
  const host = admitHost(fold, event.host, receivedAt, isRemote)
  source.hasDelivered = true
  if (host === undefined) return false
  if (isRemote) recordMention(host, source, receivedAt)
  else recordSeen(fold, host, source, receivedAt)
  const read = eventTime(event, receivedAt)
  // The time of an event from elsewhere says nothing about the host's clock.
  const ts = isRemote
    ? usableTime(fold, source, read, receivedAt, false)
    : trustedTime(fold, host, source, read, receivedAt)
  host.newestEvent = Math.max(host.newestEvent, ts)
  const first = event.values.findIndex((value) => Number.isNaN(value))
  if (first >= 0) recordUnmatched(fold, event.series[first] as string, host, source, receivedAt)
  let isTaken = true
  for (let i = 0; i < event.series.length; i++) {
    const value = event.values[i] as number
    if (Number.isNaN(value)) continue
    isTaken = foldSample(fold, host, event.series[i] as string, { ts, value }, receivedAt, judged, left) && isTaken
  }
  recordMatches(fold, host, event, ts)
  recordRecovery(fold.state, ts)
  return isTaken
}

/** Records that events of a downtime arrived after it: senders kept them. */
function recordRecovery({ gaps }: State, ts: Millis): void {
  if (ts >= (gaps.at(-1)?.to ?? 0)) return
  const gap = gaps.find(({ from, to }) => ts >= from && ts < to)
  if (gap !== undefined) gap.isRecovered = true
}

/**
 * Records that a host is still seen through this source. A repeat changes nothing else: it does not advance the
 * watermark, and the source does not count as delivering. Otherwise a batch that is resent forever would make the hosts
 * behind the source absent.
 */
function recordSourceReturn(fold: Fold, source: Source, event: EventSamples, receivedAt: Millis): void {
  const host = event.heartbeat || event.remote === true ? undefined : findHost(fold.state, event.host)
  if (host !== undefined) recordSeen(fold, host, source, receivedAt)
}

function recordSeen(fold: Fold, host: Host, source: Source, receivedAt: Millis): void {
  if (host.expectedSince !== undefined) delete host.expectedSince
  recordDelivery(fold, host, source, receivedAt)
}

/**
 * Returns the event's time, or its arrival time if the host's clock is off or the event lies in the future. Advances
 * the source's watermark.
 */
function trustedTime(fold: Fold, host: Host, source: Source, ts: Millis, receivedAt: Millis): Millis {
  if (isSkewEvidence(source, receivedAt - ts, receivedAt) || host.skew?.offset !== undefined)
    recordSkew(host, receivedAt - ts, receivedAt)
  return usableTime(fold, source, ts, receivedAt, host.skew?.offset !== undefined)
}

/** @param isOff whether the clock that set the time is known to be off. */
function usableTime(fold: Fold, source: Source, ts: Millis, receivedAt: Millis, isOff: boolean): Millis {
  const isFuture = ts > receivedAt + FUTURE
  if (isFuture && !isOff) recordFuture(fold)
  if (isFuture || isOff) {
    advanceByArrival(source, receivedAt)
    return receivedAt
  }
  advanceWatermark(source, ts, receivedAt)
  return ts
}

function recordFuture(fold: Fold): void {
  count(fold, 'events_future')
  countInReport(fold.state, 'future')
}

/** Returns true if an offset proves clock skew. Late events may come from a backlog; events from the future cannot. */
function isSkewEvidence(source: Source, offset: Millis, receivedAt: Millis): boolean {
  return isLive(source, receivedAt) || offset < 0 || offset > MAX_EVENT_AGE
}

function recordSkew(host: Host, offset: Millis, receivedAt: Millis): void {
  if (host.skew === undefined && Math.abs(offset) <= CLOCK_BOUND) return
  host.skew ??= createSkew()
  observeOffset(host.skew, offset, receivedAt)
  if (host.skew.offset === undefined && host.skew.recentOffsets.length === 0) host.skew = undefined
}

function foldSample(
  fold: Fold,
  host: Host,
  key: string,
  reading: Reading,
  receivedAt: Millis,
  judged: WorkBudget,
  left: LeftOut,
): boolean {
  const { ts, value } = reading
  const id = Number.isFinite(value) ? keyId(fold.state, fold, key) : undefined
  if (id === undefined) {
    count(fold, 'samples_no_metric')
    return true
  }
  const metric = fold.plan.metrics.get((fold.state.keys.infos[id] as KeyInfo).metric) as MetricPlan
  if (!isInRange(fold, { host, key, plan: metric, slot: host.series.get(id) }, reading, receivedAt, left)) {
    forgetUnusedKey(fold, id)
    return true
  }
  const slot = admitSeries(fold, host, id, receivedAt)
  if (slot === undefined) return false
  const { tiers } = metric
  const bucket = Math.floor(ts / fold.plan.config.bucket)
  const head = newestBucket(fold.state.stores.get((tiers[0] as Tier).id) as Store, slot)
  let [isKept, isLate] = [false, false]
  for (const tier of tiers) {
    const store = fold.state.stores.get(tier.id) as Store
    const bucketIndex = Math.floor(ts / tier.layout.width)
    if (bucketIndex < oldestBucket(store, slot)) continue
    if (isAboutToLose(tier, store, slot, bucketIndex)) evaluateBeforeLoss(fold, host, id, tier, bucketIndex, judged)
    isKept = true
    isLate ||= tier.rules.length > 0 && bucketIndex < evaluatedTo(store, slot, false)
    addSample(store, slot, bucketIndex, ts, value)
  }
  if (isKept) count(fold, 'samples')
  else countDropped(fold)
  if (isKept && metric.utilizationScale !== undefined)
    recordForReport(fold, metric, host, ts, value * metric.utilizationScale)
  if (isLate) recordLate(fold, host, id, head === -Infinity ? bucket : Math.min(bucket, head))
  if (isKept && tiers.some((tier) => tier.hasEarly)) recordEarly(fold, host, id)
  return true
}

/** Records utilization for the reports. Samples older than `TOO_OLD` are history and do not count. */
function recordForReport({ state, plan }: Fold, { metric }: MetricPlan, host: Host, ts: Millis, value: number): void {
  if (state.reportStats === undefined || state.now - ts > MAX_EVENT_AGE) return
  recordUtilization(state.reportStats, metric.name, host, value, 2 * plan.config.limits.hosts)
}

/**
 * Evaluates the windows that would lose buckets when the ring moves on and overwrites its oldest ones. In a backlog
 * that is read very fast this happens before the watermark closes them: they are evaluated with the data at hand.
 */
function evaluateBeforeLoss(fold: Fold, host: Host, id: number, tier: Tier, bucket: number, judged: WorkBudget): void {
  const end = lastEndAtRisk(tier, bucket)
  for (const watched of watchedSeries(fold, host, id)) {
    if (watched.tier !== tier) continue
    evaluateUpTo(fold, watched, false, end, judged)
    evaluateUpTo(fold, watched, true, end, judged)
  }
}

function isAboutToLose(tier: Tier, store: Store, slot: number, bucket: number): boolean {
  const head = newestBucket(store, slot)
  if (bucket <= head || head === -Infinity || tier.rules.length === 0) return false
  const end = lastEndAtRisk(tier, bucket)
  return end > evaluatedTo(store, slot, false) || end > evaluatedTo(store, slot, true)
}

/** Returns the newest window end that loses a bucket when the ring moves on to `bucket`. */
function lastEndAtRisk(tier: Tier, bucket: number): number {
  return Math.min(bucket - tier.layout.cells + tier.maxWindow, bucket)
}

function countDropped(fold: Fold): void {
  count(fold, 'samples_late_dropped')
  countInReport(fold.state, 'dropped')
}

/** Marks the closed windows that a late sample changes: the next tick evaluates those that end after this bucket. */
function recordLate(fold: Fold, host: Host, id: number, late: number): void {
  count(fold, 'samples_late_merged')
  countInReport(fold.state, 'merged')
  host.late ??= new Map()
  host.late.set(id, Math.min(host.late.get(id) ?? Infinity, late))
  fold.state.pendingHosts.add(host.name)
}

/** Marks a series so that the next tick evaluates the open windows of its early rules. */
function recordEarly(fold: Fold, host: Host, id: number): void {
  host.early ??= new Set()
  host.early.add(id)
  fold.state.pendingHosts.add(host.name)
}
