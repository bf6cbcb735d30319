import { readFileSync } from 'node:fs'
import { test } from 'tap'
import type { Reason } from '../../src/model.ts'
import { describeResult, describeSent } from '../../src/text/delivery.ts'

test('what came of a notification is the response, or why there is none', async (t) => {
  t.equal(describeSent({}), undefined, 'not tried yet')
  t.equal(describeSent({ response: '250 OK' }), '250 OK')
  t.equal(describeSent({ mergedInto: 'b' }), 'replaced by notification b')
  t.match(describeSent({ damaged: true }), /not sent: .* checksum/)
  t.equal(describeSent({ response: '250 OK', damaged: true }), '250 OK', 'it was sent before the damage')
})

test('each code of an attempt is one plain phrase', async (t) => {
  const server = '192.0.2.1:25'
  const cases: readonly (readonly [string, Reason['params'], string])[] = [
    ['given_up', { after: 86_400_000 }, 'given up after 1 d'],
    [
      'given_up',
      { after: 86_400_000, why: 'no_response', server, within: 20_000 },
      'given up after 1 d: no response from 192.0.2.1:25 within 20 s',
    ],
    [
      'receiver_removed',
      { at: Date.UTC(2026, 10, 22, 12, 5) },
      'its receiver was removed from the configuration at 2026-11-22 12:05:00 UTC',
    ],
    ['not_readable', {}, 'its outbox record is not a notification'],
    ['not_prepared', { error: 'no such unit' }, 'before sending: no such unit'],
    ['no_target', { receiver: 'ops', channel: 'webhook' }, 'receiver ops has no webhook in the configuration'],
    ['alerts_only', {}, 'not posted: an Alertmanager accepts alerts only'],
    [
      'out_of_date',
      { after: 900_000 },
      'not posted: it was valid for 15 min, and later notifications have the current state',
    ],
    ['aborted', { server }, 'aborted: 192.0.2.1:25 took too long, or stashwatch stopped'],
    ['no_response', { server, within: 200 }, 'no response from 192.0.2.1:25 within 200 ms'],
    ['connection_failed', { server, error: 'connect ECONNREFUSED' }, '192.0.2.1:25: connect ECONNREFUSED'],
    ['connection_failed', { server }, '192.0.2.1:25: no connection'],
    ['connection_closed', { server }, '192.0.2.1:25 closed the connection'],
    ['redirected', {}, 'redirects are not followed; configure the address that it leads to'],
    [
      'private_address',
      { host: 'localhost', address: '127.0.0.1' },
      'localhost resolves to 127.0.0.1, an address of a private network; ' +
        'set "allow_private: true" beside the webhook\'s url to post there',
    ],
    [
      'private_address',
      { host: '127.0.0.1' },
      '127.0.0.1 is an address of a private network; set "allow_private: true" beside the webhook\'s url to post there',
    ],
    ['no_address', { host: 'a.example' }, 'a.example resolves to no address'],
    ['slow_commands', { server, within: 60_000 }, 'no response from 192.0.2.1:25 to all commands within 1 min'],
    [
      'slow_after_data',
      { server, within: 600_000 },
      'no response from 192.0.2.1:25 within 10 min after the whole mail was sent; it may have been accepted',
    ],
    ['not_sendable', { error: 'Message too large' }, 'Message too large'],
    ['token_not_json', {}, 'the access token response is not JSON (check smtp.oauth2.access_url)'],
    ['login_failed', { settings: ['smtp.user', 'smtp.password'] }, 'login failed (check smtp.user and smtp.password)'],
    [
      'login_failed',
      { settings: ['smtp.oauth2'], error: 'invalid_grant' },
      'login failed (check smtp.oauth2): invalid_grant',
    ],
    [
      'starttls_missing',
      { server },
      '192.0.2.1:25 does not offer STARTTLS, which smtp.require_tls requires ' +
        '(set smtp.require_tls: false, or port: 465 if it speaks TLS there)',
    ],
    [
      'certificate_untrusted',
      { server, error: 'self-signed certificate' },
      'the certificate of 192.0.2.1:25 is not trusted ' +
        '(set NODE_EXTRA_CA_CERTS to a file with additional CA certificates): self-signed certificate',
    ],
    ['mailbox_closed', {}, 'the mailbox is closed'],
    ['saved', { file: '0001.eml' }, 'saved as 0001.eml'],
    ['not_saved', { file: '0001.eml', error: 'ENOSPC' }, 'cannot write 0001.eml: ENOSPC'],
    ['of_another_version', {}, 'of_another_version'],
  ]
  for (const [code, params, expected] of cases) t.equal(describeResult({ why: { code, params } }), expected)
})

test('an explanation comes before the response, and several servers are listed', async (t) => {
  const why = { code: 'given_up', params: { after: 86_400_000 } }
  t.equal(describeResult({ why, response: '451 later' }), 'given up after 1 d: 451 later')
  const replies = [
    { server: 'a:25', response: '451 later' },
    { server: 'b:25', why: { code: 'connection_closed', params: { server: 'b:25' } } },
  ]
  t.equal(describeResult({ replies }), 'a:25: 451 later; b:25 closed the connection')
  t.equal(describeResult({ why, replies: replies.slice(0, 1) }), 'given up after 1 d: a:25: 451 later')
  t.equal(describeResult({}), '')
})

test('docs/api.md lists the codes that have a text, and no others', (t) => {
  const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const [, table = ''] = /\| `outcome\.code` \| meaning \|\n([^]*?)\n\n/.exec(read('docs/api.md')) ?? []
  const rows = table.split('\n').map((row) => row.split(' | ')[0] ?? '')
  const listed = rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map(([, code]) => code))
  const [, results = ''] = /RESULTS[^=]*= \{\n([^]*?)\n\}/.exec(read('src/text/delivery.ts')) ?? []
  const described = [...results.matchAll(/^ {2}(\w+)(?:\(|: \()/gm)].map(([, code]) => code)
  t.ok(described.length > 15)
  t.strictSame(new Set(listed), new Set(described))
  t.end()
})
