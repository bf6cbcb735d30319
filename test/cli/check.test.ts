import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { type Outcome, ROOT, runCli } from '../helpers/service.ts'

const run = (config: string | undefined, cwd = ROOT, env: Record<string, string> = {}): Promise<Outcome> =>
  runCli(config === undefined ? ['check'] : ['check', '--config', config], cwd, env)

test('check sums up a configuration that is in order', async (t) => {
  const env = { STASHWATCH_TOKEN: 'abcd-1234', STASHWATCH_API_TOKEN: 'efgh-5678', SMTP_PASSWORD: 'ijkl-9012' }
  const { code, out, err } = await run('examples/receivers.yaml', ROOT, env)
  t.equal(code, 0)
  t.strictSame(err, [])
  t.strictSame(out, [
    'examples/receivers.yaml is valid: 3 rules, 1 receiver',
    '  mail to Ada Lovelace <ada@example.org>, grace@example.org, through mail.example.org:587',
    "  subjects such as 'CPU on web-1 is high', 'Memory of web-1 is nearly used up', 'web-1 has fallen silent'",
    '  listens on 0.0.0.0:8080, stores its data in /var/lib/stashwatch',
    '  series take up to 182.3 MiB at the limits (20000 hosts, 400000 series); one of memory takes 592 B',
  ])
  t.notMatch(out.join(), /abcd|efgh|ijkl/)
})

test('check says how the alerts of the example are routed, muted and worded', async (t) => {
  const env = {
    STASHWATCH_TOKEN: 'abcd-1234',
    CHAT_HOOK: 'https://chat.example.org/hooks/efgh-5678',
    CHAT_SECRET: 'ijkl-9012',
  }
  const { code, out, err } = await run('examples/alerting.yaml', ROOT, env)
  t.strictSame([code, err], [0, []])
  t.strictSame(out, [
    'examples/alerting.yaml is valid: 6 rules, 5 receivers',
    '  mail to Ada Lovelace <ada@example.org>, grace@example.org, boss@example.org, through localhost:25',
    '  webhook of chat',
    '  Alertmanager of am',
    '  report to ops',
    '  heartbeat to ops',
    '  4 routes, 2 maintenance windows (patch-day, month-end), 2 inhibitions',
    "  subjects such as 'CPU on web-1 is high', '[WARNING] database-slow on db-1', '[WARNING] disk-full on web-1'",
    `  listens on 127.0.0.1:8080, stores its data in ${join(ROOT, 'examples/data')}`,
    '  series take up to 418.1 MiB at the limits (20000 hosts, 400000 series); one of disk takes 1096 B',
  ])
  t.notMatch(out.join(), /abcd|efgh|ijkl/)
})

test('check warns of a text that comes out empty', async (t) => {
  const cwd = t.testdir({
    'c.yaml':
      'templates: { body: "{{label.team}}" }\nrules: [{ name: a, when: { absence: { after: 3m } } }, ' +
      '{ name: b, labels: { team: x }, when: { absence: { after: 3m } } }]',
  })
  const { code, out } = await run('c.yaml', cwd)
  t.equal(code, 0)
  t.equal(out.at(-1), 'warning: the body of admin comes out empty on a sample alert')
})

test('check warns of percentages of what is no share, naming the rules', async (t) => {
  const percent = '"{{server}} {{ value|percent }}"'
  const cwd = t.testdir({
    'c.yaml': `
metrics: { cpu: { field: cpu, unit: ratio }, disk: { field: disk, unit: bytes } }
smtp: { host: localhost, from: a@example.org }
receivers:
  ops: { email: { to: [ops@example.org], body: ${percent} } }
  dba: { email: { to: [dba@example.org] } }
self_monitoring: { notify: [dba] }
rules:
  - { name: cpu, when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } }, notify: [ops] }
  - { name: peaks, when: { metric: cpu, over: 1m, threshold: { of: count, above: 9 } }, notify: [ops] }
  - { name: disk, when: { metric: disk, over: 1m, threshold: { of: last, below: 9 } }, notify: [dba], subject: ${percent} }
  - { name: own, when: { metric: disk, over: 1m, threshold: { of: last, below: 9 } }, notify: [ops], body: "{{value}}" }
  - { name: silent, when: { absence: { after: 3m } }, notify: [ops, dba] }
`,
  })
  const { code, out } = await run('c.yaml', cwd)
  t.equal(code, 0)
  t.strictSame(
    out.filter((line) => line.startsWith('warning:')),
    [
      "warning: the subject of disk applies '| percent' to what disk measures in bytes: write {{value}}, which brings its unit",
      "warning: the body of ops applies '| percent' to what peaks counts: write {{value}}, which brings its unit",
      "warning: the body of ops applies '| percent' to what silent measures in seconds: write {{value}}, which brings its unit",
    ],
  )
})

test('check warns of a rule that sample events cannot fire', async (t) => {
  const cwd = t.testdir({
    'c.yaml': `
metrics: { cpu: { field: cpu, unit: ratio } }
rules:
  - { name: busy, when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } }, breaches: { at_least: 2, of: 3 } }
  - { name: never, when: { metric: cpu, over: 1m, threshold: { of: stddev, below: 0 } } }
`,
  })
  const { code, out } = await run('c.yaml', cwd)
  t.equal(code, 0)
  t.strictSame(
    out.filter((line) => line.includes('sample data')),
    [
      'warning: never raises no alert on sample data: check that its thresholds, min_samples and breaches can be reached',
    ],
  )
})

test('check warns of probable mistakes, and does not fail', async (t) => {
  const { code, out } = await run(undefined)
  t.equal(code, 0)
  t.match(out[0], 'the built-in configuration is valid: 3 rules, 1 receiver')
  t.equal(out.at(-1), "warning: no 'smtp': mails are written to the mailbox and not sent")
})

test('check prints every error with its place and exits 1', async (t) => {
  const cwd = t.testdir({
    'c.yaml': 'lisen: 1\nrules:\n  - { name: r, when: { metric: cpuu, over: 1m, threshold: {} } }\n',
  })
  t.strictSame(await run('c.yaml', cwd), {
    code: 1,
    out: [],
    err: [
      "c.yaml:1:1: unknown key 'lisen': did you mean 'listen'?",
      "c.yaml:3:32: unknown metric 'cpuu': did you mean 'cpu'?",
      '2 errors: the service would not start',
    ],
  })
})

test('check names every secret that is missing', async (t) => {
  const text = readFileSync(join(ROOT, 'examples/stashwatch.yaml'), 'utf8').replace('/run/secrets/smtp', './gone')
  const cwd = t.testdir({ 'c.yaml': text })
  const { code, err } = await run('c.yaml', cwd)
  t.equal(code, 1)
  t.match(err, [
    /^c\.yaml:6:35: the environment variable STASHWATCH_TOKEN is not set/,
    /^c\.yaml:14:76: the secret file .*gone does not exist/,
    '2 errors: the service would not start',
  ])
})

test('check exits 1 for a wrong path and 2 where the environment is at fault', async (t) => {
  t.match(await run('gone.yaml'), {
    code: 1,
    out: [],
    err: [/gone\.yaml does not exist. Fix: check the path/, /1 error:/],
  })
  t.match(await run('x'.repeat(300)), { code: 2, out: [], err: [/cannot be read \(ENAMETOOLONG\)/] })
})
