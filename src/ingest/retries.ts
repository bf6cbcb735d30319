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
  // In the order of their last change, so that the oldest are first.
  const unsettled = new Map<string, Unsettled>()
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
      forget(unsettled, now)
      const fromBefore = mayBeFromBefore(id, now)
      const entry = unsettled.get(id) ?? { waiting: 0, since: now, lost: 0 }
      const missed = entry.lost > 0
      const late = entry.waiting > 0 && now - entry.since > PATIENCE
      if (missed) entry.lost -= 1
      if (entry.waiting === 0) entry.since = now
      entry.waiting += 1
      unsettled.delete(id)
      unsettled.set(id, entry)
      return missed || late || fromBefore
    },
    leave(id, since, flushed) {
      const entry = unsettled.get(id)
      if (entry === undefined) return
      const span = clock.now() - since
      entry.waiting -= 1
      // A clock that was set back says nothing about the span.
      if (!flushed || span > PATIENCE || span < 0) entry.lost += 1
      if (entry.waiting === 0 && entry.lost === 0) unsettled.delete(id)
    },
  }
}

function forget(unsettled: Map<string, Unsettled>, now: Millis): void {
  for (const [id, entry] of unsettled) {
    const old = now - entry.since > MEMORY && entry.waiting === 0
    if (!old && unsettled.size < MOST_UNSETTLED) return
    unsettled.delete(id)
  }
}
