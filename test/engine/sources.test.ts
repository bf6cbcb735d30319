import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { Host } from '../../src/engine/state.ts'
import { describeReason } from '../../src/text/reason.ts'
import { memoryOf } from '../helpers/fate.ts'
import {
  at,
  config,
  cpuHigh,
  createPlay,
  event,
  every,
  heartbeat,
  MINUTE,
  openAlerts,
  type Play,
  SECOND,
  silent,
  tally,
  TEN,
} from '../helpers/play.ts'

const rules = [silent()]
const isLive = (now: number, end: string): boolean => now < at(end)

/** Absence alerts: when, about whom, and the source that shows it. */
const absences = (play: Play): unknown[] =>
  play.mails
    .filter(({ alerts, reason }) => alerts[0]?.identity.rule === 'host-silent' && reason === 'fired')
    .map(({ alerts: [alert], decidedAt }) => [
      new Date(decidedAt).toISOString().slice(11, 16),
      alert?.identity.host,
      alert?.evidence.why.params['source'],
    ])

test('one event under an invented source does not hide that a host is absent', async (t) => {
  // Right after its death, and just before it would be noticed; with a heartbeat the inventor is a regular source.
  for (const after of [5 * SECOND, 170 * SECOND]) {
    for (const isRegular of [false, true]) {
      const play = createPlay(config({ rules }))
      play.until('12:30:00', (now) => {
        if (now % TEN === 0)
          play.post([heartbeat(now), ...(isLive(now, '12:20:00') ? ['a', 'b'] : ['a']).map((host) => event(host, now))])
        if (now !== at('12:20:00') + after) return
        play.post([...(isRegular ? [heartbeat(now)] : []), event('b', now)], { source: 'invented' })
      })
      // Who is regular, and alone with a host long enough, is its source; but that source is then down itself.
      const isHidden = isRegular && after > 150 * SECOND
      t.equal(absences(play).length, isHidden ? 0 : 1, `${after} ${isRegular}`)
      if (!isHidden) t.match(absences(play), [[/^12:2\d$/, 'b', 'logstash-a']])
      t.equal(play.notified().filter((line) => line.includes('source-down invented')).length, isRegular ? 1 : 0)
    }
  }
})

test('a source that delivers for minutes only still finds a host absent that was last seen under an invented one', async (t) => {
  const play = createPlay(config({ rules }))
  play.until('12:20:00', (now) => {
    if (now % (5 * SECOND) === 0) play.post((isLive(now, '12:05:00') ? ['a', 'b'] : ['a']).map((h) => event(h, now)))
    if (now === at('12:05:00')) play.post([event('b', now)], { source: 'oneshot' })
  })
  // The source is known to be regular once it has delivered for ten minutes.
  t.match(absences(play), [['12:10', 'b', 'logstash-a']])
})

test('why says for how long the sources of a host have delivered since, and no query changes the state', async (t) => {
  const play = createPlay(config({ rules, hosts: { expected: ['never'], retireAfter: 24 * 60 * MINUTE } }))
  play.until('12:09:00', (now) => {
    if (now % (5 * SECOND) === 0) play.post((isLive(now, '12:05:00') ? ['a', 'b'] : ['a']).map((h) => event(h, now)))
    if (now === at('12:05:00')) play.post([event('b', now)], { source: 'oneshot' })
  })
  const before = memoryOf(play.fold)
  const why = runQuery(play.fold, { kind: 'why', rule: 'host-silent', host: 'b' })
  t.match(why?.evaluations, [
    {
      value: 240,
      evidence: { why: { code: 'last_event_unobserved', params: { source: 'oneshot', observed: 10_000 } } },
    },
  ])
  runQuery(play.fold, { kind: 'hosts' })
  runQuery(play.fold, { kind: 'why', rule: 'host-silent', host: 'never' })
  t.equal(memoryOf(play.fold), before)
})

test('a token that stops under its own name is down, although sources below it go on', async (t) => {
  const play = createPlay(config({ rules, sources: ['logstash-a'] }))
  play.until(
    '12:30:00',
    every(TEN, (now) => {
      if (isLive(now, '12:20:00')) play.post([heartbeat(now), event('a', now)])
      play.post([event('b', now)], { source: 'logstash-a/east' })
    }),
  )
  t.match(play.notified(), [/^12:22:[0-9]+ source-down logstash-a firing/])
  const why = runQuery(play.fold, { kind: 'why', rule: 'source-down', host: 'logstash-a' })
  t.match(why?.evaluations, [{ evidence: { why: { code: 'source_silent' } } }])
})

