import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { loadConfig } from '../../../src/config/index.ts'
import { ALERTING } from '../../../src/model.ts'
import type { Config, Receiver, Rule } from '../../../src/model.ts'

const HOUR = 3_600_000

interface Loaded {
  readonly config: Config
  readonly warnings: readonly string[]
}

function open(text: string, env: Record<string, string> = {}): Loaded {
  return loadConfig({ text, env, cwd: '/srv' })
}

const load = (text: string, env: Record<string, string> = {}): Config => open(text, env).config

const alertingOf = (text: string): Config['engine']['alerting'] => load(text).engine.alerting

/** Warnings without that of the missing mail server. */
const warningsOf = (text: string): readonly string[] => open(text).warnings.filter((one) => !one.includes("no 'smtp'"))

const receiverOf = (text: string): Receiver | undefined =>
  load(`receivers: { ops: { ${text} } }`).engine.receivers.find(({ name }) => name === 'ops')

const ruleOf = (more: string, top = ''): Rule | undefined =>
  load(`${top}\nrules:\n  - { name: r, when: { absence: { after: 3m } }, ${more} }`).engine.rules[0]

test('where nothing is said, alerting is as the model has it, and as editors show it', async (t) => {
  t.strictSame(alertingOf('data: ./data'), ALERTING)
  const schema = JSON.parse(readFileSync(new URL('../../../schemas/config.schema.json', import.meta.url), 'utf8')) as {
    readonly definitions: {
      readonly alerting: { readonly properties: Readonly<Record<string, { readonly default?: unknown }>> }
    }
  }
  const shown = Object.entries(schema.definitions.alerting.properties).filter(([, one]) => 'default' in one)
  const defaults = Object.fromEntries(shown.map(([key, one]) => [key, one.default]))
  t.strictSame(Object.keys(defaults), ['group_by', 'repeat_interval', 'flapping'])
  t.strictSame(alertingOf(JSON.stringify({ alerting: defaults })), ALERTING)
})

test('the rate limits have the defaults that editors show', async (t) => {
  const limits = (text: string): readonly number[] => {
    const { mailsPerMinute, alerting } = load(text).engine
    return [mailsPerMinute, alerting.totalPerMinute]
  }
  t.strictSame(limits('data: ./data'), [5, 60])
  t.strictSame(limits('alerting: { rate_limit: { per_recipient: 5, total: 60 } }'), [5, 60])
  t.strictSame(limits('alerting: { rate_limit: { per_recipient: 7 } }'), [7, 60])
  t.strictSame(limits('alerting: { rate_limit: { total: 8 } }'), [5, 8])
})

test('alerts of many hosts that share a mail wait for each other, unless it is said otherwise', async (t) => {
  const grouping = (more: string): unknown => alertingOf(`alerting: { ${more} }`).grouping
  t.strictSame(grouping('group_by: [rule]'), { by: ['rule'], wait: 30_000, interval: 300_000 })
  t.strictSame(grouping('group_by: [host]'), { by: ['host'], wait: 0, interval: 0 })
  t.strictSame(grouping('group_by: []'), { by: [], wait: 30_000, interval: 300_000 })
  t.strictSame(grouping('group_by: [rule], group_wait: 0s, group_interval: 0s'), { by: ['rule'], wait: 0, interval: 0 })
  t.strictSame(grouping('group_by: [rule], group_wait: 10m'), { by: ['rule'], wait: 600_000, interval: 600_000 })
  t.strictSame(grouping('group_wait: 10s'), { by: ['rule', 'host'], wait: 10_000, interval: 0 })
})

