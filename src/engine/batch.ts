import { notePause } from '../aggregate/throughput.ts'
import { CLOCK_BOUND, createSkew, observeOffset } from '../aggregate/clock-skew.ts'
import { beat, hear, isLive, moveByArrival, moveClock, type Source, TOO_OLD } from '../aggregate/watermark.ts'
import { addSample } from '../aggregate/ring.ts'
import { headOf, judgedOf, type Store, tailOf } from '../aggregate/store.ts'
import type { EventSamples, Frame, Millis } from '../model.ts'
import { judgeUpTo, type Judged, watchedOf } from './evaluate/window.ts'
import { admitHost, admitSeries, admitSource, keyId } from './inventory/admission.ts'
import { hasId, noteId } from './repeats/ids.ts'
import { bodyId, type Known, rememberedSince } from './repeats/known.ts'
import type { MetricPlan, Tier } from './plan.ts'
import { count, type Fold, type Host, type KeyInfo } from './state.ts'
import { noteShare, tallyUsage } from './report/stats.ts'

/** What became of a frame. */
export interface BatchResult {
  readonly duplicate: boolean
  /** Events that were counted before, by their own ids. */
  readonly known: number
  /** Events of which the host or a series was refused. */
  readonly refused: number
}

/** Event times beyond the arrival by more than this are not believed. */
const FUTURE = 60_000

export function foldBatch(fold: Fold, frame: Frame): BatchResult {
  const source = admitSource(fold, frame.source, frame.rcv)
  hear(source, frame.rcv)
  if (isRetry(fold, frame)) {
    for (const event of frame.events) seeAgain(fold, source, event, frame.rcv)
    count(fold, 'duplicates', frame.events.length)
    return { duplicate: true, known: 0, refused: 0 }
  }
  const judged: Judged = { cost: 0 }
  let [known, refused] = [0, 0]
  for (const event of frame.events) {
    if (isKnownEvent(fold, event)) {
      seeAgain(fold, source, event, frame.rcv)
      known++
    } else if (event.heartbeat) beat(source, timeOf(event, frame.rcv), frame.rcv)
    else if (!foldEvent(fold, source, event, frame.rcv, judged)) refused++
  }
  count(fold, 'duplicates', known)
  if (refused > 0) tallyUsage(fold.state, 'refused', refused)
  return { duplicate: false, known, refused }
}

/**
 * Two equal bodies of one source are one delivery that was sent again, if each of their events carries a time of its
 * own. Without times they may be honest repeats, like two equal single events, unless the HTTP side knows that the
 * answer to the first may not have arrived.
 */
function isRetry(fold: Fold, frame: Frame): boolean {
  if (frame.events.length === 0) return false
  const isTelltale = frame.many && frame.events.every(({ ts }) => !Number.isNaN(ts))
  const kind = isTelltale ? 'batches' : 'singles'
  const known = isKnown(fold, kind, bodyId(frame.source, frame.batchId))
  if (known && (isTelltale || frame.maybeRetry)) return true
  remember(fold, kind, bodyId(frame.source, frame.batchId))
  return false
}

function isKnownEvent(fold: Fold, { id }: EventSamples): boolean {
  if (id === undefined) return false
  const known = isKnown(fold, 'events', id)
  if (!known) remember(fold, 'events', id)
  return known
}

function isKnown({ state: { known, ticks } }: Fold, kind: keyof Known, id: string): boolean {
  return hasId(known[kind], id, rememberedSince(kind, ticks))
}

function remember({ state: { known, ticks } }: Fold, kind: keyof Known, id: string): void {
  noteId(known[kind], id, ticks, rememberedSince(kind, ticks))
}

function timeOf(event: EventSamples, rcv: Millis): Millis {
  return Number.isNaN(event.ts) ? rcv : event.ts
}

/** Folds one event in; false when a cap refused its host or one of its series. */
function foldEvent(fold: Fold, source: Source, event: EventSamples, rcv: Millis, judged: Judged): boolean {
  const host = admitHost(fold, event.host, rcv)
  source.delivered = true
  if (host === undefined) return false
  see(host, source, rcv)
  const ts = believedTime(fold, host, source, timeOf(event, rcv), rcv)
  host.newest = Math.max(host.newest, ts)
  let isTaken = true
  for (let i = 0; i < event.series.length; i++) {
    const value = event.values[i] as number
    isTaken = foldSample(fold, host, event.series[i] as string, ts, value, rcv, judged) && isTaken
  }
  return isTaken
}

/**
 * What comes again proves that its host is still heard through this source, and nothing else: it moves no clock, and
 * the source has not delivered by it, or else a batch that is sent for ever would make the hosts behind it fall silent.
 */
function seeAgain({ state }: Fold, source: Source, event: EventSamples, rcv: Millis): void {
  const host = event.heartbeat ? undefined : state.hosts.get(event.host)
  if (host !== undefined) see(host, source, rcv)
}

function see(host: Host, source: Source, rcv: Millis): void {
  if (host.source === source.name) notePause(source.flow, source.observed - host.seenAt)
  host.awaited = undefined
  host.lastSeen = Math.max(host.lastSeen, rcv)
  host.source = source.name
  host.seenAt = source.observed
  host.heard.set(source.name, rcv)
}

