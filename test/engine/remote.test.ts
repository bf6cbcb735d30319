import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { EngineConfig, EventSamples } from '../../src/model.ts'
import { memoryOf, refold, restarted } from '../helpers/fate.ts'
import {
  alerting,
  above,
  at,
  bounds,
  config,
  cpuHigh,
  createPlay,
  event,
  every,
  HOUR,
  MINUTE,
  type Play,
  silent,
  TEN,
} from '../helpers/play.ts'

/** What the controller says of a node. */
const mention = (host: string, ts: number, value = 0): EventSamples => ({
  ...event(host, ts, { cpu: value }),
  remote: true,
})
const settings = (change: Partial<EngineConfig> = {}): EngineConfig =>
  config({
    rules: [silent(), cpuHigh({ name: 'node-down', over: MINUTE, every: TEN, condition: bounds('max', [above(0.5)]) })],
    alerting: alerting({ totalPerMinute: 1000 }),
    ...change,
  })
const view = (play: Play, host: string): unknown =>
  (runQuery(play.fold, { kind: 'hosts' }) as readonly { readonly host: string }[]).find((one) => one.host === host)

test('a dead node is found absent although the controller goes on talking of it, and its talk raises alerts', async (t) => {
  const play = createPlay(settings())
  play.until(
    '13:00:00',
    every(TEN, (now) => {
      const isAlive = now < at('12:20:00') || now >= at('12:40:00')
      play.post([
        event('head', now),
        ...(isAlive ? [event('node-1', now)] : []),
        mention('node-1', now, isAlive ? 0 : 1),
      ])
    }),
  )
  t.strictSame(play.notified(), [
    '12:20:00 node-down node-1 firing (fired)',
    '12:22:50 host-silent node-1 firing (fired)',
    '12:40:00 host-silent node-1 resolved (resolved)',
    '12:41:10 node-down node-1 resolved (resolved)',
  ])
  const [, absent] = play.mails.map(({ alerts }) => alerts[0])
  t.match(absent, { startsAt: at('12:19:50'), evidence: { why: { code: 'absent' } } })
  const { fold } = refold(play.entries, (one, i) => (i % 50 === 7 ? restarted(one) : one))
  t.equal(memoryOf(fold), memoryOf(play.fold))
})

test('a node that only the controller knows is evaluated, never absent, and retired when it is not mentioned any more', async (t) => {
  const play = createPlay(settings())
  const post = (now: number): void => void play.post([event('head', now), mention('node-2', now, 1)])
  play.until('13:00:00', every(TEN, post))
  t.strictSame(play.notified(), ['12:00:10 node-down node-2 firing (fired)'])
  t.match(view(play, 'node-2'), { state: 'never_seen', lastSeenAt: null, series: 1 })
  play.until(at('13:00:00') + 25 * HOUR, (now) => void play.post([event('head', now)]), TEN)
  t.equal(view(play, 'node-2'), undefined)
})

test('without an absence rule, a node is absent after 15 minutes, however often others mention it', async (t) => {
  const play = createPlay(settings({ rules: [] }))
  const post = (now: number): void =>
    void play.post([
      event('head', now),
      mention('node-1', now),
      ...(now < at('12:10:00') ? [event('node-1', now)] : []),
    ])
  play.until('12:24:00', every(TEN, post))
  t.match([view(play, 'node-1'), view(play, 'head')], [{ state: 'live' }, { state: 'live' }])
  play.until('12:26:00', every(TEN, post))
  t.match([view(play, 'node-1'), view(play, 'head')], [{ state: 'absent' }, { state: 'live' }])
})

test('a dead node stays as long as it is mentioned, and an expected one is missed', async (t) => {
  const play = createPlay(settings({ rules: [silent()], hosts: { expected: ['node-3'], retireAfter: 24 * HOUR } }))
  play.until(
    '12:10:00',
    every(TEN, (now) => void play.post([event('head', now), event('node-1', now)])),
  )
  const later = at('12:10:00') + 30 * HOUR
  play.until(later, (now) => void play.post([event('head', now), mention('node-1', now), mention('node-3', now)]), TEN)
  t.match(view(play, 'node-1'), { state: 'absent', lastSeenAt: at('12:10:00') })
  t.match(view(play, 'node-3'), { state: 'never_seen', expected: true })
  t.match(
    play.notified().filter((line) => line.includes('(fired)')),
    [/host-silent node-3 firing/, /host-silent node-1 firing/],
  )
  t.equal(play.notified().filter((line) => /resolved|retired/.test(line)).length, 0)
})

test('hosts that are only mentioned are not of the flow of a source, nor evicted while they are mentioned', async (t) => {
  const limits = { hosts: 20, series: 1000, seriesPerHost: 10, sources: 10 }
  const play = createPlay(settings({ rules: [silent()], limits }))
  const own = (now: number): EventSamples[] => ['head', 'real-1'].map((host) => event(host, now))
  const said = (now: number): EventSamples[] => Array.from({ length: 17 }, (_, i) => mention(`node-${i}`, now))
  play.until(
    '12:30:00',
    every(TEN, (now) => void play.post([...own(now), ...said(now)])),
  )
  let made = 0
  play.until(
    '13:00:00',
    every(TEN, (now) => void play.post([...own(now), ...said(now), event(`made-${made++}`, now)])),
  )
  const names = [...play.fold.state.hosts.keys()]
  t.equal(names.filter((name) => name.startsWith('node-')).length, 17)
  play.until(
    '14:00:00',
    every(TEN, (now) => void play.post(own(now))),
  )
  t.notOk(
    play.notified().some((line) => line.includes('source-degraded')),
    play.notified().join(),
  )
  t.ok((play.fold.state.sources.get('logstash-a')?.throughput.hosts ?? 0) <= 3)
})
