import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { EngineConfig } from '../../src/model.ts'
import { describeReason } from '../../src/text/reason.ts'
import { formatTime } from '../../src/text/format.ts'
import { memoryOf, refold, restarted } from '../helpers/fate.ts'
import { encodeEntry } from '../../src/engine/step.ts'
import { alerting, at, config, createPlay, event, every, HOUR, type Play, SECOND, TEN } from '../helpers/play.ts'

const settings = (change: Partial<EngineConfig> = {}): EngineConfig =>
  config({ rules: [], sources: ['logstash-a', 'logstash-b'], alerting: alerting({ totalPerMinute: 1000 }), ...change })
const posts = (play: Play, source: string) => (now: number) => void play.post([event('web-1', now)], { source })
const reasons = ({ mails }: Play): readonly string[] =>
  mails.map(({ alerts: [alert] }) => (alert === undefined ? '' : describeReason(alert, formatTime)))

test('a token that never connects is missed after 150 seconds, and found when it connects', async (t) => {
  const play = createPlay(settings())
  const a = posts(play, 'logstash-a')
  play.until('12:10:00', every(TEN, a))
  t.strictSame(play.notified(), ['12:02:31 source-down logstash-b firing (fired)'])
  t.strictSame(reasons(play), [
    'no requests from logstash-b since 2026-11-22 12:00:01 UTC, when the service began to wait for it',
  ])
  t.match(play.mails[0]?.alerts[0], { severity: 'critical', value: 150, startsAt: at('12:00:01') })
  const b = posts(play, 'logstash-b')
  play.until(
    '12:20:00',
    every(TEN, (now) => (a(now), b(now))),
  )
  t.match(play.notified().slice(1), [/^12:10:\d\d source-down logstash-b resolved/])
  t.equal(reasons(play)[1], 'logstash-b is delivering again')
  t.equal(play.fold.state.awaitedSources.size, 0)
})

test('an occasional source is never missed, whether it connected or not', async (t) => {
  const play = createPlay(settings({ occasionalSources: ['logstash-b'] }))
  const [a, b, below] = ['logstash-a', 'logstash-b', 'logstash-b/tokyo'].map((source) => posts(play, source))
  play.until(
    '12:30:00',
    every(TEN, (now) => (a?.(now), b?.(now), below?.(now))),
  )
  play.until(
    '13:00:00',
    every(TEN, (now) => a?.(now)),
  )
  t.strictSame(play.notified(), [])
})

test('a source below a token is one of the token', async (t) => {
  const play = createPlay(settings())
  const [a, below] = ['logstash-a', 'logstash-b/tokyo'].map((source) => posts(play, source))
  play.until(
    '12:10:00',
    every(TEN, (now) => (a?.(now), below?.(now))),
  )
  t.strictSame(play.notified(), [], 'the token is used')
  const named = posts(play, 'logstash-a/tokyo')
  play.until(
    '12:20:00',
    every(TEN, (now) => (below?.(now), named(now))),
  )
  t.strictSame(play.notified(), [], 'its sender names itself from now on')
  play.until(
    '12:30:00',
    every(TEN, (now) => below?.(now)),
  )
  t.strictSame(play.notified(), ['12:22:30 source-down logstash-a firing (fired)'])
})

test('neither downtime nor time in which nothing is accepted counts, and restarts do not postpone it', async (t) => {
  const play = createPlay(settings({ sources: ['logstash-b'] }))
  play.until('12:01:00')
  play.until('14:01:00', undefined, 2 * HOUR)
  // A full disk: nothing could be accepted.
  for (let second = 1; second <= 600; second++)
    play.enter({ kind: 'tick', data: encodeEntry({ now: at('14:01:00') + second * SECOND, refused: true }) })
  play.until('14:11:00', undefined, 600 * SECOND)
  t.strictSame(play.notified(), [])
  play.until('14:13:00')
  t.strictSame(play.notified(), ['14:12:29 source-down logstash-b firing (fired)'], '59 s, 2 s and 89 s of waiting')
  const again = refold(play.entries, (fold, i) => (i % 20 === 7 ? restarted(fold) : fold))
  t.equal(memoryOf(again.fold), memoryOf(play.fold))
  t.equal(again.effects.length, play.mails.length)
})

