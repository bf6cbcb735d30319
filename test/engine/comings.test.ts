import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { AlertView, Millis } from '../../src/model.ts'
import {
  above,
  at,
  config,
  cpuHigh,
  createPlay,
  event,
  every,
  HOUR,
  MINUTE,
  NOON,
  type Play,
  SECOND,
  openAlerts,
  bounds,
  TEN,
  DAY,
  once,
} from '../helpers/play.ts'

/*
 * Interfaces and disks come and go: what is gone has no data, which is neither good nor bad, and nothing waits for it
 * for ever.
 */

const busy = cpuHigh({
  name: 'net-busy',
  metric: 'net',
  over: MINUTE,
  every: MINUTE,
  condition: bounds('rate', [above(1000, 500)]),
})
const full = cpuHigh({
  name: 'disk-full',
  metric: 'disk',
  over: MINUTE,
  every: MINUTE,
  condition: bounds('last', [above(0.9, 0.8)]),
})
const net = (name: string): string => `net\u001f${name}`
const disk = (name: string): string => `disk\u001f${name}`
const notified = (play: Play): string[] =>
  play.mails.map((mail) => `${Object.values(mail.alerts[0]?.identity.labels ?? {}).join()} ${mail.reason}`)

/** Ticks twice a minute only, for plays of days; calls back before each tick. */
function untilDays(play: Play, end: Millis, each: (now: Millis) => void): void {
  for (let now = NOON + MINUTE / 2; now <= end; now += MINUTE / 2) {
    each(now)
    const data = new TextEncoder().encode(JSON.stringify({ now, refused: false }))
    while (play.enter({ kind: 'tick', data }).hasMore);
  }
}

/** A counter that grows by so much a second from noon on, modulo what it can hold. */
const counter = (now: Millis, rate: number, holds = Infinity): number => (((now - NOON) / SECOND) * rate) % holds

test('a counter of 32 bits that wraps, and one that begins anew after a reboot, is never a burst', async (t) => {
  const play = createPlay(config({ alerting: once, rules: [busy] }))
  play.until(
    '13:00:00',
    every(TEN, (now) => {
      const isRebooting = now >= at('12:30:00') && now < at('12:32:00')
      const boots = now < at('12:30:00') ? 5e12 + counter(now, 300) : counter(now - 32 * MINUTE, 300)
      const samples = { [net('wraps')]: (4_294_900_000 + counter(now, 300)) % 2 ** 32, [net('boots')]: boots }
      play.post([event('other', now), ...(isRebooting ? [] : [event('web-1', now, samples)])])
    }),
  )
  t.strictSame(play.notified(), [])
})

test('a counter that wraps while its rate is too high goes on firing', async (t) => {
  const play = createPlay(config({ alerting: once, rules: [busy] }))
  play.until(
    '12:40:00',
    every(TEN, (now) =>
      play.post([event('web-1', now, { [net('eth0')]: counter(now, now < at('12:30:00') ? 20_000 : 10, 10_000_000) })]),
    ),
  )
  t.strictSame(notified(play), ['eth0 fired', 'eth0 resolved'])
  t.ok((play.mails[1]?.decidedAt ?? 0) > at('12:30:00'))
})

test('an interface that vanishes while it fires says that it has no data, and resolves when it is back', async (t) => {
  const play = createPlay(config({ alerting: once, rules: [busy] }))
  const view = (): AlertView | undefined => runQuery(play.fold, { kind: 'alerts' })[0]
  play.until(
    '14:00:00',
    every(TEN, (now) => {
      const isThere = now < at('12:10:00') || now >= at('13:00:00')
      const rate = now < at('12:10:00') ? 5000 : 10
      play.post([
        event('web-1', now, {
          [net('eth0')]: counter(now, 10),
          ...(isThere ? { [net('veth1')]: counter(now, rate) } : {}),
        }),
      ])
      if (now === at('12:50:00'))
        t.match(view(), { state: 'firing', identity: { labels: { interface: 'veth1' } }, noDataSince: at('12:09:50') })
    }),
  )
  t.strictSame(notified(play), ['veth1 fired', 'veth1 resolved'])
  t.ok((play.mails[1]?.decidedAt ?? 0) > at('13:00:00'))
})

