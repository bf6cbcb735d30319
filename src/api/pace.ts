import type { Clock, Millis } from '../model.ts'

const MINUTE: Millis = 60_000
/** Keys that are told apart; more than these share one count. */
const MOST_KEYS = 10_000

/** Whether one more request of a key fits into its minute. Memory is bounded, whatever is asked. */
export function createPace(clock: Clock, perMinute: number): (key: string) => boolean {
  const counts = new Map<string, number>()
  let began = clock.now()
  return (key) => {
    // The distance, so that a clock that was set back does not stop the count.
    if (Math.abs(clock.now() - began) >= MINUTE) {
      counts.clear()
      began = clock.now()
    }
    const name = counts.has(key) || counts.size < MOST_KEYS ? key : ''
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return count <= perMinute
  }
}
