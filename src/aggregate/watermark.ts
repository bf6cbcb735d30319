import { clampToNow, type Millis } from '../model.ts'
import { createThroughput, type Throughput, isFlowing } from './throughput.ts'

/**
 * One sender, with two clocks derived from what it delivers: the watermark, up to which its hosts' windows are complete
 * in event time, and observed time, for how long it has been delivering.
 */
export interface Source {
  readonly name: string
  /** Newest event time delivered, never later than the arrival; -Infinity before the first. */
  watermark: Millis
  /** Newest arrival of an event or heartbeat with a usable time; initially the source's first arrival. */
  trustedUntil: Millis
  /** The watermark at recent ticks, oldest first. */
  watermarkHistory: { at: Millis; value: Millis }[]
  /** Arrival of its newest request, of its first, and of the newest one after a pause. */
  lastSeenAt: Millis
  readonly firstSeenAt: Millis
  resumedAt: Millis
  sendsHeartbeats: boolean
  /**
   * Time in milliseconds in which it delivered: grows by a bucket for each bucket with a delivery. For a source with
   * many hosts it grows only while at least half of the baseline is delivered.
   */
  observedTime: Millis
  /** The current bucket of arrival time (-1 before the first tick), and whether anything was delivered in it. */
  currentBucket: number
  hasDelivered: boolean
  /** How long nothing arrived although the service could have accepted it. */
  idleFor: Millis
  /** True once the newest windows were flushed in the current pause. */
  isFlushed: boolean
  /** How many hosts it delivers. */
  readonly throughput: Throughput
}

/**
 * Samples older than this on arrival do not advance the watermark, and windows that ended longer ago are not evaluated.
 */
export const MAX_EVENT_AGE = 24 * 3_600_000
/** A source that delivers only events with unusable times advances by their arrival after this long. */
const UNTRUSTED_AFTER = 60_000
/** A pause between requests that a steady sender does not make. */
const PAUSE_AFTER = 30_000
/** A heartbeat can overtake events in transit: it advances the watermark to this much before its own time. */
const HEARTBEAT_MARGIN = 30_000
/** How long the watermark's history is kept; the longest extra lateness of a rule. */
export const EXTRA_LATENESS = 90_000

export function createSource(name: string, receivedAt: Millis): Source {
  return {
    name,
    watermark: -Infinity,
    trustedUntil: receivedAt,
    watermarkHistory: [],
    lastSeenAt: receivedAt,
    firstSeenAt: receivedAt,
    resumedAt: receivedAt,
    sendsHeartbeats: false,
    observedTime: 0,
    currentBucket: -1,
    hasDelivered: false,
    idleFor: 0,
    isFlushed: false,
    throughput: createThroughput(),
  }
}

/** Records the arrival of a request. */
export function recordArrival(source: Source, receivedAt: Millis): void {
  if (receivedAt - source.lastSeenAt > PAUSE_AFTER) source.resumedAt = receivedAt
  source.lastSeenAt = Math.max(source.lastSeenAt, receivedAt)
  source.idleFor = 0
  source.isFlushed = false
}

/** Advances the watermark by an event with a usable time. */
export function advanceWatermark(source: Source, ts: Millis, receivedAt: Millis): void {
  if (receivedAt - ts > MAX_EVENT_AGE) return
  source.trustedUntil = Math.max(source.trustedUntil, receivedAt)
  source.watermark = Math.max(source.watermark, Math.min(ts, receivedAt))
}

/**
 * Handles an event with an unusable time, which counts by its arrival. It proves nothing about the other events of its
 * source, which may come from a backlog. A source without other events advances by arrival, since nothing else would
 * close its windows.
 */
export function advanceByArrival(source: Source, receivedAt: Millis): void {
  if (receivedAt - source.trustedUntil > UNTRUSTED_AFTER)
    source.watermark = Math.max(source.watermark, receivedAt - HEARTBEAT_MARGIN)
}

export function onHeartbeat(source: Source, ts: Millis, receivedAt: Millis): void {
  source.sendsHeartbeats = true
  source.hasDelivered = true
  advanceWatermark(source, Math.min(ts, receivedAt) - HEARTBEAT_MARGIN, receivedAt)
}

/**
 * Records the watermark, and ends the bucket of arrival time if it is over.
 *
 * @param able how much of the time since the last tick counts as idle: 0 if the service could not have accepted
 *   requests.
 */
export function tickSource(source: Source, now: Millis, able: Millis, bucket: Millis): void {
  clampSource(source, now)
  source.watermarkHistory.push({ at: now, value: source.watermark })
  while (
    source.watermarkHistory.length > 1 &&
    (source.watermarkHistory[1] as { at: Millis }).at <= now - EXTRA_LATENESS
  )
    source.watermarkHistory.shift()
  source.idleFor += able
  const current = Math.floor(now / bucket)
  // The bucket of the source's first arrival is counted at its end, like any other.
  if (source.currentBucket < 0) source.currentBucket = current
  if (current === source.currentBucket) return
  if (source.hasDelivered && isFlowing(source.throughput)) source.observedTime += bucket
  source.currentBucket = current
  source.hasDelivered = false
}

/** Moves all times of a source that lie ahead of `now` back to it: the service's clock may have been set back. */
function clampSource(source: Source, now: Millis): void {
  clampToNow(source, now, 'lastSeenAt', 'trustedUntil', 'resumedAt', 'watermark')
  for (const mark of source.watermarkHistory) clampToNow(mark, now, 'at', 'value')
}

/** Returns the watermark as it was `wait` ago, which closes windows. */
export function watermarkAt(source: Source, now: Millis, wait: Millis): Millis {
  let closing = -Infinity
  for (const mark of source.watermarkHistory) {
    if (mark.at > now - wait) break
    closing = mark.value
  }
  return closing
}

/** Returns true if a pause of this source is meaningful: it sends heartbeats, or has sent steadily for ten minutes. */
export function isRegular(source: Source): boolean {
  return source.sendsHeartbeats || source.lastSeenAt - source.resumedAt >= 10 * 60_000
}

/** Returns true if the source delivers current events rather than a backlog. */
export function isLive(source: Source, receivedAt: Millis): boolean {
  return receivedAt - source.watermark < 5 * 60_000
}