test('a token that a reload adds has its own patience, and one that it removes is not missed any more', async (t) => {
  const play = createPlay(settings({ sources: ['logstash-a'] }))
  const a = posts(play, 'logstash-a')
  play.until('13:00:00', every(TEN, a))
  play.configure(settings())
  play.until('13:10:00', every(TEN, a))
  t.strictSame(play.notified(), ['13:02:31 source-down logstash-b firing (fired)'])
  play.configure(settings({ sources: ['logstash-a'] }))
  play.until('13:20:00', every(TEN, a))
  t.match(play.notified().slice(1), [/^13:10:0\d source-down logstash-b resolved/])
  t.equal(reasons(play)[1], 'logstash-b is no longer expected')
})

test('why says what is so of a source: awaited, delivering, occasional or irregular', async (t) => {
  const play = createPlay(settings({ occasionalSources: ['logstash-a'] }))
  const [a, c] = ['logstash-a', 'script'].map((source) => posts(play, source))
  play.until(
    '12:01:00',
    every(TEN, (now) => (a?.(now), c?.(now))),
  )
  const why = (host: string): unknown => {
    const view = runQuery(play.fold, { kind: 'why', rule: 'source-down', host }) as {
      readonly evaluations: readonly { readonly evidence: { readonly why: { readonly code: string } } }[]
    }
    return view.evaluations.map(({ evidence }) => evidence.why.code)
  }
  t.strictSame(why('logstash-b'), ['source_awaited'])
  t.strictSame(why('logstash-a'), ['source_occasional'])
  t.strictSame(why('script'), ['source_irregular'])
  t.strictSame(why('nobody'), [])
  play.until(
    '12:20:00',
    every(TEN, (now) => c?.(now)),
  )
  t.strictSame(why('script'), ['source_delivers'], 'it has been steady for ten minutes')
  t.strictSame(why('logstash-b'), ['source_never_connected'])
})

test('a token that was used only below its name is missed when that stops, until it is used again', async (t) => {
  const play = createPlay(settings({ sources: ['logstash-b'] }))
  const below = posts(play, 'logstash-b/tokyo')
  play.until('12:05:00', every(TEN, below))
  play.until('13:00:00')
  t.strictSame(play.notified(), ['12:07:30 source-down logstash-b firing (fired)'])
  t.match(play.mails[0]?.alerts[0]?.evidence.why, { code: 'source_silent' })
  // Two days later the source is retired; nothing came, so that nothing is over.
  const { sources } = play.fold.state
  for (const source of sources.values()) source.idleFor = 48 * HOUR
  play.until('13:30:00')
  t.equal(sources.size, 0)
  t.notOk(
    play.notified().some((line) => line.includes('resolved')),
    play.notified().join(),
  )
  const other = posts(play, 'logstash-b/osaka')
  play.until(play.now() + HOUR, every(TEN, other))
  t.match(play.notified().at(-1), /source-down logstash-b resolved/)
})

test('a source that becomes expected again has its patience anew', async (t) => {
  for (const without of [settings({ occasionalSources: ['logstash-b'] }), settings({ sources: ['logstash-a'] })]) {
    const play = createPlay(settings())
    const [a, b] = ['logstash-a', 'logstash-b'].map((source) => posts(play, source))
    play.until(
      '12:01:00',
      every(TEN, (now) => (a?.(now), b?.(now))),
    )
    play.configure(without)
    play.until(
      '13:00:00',
      every(TEN, (now) => a?.(now)),
    )
    play.configure(settings())
    play.until(
      '13:10:00',
      every(TEN, (now) => a?.(now)),
    )
    t.strictSame(play.notified(), ['13:02:31 source-down logstash-b firing (fired)'])
  }
})

test('why knows an occasional source that never connected', async (t) => {
  const play = createPlay(settings({ occasionalSources: ['logstash-b'] }))
  play.until('12:10:00', every(TEN, posts(play, 'logstash-a')))
  t.match(runQuery(play.fold, { kind: 'why', rule: 'source-down', host: 'logstash-b' }), {
    evaluations: [{ evidence: { why: { code: 'source_occasional' } } }],
  })
  t.strictSame(runQuery(play.fold, { kind: 'sources' }), ['logstash-a', 'logstash-b'])
})
