import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import type { Threshold } from '../../src/detect/threshold/judge.ts'
import { ConfigErrors, ConfigUnreadable, DEFAULT_YAML, loadConfig } from '../../src/config/index.ts'
import { createSchemas } from '../../src/ingest/schema/index.ts'
import type { Config, Metric, Rule, SmtpConfig } from '../../src/model.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const surface = join(root, '../shared/design/SURFACE.md')

function load(text: string, env: Record<string, string> = {}): Config {
  return loadConfig({ text, env, cwd: '/srv' }).config
}

function warningsOf(text: string): readonly string[] {
  return loadConfig({ text, env: {}, cwd: '/srv' }).warnings
}

function ruleOf(text: string): Rule | undefined {
  return load(`rules:\n  - ${text}`).engine.rules[0]
}

function thresholdOf(threshold: string, over = 'metric: cpu'): Threshold | undefined {
  const rule = ruleOf(`{ name: r, when: { ${over}, over: 1m, threshold: ${threshold} } }`)
  return rule && 'condition' in rule ? (rule.condition.params as Threshold) : undefined
}

const absent = existsSync(surface) ? false : 'the design pages are not beside this checkout'

test("the founding document's own configuration is the first example", { skip: absent }, async (t) => {
  const yaml = /```yaml\n(.*?)```/s.exec(readFileSync(surface, 'utf8'))?.[1] ?? ''
  t.equal(readFileSync(join(root, 'examples/stashwatch.yaml'), 'utf8'), yaml, 'the example is the same')
})

test('every key of the founding configuration means what it says', async (t) => {
  const dir = t.testdir({ smtp: 'mail-pass\n' })
  const yaml = readFileSync(join(root, 'examples/stashwatch.yaml'), 'utf8').replace('/run/secrets/smtp', './smtp')
  const file = join(dir, 'stashwatch.yaml')
  writeFileSync(file, yaml)
  const { config, warnings } = loadConfig({ file, env: { STASHWATCH_TOKEN: 'abcd-1234' }, cwd: '/' })
  t.strictSame(warnings, [])
  t.match(config, {
    file,
    listen: { host: '127.0.0.1', port: 8080 },
    data: join(dir, 'data'),
    ingest: { tokens: [{ name: 'logstash-a', token: 'abcd-1234' }] },
    smtp: {
      from: { name: 'Stashwatch', address: 'alerts@example.org' },
      servers: [
        {
          host: 'mail.example.org',
          port: 465,
          secure: true,
          requireTls: true,
          user: 'alerts',
          password: 'mail-pass',
        },
      ],
      dkim: [],
    },
    engine: {
      selfMonitoring: ['ops'],
      sources: ['logstash-a'],
      receivers: [
        {
          name: 'ops',
          email: [{ name: 'Ada Lovelace', address: 'ada@example.org' }, { address: 'grace@example.org' }],
        },
      ],
    },
  })
  t.strictSame(config.engine.metrics[0], {
    name: 'cpu',
    fields: ['host.cpu.usage', 'system.cpu.total.norm.pct'],
    unit: 'ratio',
    kind: 'gauge',
    by: [],
    byFields: [],
  })
  t.match(config.engine.metrics[3], {
    name: 'net_in',
    kind: 'counter',
    by: ['name'],
    byFields: ['system.network.name'],
  })
  const [cpu, memory, disk, ssh, silent] = config.engine.rules
  t.strictSame(cpu, {
    kind: 'metric',
    name: 'cpu-high',
    metric: 'cpu',
    severity: 'warning',
    notify: ['ops'],
    hosts: [],
    labels: {},
    subject: 'CPU on {{server}} is high',
    over: 120_000,
    every: 60_000,
    for: 0,
    keepFiringFor: 0,
    condition: {
      detector: 'threshold',
      params: { of: 'mean', warning: [{ op: 'above', value: 0.9, clear: 0.85 }], critical: [] },
    },
    overrides: [],
  })
  t.match(memory, { condition: { params: { warning: [{ op: 'at_least', value: 50, clear: 47.5 }] } } })
  t.match(disk, {
    every: 10_000,
    for: 60_000,
    condition: { params: { warning: [{ value: 0.9, clear: 0.8 }], critical: [{ value: 0.98, clear: 0.9 }] } },
    overrides: [
      {
        hosts: ['scratch-*'],
        params: {
          of: 'last',
          warning: [{ op: 'above', value: 0.97, clear: 0.97 }],
          critical: [{ op: 'above', value: 0.98, clear: 0.9 }],
        },
      },
    ],
  })
  t.match(ssh, {
    kind: 'count',
    where: [
      { field: 'event.dataset', oneOf: ['system.auth'] },
      { field: 'message', contains: 'Failed password' },
    ],
    condition: { params: { of: 'count', warning: [{ op: 'above', value: 20, clear: 20 }] } },
  })
  t.strictSame(silent, {
    kind: 'absence',
    name: 'host-silent',
    severity: 'critical',
    notify: ['ops'],
    hosts: [],
    labels: {},
    after: 180_000,
  })
})

