import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { SMTPServerOptions } from 'smtp-server'
import { type Test, test } from 'tap'
import type { Log, MailConfig, OAuth2 } from '../../../src/model.ts'
import { createEmailNotifier } from '../../../src/notify/email/failover.ts'
import type { Delivery, Notifier } from '../../../src/notify/notifier.ts'
import { createVirtualClock } from '../../helpers/clock.ts'
import { compose } from '../conformance.ts'
import { createSigner, verifyDkim } from '../email/dkim-check.ts'
import { hostileNames } from '../hostile.ts'
import { facts, notification } from '../samples.ts'
import { mailConfig, portOf, refusal, smtpConfig, startMailServer } from '../email/smtp-server.ts'

const never = new AbortController().signal

interface Opened {
  readonly way: Notifier
  /** What went into the log. */
  readonly said: string[]
}

function open(t: Test, config: MailConfig): Opened {
  const said: string[] = []
  const say = (fields: object, message: string): void => void said.push(JSON.stringify({ ...fields, message }))
  const log: Log = { debug: say, info: say, warn: say, error: say }
  const way = createEmailNotifier(config, { compose, clock: createVirtualClock(), log })
  t.teardown(() => way.close())
  return { way, said }
}

async function sendOne(way: Notifier): Promise<Delivery> {
  const mail = notification()
  return way.send(await way.render(mail), mail, never)
}

test('mails are signed with every key, hold what the server gets, and are the same each time they are built', async (t) => {
  const server = await startMailServer(t)
  const signers = [createSigner('example.org', 's2026'), createSigner('mail.example.org', 'old')] as const
  const { way } = open(t, mailConfig([smtpConfig(server.port)], { dkim: signers }))
  for (const host of ['web-7', ...hostileNames]) {
    const mail = notification({ alerts: [facts({ host })] })
    const bytes = await way.render(mail)
    t.same(bytes, await way.render(mail), 'equal notifications give equal bytes')
    t.equal((await way.send(bytes, mail, never)).state, 'sent')
  }
  t.equal(server.arrived.length, hostileNames.length + 1)
  for (const { raw } of server.arrived) {
    for (const signer of signers) {
      const covered = verifyDkim(raw, signer)
      t.ok(covered !== undefined, `${signer.selector} holds`)
      t.same(
        ['from', 'to', 'subject', 'date', 'message-id', 'content-type'].filter((name) => !covered?.includes(name)),
        [],
      )
    }
  }
  const forged = Buffer.from(server.arrived[0]?.raw.toString('latin1').replaceAll('94.2', '14.2') ?? '', 'latin1')
  t.equal(verifyDkim(forged, signers[0]), undefined, 'a changed mail does not hold')
  t.equal(verifyDkim(server.arrived[0]?.raw ?? forged, { ...signers[0], publicKey: signers[1].publicKey }), undefined)
})

interface TokenServer {
  readonly url: string
  readonly asked: string[]
}

/** Where access tokens are asked for; the forms that were posted are kept. */
async function startTokenServer(t: Test, answer: (response: ServerResponse, n: number) => void): Promise<TokenServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      asked.push(Buffer.concat(chunks).toString())
      answer(response, asked.length)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${portOf(server)}/token`, asked }
}

const json = (response: ServerResponse, status: number, body: object): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

/** A mail server that takes some tokens; it echoes the ones that it refuses. */
function tokenOptions(tokens: readonly string[], seen: string[]): SMTPServerOptions {
  return {
    authOptional: false,
    authMethods: ['XOAUTH2'],
    allowInsecureAuth: true,
    onAuth({ method, username, accessToken = '' }, _session, callback) {
      seen.push(`${method} ${username} ${accessToken}`)
      if (tokens.includes(accessToken)) callback(null, { user: username ?? '' })
      else callback(refusal(535, `no such token: ${accessToken}`))
    },
  }
}

const renewing = (accessUrl: string): OAuth2 => ({
  user: 'alerts@example.org',
  clientId: 'client-1',
  clientSecret: 'geheim-secret',
  refreshToken: 'geheim-refresh',
  accessUrl,
})

test('with OAuth 2 an access token is asked for, and the mail server gets it', async (t) => {
  const seen: string[] = []
  const tokens = await startTokenServer(t, (response, n) =>
    json(response, 200, { access_token: `token-${n}`, expires_in: 3600 }),
  )
  const server = await startMailServer(t, tokenOptions(['token-1'], seen))
  const { way } = open(t, mailConfig([smtpConfig(server.port, { oauth2: renewing(tokens.url) })]))
  t.match(await sendOne(way), { state: 'sent', response: /^250 / })
  t.match(await sendOne(way), { state: 'sent' })
  t.same(seen, ['XOAUTH2 alerts@example.org token-1'], 'one login for both')
  t.same(
    tokens.asked.map((form) => Object.fromEntries(new URLSearchParams(form))),
    [
      {
        client_id: 'client-1',
        client_secret: 'geheim-secret',
        refresh_token: 'geheim-refresh',
        grant_type: 'refresh_token',
      },
    ],
  )
})

test('a token that lasts needs nobody to ask', async (t) => {
  const seen: string[] = []
  const server = await startMailServer(t, tokenOptions(['lasting'], seen))
  const login = { user: 'alerts@example.org', accessToken: 'lasting' }
  const { way } = open(t, mailConfig([smtpConfig(server.port, { oauth2: login })]))
  t.match(await sendOne(way), { state: 'sent' })
  t.same(seen, ['XOAUTH2 alerts@example.org lasting'])
})

test('after a failed OAuth 2 login the mail waits or takes the next server, and no secret is shown', async (t) => {
  const cases: readonly (readonly [string, (response: ServerResponse) => void, object])[] = [
    [
      'refuses, and echoes',
      (response) =>
        json(response, 400, { error: 'invalid_grant', error_description: 'geheim-refresh of geheim-secret' }),
      { why: { code: 'login_failed', params: { error: /invalid_grant: \*\*\* of \*\*\*$/ } } },
    ],
    [
      'gives a token that the mail server does not take',
      (response) => json(response, 200, { access_token: 'geheim-token' }),
      { response: /535/, why: { code: 'login_failed' } },
    ],
    [
      'answers with no JSON',
      (response) => void response.end('access_token=geheim-token'),
      { why: { code: 'token_not_json' } },
    ],
    ['answers with nothing', (response) => json(response, 200, {}), { why: { params: { error: /No access token/ } } }],
    ['hangs', () => {}, { why: { code: /\S/ } }],
  ]
  for (const [name, answer, expected] of cases) {
    const tokens = await startTokenServer(t, answer)
    const server = await startMailServer(t, tokenOptions([], []))
    const second = await startMailServer(t)
    const config = smtpConfig(server.port, { oauth2: renewing(tokens.url), timeout: 300 })
    const alone = open(t, mailConfig([config]))
    const delivery = await sendOne(alone.way)
    t.match(delivery, { state: 'retry', ...expected }, `a token server that ${name}`)
    const both = open(t, mailConfig([config, smtpConfig(second.port)]))
    t.match(await sendOne(both.way), { state: 'sent', replies: [{ server: `127.0.0.1:${second.port}` }] })
    t.notMatch(JSON.stringify([delivery, both.said]), /geheim|Z2VoZWlt/)
    t.equal(both.said.length, 1, 'that the first server rests')
  }
})
