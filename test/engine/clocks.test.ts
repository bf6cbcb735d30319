import { test } from 'tap'
import {
  at,
  config,
  cpuHigh,
  createPlay,
  event,
  every,
  HOUR,
  MINUTE,
  type Play,
  SECOND,
  silent,
  openAlerts,
  above,
  bounds,
  TEN,
  reasons,
} from '../helpers/play.ts'

const rules = [cpuHigh(), silent()]
const hot = (now: number): number => (now >= at('12:20:00') && now < at('12:30:00') ? 0.99 : 0.1)

test('a site whose events are all dated two minutes ahead is watched by arrival', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '12:40:00',
    every(TEN, (now) =>
      play.post([event('a', now + 2 * MINUTE, { cpu: hot(now) }), event('b', now + 2 * MINUTE, { cpu: 0.1 })]),
    ),
  )
  t.strictSame(reasons(play), ['cpu-high a fired', 'cpu-high a resolved'])
  t.ok((play.mails[0]?.decidedAt ?? Infinity) < at('12:23:00'))
})

test('a site whose only host has a clock that is hours off gets a clock-skew alert, and is evaluated', async (t) => {
  for (const offset of [8 * HOUR, 10 * MINUTE, -27 * HOUR, -400 * 24 * HOUR]) {
    const play = createPlay(config({ rules }))
    play.until(
      '12:40:00',
      every(TEN, (now) => play.post([event('a', now + offset, { cpu: hot(now) })])),
    )
    t.strictSame(
      reasons(play),
      ['clock-skew a fired', 'cpu-high a fired', 'cpu-high a resolved'],
      `${offset / MINUTE} min`,
    )
  }
})

test('a host that catches up after half an hour without a network has no wrong clock', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh()] }))
  let delivered = at('12:00:00')
  play.until(
    '13:00:00',
    every(SECOND, (now) => {
      if (now % TEN === 0) play.post([event('other', now, { cpu: 0.1 })])
      const isCut = now > at('12:10:00') && now < at('12:40:00')
      const until = isCut ? delivered : Math.min(now, delivered + 20 * SECOND)
      while (delivered + TEN <= until) {
        delivered += TEN
        const events = Array.from({ length: 10 }, (_, i) => event('web-1', delivered, i === 0 ? { cpu: 0.1 } : {}))
        play.post(events)
      }
    }),
  )
  t.strictSame(play.notified(), [])
  t.equal(play.fold.state.hosts.get('web-1')?.skew, undefined)
})

test('a clock that drifts slowly is believed until it is five minutes off', async (t) => {
  for (const pace of [0.1, -0.1]) {
    const play = createPlay(config({ rules: [cpuHigh()] }))
    play.until(
      '14:00:00',
      every(TEN, (now) => {
        play.post([
          event('right', now, { cpu: 0.1 }),
          event('drifts', now + (now - at('12:00:00')) * pace, { cpu: 0.1 }),
        ])
      }),
    )
    t.strictSame(reasons(play), ['clock-skew drifts fired'], `${pace}`)
  }
})

test('after the clock was an hour or a year ahead and is set right, everything is watched again', async (t) => {
  for (const ahead of [HOUR, 365 * 24 * HOUR]) {
    const wrong = at('12:00:00') + ahead
    const play = createPlay(config({ rules }), wrong)
    play.until(
      wrong + 10 * MINUTE,
      every(TEN, (now) => {
        play.post([event('a', now, { cpu: 0.99 })], { source: now % 20_000 === 0 ? 'logstash-a' : 'logstash-b' })
      }),
    )
    t.strictSame(reasons(play), ['cpu-high a fired'])
    const right = createPlay(config({ rules }), at('12:10:00'), play.fold)
    right.until(
      '12:40:00',
      every(TEN, (now) => right.post([event('a', now, { cpu: hot(now) })])),
    )
    t.strictSame(reasons(right), ['cpu-high a resolved', 'cpu-high a fired', 'cpu-high a resolved'])
    t.ok((right.mails[0]?.decidedAt ?? Infinity) < at('12:16:00'), 'soon')
  }
})