test('every example is in order', async (t) => {
  const env = {
    STASHWATCH_TOKEN: 'abcd-1234',
    STASHWATCH_API_TOKEN: 'efgh-5678',
    SMTP_PASSWORD: '12345678',
    CHAT_HOOK: 'https://chat.example.org/x',
    CHAT_SECRET: 'ijkl-9012',
  }
  const names = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.yaml'))
  t.ok(names.length >= 4)
  const dir = t.testdir({ smtp: 'x' })
  for (const name of names) {
    const text = readFileSync(join(root, 'examples', name), 'utf8')
    t.match(text, '# yaml-language-server: $schema=../schemas/config.schema.json', name)
    const local = text.replace('/run/secrets/smtp', join(dir, 'smtp'))
    t.ok(loadConfig({ text: local, env, cwd: root }).config.engine.rules.length > 0, name)
  }
})

test('without a file the built-in configuration holds', async (t) => {
  const { config, warnings } = loadConfig({ env: {}, cwd: '/somewhere' })
  t.strictSame(warnings, ["no 'smtp': mails are written to the mailbox and not sent"])
  t.equal(config.file, undefined)
  t.equal(config.data, '/somewhere/data')
  t.strictSame(config.listen, { host: '127.0.0.1', port: 8080 })
  t.equal(config.smtp, undefined)
  t.strictSame(
    config.engine.rules.map(({ name, notify }) => [name, ...notify]),
    [
      ['cpu-high', 'admin'],
      ['memory-high', 'admin'],
      ['host-silent', 'admin'],
    ],
  )
  t.strictSame(config.engine.receivers, [{ name: 'admin', email: [{ address: 'admin@localhost' }] }])
  t.strictSame(
    config.engine.metrics.map(({ name }) => name),
    'cpu memory swap load disk net_in net_out gpu gpu_memory gpu_temperature machine.cpu machine.memory'.split(' '),
  )
  t.match(config.engine, {
    bucket: 10_000,
    lateness: 10_000,
    mailsPerMinute: 5,
    sources: [],
    occasionalSources: [],
    subSources: 16,
    selfMonitoring: ['admin'],
  })
  t.strictSame(config.engine.limits, { hosts: 20_000, series: 400_000, seriesPerHost: 1000, sources: 100 })
  t.match(config.ingest, {
    paths: ['/', '/events', '/ingest'],
    maxBody: 64 * 1024 * 1024,
    maxDecompressed: 128 * 1024 * 1024,
    maxEvents: 10_000,
    requestsPerMinute: 300_000,
    allRejectedStatus: 422,
    host: { machine: ['machine.id'], 'slurm.node': ['slurm.node.name'] },
  })
  t.same(load(DEFAULT_YAML), { ...config, data: '/srv/data' }, 'the same text is no special case')
})

test('the folder of own schemas is relative to the file', async (t) => {
  const cwd = t.testdir({ site: { 'c.yaml': 'schemas: ./schemas\n' } })
  t.equal(loadConfig({ file: 'site/c.yaml', env: {}, cwd }).config.schemas, join(cwd, 'site/schemas'))
  t.equal(load('schemas: ${DIR}/s', { DIR: '/etc' }).schemas, '/etc/s')
  t.notOk('schemas' in load('data: ./d'))
})

test('what a file leaves out is built in, and rules that name nobody tell the only receiver', async (t) => {
  const config = load('receivers: { ops: { email: { to: ada@example.org } } }\ningest: { max_events: 5 }')
  t.strictSame(config.engine.selfMonitoring, ['ops'])
  t.strictSame(
    config.engine.rules.map(({ notify }) => notify),
    [['ops'], ['ops'], ['ops']],
  )
  t.equal(config.ingest.maxEvents, 5)
  t.equal(config.ingest.requestsPerMinute, 300_000)
  const host = load('ingest: { host: { default: fields.server } }').ingest.host
  t.strictSame([host['default'], host['machine']], [['fields.server'], ['machine.id']])
})

