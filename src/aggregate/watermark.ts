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
  trusted: Millis
  /** The watermark at recent ticks, oldest first. */
  watermarkHistory: { at: Millis; w: Millis }[]
  /** Arrival of its newest request, of its first, and of the newest one after a pause. */
  lastSeenAt: Millis
  readonly since: Millis
  pausedUntil: Millis
  heartbeats: boolean
  /**
   * Time in milliseconds in which it delivered: grows by a bucket for each bucket with a delivery. For a source with
   * many hosts it grows only while at least half of the baseline is delivered.
   */
  observed: Millis
  /** The current bucket of arrival time (-1 before the first tick), and whether anything was delivered in it. */
  watching: number
  delivered: boolean
  /** How long nothing arrived although the service could have accepted it. */
  idleFor: Millis
  /** True once the newest windows were flushed in the current pause. */
  flushed: boolean
  /** How many hosts it delivers. */
  readonly throughput: Throughput
}

/**
 * Samples older than this on arrival do not advance the watermark, and windows that ended longer ago are not evaluated.
 */
export const TOO_OLD = 24 * 3_600_000
/** A source that delivers only events with unusable times advances by their arrival after this long. */
const UNTRUSTED = 60_000
/** A pause between requests that a steady sender does not make. */
const PAUSE = 30_000
/** A heartbeat can overtake events in transit: it advances the watermark to this much before its own time. */
const HEARTBEAT_MARGIN = 30_000
/** How long the watermark's history is kept; the longest extra lateness of a rule. */
export const EXTRA_LATENESS = 90_000

export function createSource(name: string, receivedAt: Millis): Source {
  return {
    name,
    watermark: -Infinity,
    trusted: receivedAt,
    watermarkHistory: [],
    lastSeenAt: receivedAt,
    since: receivedAt,
    pausedUntil: receivedAt,
    heartbeats: false,
    observed: 0,
    watching: -1,
    delivered: false,
    idleFor: 0,
    flushed: false,
    throughput: createThroughput(),
  }
}

/** Records the arrival of a request. */
export function recordArrival(source: Source, receivedAt: Millis): void {
  if (receivedAt - source.lastSeenAt > PAUSE) source.pausedUntil = receivedAt
  source.lastSeenAt = Math.max(source.lastSeenAt, receivedAt)
  source.idleFor = 0
  source.flushed = false
}

/** Advances the watermark by an event with a usable time. */
export function advanceWatermark(source: Source, ts: Millis, receivedAt: Millis): void {
  if (receivedAt - ts > TOO_OLD) return
  source.trusted = Math.max(source.trusted, receivedAt)
  source.watermark = Math.max(source.watermark, Math.min(ts, receivedAt))
}

/**
 * Handles an event with an unusable time, which counts by its arrival. It proves nothing about the other events of its
 * source, which may come from a backlog. A source without other events advances by arrival, since nothing else would
 * close its windows.
 */
export function advanceByArrival(source: Source, receivedAt: Millis): void {
  if (receivedAt - source.trusted > UNTRUSTED)
    source.watermark = Math.max(source.watermark, receivedAt - HEARTBEAT_MARGIN)
}

export function onHeartbeat(source: Source, ts: Millis, receivedAt: Millis): void {
  source.heartbeats = true
  source.delivered = true
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
  source.watermarkHistory.push({ at: now, w: source.watermark })
  while (
    source.watermarkHistory.length > 1 &&
    (source.watermarkHistory[1] as { at: Millis }).at <= now - EXTRA_LATENESS
  )
    source.watermarkHistory.shift()
  source.idleFor += able
  const current = Math.floor(now / bucket)
  // The bucket of the source's first arrival is counted at its end, like any other.
  if (source.watching < 0) source.watching = current
  if (current === source.watching) return
  if (source.delivered && isFlowing(source.throughput)) source.observed += bucket
  source.watching = current
  source.delivered = false
}

/** Moves all times of a source that lie ahead of `now` back to it: the service's clock may have been set back. */
function clampSource(source: Source, now: Millis): void {
  clampToNow(source, now, 'lastSeenAt', 'trusted', 'pausedUntil', 'watermark')
  for (const mark of source.watermarkHistory) clampToNow(mark, now, 'at', 'w')
}

/** Returns the watermark as it was `wait` ago, which closes windows. */
export function watermarkAt(source: Source, now: Millis, wait: Millis): Millis {
  let closing = -Infinity
  for (const mark of source.watermarkHistory) {
    if (mark.at > now - wait) break
    closing = mark.w
  }
  return closing
}

/** Returns true if a pause of this source is meaningful: it sends heartbeats, or has sent steadily for ten minutes. */
export function isRegular(source: Source): boolean {
  return source.heartbeats || source.lastSeenAt - source.pausedUntil >= 10 * 60_000
}

/** Returns true if the source delivers current events rather than a backlog. */
export function isLive(source: Source, receivedAt: Millis): boolean {
  return receivedAt - source.watermark < 5 * 60_000
}
