import { test } from 'tap'
import { createTokenCheck } from '../../src/net/auth.ts'
import { event, open, post, startServer } from '../ingest/http-helper.ts'

const TOKENS = [
  { name: 'old', token: 's3cr:et ?' },
  { name: 'new', token: 'n3w-token-of-logstash' },
  { name: 'umlaut', token: 'schlüssel' },
]
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

test('each of several tokens is let in by its name, as Bearer or as the password of Basic', (t) => {
  const check = createTokenCheck(TOKENS)
  t.strictSame(check('Bearer n3w-token-of-logstash'), { name: 'new' })
  t.strictSame(check('bearer   n3w-token-of-logstash'), { name: 'new' })
  t.strictSame(check('Bearer s3cr:et ?'), { name: 'old' })
  t.strictSame(check(basic('logstash:s3cr:et ?')), { name: 'old' })
  t.strictSame(check(basic(':n3w-token-of-logstash')), { name: 'new' })
  t.strictSame(check(`Bearer ${Buffer.from('schlüssel').toString('latin1')}`), { name: 'umlaut' })
  t.strictSame(check(basic('me:schlüssel')), { name: 'umlaut' })
  t.strictSame(createTokenCheck([])(undefined), {}, 'without tokens everybody is let in')
  t.end()
})

test('no trick with the Authorization header is let in, and the body is not read', async (t) => {
  const server = await startServer(t, { config: { tokens: TOKENS.slice(1, 2) } })
  const token = 'n3w-token-of-logstash'
  const tries: string[][] = [
    [],
    ['Authorization:'],
    ['Authorization: Bearer'],
    ['Authorization: Bearer '],
    ['Authorization: Bearer null'],
    ['Authorization: Bearer undefined'],
    [`Authorization: ${token}`],
    [`Authorization: Bearer ${token.slice(0, -1)}`],
    [`Authorization: Bearer ${token}x`],
    [`Authorization: Bearer ${token.toUpperCase()}`],
    [`Authorization: Bearer "${token}"`],
    [`Authorization: Bearer ${token}, Bearer ${token}`],
    [`Authorization: Token ${token}`],
    [`Authorization: Bearer${token}`],
    [`Authorization: Basic ${token}`],
    [`Authorization: ${basic(token)}`],
    [`Authorization: ${basic(`${token}:`)}`],
    [`Authorization: ${basic(`x:${token}x`)}`],
    [`Authorization: ${basic(`x:y:${token}`)}`],
    ['Authorization: Basic ====', 'X-Forwarded-For: 127.0.0.1'],
    [`Authorization: Bearer ${token}`, 'Authorization: Bearer nonsense'],
    ['Authorization: Bearer nonsense', `authorization: Bearer ${token}`],
    [`Authorization: Bearer ${token}`, `AUTHORIZATION: Bearer ${token}`],
    [`Proxy-Authorization: Bearer ${token}`],
    [`Cookie: Authorization=Bearer ${token}; token=${token}`],
    [`X-Authorization: Bearer ${token}`, 'X-Real-IP: 127.0.0.1', 'X-Original-URL: /metrics'],
    ['Authorization: Bearer __proto__'],
    ['Authorization: Bearer [object Object]'],
  ]
  const client = await open(t, server.port)
  for (const headers of tries) {
    for (const path of ['/events', '/events/', '/', '/%65vents', `/events?token=${token}`]) {
      client.send(post(JSON.stringify([event()]), headers, path))
      const answer = await client.answer()
      t.equal(answer?.status, 401, `${headers.join(' | ')} ${path}`)
      t.match(answer?.headers, { 'www-authenticate': /^Bearer .*Basic /, connection: 'keep-alive' })
      t.notMatch(answer?.body, token)
    }
  }
  t.strictSame(server.frames, [])
  t.ok(server.bytes.every((size) => size === 0))
  t.notMatch(JSON.stringify(server.lines), token)
  t.equal(server.lines.length, 1, 'one line tells that tokens are refused')

  client.send(post(Buffer.alloc(10_000_000, 0x20)))
  t.equal((await client.answer())?.status, 401)
  client.send(post(JSON.stringify([event()]), [`Authorization: Bearer ${token}`]))
  t.equal((await client.answer())?.status, 200, 'the connection is good for the right token')
  t.equal(server.frames[0]?.source, 'new')
})
