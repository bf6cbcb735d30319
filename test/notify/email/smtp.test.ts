import { describeResult } from '../../../src/text/delivery.ts'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { SMTPServerOptions } from 'smtp-server'
import { type Test, test } from 'tap'
import type { SmtpConfig } from '../../../src/model.ts'
import { createEmailNotifier } from '../../../src/notify/email/failover.ts'
import type { Delivery, Notifier } from '../../../src/notify/notifier.ts'
import { createVirtualClock } from '../../helpers/clock.ts'
import { compose, conform, MAIL } from '../conformance.ts'
import { notification } from '../samples.ts'
import { mailConfig, refusal, silent, smtpConfig, startMailServer, startOddServer } from './smtp-server.ts'

const never = new AbortController().signal

conform('SMTP', MAIL, async (t) => {
  const server = await startMailServer(t)
  const way = open(t, smtpConfig(server.port))
  return { way, received: async () => server.arrived }
})

function open(t: Test, config: SmtpConfig): Notifier {
  const way = createEmailNotifier(mailConfig([config]), { compose, clock: createVirtualClock(), log: silent })
  t.teardown(() => way.close())
  return way
}

async function sendOne(way: Notifier, address = MAIL.to): Promise<Delivery> {
  const mail = notification({ to: { address } })
  return way.send(await way.render(mail), mail, never)
}

/** A key and a certificate for 127.0.0.1 that nobody vouches for. */
function selfSigned(folder: string): { readonly key: string; readonly cert: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', key, '-out', cert]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      ...subject,
      ...files,
    ],
    {
      stdio: 'ignore',
    },
  )
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}

test('mails go through STARTTLS, through TLS from the first byte, and with a password', async (t) => {
  const identity = selfSigned(t.testdir({}))
  const trusted = getCACertificates()
  t.teardown(() => setDefaultCACertificates(trusted))
  const seen: string[] = []
  const auth: SMTPServerOptions = {
    ...identity,
    authOptional: false,
    disabledCommands: [],
    onAuth(login, session, callback) {
      seen.push(`${login.username} ${session.secure ? 'encrypted' : 'in the clear'}`)
      if (login.password === 'geheim-7') callback(null, { user: 'alerts' })
      else callback(refusal(535, `no such login: alerts/${login.password}`))
    },
  }
  const login = { user: 'alerts', password: 'geheim-7', requireTls: true }
  const start = await startMailServer(t, auth)
  const whole = await startMailServer(t, { ...auth, secure: true })
  const stranger = await sendOne(open(t, smtpConfig(start.port, login)))
  t.match(
    stranger,
    { state: 'retry', why: { code: 'certificate_untrusted' } },
    'an unknown certificate is refused where TLS is required',
  )
  t.match(await sendOne(open(t, smtpConfig(start.port, { ...login, requireTls: false }))), { state: 'sent' })
  setDefaultCACertificates([...trusted, identity.cert])
  t.match(await sendOne(open(t, smtpConfig(start.port, login))), { state: 'sent', response: /^250 / })
  t.match(await sendOne(open(t, smtpConfig(whole.port, { ...login, secure: true }))), {
    state: 'sent',
    response: /^250 /,
  })
  const wrong = await sendOne(open(t, smtpConfig(start.port, { ...login, password: 'falsch-8' })))
  t.match(
    wrong,
    { state: 'retry', response: /535/, why: { code: 'login_failed' } },
    'a wrong password can be mended, so the mail waits',
  )
  t.notMatch(JSON.stringify([wrong, stranger]), /geheim-7|falsch-8|ZmFsc2NoLTg|Z2VoZWltLTc/)
  t.same(new Set(seen), new Set(['alerts encrypted']))
})

