import { test } from 'tap'
import type { Evidence, Measure, Of, Reason, StateMetric, Unit } from '../../src/model.ts'
import { formatFigure, formatMeasure } from '../../src/text/format.ts'
import { describeReason } from '../../src/text/reason.ts'

const AT = Date.parse('2026-11-22T12:00:00Z')
const HOUR = 3_600_000
const CPU: Measure = { kind: 'aggregate', metric: 'cpu', unit: 'ratio', of: 'mean', over: 120_000 }
const state = (metric: StateMetric, unit: Unit = 'seconds'): Measure => ({ kind: 'state', metric, unit })

interface Said {
  readonly host?: string
  readonly measure?: Measure
  readonly value?: number | null
  readonly limits?: Pick<Evidence, 'limit' | 'clear' | 'breaches'>
}

const LIMITS = { limit: { op: 'above', value: 0.9 }, clear: { op: 'at_most', value: 0.85 } } as const

function say(code: string, params: Reason['params'] = {}, said: Said = {}): string {
  const { host = 'web-1', measure = state('absence'), value = null, limits = {} } = said
  return describeReason({
    identity: { rule: 'r', host, measure },
    value,
    evidence: { ...limits, why: { code, params } },
  })
}

test('a threshold says what was measured and what that means beside its limits', (t) => {
  const cpu = (code: string, value: number, params: Reason['params'] = { samples: 24 }): string =>
    say(code, params, { measure: CPU, value, limits: LIMITS })
  t.equal(cpu('breached', 0.95), 'cpu averaged 95% over 2 min (24 samples): above 90%')
  t.equal(cpu('breached', 0.900_001, { samples: 1 }), 'cpu averaged 90.0001% over 2 min (1 sample): above 90%')
  t.equal(cpu('held', 0.87), 'cpu averaged 87% over 2 min (24 samples): no longer above 90%, but not yet at most 85%')
  t.equal(cpu('cleared', 0.5), 'cpu averaged 50% over 2 min (24 samples): at most 85%')
  t.equal(cpu('within', 0.88), 'cpu averaged 88% over 2 min (24 samples): not above 90%')
  const count: Measure = { kind: 'count', metric: 'events', unit: 'count', over: 300_000 }
  const limits = { limit: { op: 'at_least', value: 20 }, clear: { op: 'below', value: 20 } } as const
  t.equal(say('breached', {}, { measure: count, value: 21, limits }), '21 matching events in 5 min: at least 20')
  t.equal(say('within', { samples: 3 }, { measure: CPU, value: 0.5 }), 'cpu averaged 50% over 2 min (3 samples)')
  t.equal(
    say('breached', {}, { measure: CPU, value: 0.95, limits: { ...LIMITS, breaches: { count: 3, of: 4 } } }),
    'cpu averaged 95% over 2 min: above 90% (3 of the last 4 windows out of bounds)',
  )
  t.equal(say('no_data'), 'no data in this window')
  t.equal(say('not_covered'), 'too little data in this window yet')
  t.end()
})