test('domains are removed from the names of hosts, and of expected ones', async (t) => {
  const one = load('ingest: { host: { strip_domain: example.org } }\nhosts: { expected: [web-1.example.org, db-1] }')
  t.strictSame(one.ingest.stripDomain, ['example.org'])
  t.notOk('strip_domain' in one.ingest.host)
  t.strictSame(one.ingest.host['machine'], ['machine.id'])
  t.strictSame(one.engine.hosts.expected, ['web-1', 'db-1'])
  t.strictSame(load('hosts: { expected: [WEB-1, db-1, web-1] }').engine.hosts.expected, ['web-1', 'db-1'])
  const two = load('ingest: { host: { strip_domain: [a.example.org, b.example.org], default: server } }')
  t.strictSame(two.ingest.stripDomain, ['a.example.org', 'b.example.org'])
  t.throws(() => load('ingest: { host: { strip_domain: .example.org } }'))
})

test('a loaded configuration cannot be changed anywhere', async (t) => {
  const loose: string[] = []
  const look = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    if (!Object.isFrozen(value)) loose.push(path)
    for (const [key, inner] of Object.entries(value)) look(inner, `${path}.${key}`)
  }
  look(loadConfig({ env: {}, cwd: '/' }), 'loaded')
  t.strictSame(loose, [])
  const { engine } = load(DEFAULT_YAML)
  t.strictSame(JSON.parse(JSON.stringify(engine)), engine, 'what the engine needs is plain JSON')
})

test('variables are filled in anywhere in a text, and read as numbers where numbers belong', async (t) => {
  const env = { HOST: 'mail', DOMAIN: 'example.org', PORT: '2525', SAFE: 'false', PIN: '12345678', LIMIT: '0.75' }
  const config = load(
    [
      'url: https://$${not}.${DOMAIN}/',
      'api: { tokens: [{ name: a, token: "${PIN}" }] }',
      'smtp:',
      '  host: ${HOST}.${DOMAIN}',
      '  port: ${PORT}',
      '  secure: ${SAFE}',
      '  from: a@${DOMAIN}',
      'rules:',
      '  - { name: r, when: { metric: cpu, over: 1m, threshold: { of: mean, above: "${LIMIT}" } } }',
    ].join('\n'),
    env,
  )
  t.match(config.smtp?.from, { address: 'a@example.org' })
  t.match(config.smtp?.servers, [{ host: 'mail.example.org', port: 2525, secure: false }])
  t.equal(config.url, 'https://${not}.example.org')
  t.equal(config.api.tokens[0]?.token, '12345678', 'a token of digits stays text')
  t.match(config.engine.rules[0], { condition: { params: { warning: [{ value: 0.75 }] } } })
})

test('secrets come out of files, relative to the configuration', async (t) => {
  const dir = t.testdir({ token: 'file-token\r\n', many: 'two\nlines!!!\n', none: '\n', 'c.yaml': '' })
  const from = (file: string): (() => Config) => {
    const text = `ingest: { tokens: [{ name: a, token: { file: "${file}" } }] }`
    return () => loadConfig({ file: join(dir, 'c.yaml'), text, env: { DIR: dir }, cwd: '/' }).config
  }
  t.equal(from('token')().ingest.tokens[0]?.token, 'file-token')
  t.equal(from('${DIR}/token')().ingest.tokens[0]?.token, 'file-token')
  t.throws(from('none'), { message: /:1:46: the secret file .*none is empty/ })
  t.throws(from('many'), {
    message: /:1:38: the token is not valid .found another character, expected .* printable ASCII/,
  })
  t.throws(from('.'), { message: /:1:46: the secret file .* is a directory/ })
})

test('clear is 5 % inside the bound unless it is said, whatever the sign', async (t) => {
  const clears = (threshold: string): unknown => thresholdOf(threshold)?.warning.map(({ clear }) => clear)
  t.strictSame(clears('{ of: mean, above: 0.9 }'), [0.855])
  t.strictSame(clears('{ of: mean, at_most: 0.1 }'), [0.105])
  t.strictSame(clears('{ of: mean, above: -10 }'), [-10.5])
  t.strictSame(clears('{ of: mean, below: -10 }'), [-9.5])
  t.strictSame(clears('{ of: mean, above: 0 }'), [0])
  t.strictSame(clears('{ of: mean, above: 27, below: 15 }'), [25.65, 15.75])
  t.strictSame(clears('{ of: mean, above: 10, below: 9.8 }'), [9.9, 9.9], 'two bounds never cross')
  t.strictSame(clears('{ of: mean, above: 0.9, clear: 0.9 }'), [0.9])
})