test('nothing leaves unencrypted where TLS is required', async (t) => {
  const server = await startMailServer(t, { disabledCommands: ['STARTTLS'] })
  t.match(await sendOne(open(t, smtpConfig(server.port, { requireTls: true }))), {
    state: 'retry',
    why: { code: 'starttls_missing', params: { server: `127.0.0.1:${server.port}` } },
  })
  t.equal(server.arrived.length, 0)
})

test('only what a server says of the recipient ends the attempts', async (t) => {
  const unknown = 'Recipient address rejected: User unknown in virtual mailbox table'
  const cases: readonly (readonly [string, number, string, Delivery['state']])[] = [
    ['rcpt', 550, `5.1.1 <ada@example.org>: ${unknown}`, 'failed'],
    ['rcpt', 550, '5.1.10 null MX', 'failed'],
    ['rcpt', 554, '5.2.1 mailbox disabled', 'failed'],
    ['rcpt', 552, '5.2.2 mailbox full', 'failed'],
    ['data', 550, '5.1.1 no such user here', 'failed'],
    ['rcpt', 550, 'no such user', 'failed'],
    ['rcpt', 550, 'User unknown', 'failed'],
    ['rcpt', 550, "The account doesn't exist", 'failed'],
    ['rcpt', 554, '5.7.1 <localhost>: Helo command rejected: Host not found', 'retry'],
    ['rcpt', 554, '5.7.1 <alerts@example.org>: Sender address rejected: not you', 'retry'],
    ['rcpt', 550, '5.1.8 <alerts@example.org>: Sender address rejected: Domain not found', 'retry'],
    ['rcpt', 550, '5.1.7 sender rejected', 'retry'],
    ['rcpt', 554, '5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example', 'retry'],
    ['rcpt', 550, '5.4.5 Daily user sending limit exceeded', 'retry'],
    ['rcpt', 550, '5.7.1 User unknown', 'retry'],
    ['rcpt', 550, 'no\u202e rcpt', 'retry'],
    ['rcpt', 550, 'sender address unknown', 'retry'],
    ['rcpt', 550, 'your address is not listed, see our blocklist', 'retry'],
    ['rcpt', 553, 'sorry, relaying denied', 'retry'],
    ['rcpt', 552, 'mailbox full', 'retry'],
    ['rcpt', 450, '4.2.1 later', 'retry'],
    ['rcpt', 421, 'closing', 'retry'],
    ['rcpt', 530, 'login first', 'retry'],
    ['rcpt', 503, 'what', 'retry'],
    ['mail', 550, '5.7.1 not you', 'retry'],
    ['mail', 550, 'no such user', 'retry'],
    ['mail', 451, 'later', 'retry'],
    ['data', 554, '5.7.1 looks like spam', 'retry'],
    ['data', 554, 'no such user', 'retry'],
    ['data', 552, '5.7.0 dangerous content', 'retry'],
    ['data', 451, 'later', 'retry'],
    ['data', 421, 'closing', 'retry'],
  ]
  for (const [stage, code, text, state] of cases) {
    const answer = (when: string, callback: (error?: Error | null) => void): void =>
      when === stage ? callback(refusal(code, text)) : callback()
    const server = await startMailServer(t, {
      onMailFrom: (_address, _session, callback) => answer('mail', callback),
      onRcptTo: (_address, _session, callback) => answer('rcpt', callback),
      onData: (_stream, _session, callback) => answer('data', callback),
    })
    const delivery = await sendOne(open(t, smtpConfig(server.port)))
    t.equal(delivery.state, state, `${stage} ${code} ${text}`)
    t.match(delivery.response, `${code} ${text.replace('\u202e', '\\u{202E}')}`)
  }
})

test('stashwatch introduces itself by the name that the configuration has', async (t) => {
  const names: string[] = []
  const server = await startMailServer(t, {
    onMailFrom: (_address, session, callback) => {
      names.push(session.hostNameAppearsAs)
      callback()
    },
  })
  await sendOne(open(t, smtpConfig(server.port, { ehloName: 'stashwatch.example.org' })))
  await sendOne(open(t, smtpConfig(server.port)))
  t.equal(names[0], 'stashwatch.example.org')
  t.match(names[1], hostname().includes('.') ? hostname() : '[127.0.0.1]')
})

