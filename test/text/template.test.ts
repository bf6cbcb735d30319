import { test } from 'tap'
import type { AlertSnapshot, Measure, Unit } from '../../src/model.ts'
import { compileTemplate, TEMPLATE_NAMES, TemplateError, templateValues } from '../../src/text/template.ts'

const since = Date.UTC(2026, 10, 22, 12, 1, 0)

const measure = (unit: Unit): Measure => ({ kind: 'aggregate', metric: 'cpu', unit, of: 'mean', over: 120_000 })

const facts: AlertSnapshot = {
  identity: {
    rule: 'cpu-high',
    host: 'web-1',
    key: 'cpu',
    labels: { 'system.filesystem.mount_point': '/srv', team: 'storage' },
    measure: measure('ratio'),
  },
  episode: 'cpu-high/web-1/1',
  code: 'K7Q2',
  ruleLabels: {},
  templates: {},
  state: 'firing',
  severity: 'warning',
  value: 0.953,
  evidence: {
    limit: { op: 'above', value: 0.9 },
    clear: { op: 'at_most', value: 0.85 },
    why: { code: 'breached', params: { samples: 24 } },
  },
  startsAt: since,
  evaluatedAt: since + 130_000,
  peak: 0.99,
  source: 'logstash-a',
  gaps: [],
}

const inUnit = (unit: Unit, value: number): Partial<AlertSnapshot> => ({
  value,
  identity: { ...facts.identity, measure: measure(unit) },
})

const names = [...TEMPLATE_NAMES, 'label.team', 'label.system.filesystem.mount_point']

function render(text: string, changed: Partial<AlertSnapshot> = {}): string {
  return compileTemplate(text, names).render(templateValues({ ...facts, ...changed }))
}

test('a template is filled in by name', async (t) => {
  t.equal(render('CPU on {{server}} is high'), 'CPU on web-1 is high')
  t.equal(render('{{host}}{{ rule }}{{  severity  }}'), 'web-1cpu-highwarning')
  t.equal(render('no placeholder } }} {'), 'no placeholder } }} {')
  t.equal(render(''), '')
  t.equal(render('{{label.team}} {{label.system.filesystem.mount_point}}'), 'storage /srv')
  t.equal(render('{{labels}}'), 'system.filesystem.mount_point=/srv, team=storage')
})

test('every name has a value', async (t) => {
  const all = compileTemplate(names.map((name) => `${name}={{${name}}}`).join('\n'), names)
  t.equal(
    all.render(templateValues(facts)),
    [
      'server=web-1',
      'host=web-1',
      'rule=cpu-high',
      'metric=cpu',
      'what=mean of cpu over 2 min',
      'value=95.3%',
      'threshold=above 90%',
      'severity=warning',
      'state=firing',
      'since=2026-11-22 12:01:00 UTC',
      'at=2026-11-22 12:03:10 UTC',
      'duration=2 min 10 s',
      'reason=cpu averaged 95.3% over 2 min (24 samples): above 90%',
      'episode=cpu-high/web-1/1',
      'code=K7Q2',
      'peak=99%',
      'source=logstash-a',
      'labels=system.filesystem.mount_point=/srv, team=storage',
      'label.team=storage',
      'label.system.filesystem.mount_point=/srv',
    ].join('\n'),
  )
})

test('values are text once they are in: a value that looks like a template stays as it is', async (t) => {
  const identity = { ...facts.identity, host: '{{rule}}' }
  const evidence = { why: { code: 'absent', params: { source: '$& {{' } } }
  t.equal(
    render('{{host}}: {{reason}}', { identity, evidence }),
    '{{rule}}: no events from {{rule}}, while $& {{ kept delivering',
  )
})

test('formatters change how a value is printed', async (t) => {
  t.equal(render('{{value | percent}} {{value|number}} {{ value | bytes }}'), '95.3% 0.953 0.953 B')
  t.equal(render('{{value | percent}}', inUnit('percent', 53.2)), '53.2%')
  t.equal(render('{{value}} {{value | bytes}}', inUnit('bytes', 1.5 * 1024 ** 3)), '1.5 GiB 1.5 GiB')
  t.equal(render('{{value | duration}}', inUnit('seconds', 130)), '2 min 10 s')
  t.equal(render('{{host | upper}} {{severity|upper}} {{since | lower}}'), 'WEB-1 WARNING 2026-11-22 12:01:00 utc')
  t.equal(render('{{since | time}} {{duration | duration}}'), '2026-11-22 12:01:00 UTC 2 min 10 s')
  t.equal(
    render('{{value}} {{value | percent}} {{peak|upper}}', { value: null, peak: null }),
    'no data no data NO DATA',
  )
  t.equal(render('{{duration}}', { resolvedAt: since + 3_600_000 }), '1 h')
})

test('escape is applied to what is put in only', async (t) => {
  const template = compileTemplate('<b>{{host}}</b>{{nothing}}', ['host', 'nothing'])
  const escape = (text: string): string => text.replaceAll('<', '&lt;')
  t.equal(
    template.render(templateValues({ ...facts, identity: { ...facts.identity, host: '<i>' } }), { escape }),
    '<b>&lt;i></b>',
  )
})

test('a zone moves instants', async (t) => {
  const template = compileTemplate('{{since}}')
  t.equal(template.render(templateValues(facts), { zone: 'Europe/Berlin' }), '2026-11-22 13:01:00 CET')
})

test('a template that cannot be says which piece is at fault and what was meant', async (t) => {
  const faults: readonly (readonly [string, string, string | RegExp])[] = [
    ['on {{severr}}', '{{severr}}', "unknown placeholder 'severr': did you mean 'server'?"],
    ['{{Host}}', '{{Host}}', "unknown placeholder 'Host': did you mean 'host'?"],
    ['{{label.taem}}', '{{label.taem}}', "unknown placeholder 'label.taem': did you mean 'label.team'?"],
    ['{{constructor}}', '{{constructor}}', /^unknown placeholder 'constructor': expected one of server, host, rule/],
    ['{{#if host}}', '{{#if host}}', /^unknown placeholder '#if host'/],
    ['{{{host}}}', '{{{host}}', "unknown placeholder '{host': did you mean 'host'?"],
    ['a {{ }}', '{{ }}', /^'\{\{ \}\}' without a name/],
    ['{{host', '{{', "'{{' without its '}}'"],
    ['{{value | percnt}}', '{{value | percnt}}', "unknown formatter 'percnt': did you mean 'percent'?"],
    ['{{value | }}', '{{value | }}', /^unknown formatter ''/],
    ['{{value | toString}}', '{{value | toString}}', /^unknown formatter 'toString': expected one of percent, number/],
    ['{{host | bytes}}', '{{host | bytes}}', "the formatter 'bytes' does not fit 'host', which is a text"],
    ['{{since | duration}}', '{{since | duration}}', "the formatter 'duration' does not fit 'since', which is a time"],
    ['{{value | percent | upper}}', '{{value | percent | upper}}', /^two formatters in/],
  ]
  for (const [text, found, message] of faults) {
    t.throws(
      () => compileTemplate(text, names),
      { name: 'TemplateError', code: 'TEMPLATE_INVALID', found, message },
      text,
    )
  }
  t.throws(() => compileTemplate('{{x}}', []), TemplateError)
})