test('bounds stand under the severity that the rule says', async (t) => {
  const direct = ruleOf(
    '{ name: r, severity: critical, when: { metric: cpu, over: 1m, threshold: { of: max, above: 2 } } }',
  )
  t.match(direct, {
    severity: 'critical',
    condition: { params: { warning: [], critical: [{ op: 'above', value: 2 }] } },
  })
  t.match(thresholdOf('{ of: max, critical: { above: 1 } }'), { warning: [], critical: [{ value: 1 }] })
  t.match(thresholdOf('{ of: max, warning: { at_least: 1 }, critical: { above: 1 } }'), { critical: [{ op: 'above' }] })
  t.match(thresholdOf('{ of: max, warning: { below: 1 }, critical: { below: 0.5 } }'), { critical: [{ value: 0.5 }] })
  t.match(thresholdOf('{ of: max, warning: { above: 1 }, critical: { below: 0.5 } }'), { critical: [{ op: 'below' }] })
})

test('an override takes the place of the severities it names', async (t) => {
  const rule = ruleOf(
    '{ name: r, when: { metric: cpu, over: 1m, threshold: { of: max, above: 0.9 } }, ' +
      'overrides: [{ hosts: [a, b-?], threshold: { above: 0.5 } }, { hosts: c, threshold: { critical: { above: 1 } } }] }',
  )
  t.match(rule, {
    overrides: [
      { hosts: ['a', 'b-?'], params: { of: 'max', warning: [{ value: 0.5, clear: 0.5 }], critical: [] } },
      { hosts: ['c'], params: { of: 'max', warning: [{ value: 0.9 }], critical: [{ value: 1 }] } },
    ],
  })
})

test('where matches by value, by list and by tests, all as text or numbers', async (t) => {
  const rule = ruleOf(
    '{ name: r, when: { over: 1m, threshold: { at_least: 1 }, count: { where: ' +
      '{ a: x, b: [1, true, y], "c/d": { matches: "(?i)oom|out of mem", exists: true }, e.f: { above: 1, below: 2.5 }, ' +
      'g: { not: root }, h: { prefix: x, not: { contains: y, not: [1] } } } } } }',
  )
  t.match(rule, {
    kind: 'count',
    where: [
      { field: 'a', oneOf: ['x'] },
      { field: 'b', oneOf: ['1', 'true', 'y'] },
      { field: 'c/d', matches: '(?i)oom|out of mem', exists: true },
      { field: 'e.f', above: 1, below: 2.5 },
      { field: 'g', not: { oneOf: ['root'] } },
      { field: 'h', prefix: 'x', not: { contains: 'y', not: { oneOf: ['1'] } } },
    ],
  })
})

test('a long window is judged once for each of its buckets, unless the rule says otherwise', async (t) => {
  const schedule = (over: string, every = ''): unknown[] => {
    const rule = ruleOf(`{ name: r, when: { metric: cpu, over: ${over}, threshold: { of: mean, above: 1 } }${every} }`)
    return rule !== undefined && 'over' in rule ? [rule.over, rule.every] : []
  }
  const [second, minute, hour] = [1000, 60_000, 3_600_000]
  t.strictSame(schedule('1h'), [hour, 10 * second])
  t.strictSame(schedule('61m'), [61 * minute, minute])
  t.strictSame(schedule('24h'), [24 * hour, minute])
  t.strictSame(schedule('25h'), [25 * hour, hour])
  t.strictSame(schedule('7d', ', every: 6h'), [168 * hour, 6 * hour])
})

test('a rule that is not enabled is checked and left out', async (t) => {
  const text = (over: string): string =>
    `rules: [{ name: r, enabled: false, when: { metric: cpu, over: ${over}, threshold: { of: mean, above: 1 } } }]`
  t.strictSame(load(text('1m')).engine.rules, [])
  t.throws(() => load(text('11s')), ConfigErrors)
})

test('the labels of series are the last parts of their paths, or are named', async (t) => {
  const metric = (by: string): Metric | undefined =>
    load(`metrics: { disk: { field: a, by: ${by} } }\nrules: []`).engine.metrics[0]
  t.match(metric('[system.filesystem.mount_point, device]'), {
    by: ['mount_point', 'device'],
    byFields: ['system.filesystem.mount_point', 'device'],
  })
  t.match(metric('{ mount: system.filesystem.mount_point, disk: disk.name }'), {
    by: ['mount', 'disk'],
    byFields: ['system.filesystem.mount_point', 'disk.name'],
  })
  t.match(metric('{ volume: disk.name, disk: disk.name }'), { by: ['volume', 'disk'] }, 'one field, two labels')
  t.match(metric('{}'), { by: [], byFields: [] })
})