test('absence and the built-in rules have a sentence for each of their codes', (t) => {
  const source = 'logstash-a'
  const of = { host: source }
  const hosts = ['web-1', 'web-2']
  const said: readonly (readonly [sentence: string, code: string, params?: Reason['params'], said?: Said])[] = [
    ['no events from web-1, while logstash-a kept delivering', 'absent', { source }],
    ['no events from web-1; logstash-a is gone, and no other source delivers it', 'absent_source_gone', { source }],
    ['no events received from expected host web-1', 'never_seen'],
    ['events from web-1 are arriving again', 'seen', { source }],
    ['first event received from web-1', 'first_seen', { source }],
    ['last event at 2026-11-22 12:00:00 UTC', 'last_event', { at: AT }],
    ['no events received; expected since 2026-11-22 12:00:00 UTC', 'expected_since', { at: AT }],
    [
      'last event at 2026-11-22 12:00:00 UTC; only time in which its source delivers counts, and la has delivered for 20 s since',
      'last_event_unobserved',
      { at: AT, source: 'la', observed: 20_000 },
    ],
    [
      'no events received; expected since 2026-11-22 12:00:00 UTC; only time in which its source delivers counts, and no source has delivered for 0 s since',
      'expected_since_unobserved',
      { at: AT, source: '', observed: 0 },
    ],
    [
      'no requests from logstash-a; its 12 hosts are not evaluated meanwhile',
      'source_silent',
      { source, hosts: 12 },
      of,
    ],
    ['no requests from logstash-a; its host is not evaluated meanwhile', 'source_silent', { source, hosts: 1 }, of],
    ['logstash-a is delivering again', 'source_delivers', {}, of],
    ['logstash-a is delivering, last request at 2026-11-22 12:00:00 UTC', 'source_delivers', { lastSeen: AT }, of],
    ['logstash-a is no longer expected', 'source_unexpected', {}, of],
    [
      'logstash-a delivers 12 hosts (usually 40); their absence is not evaluated meanwhile',
      'hosts_missing',
      { hosts: 12, usual: 40 },
      of,
    ],
    ['logstash-a delivers 40 hosts again', 'hosts_back', { hosts: 40 }, of],
    ['12 hosts are now usual for logstash-a, after 30 min', 'flow_accepted', { hosts: 12, for: HOUR / 2 }, of],
    ['40 hosts are usual', 'hosts_usual', { usual: 40 }, of],
    ['the usual number of hosts is not known yet', 'usual_unknown'],
    [
      '2 of 3 hosts of logstash-a became absent together: web-1, web-2',
      'absent_together',
      { source, hosts, count: 2, peak: 3 },
      of,
    ],
    ['no events from 502 expected hosts: web-1, web-2 and 500 more', 'missing_everywhere', { hosts, count: 502 }],
    [
      'events from all hosts that were absent together are arriving again, except 2 that were retired',
      'seen_again',
      { retired: 2 },
    ],
    [
      'events from all of these expected hosts are arriving',
      'seen_again',
      {},
      { measure: state('missing_hosts', 'count') },
    ],
    ['no hosts are absent together', 'none_absent'],
    [
      'events of web-1 are dated 1 h before their arrival; they count by arrival time until the clock is in sync',
      'clock_skewed',
      { seconds: 3600 },
    ],
    [
      'events of web-1 are dated 1 h after their arrival; they count by arrival time until the clock is in sync',
      'clock_skewed',
      { seconds: -3600 },
    ],
    ['the clock of web-1 is in sync', 'clock_in_sync'],
    [
      'the limit of hosts is reached: 7 refused so far; known ones are still monitored',
      'limit_reached',
      { limit: 'hosts', refused: 7 },
    ],
    ['nothing was refused for 10 min', 'limit_calm', { for: HOUR / 6 }],
    ['nothing was refused recently', 'limit_calm'],
    [
      '2 events could not be matched with an expression, because their texts take too many steps; the newest is from web-1 through logstash-a and the rule is denied',
      'events_unmatched',
      { count: 2, rule: 'denied', host: 'web-1', source: 'logstash-a' },
    ],
    ['all events were matched for 10 min', 'events_matched', { for: HOUR / 6 }],
  ]
  for (const [sentence, code, params, what] of said) t.equal(say(code, params, what), sentence, code)
  t.end()
})

test('what closes an alert is said, in the time of the reader', (t) => {
  const said: readonly (readonly [sentence: string, code: string, params?: Reason['params']])[] = [
    [
      'no data for /home for 1 d 1 h, while other series of disk on web-1 went on',
      'series_gone',
      { series: '/home', metric: 'disk', host: 'web-1', for: 25 * HOUR },
    ],
    ['the rule r was removed from the configuration', 'rule_removed'],
    ['the rule r no longer applies to web-1', 'rule_not_applicable', { host: 'web-1' }],
    ['the rule r now measures something else', 'rule_changed'],
    ['the series of disk are now told apart by other fields', 'regrouped', { metric: 'disk' }],
    ['web-1 was retired', 'host_retired'],
    [
      'web-1 was retired: last event at 2026-11-22 12:00:00 UTC; logstash-a kept delivering for more than 30 d',
      'host_retired',
      { why: 'absent_for', source: 'logstash-a', for: 720 * HOUR, lastSeen: AT },
    ],
    ['its source logstash-a is gone as well', 'source_gone', { source: 'logstash-a' }],
    ['retired by Ada', 'retired_by', { author: 'Ada' }],
    ['no request since 2026-11-22 12:00:00 UTC, and it is not in the configuration', 'no_request', { since: AT }],
    ['it is no longer an expected host', 'not_expected'],
    ['the last of the hosts that were absent together are retired', 'last_retired'],
  ]
  for (const [sentence, code, params] of said) t.equal(say(code, params), sentence, code)
  const evaluated = {
    identity: { rule: 'r', host: 'web-1', measure: state('absence') },
    value: null,
    evidence: { why: { code: 'last_event', params: { at: AT } } },
  }
  t.equal(
    describeReason(evaluated, () => 'just now'),
    'last event at just now',
  )
  t.end()
})