test('a route groups as alerting says, where it does not say it itself', async (t) => {
  const route = (more: string, general: string): unknown =>
    alertingOf(`alerting: { ${general} }\nroutes: [{ notify: [admin], ${more} }]`).routes[0]?.grouping
  t.equal(route('repeat_interval: 1h', 'group_by: [rule]'), undefined)
  t.strictSame(route('group_by: [severity]', ''), { by: ['severity'], wait: 30_000, interval: 300_000 })
  t.strictSame(route('group_by: [severity]', 'group_wait: 5s'), { by: ['severity'], wait: 5000, interval: 300_000 })
  t.strictSame(route('group_wait: 1m', 'group_by: [rule]'), { by: ['rule'], wait: 60_000, interval: 300_000 })
})

test('a repeat is a time that doubles up to a day, or never, or a first and a longest wait', async (t) => {
  const repeat = (text: string): unknown => alertingOf(`alerting: { repeat_interval: ${text} }`).repeat
  t.strictSame(repeat('1h'), { initial: HOUR, max: 24 * HOUR })
  t.strictSame(repeat('2d'), { initial: 48 * HOUR, max: 48 * HOUR })
  t.strictSame(repeat('never'), { initial: 0, max: 0 })
  t.strictSame(repeat('{ initial: 1h }'), { initial: HOUR, max: 24 * HOUR })
  t.strictSame(repeat('{ initial: 4h, max: 4h }'), { initial: 4 * HOUR, max: 4 * HOUR })
})

test('routes choose for the rules that name nobody', async (t) => {
  const text = [
    'receivers: { ops: { email: { to: a@example.org } }, dba: { email: { to: b@example.org } } }',
    'self_monitoring: { notify: [ops] }',
    'routes:',
    '  - matchers: ["severity = critical", \'host =~ "db-.*"\']',
    '    notify: [dba]',
    '    continue: true',
    '    escalation: [{ after: 30m, notify: [ops] }, { after: 2h, notify: [dba] }]',
    '  - { matchers: rule != other, notify: [dba] }',
    '  - { notify: [ops] }',
    'rules:',
    '  - { name: a, when: { absence: { after: 3m } } }',
    '  - { name: b, when: { absence: { after: 3m } }, notify: [dba] }',
  ].join('\n')
  t.throws(() => load(text), { message: /:8:17: the matcher matches the empty text/ })
  const { config, warnings } = open(text.replace('rule != other', 'rule = a'))
  t.match(warnings, { 0: /:7:70: dba already gets the first notification/, 1: /no 'smtp'/, length: 2 })
  t.strictSame(
    config.engine.rules.map(({ notify }) => notify),
    [[], ['dba']],
  )
  t.strictSame(config.engine.alerting.routes, [
    {
      matchers: [
        { label: 'severity', op: '=', value: 'critical' },
        { label: 'host', op: '=~', value: 'db-.*' },
      ],
      notify: ['dba'],
      continue: true,
      escalation: [
        { after: 30 * 60_000, notify: ['ops'] },
        { after: 2 * HOUR, notify: ['dba'] },
      ],
    },
    { matchers: [{ label: 'rule', op: '=', value: 'a' }], notify: ['dba'], continue: false },
    { matchers: [], notify: ['ops'], continue: false },
  ])
})

test('a rule may group, repeat and escalate by itself', async (t) => {
  const rule = ruleOf(
    'labels: { team: a }, group_by: [rule, team], repeat_interval: never, escalation: [{ after: 1s, notify: [admin] }]',
  )
  t.match(rule, {
    groupBy: ['rule', 'team'],
    repeat: { initial: 0, max: 0 },
    escalation: [{ after: 1000, notify: ['admin'] }],
  })
  t.notOk('groupBy' in (ruleOf('enabled: true') ?? {}))
})