test('a url without api.tokens is warned of, and pages of the API are not linked to', async (t) => {
  const url = 'url: https://stashwatch.example.org/'
  const base = 'https://stashwatch.example.org'
  t.match(warningsOf(url), [
    /'smtp'/,
    "'url' without api.tokens: the API refuses requests that come through https://stashwatch.example.org, so mails have no links to hosts and alerts. Fix: add api.tokens",
  ])
  t.match(load(url), { url: base, apiUrl: undefined })
  const tokens = 'api: { tokens: [{ name: ada, token: abcd-1234 }] }'
  t.equal(warningsOf(`${url}\n${tokens}`).length, 1)
  t.match(load(`${url}\n${tokens}`), { url: base, apiUrl: base })
  for (const local of ['http://localhost:8080', 'http://127.0.0.1:8080', 'http://[::1]:8080']) {
    t.equal(load(`url: "${local}"`).apiUrl, local, 'on this machine the API answers without tokens')
    t.equal(load(`url: "${local}"\nlisten: 0.0.0.0:8080`).apiUrl, undefined, 'unless others can reach it')
  }
})

test('no label of the built-in metrics has a dot', async (t) => {
  const labels = load('data: ./d').engine.metrics.flatMap(({ by }) => by)
  t.strictSame(labels, ['mount_point', 'interface', 'interface', 'gpu', 'gpu', 'gpu'])
})

test('a template may name a label by the path of its field', async (t) => {
  const path = 'label.system.filesystem.mount_point'
  const text = `templates: { subject: "{{ ${path} }}", body: "{{${path} | upper}}" }
receivers: { ops: { email: { to: a@example.org, subject: "on {{${path}}}" } } }
rules:
  - { name: r, when: { metric: disk, over: 1m, threshold: { of: last, above: 0.9 } }, subject: "{{${path}}} is full" }
  - { name: c, when: { count: { where: {}, by: { who: user.name } }, over: 1m, threshold: { above: 9 } }, subject: "{{label.user.name}}" }`
  const { engine } = load(text)
  t.match(engine.receivers, [{ subject: 'on {{label.mount_point}}', body: '{{label.mount_point | upper}}' }])
  t.match(engine.rules, [{ subject: '{{label.mount_point}} is full' }, { subject: '{{label.who}}' }])
  t.throws(() => load('templates: { subject: "{{label.system.filesystem.mount}}" }'), {
    message: /unknown placeholder 'label.system.filesystem.mount'/,
  })
})

test('a label that is written as its path in a list of labels is said by its name', async (t) => {
  t.match(warningsOf('alerting: { group_by: [system.filesystem.mount_point] }'), [
    /no rule or metric adds a label 'system.filesystem.mount_point': did you mean 'mount_point'\?$/,
  ])
})

test('labels and by fields may be named in templates', async (t) => {
  const rule = ruleOf(
    '{ name: r, labels: { team: 7 }, subject: "{{label.team}} {{label.mount_point}}", ' +
      'when: { metric: disk, over: 1m, threshold: { of: last, above: 0.9 } } }',
  )
  t.match(rule, { labels: { team: '7' } })
})

test('a mail server has sensible ports and TLS by default', async (t) => {
  const smtp = (more: string): SmtpConfig | undefined => load(`smtp: { from: a@example.org, ${more} }`).smtp?.servers[0]
  t.match(smtp('host: mail.example.org'), { port: 587, secure: false, requireTls: true, timeout: 30_000 })
  t.match(smtp('host: mail.example.org, secure: true'), { port: 465, secure: true })
  t.match(smtp('host: localhost'), { port: 25, secure: false, requireTls: false })
  t.match(smtp('host: "::1", port: 1025, timeout: 5s'), { port: 1025, requireTls: false, timeout: 5000 })
  t.match(smtp('host: 10.0.0.1, require_tls: false'), { requireTls: false })
})

test('what the page about mail shows is in order', async (t) => {
  const dir = t.testdir({ smtp: 'x', 'smtp-refresh-token': 'y', 'dkim.pem': pem('rsa') })
  const env = { SMTP_PASSWORD: '12345678', SMTP_CLIENT_SECRET: 'z' }
  const blocks = [...readFileSync(join(root, 'docs/mail.md'), 'utf8').matchAll(/```yaml\n(.*?)```/gs)]
  const servers = blocks.map(([, text = '']) => {
    const { config, warnings } = loadConfig({ text: text.replaceAll('/run/secrets/', `${dir}/`), env, cwd: dir })
    t.strictSame(warnings, [])
    return config.smtp?.servers.length
  })
  t.strictSame(servers, [1, 2])
})