test('an alert about a source ends although the clock was a year ahead for a second meanwhile', async (t) => {
  const play = createPlay(config({ rules, sources: ['logstash-a'] }))
  play.until(
    '12:10:00',
    every(TEN, (now) => play.post([event('a', now)])),
  )
  play.until('12:15:00')
  const tick = (now: number): void =>
    void play.enter({ kind: 'tick', data: new TextEncoder().encode(JSON.stringify({ now, refused: false })) })
  tick(play.now() + 365 * 24 * HOUR)
  play.until(
    '12:30:00',
    every(TEN, (now) => play.post([event('a', now)])),
  )
  t.strictSame(
    reasons(play).filter((one) => !one.includes('repeat')),
    ['source-down logstash-a fired', 'source-down logstash-a resolved'],
  )
})

test('a process that slept for an hour calls nobody silent', async (t) => {
  const play = createPlay(config({ rules, sources: ['logstash-a'] }))
  const post = (one: Play) =>
    every(TEN, (now) => one.post([event('a', now, { cpu: 0.1 }), event('b', now, { cpu: 0.1 })]))
  play.until('12:10:00', post(play))
  const woken = createPlay(config({ rules, sources: ['logstash-a'] }), at('13:10:00'), play.fold)
  woken.until('13:20:00', post(woken))
  t.strictSame([...play.notified(), ...woken.notified()], [])
})

test('of two sources of a host the dead one holds nothing back for longer than a minute', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '12:30:00',
    every(TEN, (now) => {
      play.post([event('a', now, { cpu: now < at('12:10:00') ? 0.1 : 0.99 })], { source: 'logstash-b' })
      if (now < at('12:10:00')) play.post([event('a', now, { cpu: 0.1 })], { source: 'logstash-a' })
    }),
  )
  t.strictSame(play.notified(), ['12:12:10 cpu-high a firing (fired)'])
})

test('a source that is minutes behind is waited for by the hosts that it delivers', async (t) => {
  const play = createPlay(
    config({
      rules: [cpuHigh({ condition: bounds('mean', [above(0.5, 0.4)]) })],
    }),
  )
  play.until(
    '12:40:00',
    every(TEN, (now) => {
      play.post([event('b', now - 2 * MINUTE, { cpu: 0.1 })], { source: 'behind' })
      play.post([event('b', now, { cpu: 0.8 })], { source: 'live' })
    }),
  )
  t.strictSame(play.notified(), [], 'half of the samples are missing until the slow one has come')
})

test('a source without any believable time does not hold back the windows of a live one', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '12:30:00',
    every(TEN, (now) => {
      play.post([event('a', now, { cpu: now < at('12:10:00') ? 0.1 : 0.99 })], { source: 'live' })
      play.post([event('a', now - 30 * 24 * HOUR - (now % 77_000) * 3)], { source: 'archive' })
    }),
  )
  t.strictSame(play.notified(), ['12:12:10 cpu-high a firing (fired)'])
})

test('a host that died is named although its source was forgotten and came back', async (t) => {
  const settings = config({ rules: [silent()], hosts: { expected: ['a', 'b'], retireAfter: HOUR } })
  const play = createPlay(settings)
  play.until(
    '12:09:00',
    every(TEN, (now) => play.post([event('a', now), event('b', now)])),
  )
  const day = createPlay(settings, at('12:10:00') + 25 * HOUR, play.fold)
  for (const source of day.fold.state.sources.values()) source.idleFor += 24 * HOUR
  day.until(day.now() + 10 * SECOND)
  t.equal(day.fold.state.sources.size, 0)
  day.until(
    day.now() + 10 * MINUTE,
    every(TEN, (now) => day.post([event('a', now)])),
  )
  t.strictSame(reasons(day), ['host-silent b fired'])
  t.strictSame(
    openAlerts(day.fold).map((alert) => alert.identity.host),
    ['b'],
  )
})