test('a maintenance window takes times, days, months and years, one by one or in ranges', async (t) => {
  const window = (more: string): unknown =>
    alertingOf(`maintenance_windows: [{ name: w, matchers: 'host =~ ".+"', ${more} }]`).maintenanceWindows[0]
  const all = [
    'times: ["22:00-23:30", "23:30-01:00", "20:00-00:00", "00:00-24:00"]',
    'weekdays: [tue, fri-sun, Monday]',
    'days_of_month: [1, -1, "10-15", "-3:-2", "25:-1"]',
    'months: [jan, 6-8, 12, nov-february]',
    'years: [2026, "2027-2030"]',
    'time_zone: Europe/Berlin',
  ].join(', ')
  const range = (from: number, to = from): { readonly from: number; readonly to: number } => ({ from, to })
  t.strictSame(window(all), {
    name: 'w',
    matchers: [{ label: 'host', op: '=~', value: '.+' }],
    timeZone: 'Europe/Berlin',
    times: [range(1320, 1410), range(1410, 60), range(1200, 1440), range(0, 1440)],
    weekdays: [range(2), range(5, 6), range(0, 0), range(1)],
    daysOfMonth: [range(1), range(-1), range(10, 15), range(-3, -2), range(25, -1)],
    months: [range(1), range(6, 8), range(12), range(11, 12), range(1, 2)],
    years: [range(2026), range(2027, 2030)],
  })
  t.match(window('times: 08:00-09:00'), { timeZone: 'UTC', times: [range(480, 540)], weekdays: [], years: [] })
  t.match(window('months: feb, days_of_month: 29'), { months: [range(2)] }, 'a leap day comes')
  t.match(window('months: feb, days_of_month: 29, years: 2028, weekdays: tue'), { years: [range(2028)] })
})

test('an inhibition has two sides, and labels in which they agree', async (t) => {
  const text =
    'rules: [{ name: switch-down, labels: { rack: a }, when: { absence: { after: 3m } } }]\n' +
    'inhibit_rules: [{ source_matchers: rule = switch-down, target_matchers: ["severity = warning", host =~ .+], equal: [rack] }]'
  t.strictSame(alertingOf(text).inhibitRules, [
    {
      sourceMatchers: [{ label: 'rule', op: '=', value: 'switch-down' }],
      targetMatchers: [
        { label: 'severity', op: '=', value: 'warning' },
        { label: 'host', op: '=~', value: '.+' },
      ],
      equal: ['rack'],
    },
  ])
  t.strictSame(warningsOf(text), [])
})

test('a receiver has templates of its own, or those for all', async (t) => {
  const text = [
    'templates: { subject: "[{{severity | upper}}] {{rule}}", body: "{{label.team}}" }',
    'receivers: { a: { email: { to: a@b } }, b: { email: { to: a@b, subject: "{{host}}", subject_mode: status } }, c: { webhook: { url: https://c } } }',
    'self_monitoring: { notify: [a, b, c] }',
    'rules: [{ name: r, labels: { team: x }, when: { absence: { after: 3m } } }]',
  ].join('\n')
  t.match(load(text).engine.receivers, [
    { name: 'a', subject: '[{{severity | upper}}] {{rule}}', body: '{{label.team}}' },
    { name: 'b', subject: '{{host}}', body: '{{label.team}}', subjectMode: 'status' },
    { name: 'c', email: [], webhook: true },
  ])
  t.notOk('subject' in (load(text).engine.receivers[2] ?? {}))
})

test('a receiver has its zone, a report each day or week, and a sign of life', async (t) => {
  const more = 'email: { to: a@b }, time_zone: Asia/Kolkata'
  t.match(receiverOf(`${more}, report: { every: week, at: "07:30", weekday: fri }, heartbeat: { at: 23:59 }`), {
    timeZone: 'Asia/Kolkata',
    report: { at: 450, weekday: 5 },
    heartbeat: { at: 1439 },
  })
  t.strictSame(receiverOf(`${more}, report: {}`)?.report, { at: 480 })
  t.strictSame(receiverOf(`${more}, report: { every: week }`)?.report, { at: 480, weekday: 1 })
})

