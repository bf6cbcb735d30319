import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import { createExtractor } from '../../src/extract/samples.ts'
import type { EventSamples, Millis } from '../../src/model.ts'
import {
  at,
  config,
  countRule,
  cpuHigh,
  createPlay,
  event,
  every,
  HOUR,
  MINUTE,
  type Play,
  SECOND,
  silent,
  TEN,
  DAY,
  reasons,
  tally,
} from '../helpers/play.ts'

const rules = [cpuHigh(), silent()]
/** Host, since and end of every episode of a rule. */
const episodes = (play: Play, rule = 'cpu-high'): unknown[] => {
  const views = runQuery(play.fold, { kind: 'alerts' }).filter((view) => view.identity.rule === rule)
  return views.map(({ identity: { host }, startsAt, resolvedAt }) => [host, startsAt, resolvedAt])
}
const hot = (ts: Millis, from = '12:30:00', to = '12:40:00'): number => (ts >= at(from) && ts < at(to) ? 0.99 : 0.1)

test('of two sources one is 20 minutes behind: hosts behind each are judged in their own time', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '13:10:00',
    every(TEN, (now) => {
      const behind = now - 20 * MINUTE
      play.post([event('prompt', now, { cpu: hot(now) })], { source: 'live' })
      play.post([event('tardy', behind, { cpu: hot(behind) }), event('fine', behind, { cpu: 0.1 })], {
        source: 'behind',
      })
    }),
  )
  const span = [at('12:32:00'), at('12:41:00')]
  t.strictSame(episodes(play), [
    ['tardy', ...span],
    ['prompt', ...span],
  ])
  t.strictSame(
    play.notified(),
    [
      '12:32:10 cpu-high prompt firing (fired)',
      '12:41:10 cpu-high prompt resolved (resolved)',
      '12:53:10 digest of 1 (backlog)',
      '13:02:10 cpu-high tardy resolved (resolved)',
    ],
    'what is old news when it is found comes as such',
  )
  t.equal(tally(play, 'samples_late_merged') + tally(play, 'samples_late_dropped'), 0)
})

test('a host of two sources is evaluated with what arrives in time, as long as its ring can wait', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '13:00:00',
    every(TEN, (now) => {
      play.post([event('both', now, { cpu: hot(now) }), event('prompt', now, { cpu: 0.1 })], { source: 'live' })
      play.post([event('both', now - 20 * MINUTE, { cpu: 0.1 }), event('tardy', now - 20 * MINUTE, { cpu: 0.1 })], {
        source: 'behind',
      })
    }),
  )
  t.strictSame(episodes(play), [['both', at('12:32:00'), at('12:41:00')]])
  t.ok((play.mails[0]?.decidedAt ?? Infinity) <= at('12:35:00'), 'three minutes later than with a prompt source alone')
  t.equal(tally(play, 'samples_late_dropped'), 360, 'all that the slow one brings of it')
})

test('a clock that jumps and comes back raises no false alert, and the host is evaluated before and after', async (t) => {
  const real = ['cpu-high jumps fired', 'cpu-high jumps resolved']
  const off = ['clock-skew jumps fired', 'clock-skew jumps resolved']
  for (const jump of [30 * SECOND, 3 * MINUTE, 2 * HOUR, -30 * SECOND, -10 * MINUTE, -30 * HOUR]) {
    for (const lasts of [MINUTE, 10 * MINUTE]) {
      const play = createPlay(config({ rules }))
      play.until(
        '12:50:00',
        every(TEN, (now) => {
          const isOff = now >= at('12:10:00') && now < at('12:10:00') + lasts
          play.post([event('right', now, { cpu: 0.1 }), event('jumps', isOff ? now + jump : now, { cpu: hot(now) })])
        }),
      )
      const isTold = Math.abs(jump) > 5 * MINUTE && lasts > MINUTE
      t.strictSame(reasons(play), isTold ? [...off, ...real] : real, `${jump / MINUTE} min for ${lasts / MINUTE}`)
      t.match(episodes(play), [['jumps', at('12:32:00'), at('12:41:00')]])
    }
  }
})

/** Summer time begins in Berlin at 01:00 UTC on 2027-03-28 and ends at 01:00 UTC on 2026-10-25. */
const NIGHTS = [
  { name: 'to summer time', change: Date.parse('2027-03-28T01:00:00Z'), before: HOUR, after: 2 * HOUR },
  { name: 'to winter time', change: Date.parse('2026-10-25T01:00:00Z'), before: 2 * HOUR, after: HOUR },
]
const isHot = (now: Millis, change: Millis): boolean =>
  [-20, 30].some((from) => now >= change + from * MINUTE && now < change + (from + 8) * MINUTE)

