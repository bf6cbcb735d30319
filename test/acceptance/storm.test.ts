import { test } from 'tap'
import type { Notification } from '../../src/model.ts'
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
} from '../helpers/play.ts'
import { fleet, perform, storm } from '../helpers/storm.ts'

const receivers = ['ada', 'grace'].map((name) => ({ name, email: [{ address: `${name}@example.org` }] }))

const to = (play: Play, name: string): readonly Notification[] =>
  play.mails.filter((mail) => mail.to.address.startsWith(name))

function named(mails: readonly Notification[], state: 'firing' | 'resolved'): Set<string> {
  return new Set(
    mails.flatMap((mail) => mail.alerts.filter((alert) => alert.state === state).map((alert) => alert.identity.host)),
  )
}

test('a storm of 5,000 hosts, one after the other, is at most ten mails to each, and names every host', async (t) => {
  const hosts = fleet(5000)
  const play = storm(hosts)
  for (const name of ['ada', 'grace']) {
    const mails = to(play, name)
    t.ok(mails.length <= 10, `${mails.length} mails to ${name}`)
    t.strictSame(named(mails, 'firing'), new Set(hosts))
    t.strictSame(named(mails, 'resolved'), new Set(hosts))
  }
})

test('half a fleet that fails at once is one mail, and its recovery another', async (t) => {
  const hosts = fleet(200)
  const play = perform(hosts, '12:15:00', (i, now) =>
    i % 2 === 0 && now >= at('12:03:00') && now < at('12:08:00') ? 0.99 : 0.1,
  )
  t.strictSame(
    to(play, 'ada').map(({ kind, alerts }) => [kind, alerts.length]),
    [
      ['digest', 100],
      ['digest', 100],
    ],
  )
})

test('another alert is not held up by a storm', async (t) => {
  const rule = cpuHigh({ over: MINUTE, notify: ['ada', 'grace'] })
  const other = cpuHigh({ name: 'memory-high', metric: 'memory', over: MINUTE, notify: ['ada'] })
  const hosts = fleet(100)
  const play = createPlay(config({ rules: [rule, other], receivers }))
  play.until(
    '12:20:00',
    every(10 * SECOND, (now) => {
      const samples = hosts.map((host, i) =>
        event(host, now, { cpu: now >= at('12:03:00') + i * 5 * SECOND ? 0.99 : 0.1 }),
      )
      play.post([heartbeat(now), ...samples, event('db-1', now, { memory: now >= at('12:08:00') ? 0.99 : 0.1 })])
    }),
  )
  const notified = to(play, 'ada').find((mail) => mail.alerts.some((alert) => alert.identity.rule === 'memory-high'))
  t.match(notified, { kind: 'alert', reason: 'fired' })
  t.equal(notified?.decidedAt, at('12:09:10'))
})

test('the total mail limit is kept, and every address is notified', async (t) => {
  const many = Array.from({ length: 30 }, (_, i) => ({ name: `r${i}`, email: [{ address: `r${i}@example.org` }] }))
  const rules = [cpuHigh({ over: MINUTE, notify: many.map(({ name }) => name) })]
  const play = createPlay(config({ rules, receivers: many, alerting: alerting({ totalPerMinute: 20 }) }))
  play.until(
    '12:03:00',
    every(10 * SECOND, (now) => play.post([event('web-1', now, { cpu: 0.99 })])),
  )
  t.equal(play.mails.filter((mail) => mail.decidedAt === at('12:01:10')).length, 20)
  t.equal(new Set(play.mails.map((mail) => mail.to.address)).size, 30)
})
