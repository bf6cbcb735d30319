import type { Clock, Millis } from './model.ts'

/**
 * Creates a clock from the system's wall clock and timers.
 *
 * @param scale milliseconds of this clock per real millisecond; the demo runs 12 times faster.
 */
export function createClock(scale = 1): Clock {
  const start = Date.now()
  const began = performance.now()
  const now = scale === 1 ? Date.now : (): Millis => start + (performance.now() - began) * scale
  return {
    now,
    after(span, call) {
      const timer = setTimeout(call, span / scale)
      return () => clearTimeout(timer)
    },
    every(span, call) {
      const timer = setInterval(call, span / scale)
      return () => clearInterval(timer)
    },
  }
}