test('a refused recipient costs the connection of no other', async (t) => {
  const server = await startMailServer(t, {
    onRcptTo: ({ address }, _session, callback) =>
      callback(address.startsWith('nobody') ? refusal(550, 'no such user') : null),
  })
  const way = open(t, smtpConfig(server.port))
  const names = ['nobody1', 'ada', 'nobody2', 'grace', 'nobody3', 'edith', 'nobody4', 'mary']
  const states = await Promise.all(names.map(async (name) => (await sendOne(way, `${name}@example.org`)).state))
  t.same(states, ['failed', 'sent', 'failed', 'sent', 'failed', 'sent', 'failed', 'sent'])
})

test('a server that takes smaller mails only refuses ours for good', async (t) => {
  const server = await startMailServer(t, {
    size: 1000,
    onData: (stream, _session, callback) => callback(stream.sizeExceeded ? refusal(552, 'too large') : null),
  })
  t.match(await sendOne(open(t, smtpConfig(server.port))), {
    state: 'failed',
    why: { code: 'not_sendable', params: { error: /size/i } },
  })
})

test('a server that hangs, hangs up, refuses everyone or is not there makes the mail wait', async (t) => {
  const port = {
    hangs: (await startOddServer(t, () => {})).port,
    hangsUp: (await startOddServer(t, (socket) => socket.destroy())).port,
    refuses: (await startOddServer(t, (socket) => socket.end('554 go away\r\n'))).port,
    isBusy: (await startOddServer(t, (socket) => socket.end('421 too busy\r\n'))).port,
    isNoServer: (await startOddServer(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))).port,
  }
  const gone = await startMailServer(t)
  await gone.close()
  for (const [name, number] of Object.entries({ ...port, isGone: gone.port })) {
    const delivery = await sendOne(open(t, smtpConfig(number, { timeout: 150 })))
    t.equal(delivery.state, 'retry', `a server that ${name}`)
    t.match(describeResult(delivery), /\S/, name)
  }
  const nowhere = await sendOne(open(t, smtpConfig(25, { host: 'mail.invalid', timeout: 1_000 })))
  t.match(nowhere, { state: 'retry', why: { code: 'connection_failed', params: { error: /mail\.invalid/ } } })
})

test('a server that trickles its answers is cut off by the signal', async (t) => {
  const { port: number } = await startOddServer(t, (socket) => {
    socket.write('220-patience\r\n')
    socket.on('data', () => socket.write('250-more\r\n'))
  })
  const cut = new AbortController()
  const way = open(t, smtpConfig(number, { timeout: 60_000 }))
  const delivery = way.send(await way.render(notification()), notification(), cut.signal)
  cut.abort()
  t.match(await delivery, { state: 'retry', why: { code: 'aborted' } })
})

test('a connection that broke while it was idle costs no attempt', async (t) => {
  const first = await startMailServer(t)
  const way = open(t, smtpConfig(first.port))
  t.equal((await sendOne(way)).state, 'sent')
  await first.close()
  const second = await startMailServer(t, {}, first.port)
  t.equal((await sendOne(way)).state, 'sent')
  t.equal(second.arrived.length, 1)
})

test('a step that takes longer than the timeout ends the attempt, whichever it is', async (t) => {
  const hangs: readonly SMTPServerOptions[] = [{ onMailFrom: () => {} }, { onRcptTo: () => {} }]
  for (const options of hangs) {
    const { port } = await startMailServer(t, options)
    t.strictSame(await sendOne(open(t, smtpConfig(port, { timeout: 50 }))), {
      state: 'retry',
      fault: 'server',
      why: { code: 'no_response', params: { server: `127.0.0.1:${port}`, within: 50 } },
    })
  }
})
