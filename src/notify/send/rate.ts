import { keepRecent, type Millis } from '../../model.ts'

/** Asks whether one more may go now, and counts it if so. */
export type RateLimiter = (now: Millis) => boolean

const MINUTE = 60_000

/**
 * Lets through at most so many in any minute, however the minute is laid: the first ones at once, so that an alert that
 * comes alone never waits. Without a number everything goes.
 */
export function createRateLimiter(perMinute: number | undefined): RateLimiter {
  if (perMinute === undefined) return () => true
  let gone: readonly Millis[] = []
  return (now) => {
    gone = keepRecent(gone, MINUTE, now)
    if (gone.length >= perMinute) return false
    gone = [...gone, now]
    return true
  }
}