test('what is secret about webhooks and Alertmanagers stays out of what the engine gets', async (t) => {
  const text = [
    'receivers:',
    '  chat: { webhook: { url: "https://c/${K}", secret: "${K}", headers: { Authorization: "Bearer ${K}" } } }',
    '  am: { alertmanager: { url: [http://a:9093/, http://b:9093], user: u, password: "${K}", timeout: 3s } }',
    '  two: { webhook: { url: http://10.0.0.1/x, allow_private: true }, alertmanager: { url: http://a/am/, token: "${K}" } }',
    'self_monitoring: { notify: [chat, am, two] }',
  ].join('\n')
  const { engine, targets } = load(text, { K: 'hunter2-hunter2' })
  t.strictSame(
    engine.receivers,
    [
      { name: 'chat', email: [], webhook: true },
      { name: 'am', email: [], alertmanager: true },
      { name: 'two', email: [], webhook: true, alertmanager: true },
    ],
    'names only',
  )
  t.notMatch(JSON.stringify(engine), 'hunter2')
  const open = { headers: {}, allowPrivate: false, timeout: 10_000 }
  t.strictSame(targets.get('chat'), {
    webhook: {
      ...open,
      url: 'https://c/hunter2-hunter2',
      secret: 'hunter2-hunter2',
      headers: { Authorization: 'Bearer hunter2-hunter2' },
    },
  })
  t.strictSame(targets.get('am'), {
    alertmanager: { urls: ['http://a:9093', 'http://b:9093'], user: 'u', password: 'hunter2-hunter2', timeout: 3000 },
  })
  t.match(targets.get('two'), {
    webhook: { url: 'http://10.0.0.1/x', allowPrivate: true },
    alertmanager: { urls: ['http://a/am'], token: 'hunter2-hunter2' },
  })
  t.ok(Object.isFrozen(targets.get('chat')?.webhook?.headers), 'nobody changes them')
})

test('a link to Kibana keeps its placeholders', async (t) => {
  const url =
    "https://k.example.org/app/discover#/?_g=(time:(from:'{{from}}',to:'{{to}}'))&_a=(query:(query:'host.name:{{host}}'))"
  t.equal(load(`links: { kibana: "${url}" }`).kibana, url)
  t.notOk('kibana' in load('data: ./d'))
})

const two = 'receivers: { a: { email: { to: a@b } }, b: { email: { to: c@b } } }\nself_monitoring: { notify: [a] }'

test('alerts without a receiver and settings without effect are warnings', async (t) => {
  const rule = '{ name: r, when: { absence: { after: 3m } } }'
  t.strictSame(warningsOf(`${two}\nrules: []`), [
    'configuration:1:44: the receiver b is unused: no rule, route or escalation notifies it. Fix: name it under a notify, or remove it',
    'no rule is enabled: only built-in alerts can fire',
  ])
  t.strictSame(warningsOf(`${two.replace('c@b }', 'c@b }, heartbeat: {}, time_zone: UTC')}\nrules: [${rule}]`), [])
  t.strictSame(warningsOf(`${two}\nrules: [${rule}]\nroutes: [{ matchers: host = web-1, notify: [b] }]`), [
    "configuration:4:9: alerts of r that match no route have no receiver. Fix: add a last route without 'matchers'",
  ])
  const severities = '[{ matchers: severity = warning, notify: [a] }, { matchers: severity = critical, notify: [b] }]'
  t.strictSame(warningsOf(`${two}\nrules: [${rule}]\nroutes: ${severities}`), [], 'all are routed, one by one')
  t.strictSame(
    warningsOf(`rules: [${rule}]\ninhibit_rules: [{ source_matchers: rule = r, target_matchers: rule =~ .+ }]`),
    [
      'configuration:2:17: every alert of r matches both source_matchers and target_matchers, and so suppresses nothing. Fix: narrow one of them',
    ],
  )
})

