import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { Metric } from '../../src/model.ts'
import {
  above,
  at,
  config,
  countRule,
  cpuHigh,
  createPlay,
  event,
  every,
  MINUTE,
  type Play,
  SECOND,
  silent,
  threshold,
  openAlerts,
  bounds,
  TEN,
  reasons,
} from '../helpers/play.ts'

/** cpu and memory of one host are at 0.95; the configuration changes at 12:10. */
function reloaded(from: Parameters<typeof config>[0], to: Parameters<typeof config>[0]): Play {
  const play = createPlay(config(from))
  play.until(
    '12:20:00',
    every(TEN, (now) => {
      if (now === at('12:10:00')) play.configure(config(to))
      play.post([event('web-1', now, { cpu: 0.95, memory: 0.95, 'disk\u001f/': 0.95 })])
    }),
  )
  return play
}

test('alerts that nothing can judge any more end with the change that did it', async (t) => {
  const rule = cpuHigh()
  const disk = cpuHigh({ name: 'disk-full', metric: 'disk' })
  const changed = (change: Partial<Metric>): readonly Metric[] =>
    config().metrics.map((metric) => (metric.name === 'disk' ? { ...metric, ...change } : metric))
  const metrics = changed({ by: ['device'] })
  const cases: [string, Play, string[]][] = [
    ['removed', reloaded({ rules: [rule] }, { rules: [] }), ['cpu-high web-1 fired', 'cpu-high web-1 resolved']],
    [
      'of another metric',
      reloaded({ rules: [rule] }, { rules: [{ ...rule, metric: 'memory' }] }),
      ['cpu-high web-1 fired', 'cpu-high web-1 resolved', 'cpu-high web-1 fired'],
    ],
    [
      'for other hosts',
      reloaded({ rules: [rule] }, { rules: [{ ...rule, hosts: ['db-*'] }] }),
      ['cpu-high web-1 fired', 'cpu-high web-1 resolved'],
    ],
    [
      'of another kind',
      reloaded({ rules: [rule] }, { rules: [silent({ name: 'cpu-high' })] }),
      ['cpu-high web-1 fired', 'cpu-high web-1 resolved'],
    ],
    [
      'told apart otherwise',
      reloaded({ rules: [disk] }, { rules: [disk], metrics }),
      ['disk-full web-1 fired', 'disk-full web-1 resolved', 'disk-full web-1 fired'],
    ],
    [
      'told apart by another field under the same label',
      reloaded({ rules: [disk] }, { rules: [disk], metrics: changed({ byFields: ['system.filesystem.mount_point'] }) }),
      ['disk-full web-1 fired', 'disk-full web-1 resolved', 'disk-full web-1 fired'],
    ],
  ]
  for (const [what, play, expected] of cases) t.strictSame(reasons(play), expected, what)
  const ends = cases.map(([, play]) => play.mails.find(({ reason }) => reason === 'resolved')?.alerts[0])
  for (const one of ends) t.equal(one?.closeReason, 'rule_changed')
  t.strictSame(
    ends.map((one) => one?.evidence.why),
    [
      { code: 'rule_removed', params: {} },
      { code: 'rule_changed', params: {} },
      { code: 'rule_not_applicable', params: { host: 'web-1' } },
      { code: 'rule_changed', params: {} },
      { code: 'regrouped', params: { metric: 'disk' } },
      { code: 'regrouped', params: { metric: 'disk' } },
    ],
  )
})

test('a rule whose bounds, window, patience or overrides change goes on with its episode', async (t) => {
  const rule = cpuHigh()
  for (const change of [
    { condition: bounds('mean', [above(0.8, 0.7)]) },
    { over: 10 * MINUTE },
    { over: 20 * SECOND, every: TEN },
    { for: 5 * MINUTE },
    { condition: bounds('max', [above(0.9, 0.8)]) },
  ]) {
    const play = reloaded({ rules: [rule] }, { rules: [{ ...rule, ...change }] })
    t.strictSame(reasons(play), ['cpu-high web-1 fired'], JSON.stringify(change))
    t.equal(openAlerts(play.fold).length, 1)
  }
  const looser = reloaded(
    { rules: [rule] },
    { rules: [{ ...rule, overrides: [{ hosts: ['web-*'], params: threshold('mean', [above(0.99, 0.97)]) }] }] },
  )
  t.strictSame(reasons(looser), ['cpu-high web-1 fired', 'cpu-high web-1 resolved'])
})

test('a rule that is removed and added again fires again', async (t) => {
  const play = createPlay(config())
  play.until(
    '12:20:00',
    every(TEN, (now) => {
      if (now === at('12:10:00')) play.configure(config({ rules: [countRule()] }))
      if (now === at('12:12:00')) play.configure(config())
      play.post([event('web-1', now, { cpu: 0.95 })])
    }),
  )
  t.strictSame(reasons(play), ['cpu-high web-1 fired', 'cpu-high web-1 resolved', 'cpu-high web-1 fired'])
})

test('a sample of another shape than the configured one is not kept', async (t) => {
  const play = createPlay(config())
  play.post([event('web-1', play.now(), { disk: 0.5, 'cpu\u001f/': 0.5 })])
  t.equal(play.fold.state.series, 0)
  t.equal(play.fold.counters.get('samples_no_metric'), 2)
})

test('numbers that are none are not folded in', async (t) => {
  const play = createPlay(config())
  play.post([event('web-1', play.now(), { cpu: Number.NaN, memory: Infinity })])
  t.equal(play.fold.state.series, 0)
})

test('a source that is no longer expected is said to be so', async (t) => {
  const play = createPlay(config({ sources: ['logstash-a'] }))
  play.until(
    '12:05:00',
    every(TEN, (now) => play.post([event('a', now)])),
  )
  play.until('12:10:00')
  play.configure(config())
  play.until('12:11:00')
  t.strictSame(reasons(play), ['source-down logstash-a fired', 'source-down logstash-a resolved'])
  t.match(play.mails[1]?.alerts[0]?.evidence.why, { code: 'source_unexpected', params: { source: 'logstash-a' } })
})

test('a source that comes back delivers again, whether or not it is expected', async (t) => {
  const play = createPlay(config())
  const post = every(TEN, (now) => play.post([event('a', now)]))
  play.until('12:11:00', post)
  play.until('12:15:00')
  play.until('12:16:00', post)
  t.strictSame(reasons(play), ['source-down logstash-a fired', 'source-down logstash-a resolved'])
  t.match(play.mails[1]?.alerts[0]?.evidence.why, { code: 'source_delivers', params: { source: 'logstash-a' } })
})

test('questions change nothing', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh(), silent()] }))
  play.until(
    '12:05:00',
    every(TEN, (now) => {
      play.post([event('a', now, { cpu: 0.1 })], {
        source: now < at('12:02:00') && now % (2 * TEN) === 0 ? 'one' : 'two',
      })
    }),
  )
  play.post([event('a', play.now())], { source: 'three' })
  play.enter({ kind: 'tick', data: new TextEncoder().encode(JSON.stringify({ now: at('12:07:00'), refused: false })) })
  play.post([event('a', at('12:07:00'))], { source: 'one', rcv: at('12:07:00') })
  play.enter({ kind: 'tick', data: new TextEncoder().encode(JSON.stringify({ now: at('12:20:00'), refused: false })) })
  play.post([event('a', at('12:20:00'))], { source: 'two', rcv: at('12:20:00') })
  const before = structuredClone(play.fold.state.hosts)
  for (const kind of ['hosts', 'alerts', 'rules'] as const) runQuery(play.fold, { kind })
  t.strictSame(play.fold.state.hosts, before)
})
