import type { Clock, Millis } from '../model.ts'

/**
 * Knows which bodies may come a second time because the answer to the first may not have arrived. Whether one does,
 * the engine decides; this memory only tells honest repeats of equal single events from retries.
 */
export interface Retries {
  /** A body has come; its id tells source and content. True when the answer to an equal one may not have arrived. */
  arrive(id: string): boolean
  /** The answer to a body that came at `since` went out, or its connection died first. */
  leave(id: string, since: Millis, flushed: boolean): void
}

interface Unsettled {
  /** Bodies with this id that wait for their answer, and since when the first of them does. */
  waiting: number
  since: Millis
  /** Answers that may not have arrived; each of them accounts for one retry. */
  lost: number
}

/** A sender that did not get its answer has sent its retry within this. */
const MEMORY: Millis = 5 * 60_000
/** Logstash gives up waiting after 10 s. */
const PATIENCE: Millis = 9_000
const MOST_UNSETTLED = 50_000
const MOST_SEEN = 200_000

/** @param clock the service's clock; the moment of this call counts as the restart of the process. */
export function createRetries(clock: Clock): Retries {
  const began = clock.now()
  const unsettled = createMemory(began)
  const seen = new Set<string>()

  const mayBeFromBefore = (id: string, now: Millis): boolean => {
    if (now - began >= MEMORY) {
      seen.clear()
      return false
    }
    if (seen.has(id)) return false
    if (seen.size < MOST_SEEN) seen.add(id)
    return true
  }

  return {
    arrive(id) {
      const now = clock.now()
      const fromBefore = mayBeFromBefore(id, now)
      const entry = unsettled.take(id, now) ?? { waiting: 0, since: now, lost: 0 }
      const missed = entry.lost > 0
      const late = entry.waiting > 0 && now - entry.since > PATIENCE
      if (missed) entry.lost -= 1
      if (entry.waiting === 0) entry.since = now
      entry.waiting += 1
      unsettled.put(id, entry, now)
      return missed || late || fromBefore
    },
    leave(id, since, flushed) {
      const now = clock.now()
      const entry = unsettled.take(id, now)
      if (entry === undefined) return
      const span = now - since
      entry.waiting -= 1
      // A clock that was set back says nothing about the span.
      if (!flushed || span > PATIENCE || span < 0) entry.lost += 1
      if (entry.waiting > 0 || entry.lost > 0) unsettled.put(id, entry, now)
    },
  }
}

interface Memory {
  /** Takes out what is remembered, unless nobody waits and it is too old. */
  take(id: string, now: Millis): Unsettled | undefined
  put(id: string, entry: Unsettled, now: Millis): void
}

/**
 * Two halves, of which the older is let go as a whole when the younger is full or as old as the memory reaches. Letting
 * go of single ones, oldest first, would mean to look for the first entry of a map behind all that were deleted.
 */
function createMemory(began: Millis): Memory {
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
      if (now - turned > MEMORY || now < turned) turn(now)
      const entry = young.get(id) ?? old.get(id)
      young.delete(id)
      old.delete(id)
      const isOver = entry !== undefined && entry.waiting === 0 && now - entry.since > MEMORY
      return isOver ? undefined : entry
    },
    put(id, entry, now) {
      if (young.size >= MOST_UNSETTLED / 2) turn(now)
      young.set(id, entry)
    },
  }
}
