import type { Clock, Millis } from '../model.ts'

/**
 * Tracks which bodies may arrive a second time because the response to the first may be lost. The engine decides
 * whether a body is a repeat; this only separates retries from equal single events that are distinct measurements.
 */
export interface Retries {
  /**
   * Records a body by an id of source and content. Returns true if the response to an equal one may be lost, or if an
   * equal one waits for its response: a sender that gave up waiting sends it again.
   * @param since when it came, which is earlier than now if the process was held up. Default: now.
   */
  arrive(id: string, since?: Millis): boolean
  /** Records that the response to a body that arrived at `since` was sent, or that its connection closed first. */
  leave(id: string, since: Millis, flushed: boolean): void
}

interface Unsettled {
  /** Bodies with this id that wait for their response, and the arrival of the first of them. */
  waiting: number
  since: Millis
  /** Responses that may be lost; each accounts for one retry. */
  lost: number
}

/** A sender without a response retries within this time. */
const RETRY_RETENTION: Millis = 5 * 60_000
/** Logstash's timeout is 10 s. */
const CLIENT_TIMEOUT: Millis = 9_000
const MAX_UNSETTLED = 50_000
const MAX_SEEN = 200_000

/** @param clock the service's clock; the time of this call counts as the start of the process. */
export function createRetries(clock: Clock): Retries {
  const began = clock.now()
  const unsettled = createMemory(began)
  const seen = new Set<string>()

  const mayBeFromBefore = (id: string, now: Millis): boolean => {
    if (now - began >= RETRY_RETENTION) {
      seen.clear()
      return false
    }
    if (seen.has(id)) return false
    if (seen.size < MAX_SEEN) seen.add(id)
    return true
  }

  return {
    arrive(id, since = clock.now()) {
      const now = clock.now()
      const fromBefore = mayBeFromBefore(id, now)
      const entry = unsettled.take(id, now) ?? { waiting: 0, since, lost: 0 }
      const missed = entry.lost > 0
      const isBeside = entry.waiting > 0
      if (missed) entry.lost -= 1
      if (entry.waiting === 0) entry.since = since
      entry.waiting += 1
      unsettled.put(id, entry, now)
      return missed || isBeside || fromBefore
    },
    leave(id, since, flushed) {
      const now = clock.now()
      const entry = unsettled.take(id, now)
      if (entry === undefined) return
      const span = now - since
      entry.waiting -= 1
      // After a clock was set back the duration is unknown.
      if (!flushed || span > CLIENT_TIMEOUT || span < 0) entry.lost += 1
      if (entry.waiting > 0 || entry.lost > 0) unsettled.put(id, entry, now)
    },
  }
}

interface RetryMemory {
  /** Removes and returns an entry, unless nothing waits for it and it is too old. */
  take(id: string, now: Millis): Unsettled | undefined
  put(id: string, entry: Unsettled, now: Millis): void
}

/**
 * Creates a memory of two generations. The older one is dropped as a whole when the younger is full or as old as the
 * limit. Deleting single entries, oldest first, would scan past all deleted ones for the first entry of a map.
 */
function createMemory(began: Millis): RetryMemory {
  let young = new Map<string, Unsettled>()
  let old = new Map<string, Unsettled>()
  let turned = began
  const turn = (now: Millis): void => {
    old = young
    young = new Map()
    turned = now
  }
  return {
    take(id, now) {
      if (now - turned > RETRY_RETENTION || now < turned) turn(now)
      const entry = young.get(id) ?? old.get(id)
      young.delete(id)
      old.delete(id)
      const isOver = entry !== undefined && entry.waiting === 0 && now - entry.since > RETRY_RETENTION
      return isOver ? undefined : entry
    },
    put(id, entry, now) {
      if (young.size >= MAX_UNSETTLED / 2) turn(now)
      young.set(id, entry)
    },
  }
}
