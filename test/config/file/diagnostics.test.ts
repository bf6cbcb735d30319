import { test } from 'tap'
import { ConfigErrors, loadConfig } from '../../../src/config/index.ts'
import { rows } from '../mistakes.table.ts'

const SECRET = 'hunter2-hunter2'
const env = { TOKEN: SECRET, SHORT: 'hunter2' }

function mistakesOf(text: string, variables: Record<string, string> = env): readonly string[] {
  try {
    loadConfig({ file: 'f.yaml', text, env: variables, cwd: '/nowhere' })
    return []
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error
    return error.diagnostics.map(({ line, column, message }) => `${line}:${column}: ${message}`)
  }
}

test('each error names its place, what was found and what was expected', async (t) => {
  for (const { what, yaml, found } of rows) t.strictSame(mistakesOf(yaml), found, what)
})

test('all errors of a file are reported at once, in file order', async (t) => {
  const text = [
    'listen: 127.0.0.1',
    'smtp: { host: mail.example.org, from: nobody, pasword: x, password: { file: gone } }',
    'receivers: { ops: { email: { to: [ada] } } }',
    'rules:',
    '  - { name: a, when: { metric: cpuu, over: 2m, threshold: { of: mean, above: 1 } }, notify: [opps] }',
    '  - { name: b, when: { metric: cpu, over: 15s, threshold: { of: mean, above: 1, clear: 2 } } }',
    '  - { name: b, when: { absence: { after: 1s } }, subject: "{{hots}}" }',
    'limits: { hosts: -1 }',
    '',
  ].join('\n')
  t.strictSame(
    mistakesOf(text).map((line) => line.split(':', 2).join(':')),
    ['1:9', '2:7', '2:39', '2:47', '2:77', '3:35', '5:32', '5:94', '6:43', '6:88', '7:13', '7:42', '7:60', '8:18'],
  )
})

test('the message of the error lists the mistakes as compilers do, under a stable code', async (t) => {
  t.throws(() => loadConfig({ file: 'a/f.yaml', text: 'lisen: 1\nurll: 2', env, cwd: '/nowhere' }), {
    name: 'ConfigErrors',
    code: 'CONFIG_INVALID',
    message:
      "a/f.yaml:1:1: unknown key 'lisen': did you mean 'listen'?\na/f.yaml:2:1: unknown key 'urll': did you mean 'url'?",
  })
})

test('more than a hundred mistakes are summed up', async (t) => {
  const found = mistakesOf(Array.from({ length: 150 }, (_, index) => `key${index}x: 1`).join('\n'))
  t.equal(found.length, 101)
  t.equal(found[100], '101:1: 50 more errors from here on')
})

test('lines are counted with Windows line ends, and columns behind characters beyond ASCII', async (t) => {
  const found = mistakesOf('# größer\r\nlog: { level: info } # ü\r\nlimits: { "ü": 1 }\r\n')
  t.match(found[0], /^3:11: unknown key 'ü'/)
})

test('what steers a terminal is not repeated', async (t) => {
  const found = mistakesOf('"a\\e[31mb": 1\nlisten: "\\e]0;x\\a"')
  t.equal(found.length, 2)
  t.notMatch(found.join(), /\p{Cc}/u)
})

