import type { Clock, Millis } from '../model.ts'

/** Passes one message per span, with the sum of the counts suppressed in between. */
export type LogThrottle = (count: number, say: (sum: number) => void) => void

export function createLogThrottle(clock: Clock, span: Millis): LogThrottle {
  let sum = 0
  let last = Number.NEGATIVE_INFINITY
  return (count, say) => {
    const now = clock.now()
    sum += count
    // Absolute, so that a clock that was set back does not suppress messages.
    if (Math.abs(now - last) < span) return
    say(sum)
    sum = 0
    last = now
  }
}