test('a webhook that leads to this machine or a private network and is not allowed to is a warning', async (t) => {
  const at = (url: string, more = '') =>
    warningsOf(
      `receivers: { a: { webhook: { url: "${url}"${more} } } }\nrules: []\nself_monitoring: { notify: [a] }`,
    ).filter((one) => one.includes('private'))
  for (const host of [
    '127.0.0.1:9',
    '10.1.2.3',
    'localhost',
    'x.localhost',
    '[::1]',
    '[fd00::1]',
    '169.254.169.254',
    '0x7f.1',
  ])
    t.match(at(`http://${host}/x`), [/:1:\d+: .*loopback or private address.*allow_private: true/], host)
  for (const host of ['example.org', 'intranet', '8.8.8.8', '[2606:4700::1111]'])
    t.strictSame(at(`https://${host}/x`), [], host)
  t.strictSame(at('http://10.1.2.3/x', ', allow_private: true'), [])
})

test('a matcher that can fit nothing, and a label that nothing has, are warnings', async (t) => {
  const rule = 'rules: [{ name: cpu-high, labels: { team: a }, when: { absence: { after: 3m } } }]'
  const window = (matchers: string): string =>
    `${rule}\nmaintenance_windows: [{ name: w, matchers: '${matchers}', times: 01:00-02:00 }]`
  t.strictSame(warningsOf(window('rule = cpu-hgih')), [
    "configuration:2:44: unknown rule 'cpu-hgih': did you mean 'cpu-high'?",
  ])
  t.match(warningsOf(window('severity = error')), [/unknown severity 'error'$/])
  t.match(warningsOf(window('taem = a')), [/no rule or metric adds a label 'taem': did you mean 'team'\?$/])
  t.strictSame(warningsOf(window('rule = host-gone')).length, 1)
  for (const known of ['rule = source-down', 'team = a', 'rule =~ x.*', 'severity = critical'])
    t.strictSame(warningsOf(window(known)), [], known)
  for (const strange of ['team = b', 'mount_point = /'])
    t.match(warningsOf(window(strange)), { 0: /this window can never match/, length: 1 }, strange)
  t.match(warningsOf(`${rule}\nalerting: { group_by: [rule, hots] }`), [/a label 'hots': did you mean 'host'\?$/])
})

const file = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

