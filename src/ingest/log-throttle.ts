import type { Clock, Millis } from '../model.ts'

/** Lets one message in a span through, with the sum of what the others in between would have told. */
export type LogThrottle = (count: number, say: (sum: number) => void) => void

export function createLogThrottle(clock: Clock, span: Millis): LogThrottle {
  let sum = 0
  let last = Number.NEGATIVE_INFINITY
  return (count, say) => {
    const now = clock.now()
    sum += count
    // The distance, so that a clock that was set back does not silence it.
    if (Math.abs(now - last) < span) return
    say(sum)
    sum = 0
    last = now
  }
}
