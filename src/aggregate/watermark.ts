import { clampToNow, type Millis } from '../model.ts'
import { createThroughput, type Throughput, isFlowing } from './throughput.ts'

/**
 * One sender, and the two clocks that are read off what it delivers: the closing clock says how far in event time its
 * hosts' windows are complete; observed time says for how long it has been delivering at all.
 */
export interface Source {
  readonly name: string
  /** Newest event time that it delivered, never beyond the arrival; -Infinity before. */
  watermark: Millis
  /** Newest arrival of an event or heartbeat whose time was believed, or the source's first arrival. */
  trusted: Millis
  /** What `w` was at recent ticks, oldest first. */
  watermarkHistory: { at: Millis; w: Millis }[]
  /** Arrival of its newest request, of its first, and of the newest one that came after a pause. */
  lastSeenAt: Millis
  readonly since: Millis
  pausedUntil: Millis
  heartbeats: boolean
  /**
   * Time, in milliseconds, in which it delivered: grows by a bucket for each bucket with a delivery, of a source with
   * many hosts only while at least half of the usual number is heard.
   */
  observed: Millis
  /** The bucket of arrival time that is being watched (-1 before the first tick), and whether anything was delivered in it. */
  watching: number
  delivered: boolean
  /** For how long nothing came although the service could have taken it. */
  idleFor: Millis
  /** The extra window after a pause has been judged. */
  flushed: boolean
  /** How many hosts it delivers. */
  readonly throughput: Throughput
}

/** Samples that are older than this on arrival move no clock, and windows that ended longer ago are not judged. */
export const TOO_OLD = 24 * 3_600_000
/** A source that delivers nothing but events with unbelievable times goes by their arrival after this long. */
const UNTRUSTED = 60_000
/** A pause between requests that a steady sender does not make. */
const PAUSE = 30_000
/** A heartbeat overtakes events that are on their way; it vouches for the time before this much of its own. */
const HEARTBEAT_MARGIN = 30_000
/** How long the clock's past is kept; the longest wait of a rule. */
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

/** A request came. */
export function recordArrival(source: Source, receivedAt: Millis): void {
  if (receivedAt - source.lastSeenAt > PAUSE) source.pausedUntil = receivedAt
  source.lastSeenAt = Math.max(source.lastSeenAt, receivedAt)
  source.idleFor = 0
  source.flushed = false
}

/** An event came that may be trusted with the time. */
export function advanceWatermark(source: Source, ts: Millis, receivedAt: Millis): void {
  if (receivedAt - ts > TOO_OLD) return
  source.trusted = Math.max(source.trusted, receivedAt)
  source.watermark = Math.max(source.watermark, Math.min(ts, receivedAt))
}

/**
 * An event came whose time is not believed, so that it is taken by its arrival. It proves nothing about the others of
 * its source, which may be in the midst of a backlog; but where there are no others, somebody has to close the windows.
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
 * A second passes: remembers the clock, and counts the bucket of arrival time that is over.
 *
 * @param able how much of the time since the last tick counts as silence: 0 when the service could not have listened.
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
  // The bucket in which the source was first heard is counted at its end, like any other.
  if (source.watching < 0) source.watching = current
  if (current === source.watching) return
  if (source.delivered && isFlowing(source.throughput)) source.observed += bucket
  source.watching = current
  source.delivered = false
}

/** Nothing that is remembered of a source lies ahead of the present: the service's clock may have been set back. */
function clampSource(source: Source, now: Millis): void {
  clampToNow(source, now, 'lastSeenAt', 'trusted', 'pausedUntil', 'watermark')
  for (const mark of source.watermarkHistory) clampToNow(mark, now, 'at', 'w')
}

/** The closing clock: the source's clock as it was `wait` ago. */
export function watermarkAt(source: Source, now: Millis, wait: Millis): Millis {
  let closing = -Infinity
  for (const mark of source.watermarkHistory) {
    if (mark.at > now - wait) break
    closing = mark.w
  }
  return closing
}

/** Whether a pause of this source means something: it beats, or it has sent steadily for ten minutes. */
export function isRegular(source: Source): boolean {
  return source.heartbeats || source.lastSeenAt - source.pausedUntil >= 10 * 60_000
}

/** Whether what the source delivers is of now, and not out of a backlog. */
export function isLive(source: Source, receivedAt: Millis): boolean {
  return receivedAt - source.watermark < 5 * 60_000
}
