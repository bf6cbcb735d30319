import type { Clock, Millis } from '../../src/model.ts'

interface Timer {
  at: Millis
  readonly period: Millis | undefined
  readonly call: () => void
}

export interface VirtualClock extends Clock {
  /** Moves time forward, ringing the timers on the way in their order, and lets promises settle in between. */
  advance(span: Millis): Promise<void>
}

const settle = (): Promise<void> => new Promise((done) => setImmediate(done))

/** A clock that moves only with `advance`. */
export function createVirtualClock(start: Millis = Date.parse('2026-11-22T12:00:00Z')): VirtualClock {
  let time = start
  const timers = new Set<Timer>()
  const add = (timer: Timer): (() => void) => {
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  const nextDue = (until: Millis): Timer | undefined =>
    [...timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
  return {
    now: () => time,
    after: (span, call) => add({ at: time + span, period: undefined, call }),
    every: (span, call) => add({ at: time + span, period: span, call }),
    async advance(span) {
      const until = time + span
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        time = Math.max(time, timer.at)
        if (timer.period === undefined) timers.delete(timer)
        else timer.at += timer.period
        timer.call()
        await settle()
      }
      time = until
      await settle()
    },
  }
}
