import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import { startSnapshot } from '../../src/engine/snapshot.ts'
import type { EventSamples, Millis, Rule } from '../../src/model.ts'
import {
  at,
  config,
  cpuHigh,
  createPlay,
  event,
  MINUTE,
  type Play,
  SECOND,
  silent,
  openAlerts,
} from '../helpers/play.ts'

/**
 * A sender with a valid token that makes up a name for each event: 50,000 of them beside 1,000 real hosts, where 2,000
 * fit. `npm run bench` does the same with a million.
 */
const REAL = 1000
const LIMIT = 2000
const INVENTED = 50_000
const limits = { hosts: LIMIT, series: 2 * LIMIT, seriesPerHost: 10, sources: 10 }
const real = (i: number): string => `node-${i}`
const HOT = real(17)
const DYING = real(23)

/** Each real host reports once a minute; one is hot all the time, and one dies in the midst of the flood. */
function realEvents(now: Millis): EventSamples[] {
  const events: EventSamples[] = []
  for (let i = (now / SECOND) % 60; i < REAL; i += 60) {
    if (real(i) !== DYING || now < at('12:15:00'))
      events.push(event(real(i), now, { cpu: real(i) === HOT ? 0.99 : 0.1 }))
  }
  return events
}

/** Fifteen minutes of invented names, from 12:05 on; calls back just before. */
function flood(rules: readonly Rule[], before: (play: Play) => void = () => {}): Play {
  const play = createPlay(config({ rules, limits, mailsPerMinute: 10_000 }))
  let invented = 0
  play.until('12:25:00', (now) => {
    if (now === at('12:05:00')) before(play)
    play.post(realEvents(now))
    const upTo = Math.min(INVENTED, Math.ceil(((now - at('12:05:00')) / (15 * MINUTE)) * INVENTED))
    const events: EventSamples[] = []
    while (invented < upTo) events.push(event(`made-up-${invented++}`, now, { cpu: 0.5 }))
    if (events.length > 0) play.post(events, { source: 'stranger' })
  })
  return play
}

/** Real hosts of which the last two minutes are not known in full. */
function withoutWindow(play: Play): string[] {
  const names = Array.from({ length: REAL }, (_, i) => real(i)).filter((name) => name !== DYING)
  return names.filter((host) => {
    const window = runQuery(play.fold, {
      kind: 'aggregate',
      host,
      metric: 'cpu',
      from: at('12:23:00'),
      to: at('12:25:00'),
    })
    return window?.count !== 2
  })
}

/** Bytes of everything that the engine keeps. */
function bytesOf(play: Play): number {
  const cut = startSnapshot(play.fold.state, 1)
  let bytes = 0
  for (let part = cut.take(); part !== undefined; part = cut.take()) bytes += part.data.length
  return bytes
}

const notified = (play: Play, rule: string): string[] =>
  play
    .notified()
    .filter((line) => line.includes(` ${rule} `))
    .map((line) => line.slice(9))

test('1,000 real hosts keep their windows and alerts beside 50,000 invented ones', async (t) => {
  let before = 0
  const play = flood([cpuHigh(), silent()], (one) => (before = bytesOf(one)))
  t.strictSame(withoutWindow(play), [])
  t.strictSame(notified(play, 'cpu-high'), [`cpu-high ${HOT} firing (fired)`])
  t.strictSame(
    openAlerts(play.fold)
      .filter((alert) => alert.identity.rule === 'cpu-high')
      .map(({ identity: { host }, lifecycle }) => [host, lifecycle.state]),
    [[HOT, 'firing']],
  )
  t.strictSame(
    notified(play, 'host-silent'),
    [`host-silent ${DYING} firing (fired)`],
    'and one that dies is still told',
  )
  t.strictSame(notified(play, 'cardinality-limit'), ['cardinality-limit stashwatch firing (fired)'], 'once')
  const { state, counters } = play.fold
  t.equal(state.hosts.size, LIMIT)
  t.equal(counters.get('hosts_refused'), INVENTED - (LIMIT - REAL))
  t.ok(bytesOf(play) < 1200 * LIMIT, `${bytesOf(play)} bytes, after ${before} without the invented`)
})

test('invented hosts that fell idle make room for others, real ones do not', async (t) => {
  const play = flood([cpuHigh()])
  t.ok((play.fold.counters.get('hosts_evicted') ?? 0) >= LIMIT - REAL)
  t.strictSame(withoutWindow(play), [])
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    [
      `cpu-high ${HOT} firing (fired)`,
      'cardinality-limit stashwatch firing (fired)',
      'source-down stranger firing (fired)',
    ],
  )
  t.equal(play.fold.state.hosts.size, LIMIT)
  t.equal(play.fold.state.hostSlots.length, LIMIT)
})