const pem = (type: 'rsa' | 'ed25519', bits = 2048): string => {
  const format = { type: 'pkcs8', format: 'pem' } as const
  const pair =
    type === 'rsa'
      ? generateKeyPairSync('rsa', {
          modulusLength: bits,
          privateKeyEncoding: format,
          publicKeyEncoding: { type: 'spki', format: 'pem' },
        })
      : generateKeyPairSync('ed25519', {
          privateKeyEncoding: format,
          publicKeyEncoding: { type: 'spki', format: 'pem' },
        })
  return pair.privateKey
}

test('mail servers may be a list, whose first one says what holds for all', async (t) => {
  const dir = t.testdir({ 'dkim.pem': pem('rsa') })
  const text = [
    'smtp:',
    '  - host: a.example.org',
    '    from: Stashwatch <alerts@example.org>',
    '    rate_per_minute: 60',
    '    dkim: { domain: example.org, selector: s1, key: { file: ./dkim.pem } }',
    '  - { host: b.example.org, user: u, password: p, timeout: 5s }',
    '  - host: c.example.org',
    '    oauth2: { user: a@example.org, client_id: i, client_secret: "${S}", refresh_token: r, access_url: "https://l.example/t" }',
    '  - { host: localhost, oauth2: { user: a@example.org, access_token: t } }',
  ].join('\n')
  const { config, warnings } = loadConfig({ text, env: { S: 'geheim' }, cwd: dir })
  t.strictSame(warnings, [])
  t.match(config.smtp, {
    from: { name: 'Stashwatch', address: 'alerts@example.org' },
    ratePerMinute: 60,
    dkim: [{ domain: 'example.org', selector: 's1', key: /^-----BEGIN PRIVATE KEY/ }],
    servers: [
      { host: 'a.example.org', port: 587, requireTls: true },
      { host: 'b.example.org', user: 'u', password: 'p', timeout: 5000 },
      {
        oauth2: {
          user: 'a@example.org',
          clientId: 'i',
          clientSecret: 'geheim',
          refreshToken: 'r',
          accessUrl: 'https://l.example/t',
        },
      },
      { host: 'localhost', port: 25, oauth2: { user: 'a@example.org', accessToken: 't' } },
    ],
  })
  const two =
    'smtp: { host: a, from: a@b, dkim: [{ domain: b, selector: s, key: "${K}" }, { domain: c, selector: s, key: "${K}" }] }'
  const loaded = loadConfig({ text: two, env: { K: pem('rsa') }, cwd: '/' })
  t.equal(loaded.config.smtp?.dkim.length, 2)
  t.match(loaded.warnings, [
    /:1:8\d: the sender's domain is b: a signature of another domain does not align for DMARC$/,
  ])
})

test('a key that cannot sign is found when it is read, and not shown', async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      pem('ed25519'),
      /:1:6\d: the DKIM key is not valid \(found a key of type ed25519, expected a private RSA key in PEM form, without a/,
    ],
    [pem('rsa', 512), /found a key of 512 bits, expected .* of at least 1024 bits\)$/],
    ['geheim-9', /found something else, expected .* without a passphrase/],
  ]
  for (const [key, expected] of cases) {
    const load = (): unknown =>
      loadConfig({
        text: 'smtp: { host: a, from: a@b, dkim: { domain: b, selector: s, key: "${K}" } }',
        env: { K: key },
        cwd: '/',
      })
    t.throws(load, { message: expected })
    t.throws(load, { message: /^(?!.*(?:geheim|BEGIN))/s })
  }
})

test('a maintenance window whose years are over is a warning to whoever knows the time', async (t) => {
  const text =
    'maintenance_windows: [{ name: w, matchers: host = a, years: [2019, 2020-2025] }, { name: x, matchers: host = a, years: 2020-2026 }]'
  const past = (now?: number): readonly string[] =>
    loadConfig({ text, env: {}, cwd: '/', ...(now === undefined ? {} : { now }) }).warnings.filter((one) =>
      one.includes('years'),
    )
  t.strictSame(past(Date.UTC(2026, 10, 22)), [
    'configuration:1:61: these years are over (it is 2026), so the window never begins again. Fix: change the years, or remove the window',
  ])
  t.strictSame([past(Date.UTC(2025, 0, 1)), past()], [[], []])
})

