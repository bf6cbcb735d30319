import type { Reading } from '../aggregate/counter-rate.ts'
import type { Millis } from '../model.ts'

/** Readings are counted by the minute, for so many minutes. */
const MINUTE = 60_000
export const RANGE_WINDOW: Millis = 10 * MINUTE
/** The readings of a series of which some were outside its bounds lately. */
export interface RangeTally {
  /** Arrival of the first reading outside. */
  readonly since: Millis
  /** By minute of arrival, oldest first. */
  minutes: { readonly minute: number; outside: number; inside: number }[]
  /** The newest reading outside: its arrival, and its value, or the rate that it would lead to. */
  outsideAt: Millis
  outsideValue: number
  /** Arrival of the newest reading. */
  lastAt: Millis
  /** Of a counter: the newest reading that was left out, and the first of those before it that agree with it. */
  chain?: { readonly newest: Reading; readonly since: Millis }
}

/** Counts a reading by its arrival. Returns the counts of its minute. */
export function countReading(tally: RangeTally, receivedAt: Millis): RangeTally['minutes'][number] {
  tally.lastAt = Math.max(tally.lastAt, receivedAt)
  const minute = Math.floor(tally.lastAt / MINUTE)
  const newest = tally.minutes.at(-1)
  if (newest?.minute === minute) return newest
  const fresh = { minute, outside: 0, inside: 0 }
  tally.minutes.push(fresh)
  if (tally.minutes.length > RANGE_WINDOW / MINUTE + 1) tally.minutes.shift()
  return fresh
}

/** Returns how many readings of the last ten minutes were outside and inside. */
export function countRecent({ minutes }: RangeTally, now: Millis): { outside: number; inside: number } {
  const sums = { outside: 0, inside: 0 }
  for (const { minute, outside, inside } of minutes) {
    if ((minute + 1) * MINUTE <= now - RANGE_WINDOW) continue
    sums.outside += outside
    sums.inside += inside
  }
  return sums
}