test('an alert about a disk that is gone for good ends after a day, and says why', async (t) => {
  const play = createPlay(config({ alerting: once, rules: [full] }))
  untilDays(
    play,
    NOON + 29 * HOUR,
    every(MINUTE, (now) => {
      const isThere = now < NOON + 10 * MINUTE
      play.post([event('web-1', now, { [disk('/')]: 0.1, ...(isThere ? { [disk('/mnt')]: 0.95 } : {}) })], { rcv: now })
    }),
  )
  t.strictSame(notified(play), ['/mnt fired', '/mnt resolved'])
  t.match(play.mails[1]?.alerts[0], {
    closeReason: 'series_gone',
    evidence: {
      why: { code: 'series_gone', params: { series: '/mnt', metric: 'disk', host: 'web-1', for: 25 * HOUR } },
    },
  })
  t.strictSame(openAlerts(play.fold), [])
})

test('an alert about a disk stays open when no disk of its host sends any more', async (t) => {
  const play = createPlay(config({ alerting: once, rules: [full] }))
  untilDays(
    play,
    NOON + 29 * HOUR,
    every(MINUTE, (now) => {
      const isMeasured = now < NOON + 10 * MINUTE
      play.post([event('web-1', now, isMeasured ? { [disk('/')]: 0.1, [disk('/mnt')]: 0.95 } : { cpu: 0.1 })], {
        rcv: now,
      })
    }),
  )
  t.strictSame(notified(play), ['/mnt fired'])
})

test('after an outage of two days no series is taken as gone because another one arrives first', async (t) => {
  const play = createPlay(config({ alerting: once, rules: [full] }))
  play.until(
    '12:10:00',
    every(TEN, (now) => play.post([event('web-1', now, { [disk('/')]: 0.1, [disk('/mnt')]: 0.95 })])),
  )
  const later = createPlay(config({ alerting: once, rules: [full] }), play.now() + 2 * DAY, play.fold)
  const back = later.now() + 3 * MINUTE
  later.until(
    later.now() + 20 * MINUTE,
    every(TEN, (now) =>
      later.post([event('web-1', now, { [disk('/')]: 0.1, ...(now >= back ? { [disk('/mnt')]: 0.95 } : {}) })]),
    ),
  )
  t.strictSame([...notified(play), ...notified(later)], ['/mnt fired'])
  t.equal(openAlerts(later.fold)[0]?.seriesGoneSince, undefined)
})

test('a zoo of 5,000 interfaces in a day takes no more room than its limit, and none of its alerts lasts', async (t) => {
  const limit = 300
  const play = createPlay(
    config({
      alerting: once,
      rules: [busy],
      mailsPerMinute: 10_000,
      limits: { hosts: 10, series: 1000, seriesPerHost: limit, sources: 10 },
    }),
  )
  const number = (age: Millis): number => Math.max(0, Math.ceil((Math.min(age, DAY) / DAY) * 5000))
  untilDays(
    play,
    NOON + DAY + 29 * HOUR,
    every(MINUTE, (now) => {
      const samples: Record<string, number> = { [net('eth0')]: counter(now, 10) }
      for (let i = number(now - NOON - 5 * MINUTE); i < number(now - NOON); i++)
        samples[net(`veth${i}`)] = counter(now, i % 50 === 0 ? 5000 : 10)
      play.post([event('docker', now, samples)], { rcv: now })
    }),
  )
  const { state, counters } = play.fold
  t.ok(
    state.series <= limit &&
      (state.stores.get('net')?.used ?? Infinity) <= limit &&
      state.keys.infos.length <= limit + 1,
  )
  t.equal(counters.get('series_refused'), undefined, 'each found its room')
  t.ok((counters.get('series_evicted') ?? 0) > 4500)
  t.equal(counters.get('transitions_firing'), 100)
  t.strictSame(openAlerts(play.fold), [])
  t.equal(state.dispatch.groups.size, 0)
})
