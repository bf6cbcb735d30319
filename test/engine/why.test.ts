import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { RuleView, WhyView } from '../../src/model.ts'
import { encodeEntry } from '../../src/engine/step.ts'
import { at, config, cpuHigh, createPlay, event, every, above, HOUR, silent, bounds, TEN } from '../helpers/play.ts'

const RULES = [cpuHigh({ condition: bounds('mean', [above(0.9)], [above(0.98)]) }), silent()]

/** A play, and what delivers in it. */
function open() {
  const play = createPlay(config({ rules: RULES, sources: ['logstash-a'] }))
  const feed = every(10_000, (now) => void play.post([event('web-1', now, { cpu: 0.2 })]))
  const why = (rule: string, host: string): WhyView | null => runQuery(play.fold, { kind: 'why', rule, host })
  return { play, feed, why }
}

test('why knows the rules of stashwatch itself, and what they say while nothing is wrong and while something is', (t) => {
  const { play, feed, why } = open()
  play.until('12:30:00', feed)
  const calm: readonly (readonly [rule: string, of: string, last: Partial<RuleView['evaluations'][number]>])[] = [
    [
      'source-down',
      'logstash-a',
      {
        value: 0,
        measure: { kind: 'state', metric: 'source_silence', unit: 'seconds' },
        evidence: {
          limit: { op: 'at_least', value: 150 },
          why: { code: 'source_delivers', params: { source: 'logstash-a', lastSeen: at('12:30:00') } },
        },
      },
    ],
    ['source-degraded', 'logstash-a', { value: 1, measure: { kind: 'state', metric: 'source_hosts', unit: 'count' } }],
    ['mass-absence', 'logstash-a', { value: 0, evidence: { why: { code: 'none_absent', params: {} } } }],
    [
      'clock-skew',
      'web-1',
      { value: null, evidence: { limit: { op: 'above', value: 300 }, why: { code: 'clock_in_sync', params: {} } } },
    ],
    [
      'cardinality-limit',
      'stashwatch',
      {
        value: 0,
        evidence: { limit: { op: 'above', value: 0 }, why: { code: 'limit_calm', params: { for: 600_000 } } },
      },
    ],
  ]
  for (const [rule, of, last] of calm) {
    t.match(
      why(rule, of),
      { rule: { name: rule, kind: 'builtin', notify: ['ops'] }, evaluations: [last], alerts: [] },
      rule,
    )
    t.match(why(rule, 'nobody')?.evaluations, [], `${rule} says nothing of what it does not look at`)
  }
  play.until('12:40:00')
  const down = why('source-down', 'logstash-a')
  t.match(down, { rule: { severities: ['critical'] }, alerts: [{ state: 'firing' }] })
  t.match(down?.evaluations, [
    {
      value: 600,
      evidence: {
        limit: { op: 'at_least', value: 150 },
        why: { code: 'source_silent', params: { source: 'logstash-a', hosts: 1 } },
      },
      evaluatedAt: at('12:40:00'),
    },
  ])
  t.equal(why('source-dwn', 'logstash-a'), null)
  t.end()
})

test('of a host that a rule is not for, why says whom it is for', async (t) => {
  const rules = [cpuHigh({ hosts: ['big-*', 'huge'] }), silent({ hosts: ['big-*'] })]
  const play = createPlay(config({ rules }))
  play.until(
    '12:10:00',
    every(10_000, (now) => void play.post(['big-1', 'am-1'].map((host) => event(host, now, { cpu: 0.2 })))),
  )
  const why = (rule: string, host: string): WhyView => runQuery(play.fold, { kind: 'why', rule, host }) as WhyView
  for (const [rule, hosts, next, windows] of [
    ['cpu-high', ['big-*', 'huge'], 'window', 2],
    ['host-silent', ['big-*'], 'source_delivery', 1],
  ] as const) {
    t.match(why(rule, 'am-1'), {
      rule: { nextEvaluation: { kind: 'not_applicable', hosts } },
      evaluations: { length: 0 },
    })
    t.match(why(rule, 'big-1'), { rule: { nextEvaluation: { kind: next } }, evaluations: { length: windows } })
  }
})

test('a rule is shown with each severity that it can have', (t) => {
  const { play, feed, why } = open()
  play.until('12:01:00', feed)
  t.strictSame(why('cpu-high', 'web-1')?.rule.severities, ['warning', 'critical'])
  t.strictSame(why('host-silent', 'web-1')?.rule.severities, ['critical'])
  t.end()
})

test('an alert that two silences match counts for both', async (t) => {
  const play = createPlay(config())
  const silence = (id: string, value: string): void => {
    const one = { id, matchers: [{ label: 'host', op: '=~' as const, value }], startsAt: play.now(), createdBy: 'Ada' }
    const whole = { ...one, endsAt: play.now() + HOUR, comment: '', createdAt: play.now() }
    play.enter({ kind: 'command', data: encodeEntry({ kind: 'silence', silence: whole, now: play.now() }) })
  }
  play.until(
    '12:10:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: 0.99 }), event('web-2', now, { cpu: 0.99 })])),
  )
  silence('one', 'web-1')
  silence('all', 'web-.*')
  play.until(
    '12:11:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: 0.99 }), event('web-2', now, { cpu: 0.99 })])),
  )
  t.match(runQuery(play.fold, { kind: 'silences' }), [
    { id: 'all', state: 'active', matchedAlerts: 2 },
    { id: 'one', state: 'active', matchedAlerts: 1 },
  ])
  play.until('13:11:00')
  t.match(runQuery(play.fold, { kind: 'silences' }), [{ matchedAlerts: 0 }, { matchedAlerts: 0 }])
})