test('a secret in any value of the file is in no message', async (t) => {
  const values = [SECRET, `${SECRET}\n{{x}} [(`, `"${SECRET}": {`, `${SECRET}@`, '']
  const places = [
    'listen: "${S}"',
    'url: "${S}"',
    'url: ${S}',
    'log: { level: "${S}" }',
    'log: { "level": "${S} ${NOPE}" }',
    'ingest: { max_body: "${S}", paths: ["${S}"], all_rejected_status: "${S}", event_id_field: "[${S}]" }',
    'ingest: { host: { default: ["[${S}]"] }, max_events: "${S}" }',
    'ingest: { tokens: ["${S}"] }',
    'ingest: { tokens: "${S}" }',
    'ingest: { tokens: [{ name: "${S}", token: "${S}" }, { name: "${S}", token: "${S}" }] }',
    'api: { tokens: [{ name: a, token: "${S}\\t" }, { name: a, token: { file: "${S}" } }] }',
    'smtp: { host: "${S}", from: "${S}", user: "${S}", password: "${S}\\r", timeout: "${S}", port: "${S}" }',
    'smtp: { host: "${S}:25", from: "${S}", user: "${S}" }',
    'smtp: { host: a, from: a@b, user: u, password: { file: "${S}" } }',
    'receivers: { ops: { email: { to: "${S}" } } }',
    'receivers: { ops: { email: { to: ["<${S}", "${S}"] } } }',
    'self_monitoring: { notify: ["${S}"] }',
    'alerting: { rate_limit: { per_recipient: "${S}", total: "${S}" } }',
    'receivers: { a: { webhook: { url: "${S}", secret: "${S}\\t", timeout: "${S}", headers: { "${S}": "${S}\\t" } } } }',
    'receivers: { a: { webhook: { url: "ftp://${S}" } }, b: { webhook: { url: "https://u:${S}@example.org" } } }',
    'receivers: { a: { alertmanager: { url: ["${S}", "http://u:${S}@a", "http://a/?${S}"], user: "${S}" } } }',
    'receivers: { a: { alertmanager: { url: "http://a", token: "${S}\\t", password: { file: "${S}" } } } }',
    'receivers: { a: { email: { to: a@b, subject: "{{${S}}}", body: "{{host | ${S}}}" }, time_zone: "${S}", report: { at: "${S}" } } }',
    'templates: { subject: "{{${S}}}", body: "{{host | ${S}}}" }',
    'links: { kibana: "https://u:${S}@a/{{${S}}}" }',
    'links: { kibana: "${S}" }',
    'alerting: { group_by: ["${S}"], group_wait: "${S}", repeat_interval: "${S}" }',
    'routes: [{ matchers: ["${S}", "host =~ (${S}", "${S} = a", "host == ${S}"], notify: ["${S}"] }]',
    'routes: [{ matchers: ["${S} = a", "rule = \'${S}\'"], group_by: ["${S}"], notify: ["${S}"], repeat_interval: { initial: "${S}" } }]',
    'maintenance_windows: [{ name: "${S}", matchers: "host = a", times: "${S}", weekdays: "${S}", years: "${S}", time_zone: "${S}" }]',
    'maintenance_windows: [{ name: a, matchers: "host = a", times: "${S}", weekdays: "${S}", months: ["${S}"], time_zone: "${S}" }]',
    'maintenance_windows: [{ name: "a", matchers: "${S}", days_of_month: "${S}" }]',
    'inhibit_rules: [{ source_matchers: "${S}", target_matchers: "host = ${S}(", equal: ["${S}"] }]',
    'rules: [{ name: r, when: { absence: { after: 3m } }, group_by: ["${S}"], repeat_interval: "${S}", escalation: [{ after: "${S}", notify: ["${S}"] }] }]',
    'limits: { hosts: "${S}" }',
    'metrics: { a: { field: "[${S}]", unit: "${S}", kind: "${S}", by: ["${S}", "${S}"] } }',
    'metrics: { a: { field: a, by: ["b.${S}", "c.${S}", "${S}.host"] }, b: { field: a, by: { a: "[${S}]", host: "${S}" } } }',
    'rules: [{ name: "${S}", when: { absence: { after: "${S}" } } }]',
    'rules: [{ name: r, when: { absence: { after: 3m } }, subject: "{{${S}}}", notify: ["${S}"] }]',
    'rules: [{ name: r, when: { absence: { after: 3m } }, body: "{{host | ${S}}}", labels: { a: "${S}" } }]',
    'rules: [{ name: r, when: { metric: "${S}", over: "${S}", threshold: { of: "${S}", above: "${S}" } } }]',
    'rules: [{ name: r, when: { metric: "${S}", over: 1m, threshold: { of: mean, above: 1 } } }]',
    'rules: [{ name: r, when: { count: { where: { a: { matches: "(${S}" } } }, over: 1m, threshold: { above: 1 } } }]',
  ]
  const loud = values.flatMap((value) => places.flatMap((place) => mistakesOf(place, { S: value })))
  t.ok(loud.length > 100, `${loud.length} mistakes`)
  t.strictSame(
    loud.filter((line) => line.includes('hunter2')),
    [],
  )
})

