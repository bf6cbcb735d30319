import type { Clock, Millis } from '../model.ts'

const INTERVAL: Millis = 500
/** What waited during a pause is read within this time after it. */
const AFTERMATH: Millis = 5000

/**
 * Measures how long requests may have waited unread, because the process was stopped, the machine slept, or the event
 * loop was busy. A request that was sent meanwhile seems to arrive afterwards, and its sender may have given up.
 *
 * @returns a function that returns the length of the pause that a request arriving now may have waited for; 0 without
 *   one. Call `stop` to end the measurement.
 */
export function measurePauses(timers: Clock): { readonly waited: () => Millis; readonly stop: () => void } {
  let last = timers.now()
  let pause = { length: 0, end: Number.NEGATIVE_INFINITY }
  const look = (): Millis => {
    const now = timers.now()
    const late = now - last - INTERVAL
    last = now
    if (late > INTERVAL) pause = { length: late, end: now }
    return now
  }
  // The first request after a pause is handled before the first timer.
  const waited = (): Millis => {
    const now = look()
    return now - pause.end <= AFTERMATH ? pause.length : 0
  }
  return { waited, stop: timers.every(INTERVAL, () => void look()) }
}
