import { createHmac } from 'node:crypto'
import { test } from 'tap'
import { LINK_LIFE, type LinkAction, readLink, signLink } from '../../src/links/signature.ts'

const KEY = Buffer.alloc(32, 1)
const NOW = Date.parse('2026-11-22T12:00:00Z')
const ACTION: LinkAction = {
  do: 'ack',
  episode: 'e1',
  rule: 'cpu',
  host: 'wéb "1"/a',
  exp: NOW + LINK_LIFE,
  to: 'ada@example.org',
}

const tokenOf = (action: LinkAction, key = KEY): string => signLink(key, action).replace(/^\/act\//, '')

test('a signed link says what it was made for, until its time is over', (t) => {
  const token = tokenOf(ACTION)
  t.match(token, /^[\w-]+\.[\w-]{43}$/, 'it needs no encoding in an address')
  t.equal(tokenOf({ ...ACTION }), token, 'the same action gives the same link, so that a mail can be rendered again')
  t.match(readLink(KEY, token, NOW), { kind: 'valid', action: ACTION, id: /^link-[0-9a-f]{24}$/ })
  t.equal(readLink(KEY, token, NOW + LINK_LIFE - 1).kind, 'valid')
  t.strictSame(readLink(KEY, token, NOW + LINK_LIFE), { kind: 'expired', action: ACTION })
  const other = readLink(KEY, tokenOf({ ...ACTION, to: 'grace@example.org' }), NOW)
  const ours = readLink(KEY, token, NOW)
  t.not(other.kind === 'valid' && other.id, ours.kind === 'valid' && ours.id, 'each reader has a link of their own')
  t.end()
})

test('what the key has not signed, exactly as it stands, is forged', (t) => {
  const token = tokenOf(ACTION)
  const [payload = '', signature = ''] = token.split('.')
  const silence = Buffer.from(JSON.stringify({ ...ACTION, do: 'silence' })).toString('base64url')
  const forged = [
    '',
    '.',
    payload,
    `${payload}.`,
    `.${signature}`,
    `${silence}.${signature}`,
    `${token}.`,
    `${token}=`,
    `${token}.${signature}`,
    ` ${token}`,
    token.slice(0, -1),
    `${payload}.${signature.toUpperCase()}`,
    `${payload}=.${signature}`,
    tokenOf(ACTION, Buffer.alloc(32, 2)),
    `.${createHmac('sha256', '').update('').digest('base64url')}`,
    'ä'.repeat(43),
    `${payload}.${'é'.repeat(21)}a`,
  ]
  for (const text of forged) t.strictSame(readLink(KEY, text, NOW), { kind: 'forged' }, text)
  // Spare bits of the last character: other texts that decode to the same bytes.
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const twins = last
    .split('')
    .map((sign) => `${token.slice(0, -1)}${sign}`)
    .filter((text) => text !== token)
  t.ok(
    twins.every((text) => readLink(KEY, text, NOW).kind === 'forged'),
    'one token is written in one way',
  )
  t.end()
})