test('a secret that is written into the file is in no message', async (t) => {
  const texts = [
    'ingest: { tokens: [hunter2-a] }',
    'ingest: { tokens: hunter2 }',
    'ingest: { tokens: { hunter: hunter2 } }',
    'ingest: { tokens: [{ name: a, token: hunter2 }] }',
    'ingest: { tokens: [{ name: a, token: [hunter2-a] }] }',
    'ingest: { tokens: [{ name: hunter2 a, token: logstash-a }] }',
    'ingest: { tokens: [{ name: a, token: { fil: hunter2 } }] }',
    'smtp: { host: a, from: a@b, user: u, password: [hunter2] }',
    'smtp: { host: a, from: a@b, user: u, pasword: hunter2 }',
    'smtp: [{ host: a, from: a@b }, { host: b, user: u, password: [hunter2] }]',
    'smtp: { host: a, from: a@b, oauth2: { user: u, client_secret: [hunter2], refresh_token: { file: x, y: hunter2 } } }',
    'smtp: { host: a, from: a@b, oauth2: { user: u, access_token: 0.5, access_url: "https://u:hunter2@b/" } }',
    'smtp: { host: a, from: a@b, dkim: { domain: b, selector: s, key: hunter2 } }',
    'smtp: { host: a, from: a@b, oauth2: hunter2, dkim: hunter2 }',
    'smtp: [{ host: a, from: a@b, oauth2: hunter2, dkim: [hunter2] }]',
    'smtp: { host: a, from: a@b, dkim: [{ domain: b, selector: s, key: [hunter2] }] }',
    'smtp: { host: a, from: a@b, user: u, password: "hunter2${" }',
    'smtp: { host: a, from: a@b, user: u, password: "${hunter2!}" }',
    'smtp: { host: a, from: a@b, user: u, password: *hunter2 }',
    'smtp: { host: a, from: a@b, user: u, password: !hunter2 x }',
    'smtp: { host: a, from: a@b, user: u, password: hunter2: x }',
    'smtp: { host: a, from: a@b, user: u, password: "hunter2" hunter2 }',
    'smtp: smtp://u:hunter2@mail.example.org',
    'url: https://u:hunter2@example.org',
    'receivers: { a: { webhook: { url: "ftp://hunter2" } } }',
    'receivers: { a: { webhook: https://chat.example.org/hunter2 } }',
    'receivers: { a: { webhook: { url: "https://u:hunter2@a" } } }',
    'receivers: { a: { webhook: { url: https://a, secret: hunter2 } } }',
    'receivers: { a: { webhook: { url: https://a, headers: { a: [hunter2] } } } }',
    'receivers: { a: { alertmanager: { url: http://a, token: hunter2 } } }',
    'receivers: { a: { alertmanager: { url: http://a, password: hunter2 } } }',
    'receivers: { a: { alertmanager: { url: "http://u:hunter2@a" } } }',
    'links: { kibana: "https://u:hunter2@a/{{host}}" }',
    'smtp:\n  password: @hunter2\n',
    'smtp:\n  password: "hunter2\n',
    'smtp:\n  password: a: hunter2: hunter2\n',
  ]
  for (const text of texts) {
    const found = mistakesOf(text)
    t.not(found.length, 0, text)
    t.notMatch(found.join('\n'), 'hunter2')
  }
})

test('hostile YAML is refused in good time', async (t) => {
  const level = (name: string, inner: string): string => `${name}: &${name} [${Array(9).fill(inner).join(', ')}]\n`
  const letters = 'abcdefgh'.split('')
  const bomb = letters.map((name, index) => level(name, index === 0 ? '1' : `*${letters[index - 1]}`)).join('')
  const most = (text: string): string => mistakesOf(text).join('\n')
  t.equal(most(bomb), '1:7: the file has too many values (expected at most 50000, counting aliases each time)')
  t.equal(most('log: &a { level: *a }'), '1:18: the nesting is too deep')
  t.match(most('['.repeat(20_000)), 'the nesting is too deep')
  t.match(most('{a: '.repeat(5000)), 'the nesting is too deep')
  t.match(most(`a: "${'${'.repeat(50_000)}"`), "'${' without '}'")
  t.equal(most(`# ${'x'.repeat(1024 * 1024)}`), '1:1: the file is too large (expected at most 1048576 characters)')
  t.match(most('__proto__: { listen: 1 }'), "1:1: unknown key '__proto__'")
  t.match(most('constructor: 1'), "1:1: unknown key 'constructor'")
  t.match(most('? [a, b]\n: 1'), '1:3: the key is not text')
  t.match(most('{{server}}: 1'), '1:1: the key is not text')
})
