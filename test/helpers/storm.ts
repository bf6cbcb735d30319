import {
  alerting,
  at,
  config,
  cpuHigh,
  createPlay,
  event,
  every,
  heartbeat,
  MINUTE,
  type Play,
  SECOND,
  TEN,
} from './play.ts'

const receivers = ['ada', 'grace'].map((name) => ({ name, email: [{ address: `${name}@example.org` }] }))
const rule = cpuHigh({ over: MINUTE, notify: ['ada', 'grace'] })

export const fleet = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `node-${String(i).padStart(4, '0')}`)

/** Hosts report every twenty seconds, half of them each time, their state at that time; two addresses are notified. */
export function perform(hosts: readonly string[], end: string, cpuOf: (host: number, now: number) => number): Play {
  const limits = { hosts: 10_000, series: 20_000, seriesPerHost: 10, sources: 10 }
  const play = createPlay(config({ rules: [rule], receivers, limits, alerting: alerting({ totalPerMinute: 20 }) }))
  const report = every(TEN, (now) => {
    const events = hosts.flatMap((host, i) =>
      (now / TEN + i) % 2 === 0 ? [event(host, now, { cpu: cpuOf(i, now) })] : [],
    )
    play.post([heartbeat(now), ...events])
  })
  play.until(end, report, 2 * SECOND)
  return play
}

/** All hosts fail one after the other, from 12:02 on within so long, and recover as slowly from 12:07 on. */
export function storm(hosts: readonly string[], within = 3 * MINUTE, end = '12:20:00'): Play {
  const turn = (i: number): number => (i / hosts.length) * within
  return perform(hosts, end, (i, now) =>
    now >= at('12:02:00') + turn(i) && now < at('12:07:00') + turn(i) ? 0.99 : 0.1,
  )
}
