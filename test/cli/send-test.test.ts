import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import PostalMime from 'postal-mime'
import { test, type Test } from 'tap'
import { type Outcome, runCli, temporary } from '../helpers/service.ts'
import { refusal, startMailServer } from '../notify/email/smtp-server.ts'

const RECEIVERS = `
receivers:
  ops: { email: { to: ["Ada Lovelace <ada@example.org>", grace@example.org] } }
  storage: { email: { to: [linus@example.org] } }
self_monitoring: { notify: [ops] }
rules: []
`

function sendTest(t: Test, smtp: string, ...args: readonly string[]): Promise<Outcome> {
  const folder = temporary(t)
  writeFileSync(join(folder, 'c.yaml'), `${smtp}\n${RECEIVERS}`)
  return runCli(['send-test', '--config', 'c.yaml', ...args], folder)
}

const smtp = (port: number): string =>
  `smtp: { host: 127.0.0.1, port: ${port}, from: "Stashwatch <alerts@example.org>", timeout: 5s }`

test('send-test mails everybody, or one receiver, and says what the mail server answered', async (t) => {
  const server = await startMailServer(t)
  const all = await sendTest(t, smtp(server.port))
  t.equal(all.code, 0)
  t.match(all.out, [
    /^ada@example\.org: accepted \(250/,
    /^grace@example\.org: accepted \(250/,
    /^linus@example\.org: accepted \(250/,
  ])
  t.strictSame(server.arrived.map(({ to }) => to.join()).sort(), [
    'ada@example.org',
    'grace@example.org',
    'linus@example.org',
  ])
  const mail = await PostalMime.parse(server.arrived.find(({ to }) => to.includes('ada@example.org'))!.raw)
  t.equal(mail.subject, 'Test mail from stashwatch')
  t.match(mail.text, /ada@/)
  t.match(mail.text, /this is a test; no host is affected/)

  const one = await sendTest(t, smtp(server.port), '--receiver', 'storage')
  t.strictSame([one.code, one.out.length, server.arrived.length], [0, 1, 4])
})

test('send-test says why a mail was not accepted, and exits 2 where the mail server is at fault', async (t) => {
  const refusing = await startMailServer(t, {
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith('grace') ? refusal(550, 'no such user here') : null),
  })
  const down = await startMailServer(t)
  await down.close()
  const cases = [
    {
      smtp: smtp(refusing.port),
      args: [],
      code: 2,
      out: [/ada.*: accepted/, /grace.*: not accepted \(.*no such user here\)/, /linus.*: accepted/],
    },
    {
      smtp: smtp(down.port),
      args: ['--receiver', 'storage'],
      code: 2,
      out: [/^linus@example\.org: not accepted \(.*ECONNREFUSED/],
    },
    {
      smtp: smtp(down.port),
      args: ['--receiver', 'opps'],
      code: 1,
      out: [],
      err: /^no receiver 'opps' in the configuration: .*\bops\b/,
    },
    {
      smtp: 'data: ./mails',
      args: ['--receiver', 'storage'],
      code: 0,
      out: [/: accepted \(saved as /],
      err: /^no smtp in the configuration: mails are written to files in .*mails\/mailbox instead of sent$/,
    },
    {
      smtp: 'data: ./c.yaml',
      args: [],
      code: 2,
      out: [],
      err: /cannot create the data folder \(.*\)\. Fix: correct data/,
    },
  ]
  for (const { smtp, args, code, out, err } of cases) {
    const outcome = await sendTest(t, smtp, ...args)
    t.equal(outcome.code, code, smtp)
    t.match(outcome.out, out)
    t.equal(outcome.out.length, out.length)
    if (err === undefined) t.strictSame(outcome.err, [])
    else t.match(outcome.err.join('\n'), err)
  }
  t.strictSame(
    refusing.arrived.map(({ to }) => to.join()).sort(),
    ['ada@example.org', 'linus@example.org'],
    'one refusal holds up no other',
  )
})

test('send-test waits for as long as a server may look at a mail', async (t) => {
  const server = await startMailServer(t)
  const waits = t.capture(AbortSignal, 'timeout', AbortSignal.timeout.bind(AbortSignal))
  await sendTest(t, smtp(server.port), '--receiver', 'storage')
  const longest = Math.max(...waits().map(({ args: [span] }) => span))
  t.ok(longest >= 600_000, `it waits ${longest / 1000} s`)
})