test('what is allowed but was perhaps not meant is a warning', async (t) => {
  const rule = (more: string): string => `rules: [{ name: r, ${more} }]`
  t.match(warningsOf(rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: 90 } }')), [
    'configuration:1:81: the metric is a ratio, where 1 is 100%: did you mean 0.9 instead of 90?',
  ])
  const two = 'threshold: { of: mean, warning: { above: 1.2 }, critical: { above: 1.9 } }'
  t.match(warningsOf(rule(`when: { metric: cpu, over: 1m, ${two} }`)), [
    /a ratio, where 1 is 100%: is 120% meant\?/,
    /^no 'smtp'/,
  ])
  t.match(warningsOf(rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: 1.1 } }')), [/^no 'smtp'/])
  t.match(warningsOf(rule('when: { metric: machine.cpu, over: 1m, threshold: { of: mean, above: 0.9 } }')), [
    /percent: did you mean 90 instead of 0.9/,
  ])
  t.match(warningsOf(rule('when: { metric: cpu, over: 1m, threshold: { of: mean, above: 1 } }, every: 5m')), [
    /the rule evaluates 1m of every 5m and ignores the rest. Fix: set every to at most 1m/,
  ])
  t.match(warningsOf('rules: []'), ["no 'smtp': mails are written to the mailbox and not sent", /^no rule is enabled/])
  t.match(warningsOf('listen: 0.0.0.0:80'), [
    /smtp/,
    /^no ingest.tokens: any client that reaches 0.0.0.0:80/,
    /^no api.tokens/,
  ])
  t.equal(warningsOf('listen: "[::1]:80"').length, 1)
  t.match(warningsOf('smtp: { host: a, from: a@b, port: 587, secure: true }'), [/did you mean require_tls/])
  t.match(warningsOf('smtp: { host: a, from: a@b, require_tls: false, user: u, password: p }'), [/in plain text/])
})

test('EHLO uses the configured name of stashwatch', async (t) => {
  const nameOf = (name: string): unknown =>
    load(`smtp: { host: a, from: a@b.example, ehlo_name: "${name}" }`).smtp?.servers[0]?.ehloName
  t.strictSame(['host.example.org', '[192.0.2.7]'].map(nameOf), ['host.example.org', '[192.0.2.7]'])
  for (const name of ['', 'a b', 'a\\r\\nMAIL', '-a']) t.throws(() => nameOf(name), ConfigErrors, name)
})

test('addresses are read with and without names', async (t) => {
  const to =
    '["\\"Lovelace, Ada\\" <ada@example.org>", "<b@localhost>", " c+d@mail.example.org ", "Ünal <ü@bücher.example>"]'
  t.strictSame(load(`receivers: { ops: { email: { to: ${to} } } }`).engine.receivers[0]?.email, [
    { name: 'Lovelace, Ada', address: 'ada@example.org' },
    { address: 'b@localhost' },
    { address: 'c+d@mail.example.org' },
    { name: 'Ünal', address: 'ü@bücher.example' },
  ])
})

test('a missing file is a configuration error, an unreadable one is not', async (t) => {
  const dir = t.testdir({ 'c.yaml': 'log: {}', 'latin.yaml': Buffer.from([0x23, 0xe4, 0x0a]) })
  const open = (file: string) => () => loadConfig({ file, env: {}, cwd: dir })
  t.throws(open('gone.yaml'), {
    code: 'CONFIG_INVALID',
    message: /^the configuration .*gone.yaml does not exist. Fix: check/,
  })
  t.throws(open('.'), { code: 'CONFIG_INVALID', message: /is a directory/ })
  t.throws(open('latin.yaml'), { code: 'CONFIG_INVALID', message: 'latin.yaml:1:1: the file is not UTF-8 text' })
  t.throws(open('c.yaml/x'), { code: 'CONFIG_INVALID' })
  t.throws(open('x'.repeat(300)), { name: 'ConfigUnreadable', code: 'CONFIG_UNREADABLE' })
  chmodSync(join(dir, 'c.yaml'), 0)
  let denied = true
  try {
    readFileSync(join(dir, 'c.yaml'))
    denied = false
  } catch {}
  if (denied) t.throws(open('c.yaml'), ConfigUnreadable)
  t.equal(dirname(loadConfig({ file: 'sub/x.yaml', text: 'log: {}', env: {}, cwd: dir }).config.data), join(dir, 'sub'))
})