test('a long list of names is bounded, and a code without words stands for itself', (t) => {
  const hosts = Array.from({ length: 500 }, (_, i) => `${'x'.repeat(200)}-${i}`)
  const text = say('absent_together', { hosts, count: 4000 })
  t.ok(text.length < 16_384, `${text.length}`)
  t.match(text, / and 39\d\d more$/)
  t.equal(say('from_a_later_version'), 'from_a_later_version')
  t.end()
})

test('each measure has its words, and a number of things reads as one', (t) => {
  t.equal(formatMeasure(CPU), 'mean of cpu over 2 min')
  t.equal(formatMeasure(state('source_silence')), 'time since the last request')
  t.end()
})

test('a headline says what each aggregate and each state was, and where', (t) => {
  const on = 'on web-1'
  const said = (measure: Measure, value = '95%'): string => formatFigure(measure, value, 'web-1')
  t.equal(said(CPU), `CPU averaged 95% over 2 min ${on}`)
  const aggregates: Partial<Readonly<Record<Of, string>>> = {
    mean: `Disk averaged 95% over 2 min ${on}`,
    sum: `Disk totaled 95% over 2 min ${on}`,
    min: `Disk minimum was 95% over 2 min ${on}`,
    max: `Disk maximum was 95% over 2 min ${on}`,
    range: `Disk varied by 95% in 2 min ${on}`,
    last: `Disk last read 95% ${on}`,
    stddev: `Disk standard deviation was 95% over 2 min ${on}`,
    count: `Disk was sampled 95% times in 2 min ${on}`,
    increase: `Disk increased by 95% in 2 min ${on}`,
    rate: `Disk rate was 95% over 2 min ${on}`,
    p1: `Disk 1st percentile was 95% over 2 min ${on}`,
    p11: `Disk 11th percentile was 95% over 2 min ${on}`,
    p50: `Disk 50th percentile was 95% over 2 min ${on}`,
    p92: `Disk 92nd percentile was 95% over 2 min ${on}`,
    'p99.9': `Disk 99.9th percentile was 95% over 2 min ${on}`,
  }
  for (const [of, words] of Object.entries(aggregates) as [Of, string][])
    t.equal(said({ kind: 'aggregate', metric: 'disk', unit: 'ratio', of, over: 120_000 }), words)
  t.equal(
    said({ kind: 'aggregate', metric: 'nginx_errors', unit: 'count', of: 'count', over: 60_000 }, '1'),
    `nginx_errors was sampled once in 1 min ${on}`,
  )
  const events: Measure = { kind: 'count', metric: 'events', unit: 'count', over: 300_000 }
  t.equal(said(events, '12'), `12 matching events in 5 min ${on}`)
  t.equal(said(events, '1'), `1 matching event in 5 min ${on}`)
  const states: Readonly<Record<StateMetric, string>> = {
    absence: 'No events from web-1 for 3',
    expected: 'No events from expected host web-1 for 3',
    source_silence: 'No requests from web-1 for 3',
    source_hosts: 'web-1 delivers 3 hosts',
    absent_hosts: '3 hosts of web-1 became absent together',
    missing_hosts: 'No events from 3 expected hosts',
    clock_offset: 'Clock of web-1 is off by 3',
    refused: '3 refused by a limit of web-1',
    unmatched_events: '3 events could not be matched with a rule',
    out_of_range: '3 of the readings of a metric are out of range on web-1',
  }
  for (const [metric, words] of Object.entries(states) as [StateMetric, string][])
    t.equal(said(state(metric, 'count'), '3'), words)
  t.equal(said(state('source_hosts', 'count'), '1'), 'web-1 delivers 1 host')
  t.end()
})