/** The event's time, or its arrival where its host's clock is not to be believed; moves the source's clock. */
function believedTime(fold: Fold, host: Host, source: Source, ts: Millis, rcv: Millis): Millis {
  if (isTelling(source, rcv - ts, rcv) || host.skew?.off !== undefined) learnSkew(host, rcv - ts, rcv)
  const isFuture = ts > rcv + FUTURE
  if (isFuture && host.skew?.off === undefined) noteFuture(fold)
  if (isFuture || host.skew?.off !== undefined) {
    moveByArrival(source, rcv)
    return rcv
  }
  moveClock(source, ts, rcv)
  return ts
}

function noteFuture(fold: Fold): void {
  count(fold, 'samples_future')
  tallyUsage(fold.state, 'future')
}

/** Whether an offset is the clock's doing: what a source delivers late may be a backlog, but none is of tomorrow. */
function isTelling(source: Source, offset: Millis, rcv: Millis): boolean {
  return isLive(source, rcv) || offset < 0 || offset > TOO_OLD
}

function learnSkew(host: Host, offset: Millis, rcv: Millis): void {
  if (host.skew === undefined && Math.abs(offset) <= CLOCK_BOUND) return
  host.skew ??= createSkew()
  observeOffset(host.skew, offset, rcv)
  if (host.skew.off === undefined && host.skew.run.length === 0) host.skew = undefined
}

function foldSample(
  fold: Fold,
  host: Host,
  key: string,
  ts: Millis,
  value: number,
  rcv: Millis,
  judged: Judged,
): boolean {
  const id = Number.isFinite(value) ? keyId(fold.state, fold, key) : undefined
  if (id === undefined) {
    count(fold, 'samples_unknown')
    return true
  }
  const slot = admitSeries(fold, host, id, rcv)
  if (slot === undefined) return false
  const metric = fold.plan.metrics.get((fold.state.keys.infos[id] as KeyInfo).metric) as MetricPlan
  const { tiers } = metric
  const bucket = Math.floor(ts / fold.plan.config.bucket)
  const head = headOf(fold.state.stores.get((tiers[0] as Tier).id) as Store, slot)
  let [isKept, isLate] = [false, false]
  for (const tier of tiers) {
    const store = fold.state.stores.get(tier.id) as Store
    const own = Math.floor(ts / tier.layout.width)
    if (own < tailOf(store, slot)) continue
    if (isPressed(tier, store, slot, own)) judgeWhatWouldBeLost(fold, host, id, tier, own, judged)
    isKept = true
    isLate ||= tier.rules.length > 0 && own < judgedOf(store, slot, false)
    addSample(store, slot, own, ts, value)
  }
  if (isKept) count(fold, 'samples')
  else countDropped(fold)
  if (isKept && metric.share !== undefined) share(fold, metric, host, ts, value * metric.share)
  if (isLate) noteLate(fold, host, id, head === -Infinity ? bucket : Math.min(bucket, head))
  if (isKept && tiers.some((tier) => tier.hasEarly)) noteEarly(fold, host, id)
  return true
}

/** For the reports. What is of another day was asked for as history. */
function share({ state, plan }: Fold, { metric }: MetricPlan, host: Host, ts: Millis, value: number): void {
  if (state.usage === undefined || state.now - ts > TOO_OLD) return
  noteShare(state.usage, metric.name, host, value, 2 * plan.config.limits.hosts)
}

/**
 * A ring that moves on overwrites its oldest buckets. Windows that would lose some before their source's clock closes
 * them (in a backlog that is read very fast) are judged now, with what is there.
 */
function judgeWhatWouldBeLost(fold: Fold, host: Host, id: number, tier: Tier, bucket: number, judged: Judged): void {
  const end = lastAtRisk(tier, bucket)
  for (const watched of watchedOf(fold, host, id)) {
    if (watched.tier !== tier) continue
    judgeUpTo(fold, watched, false, end, judged)
    judgeUpTo(fold, watched, true, end, judged)
  }
}

function isPressed(tier: Tier, store: Store, slot: number, bucket: number): boolean {
  const head = headOf(store, slot)
  if (bucket <= head || head === -Infinity || tier.rules.length === 0) return false
  const end = lastAtRisk(tier, bucket)
  return end > judgedOf(store, slot, false) || end > judgedOf(store, slot, true)
}

/** The newest window end of which the ring would lose a bucket by moving on to this one. */
function lastAtRisk(tier: Tier, bucket: number): number {
  return Math.min(bucket - tier.layout.cells + tier.longest, bucket)
}

function countDropped(fold: Fold): void {
  count(fold, 'samples_late_dropped')
  tallyUsage(fold.state, 'dropped')
}

/** The next tick has to look at closed windows that a late sample touches or leaves behind: those after a bucket. */
function noteLate(fold: Fold, host: Host, id: number, late: number): void {
  count(fold, 'samples_late_merged')
  tallyUsage(fold.state, 'merged')
  host.late ??= new Map()
  host.late.set(id, Math.min(host.late.get(id) ?? Infinity, late))
  fold.state.work.add(host.name)
}

/** The next tick has to look at the open windows of early rules. */
function noteEarly(fold: Fold, host: Host, id: number): void {
  host.early ??= new Set()
  host.early.add(id)
  fold.state.work.add(host.name)
}