test('a host that sends local time as if it were UTC has a wrong clock, and its night of the change is like any other', async (t) => {
  for (const [place, east] of [
    ['Berlin', 0],
    ['Chicago', -7 * HOUR],
  ] as const) {
    for (const { name, change, before, after } of NIGHTS) {
      const play = createPlay(config({ rules }), change - HOUR)
      play.until(
        change + HOUR,
        every(TEN, (now) => {
          const offset = (now < change ? before : after) + east
          play.post([
            event('right', now, { cpu: 0.1 }),
            event('local', now + offset, { cpu: isHot(now, change) ? 0.99 : 0.1 }),
          ])
        }),
      )
      const episode = ['cpu-high local fired', 'cpu-high local resolved']
      t.strictSame(reasons(play), ['clock-skew local fired', ...episode, ...episode], `${place}, ${name}`)
      const local = runQuery(play.fold, { kind: 'hosts' }).find((one) => one.host === 'local')
      t.match(local, { state: 'clock_skew', clockSkewSeconds: (after + east) / SECOND })
    }
  }
})

test('a host that names its offset from UTC is right all through the night of the change', async (t) => {
  const extract = createExtractor({ metrics: config().metrics, rules: [], host: {} })
  const pad = (hours: number): string => `+0${hours}:00`
  for (const { name, change, before, after } of NIGHTS) {
    const play = createPlay(config({ rules }), change - HOUR)
    play.until(
      change + HOUR,
      every(TEN, (now) => {
        const offset = now < change ? before : after
        const local = new Date(now + offset).toISOString().replace('Z', pad(offset / HOUR))
        const extracted = extract(
          { '@timestamp': local, host: { name: 'berlin' }, cpu: isHot(now, change) ? 0.99 : 0.1 },
          'base',
        )
        if ('reason' in extracted) throw new Error(extracted.reason)
        play.post([event('right', now, { cpu: 0.1 }), extracted])
      }),
    )
    t.strictSame(
      episodes(play).map((one) => (one as unknown[])[0]),
      ['berlin', 'berlin'],
      name,
    )
    t.strictSame(
      reasons(play),
      ['cpu-high berlin fired', 'cpu-high berlin resolved', 'cpu-high berlin fired', 'cpu-high berlin resolved'],
      name,
    )
    t.equal(tally(play, 'events_future') + tally(play, 'samples_late_merged') + tally(play, 'samples_late_dropped'), 0)
  }
})

/** A month of a log: a line every two minutes, and thirty failures within a minute every night at three. */
function monthOfLog(until: Millis): EventSamples[] {
  const lines: EventSamples[] = []
  for (let ts = until - 30 * DAY; ts < until; ts += 2 * MINUTE) {
    lines.push(event('fresh', ts))
    if (ts % DAY !== 3 * HOUR) continue
    for (let i = 0; i < 30; i++)
      lines.push(event('fresh', ts + i * 2 * SECOND, { 'count(ssh-failures)': 1, cpu: 0.99 }))
  }
  return lines
}

/** What a Filebeat reads on its first start, in the order of each: one file after the other, or four at a time. */
const READINGS: readonly (readonly [string, (lines: readonly EventSamples[]) => readonly EventSamples[]])[] = [
  ['one file after the other', (lines) => lines],
  [
    'newest file first',
    (lines) => [3, 2, 1, 0].flatMap((part) => lines.slice((part * lines.length) / 4, ((part + 1) * lines.length) / 4)),
  ],
  [
    'four files at a time',
    (lines) =>
      Array.from({ length: Math.ceil(lines.length / 4) }, (_, i) =>
        [0, 1, 2, 3].flatMap((part) => lines[i + part * Math.ceil(lines.length / 4)] ?? []),
      ).flat(),
  ],
]

test('a Filebeat that reads a month of logs at its first start advances no watermark, and gives one digest of the last day', async (t) => {
  for (const [name, inOrder] of READINGS) {
    for (const seconds of [60, 1500]) {
      const play = createPlay(config({ rules: [cpuHigh(), countRule(), silent()] }))
      const lines = inOrder(monthOfLog(at('12:04:00')))
      let read = 0
      play.until('12:40:00', (now) => {
        if (now % TEN === 0) play.post([event('live', now, { cpu: hot(now, '12:10:00', '12:20:00') })])
        const upTo = Math.min(lines.length, Math.ceil(((now - at('12:05:00')) / SECOND / seconds) * lines.length))
        if (upTo > read) play.post(lines.slice(read, (read = upTo)))
        if (read === lines.length && now % MINUTE === 0) play.post([event('fresh', now)])
        if (now === at('12:09:00')) t.equal(play.fold.state.sources.get('logstash-a')?.watermark, now - (now % TEN))
      })
      const about = `${name}, in ${seconds} s`
      const notified = play.notified().map((line) => line.slice(9))
      t.strictSame(
        notified.filter((line) => line.startsWith('cpu-high')),
        ['cpu-high live firing (fired)', 'cpu-high live resolved (resolved)'],
        about,
      )
      t.ok(notified.filter((line) => line.startsWith('digest')).length <= 1, about)
      t.notOk(
        notified.some((line) => line.includes('fresh firing')),
        about,
      )
      const night = play.mails.flatMap((mail) => mail.alerts).filter((alert) => alert.identity.host === 'fresh')
      t.ok(
        night.every((alert) => alert.startsAt > at('12:00:00') - DAY),
        about,
      )
      t.equal(play.fold.state.hosts.get('fresh')?.skew, undefined)
      const dropped = tally(play, 'samples_late_dropped')
      t.ok(name === 'one file after the other' ? dropped === 0 : dropped > 1000, `${about}: ${dropped} dropped`)
    }
  }
})