test('a source that was retired and returns counts its time from zero', async (t) => {
  const play = createPlay(config({ rules, hosts: { expected: ['b'], retireAfter: 10 * MINUTE } }))
  play.until(
    '12:30:00',
    every(
      TEN,
      (now) =>
        void play.post(
          ['a', 'b'].map((h) => event(h, now)),
          { source: 'old' },
        ),
    ),
  )
  // As `retireSources` leaves it.
  play.fold.state.sources.delete('old')
  const { deliveries } = play.fold.state.hosts.get('b') as Host
  play.post([event('c', play.now())], { source: 'old' })
  t.ok([...deliveries].every(([name, { observed }]) => name !== 'old' || observed === 0))
})

test('a source that seldom delivers a host does not make it absent while its usual one is down', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '13:30:00',
    every(TEN, (now) => {
      if (isLive(now, '13:00:00')) play.post([heartbeat(now), event('a', now)])
      const relayed = [
        event('c', now),
        ...(now % (8 * MINUTE) === 0 && isLive(now, '13:00:00') ? [event('a', now)] : []),
      ]
      play.post([heartbeat(now), ...relayed], { source: 'relay' })
    }),
  )
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    ['source-down logstash-a firing (fired)'],
  )
})

test('a host of two sources that dies with one of them is found absent by the other', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '12:40:00',
    every(TEN, (now) => {
      if (isLive(now, '12:20:00')) play.post([heartbeat(now), event('a', now)])
      const turns = isLive(now, '12:20:00') && now % (2 * TEN) === 0 ? [event('a', now - SECOND)] : []
      play.post([heartbeat(now), event('c', now), ...turns], { source: 'logstash-b', rcv: now - SECOND })
    }),
  )
  t.match(absences(play), [['12:22', 'a', 'logstash-b']])
})

test('a host that moved to another source is judged by that one', async (t) => {
  const play = createPlay(config({ rules }))
  play.until(
    '12:40:00',
    every(TEN, (now) => {
      if (isLive(now, '12:20:00')) play.post([heartbeat(now), event('a', now), event('c', now)])
      else
        play.post([heartbeat(now), event('c', now), ...(isLive(now, '12:25:00') ? [event('a', now)] : [])], {
          source: 'b',
        })
    }),
  )
  t.match(absences(play), [['12:27', 'a', 'b']])
})

test('the clock of an invented source does not keep windows open', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh()] }))
  play.until('12:20:00', (now) => {
    if (now % TEN === 0) play.post([heartbeat(now), event('a', now, { cpu: isLive(now, '12:10:00') ? 0.1 : 0.99 })])
    if (now % (40 * SECOND) === 0) play.post([event('a', at('11:58:00'))], { source: 'invented' })
  })
  t.match(play.notified(), [/^12:12:1\d cpu-high a firing/])
})

test('150 invented names below a token take 16 places, and those of others stay free', async (t) => {
  const limits = { hosts: 1000, series: 1000, seriesPerHost: 10, sources: 30 }
  const play = createPlay(config({ rules, sources: ['a', 'b'], limits }))
  for (let i = 0; i < 150; i++) play.post([event('web-1', play.now())], { source: `a/${i}` })
  for (let i = 0; i < 8; i++) play.post([event('web-2', play.now())], { source: `b/${i}` })
  const { sources } = play.fold.state
  const below = (token: string): number => [...sources.keys()].filter((name) => name.startsWith(`${token}/`)).length
  t.strictSame([below('a'), below('b'), sources.has('others')], [16, 8, false])
  t.equal(sources.get('a')?.hasDelivered, true, 'the rest counts under the name of the token')
  t.equal(tally(play, 'sub_sources_refused'), 134)
  play.until('12:00:05', () => void play.post([event('web-1', play.now())], { source: 'a' }))
  const alert = openAlerts(play.fold).find(({ identity }) => identity.rule === 'cardinality-limit')
  t.match(
    alert && describeReason(alert),
    /^a token has reached ingest\.sub_sources: 134 requests with other X-Source headers counted/,
  )
  for (let i = 0; i < 20; i++) play.post([event('web-3', play.now())], { source: `c/${i}` })
  t.equal(below('c'), 5, 'without such a token a slash means nothing')
  t.ok(sources.has('others'))
})