test('host patterns that look like regular expressions, and folders that a shell would fill in, are pointed out', (t) => {
  const when = 'when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } }'
  const hot = (hosts: string): string => `rules: [{ name: r, ${when}, hosts: ${hosts} }]`
  t.match(warningsOf(hot('"web[0-9]+"')), [/'web\[0-9\]\+' looks like a regular expression/])
  t.match(warningsOf(hot('["web-*", "db.*"]')), [/'db\.\*' looks like a regular expression/])
  t.strictSame(
    warningsOf(hot('["web-*.example.org", "node0?"]')).filter((one) => one.includes('regular')),
    [],
  )
  const excluding = (hosts: string): string[] => warningsOf(hot(hosts)).filter((one) => one.includes('no host.'))
  for (const hosts of ['["web-*", "!web-*"]', '["!*"]', '["web-1", "db-?", "!WEB-*", "!db-*"]'])
    t.match(excluding(hosts), [/match no host\. Fix: the patterns with ! exclude all others/], hosts)
  for (const hosts of ['["web-*", "!web-?"]', '["!web-*"]', '["web-1", "db-?", "!db-*"]', '["*", "!?*-z*"]'])
    t.strictSame(excluding(hosts), [], hosts)
  for (const data of ['~/stashwatch', '$HOME/stashwatch']) {
    t.throws(() => loadConfig({ text: `data: ${data}`, env: {}, cwd: '/' }), /are not expanded in paths/)
  }
  t.end()
})

void test('an expression that may take many steps is warned of, and a cheap one is not', async (t) => {
  const rule = (expression: string): string =>
    `rules: [{ name: r, when: { count: { where: { message: { matches: '${expression}' } } }, over: 1m, threshold: { above: 1 } } }]`
  const warned = warningsOf(rule('user.{0,200}denied')).filter((one) => one.includes('steps'))
  t.match(warned, [
    /1:66: the expression may take 3\.4 million steps on a text of 8192 characters, of the 5 million that an event has/,
  ])
  t.strictSame(
    warningsOf(rule('Failed password for (invalid user )?\\S+')).filter((one) => one.includes('steps')),
    [],
  )
})

void test('a pipe or a device in place of a secret, a list of hosts, a schema or the configuration is named', async (t) => {
  const folder = t.testdir({ schemas: {} })
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo, join(folder, 'schemas', 'rack.schema.json')])
  const wrong = 'is a pipe, a socket or a device, not a regular file'
  for (const path of [fifo, '/dev/zero']) {
    const secret = `smtp: { host: a, from: a@b.org, user: x, password: { file: ${path} } }`
    t.throws(() => load(secret), { message: new RegExp(`the secret file ${path} ${wrong}`) })
    t.throws(() => load(`hosts: { expected: { file: ${path} } }`), {
      message: new RegExp(`host file ${path} ${wrong}`),
    })
    t.throws(() => loadConfig({ file: path, env: {}, cwd: '/' }), {
      code: 'CONFIG_INVALID',
      message: new RegExp(`the configuration ${path} ${wrong}. Fix: check the path after --config`),
    })
  }
  t.throws(() => createSchemas(new URL('../../schemas/events/', import.meta.url), join(folder, 'schemas')), {
    message: /rack\.schema\.json: expected a regular file, found a pipe, socket or device/,
  })
})

void test('a pattern with ! excludes hosts, and one that no expected host fits is warned of', async (t) => {
  const rule = (hosts: string, more = ''): string =>
    `hosts: { expected: [login-1, web-1, web-2] }\nmetrics: { cpu: { field: cpu, unit: ratio } }\nrules: [{ name: r, hosts: ${hosts}, when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } }${more} }]`
  const warned = (hosts: string, more?: string) => warningsOf(rule(hosts, more)).filter((one) => one.includes('fit'))
  for (const fine of ['"!login*"', '[web-*, "!web-2"]', 'web-1']) t.strictSame(warned(fine), [], fine)
  t.strictSame(warned('"!logn-1"'), [
    "configuration:3:27: no host of hosts.expected fits '!logn-1'. Fix: did you mean 'login-1'?",
  ])
  t.match(warned('[web-*, quite-another]'), [
    /fits 'quite-another'. Fix: correct it, or add its hosts to hosts.expected/,
  ])
  const override = ', overrides: [{ hosts: wbe-1, threshold: { above: 0.8 } }]'
  t.match(warned('web-*', override), [/no host of hosts.expected fits 'wbe-1'. Fix: did you mean 'web-1'\?/])
  const never = ', overrides: [{ hosts: login-1, threshold: { above: 0.8 } }]'
  t.match(warningsOf(rule('"!login*"', never)), [
    /applies to !login\* only, which matches no host of this override/,
    /no 'smtp'/,
  ])
})
