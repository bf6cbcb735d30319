import { test } from 'tap'
import { type Outcome, ROOT, runCli } from '../helpers/service.ts'

const env = {
  STASHWATCH_TOKEN: 'abcd-1234',
  CHAT_HOOK: 'https://chat.example.org/hooks/efgh-5678',
  CHAT_SECRET: 'ijkl-9012',
}
const run = (...labels: string[]): Promise<Outcome> =>
  runCli(['routes', 'test', '--config', 'examples/alerting.yaml', ...labels], ROOT, env)

test('routes test shows who is notified of an alert, when, and how it is grouped and repeated', async (t) => {
  t.strictSame(await run('severity=critical', 'host=DB-1'), {
    code: 0,
    out: [
      'an alert with severity=critical, host=DB-1 notifies:',
      'RECEIVER  ADDRESS            NAMED BY    WHEN          GROUP BY    REPEATS  RESOLVED',
      'am        alertmanager:am    route       at once       -           5 min    yes',
      'dba       grace@example.org  route       at once       rule, host  4 h      yes',
      'boss      boss@example.org   escalation  after 30 min  rule, host  4 h      yes',
    ],
    err: [],
  })
  t.match((await run('team=storage')).out.slice(2), [/^ops .* at once {2}rule +never/, /^chat .* webhook:chat/])
})

test('routes test uses the receivers, the labels and the severity of a rule', async (t) => {
  const { code, out } = await run('rule=disk-full', 'host=web-1', '--json')
  t.equal(code, 0)
  t.match(JSON.parse(out.join('\n')), {
    labels: { rule: 'disk-full', host: 'web-1', severity: 'warning' },
    recipients: [{ after: 0, sendResolved: true }],
  })
  const builtin = await run('rule=source-down')
  t.match(builtin.out, [/rule=source-down/, /^RECEIVER/, /^ops +ada@example\.org +rule/], 'as self_monitoring names')
})

test('routes test says that nobody is notified, and what is wrong with its labels', async (t) => {
  const cwd = t.testdir({
    'c.yaml':
      'receivers: { ops: { email: { to: ops@example.org }, send_resolved: false } }\nroutes: [{ matchers: team = a, notify: [ops] }]\n' +
      'rules: [{ name: r, labels: { team: a }, when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } } }]\n',
    'bare.yaml': 'receivers: { ops: { email: { to: ops@example.org } } }\nself_monitoring: { notify: [ops] }\n',
  })
  const own = (file: string, ...labels: string[]): Promise<Outcome> =>
    runCli(['routes', 'test', '--config', file, ...labels], cwd)
  t.strictSame(await own('c.yaml', 'team=b'), {
    code: 1,
    out: ['nobody is notified of an alert with severity=warning, team=b: no route matches'],
    err: [],
  })
  t.match((await own('c.yaml', 'rule=r')).out, [/severity=warning, team=a, rule=r/, /^RECEIVER/, /^ops .* no$/])
  t.match((await own('bare.yaml', 'host=a')).out, [/^an alert/, /^RECEIVER/, /^ops /], 'without routes')
  t.match(await run('severity'), {
    code: 1,
    err: ["found 'severity', expected LABEL=VALUE, such as severity=critical"],
  })
  t.match(await run('rule=cpu-hig'), { code: 1, err: ["no rule is called 'cpu-hig': did you mean 'cpu-high'?"] })
  t.match(await own('none.yaml', 'host=a'), { code: 1, err: [/none\.yaml/, /./] })
})
