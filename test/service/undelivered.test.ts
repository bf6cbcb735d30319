import { test } from 'tap'
import { clockFrom, runService, temporary, until } from '../helpers/service.ts'
import { refusal, startMailServer } from '../notify/email/smtp-server.ts'

const START = Date.parse('2026-11-22T12:00:00Z')

test('an alert whose mail is rejected reaches the receivers of self_monitoring', { timeout: 60_000 }, async (t) => {
  const server = await startMailServer(t, {
    onRcptTo: ({ address }, _session, callback) =>
      callback(address.startsWith('ada') ? refusal(550, '5.1.1 user unknown') : null),
  })
  const yaml = `
smtp: { host: 127.0.0.1, port: ${server.port}, from: alerts@example.org }
receivers: { team: { email: { to: [ada@example.org] } }, ops: { email: { to: [grace@example.org] } } }
self_monitoring: { notify: [ops] }
metrics: { cpu: { field: cpu, unit: ratio } }
rules:
  - { name: cpu-high, when: { metric: cpu, over: 20s, threshold: { of: mean, above: 0.9 } }, notify: [team] }
`
  const clock = clockFrom(START, 60)
  const run = await runService(t, { yaml, folder: temporary(t), clock })
  const feed = setInterval(() => {
    const at = new Date(clock.now()).toISOString()
    void run.post([{ '@timestamp': at, host: 'web-1', cpu: 0.97 }]).catch(() => undefined)
  }, 100)
  t.teardown(() => clearInterval(feed))
  const mail = await until('grace is told', () => server.arrived[0])
  t.strictSame(mail.to, ['grace@example.org'])
  const text = mail.raw.toString().replaceAll(/=\r\n/g, '').replaceAll(/\s+/g, ' ')
  t.match(text, /1 mail was not delivered/)
  t.match(text, /cpu-high on web-1, of 2026-11-22 12:.*, to ada@example\.org \(team\): .*550 5\.1\.1 user unknown/)
})