test('docs/alerting.md is about the example, line by line, and names every key', async (t) => {
  const page = file('docs/alerting.md')
  const plain = (line: string): string => line.replace(/\s+#.*$/, '').trim()
  const example = file('examples/alerting.yaml').split('\n').map(plain)
  const shown = [...page.matchAll(/^```yaml\n([^]*?)^```/gm)].flatMap(([, block = '']) => block.trim().split('\n'))
  t.ok(shown.length > 10)
  for (const line of shown) t.ok(example.includes(plain(line)), line)
  const { definitions } = JSON.parse(file('schemas/config.schema.json')) as {
    readonly definitions: Readonly<Record<string, { readonly properties?: object }>>
  }
  const sections = [
    'alerting',
    'route',
    'maintenance_window',
    'inhibit_rule',
    'webhook',
    'alertmanager',
    'receiver',
    'templates',
  ]
  const keys = sections.flatMap((name) => Object.keys(definitions[name]?.properties ?? {}))
  t.ok(keys.length > 30)
  for (const key of keys) t.match(page, new RegExp(`\\b${key}\\b`), key)
})

test('what can never have an effect is one warning each', async (t) => {
  const absent = 'name: r, when: { absence: { after: 3m } }'
  const metric = 'when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } }'
  const labelled = `rules: [{ ${absent}, labels: { team: storage } }]`
  const reader = 'email: { to: a@b }'
  const cases: readonly (readonly [yaml: string, says: RegExp])[] = [
    [
      `${labelled}\nroutes: [{ matchers: team = strage, notify: [admin] }, { notify: [admin] }]`,
      /^configuration:2:22: this route can never match/,
    ],
    [
      `rules: [{ ${absent}, notify: [admin] }]\nroutes: [{ matchers: rule = r, notify: [admin] }]`,
      /this route can never match/,
    ],
    [
      'maintenance_windows: [{ name: x, matchers: [rule = cpu-high, metric = memory], times: "22:00-23:00" }]',
      /this window can never match/,
    ],
    [
      'inhibit_rules: [{ source_matchers: [rule = cpu-high, metric = memory], target_matchers: rule = memory-high }]',
      /source_matchers of this inhibition rule can never match/,
    ],
    [
      'inhibit_rules: [{ source_matchers: rule = cpu-high, target_matchers: rule = memory-high, equal: [metric] }]',
      /can have equal values of metric/,
    ],
    [
      'alerting: { group_by: [rule], group_interval: 1h, repeat_interval: 10m }',
      /repeat_interval \(10m\) is shorter than group_interval \(1h\)/,
    ],
    [
      'routes: [{ notify: [admin], group_by: [rule], group_interval: 2h, repeat_interval: 1h }]\nrules: [{ ' +
        absent +
        ' }]',
      /repeat_interval \(1h\)/,
    ],
    [
      `rules: [{ ${absent}, notify: [admin], escalation: [{ after: 1h, notify: [admin] }] }]`,
      /^configuration:1:\d+: admin already gets the first notification/,
    ],
    [
      `rules: [{ name: r, ${metric}, overrides: [{ hosts: web-1, threshold: { above: 0.95 } }, { hosts: web-*, threshold: { above: 0.97 } }] }]`,
      /a later override \(hosts web-\*\) matches/,
    ],
    [
      `rules: [{ name: r, ${metric}, hosts: db-*, overrides: [{ hosts: web-1, threshold: { above: 0.95 } }] }]`,
      /the rule applies to db-\* only/,
    ],
    [
      `receivers: { a: { ${reader}, report: { every: day, at: "07:00" } } }`,
      /^configuration:1:\d+: without 'time_zone' it is sent at 07:00 UTC/,
    ],
  ]
  for (const [yaml, says] of cases) t.match(warningsOf(yaml), { 0: says, length: 1 }, yaml)
})

test('inhibition rules that suppress each other are warned of, also through built-in ones, and others are not', async (t) => {
  const inhibit = (...rules: readonly (readonly [source: string, target: string, equal?: string])[]): string =>
    `inhibit_rules:\n${rules
      .map(
        ([source, target, equal = 'host']) =>
          `  - { source_matchers: [${source}], target_matchers: [${target}], equal: [${equal}] }\n`,
      )
      .join('')}`
  const mirrored = inhibit(['rule = cpu-high', 'rule = memory-high'], ['rule = memory-high', 'rule = cpu-high'])
  t.strictSame(warningsOf(mirrored), [
    'configuration:3:5: alerts of cpu-high, memory-high suppress each other through this inhibition rule and inhibit_rules/0, so only the first that fires is notified. Fix: remove one direction',
  ])
  const named = ['a', 'b', 'c'].map(
    (name) => `{ name: ${name}, when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } } }`,
  )
  const rules = `rules: [${named.join()}]\n`
  const cycles = [
    rules + inhibit(['rule = a', 'rule = b'], ['rule = b', 'rule = c'], ['rule = c', 'rule = a']),
    inhibit(['severity = warning', 'severity = critical']),
    inhibit(['rule = cpu-high', 'rule = host-silent']),
    inhibit(['"host =~ web-.*"', 'host = db'], ['host = db', '"host =~ web-.*"', 'source']).replace(
      'equal: [host]',
      'equal: []',
    ),
  ]
  for (const yaml of cycles) t.match(warningsOf(yaml), { 0: /suppress each other/, length: 1 }, yaml)
  const fine = [
    rules + inhibit(['rule = a', 'rule = b'], ['rule = b', 'rule = c'], ['rule = a', 'rule = c']),
    inhibit(['host = core', '"host =~ leaf-.*"', ''], ['"host =~ leaf-.*"', '"host =~ server-.*"', '']),
    inhibit(['rule = cpu-high, host = a', 'rule = memory-high'], ['rule = memory-high, host = b', 'rule = cpu-high']),
    inhibit(['rule = host-silent', 'severity = warning']),
    inhibit(['severity = critical', 'severity = warning']),
  ]
  for (const yaml of fine) t.strictSame(warningsOf(yaml), [], yaml)
})

test('what has an effect is no warning', async (t) => {
  const rule = 'name: r, when: { metric: disk, over: 1m, threshold: { of: last, above: 0.9 } }'
  const cases: readonly string[] = [
    `rules: [{ ${rule} }]\nroutes: [{ matchers: mount_point = /home, notify: [admin] }, { notify: [admin] }]`,
    `rules: [{ ${rule}, notify: [admin] }]\nroutes: [{ notify: [admin] }]`,
    'maintenance_windows: [{ name: x, matchers: rule = source-down, times: "22:00-23:00" }]',
    'inhibit_rules: [{ source_matchers: rule = source-down, target_matchers: host =~ .+, equal: [source] }]',
    `rules: [{ ${rule} }]\nroutes: [{ matchers: severity = critical, notify: [admin] }, { notify: [admin] }]`,
    'inhibit_rules: [{ source_matchers: rule = host-silent, target_matchers: severity = warning, equal: [host] }]',
    `rules: [{ ${rule}, overrides: [{ hosts: "*", threshold: { above: 0.95 } }, { hosts: web-*, threshold: { above: 0.97 } }] }]`,
    `rules: [{ ${rule}, overrides: [{ hosts: web-*, threshold: { above: 0.95 } }, { hosts: web-?, threshold: { above: 0.97 } }] }]`,
    `rules: [{ ${rule}, hosts: [db-*, web-?], overrides: [{ hosts: web-1, threshold: { above: 0.95 } }] }]`,
    'alerting: { group_by: [rule], group_interval: 1h, repeat_interval: never }',
  ]
  for (const yaml of cases) t.strictSame(warningsOf(yaml), [], yaml)
})

test('a rule notifies of a lower severity only with notify_on_downgrade and two severities', async (t) => {
  const yaml = (threshold: string, more = ''): string => `metrics: { cpu: { field: cpu, unit: ratio } }
rules:
  - { name: r, notify: [admin], when: { metric: cpu, over: 1m, threshold: { of: mean, ${threshold} } }${more} }`
  const both = 'warning: { above: 0.8 }, critical: { above: 0.9 }'
  const falls = (text: string): unknown =>
    (load(text).engine.rules[0] as { notifyOnDowngrade?: boolean }).notifyOnDowngrade
  t.equal(falls(yaml(both)), undefined)
  t.equal(falls(yaml(both, ', notify_on_downgrade: true')), true)
  t.strictSame(warningsOf(yaml(both, ', notify_on_downgrade: true')), [])
  t.match(warningsOf(yaml('above: 0.9', ', notify_on_downgrade: true')), [
    /'notify_on_downgrade' has no effect: the rule has one severity/,
  ])
  t.throws(
    () => ruleOf('notify_on_downgrade: true'),
    /'notify_on_downgrade' does not apply to 'absence'. Fix: remove it/,
  )
})

test('the checks of reachability have one door', async (t) => {
  t.strictSame(Object.keys(await import('../../../src/config/lint/reachability.ts')), ['checkReachability'])
  const folder = new URL('../../../src/config/', import.meta.url)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const importers = files.filter((file) =>
    /from '[^']*label-space\.ts'/.test(readFileSync(new URL(file, folder), 'utf8')),
  )
  t.strictSame(importers.sort(), ['lint/inhibition-cycles.ts', 'lint/reachability.ts'])
})
