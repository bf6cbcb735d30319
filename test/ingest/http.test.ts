import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'tap'
import type { Ack } from '../../src/model.ts'
import { event, exchange, open, post, startServer } from './http-helper.ts'

const BODY = JSON.stringify([event(), event({ second: true })])
const SLOW = { bodyTimeout: 800, headersTimeout: 400, checkEvery: 25 }

test('a request with more than one reading, or none, gets a 4xx and a close, and nothing in it runs', async (t) => {
  const server = await startServer(t)
  const inner = `POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`
  const head = (...lines: readonly string[]): string =>
    `${['POST /events HTTP/1.1', 'Host: x', ...lines].join('\r\n')}\r\n\r\n`
  const requests: Record<string, string | Buffer> = {
    'length and chunks': head('Content-Length: 4', 'Transfer-Encoding: chunked') + `0\r\n\r\n${inner}`,
    'chunks and length': head('Transfer-Encoding: chunked', 'Content-Length: 4') + `0\r\n\r\n${inner}`,
    'two lengths': head('Content-Length: 2', 'Content-Length: 0') + `[]${inner}`,
    'a list of lengths': head('Content-Length: 2, 2') + `[]${inner}`,
    'a negative length': head('Content-Length: -1') + inner,
    'a hexadecimal length': head('Content-Length: 0x2') + `[]${inner}`,
    'a length with a plus': head('Content-Length: +2') + `[]${inner}`,
    'a length beyond all numbers': head(`Content-Length: ${'9'.repeat(40)}`) + inner,
    'an unknown transfer coding': head('Transfer-Encoding: xchunked') + `0\r\n\r\n${inner}`,
    'a second transfer coding': head('Transfer-Encoding: gzip, chunked') + `0\r\n\r\n`,
    'chunked twice': head('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + `0\r\n\r\n`,
    'chunked, then identity': head('Transfer-Encoding: chunked, identity') + `0\r\n\r\n${inner}`,
    'a space before the colon': head('Transfer-Encoding : chunked') + `0\r\n\r\n${inner}`,
    'a folded header': head('Transfer-Encoding:', ' chunked') + `0\r\n\r\n${inner}`,
    'a chunk size that is no number': head('Transfer-Encoding: chunked') + `zz\r\n[]\r\n0\r\n\r\n${inner}`,
    'a chunk that is longer than it says': head('Transfer-Encoding: chunked') + `1\r\n[]\r\n0\r\n\r\n${inner}`,
    'a huge chunk size': head('Transfer-Encoding: chunked') + `ffffffffffffffffff\r\n[]`,
    'lines without a carriage return': inner.replaceAll('\r\n', '\n'),
    'a lone carriage return': inner.replace('\r\nHost', '\rHost'),
    'a zero byte in a header': head('X-A: a\0b', 'Content-Length: 0'),
    'a header without a name': head(': x', 'Content-Length: 0'),
    'a header name with a space': head('X A: b', 'Content-Length: 0'),
    'no host': 'POST /events HTTP/1.1\r\nContent-Length: 0\r\n\r\n',
    'two hosts': head('Host: y', 'Content-Length: 0'),
    'HTTP/0.9': 'GET /events\r\n\r\n',
    'HTTP/3.0': inner.replace('HTTP/1.1', 'HTTP/3.0'),
    'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    TLS: Buffer.from('16030100f8010000f40303aabbccddeeff0011223344', 'hex'),
    CONNECT: 'CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n',
    'a method of its own making': inner.replace('POST', 'SUMMON'),
    'a method in small letters': inner.replace('POST', 'post'),
    'a header of 64 kB': head(`X-A: ${'x'.repeat(65_536)}`, 'Content-Length: 0'),
    '20,000 headers': head(...Array.from({ length: 20_000 }, (_, i) => `a${i}: b`)),
    'a path of 100 kB': inner.replace('/events', `/${'x'.repeat(100_000)}`),
    'a body that ends too early': inner.slice(0, -5),
  }
  for (const [name, request] of Object.entries(requests)) {
    const client = await open(t, server.port)
    client.send(request)
    if (name === 'a body that ends too early') client.socket.end()
    const answer = await client.answer()
    t.ok(answer !== undefined && answer.status >= 400 && answer.status < 500, `${name}: ${answer?.status}`)
    if (/64 kB|20,000|100 kB/.test(name)) t.equal(answer?.status, 431, name)
    t.equal(answer?.headers.connection, 'close', name)
    await client.closed()
    t.equal(await client.answer(), undefined, `${name}: one answer only`)
  }
  t.strictSame(server.frames, [])
  t.equal((await exchange(t, server.port, inner))?.status, 200)
})

test('what follows a whole request and is no request is refused after the answer to the first', async (t) => {
  const held = Promise.withResolvers<Ack>()
  const server = await startServer(t, { deps: { append: () => held.promise } })
  const client = await open(t, server.port)
  client.send(post(BODY), 'garbage\r\n\r\n')
  await exchange(t, server.port, 'GET /none HTTP/1.1\r\nHost: x\r\n\r\n')
  held.resolve({ duplicate: false, known: 0, refused: 0 })
  t.equal((await client.answer())?.status, 200)
  t.equal((await client.answer())?.status, 400)
  await client.closed()
})

test('slow clients are cut without an answer, and harm nobody', async (t) => {
  const server = await startServer(t, { http: SLOW })
  const idle = await open(t, server.port)
  const head = await open(t, server.port)
  head.send('POST /events HTTP/1.1\r\nHost:')
  const body = await open(t, server.port)
  body.send(post(BODY).subarray(0, -10))
  const chunks = await open(t, server.port)
  chunks.send('POST /events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n')
  const quick = await open(t, server.port)
  quick.send(post(BODY))
  t.equal((await quick.answer())?.status, 200)
  for (const client of [idle, head, body, chunks]) {
    await client.closed()
    t.equal(await client.answer(), undefined)
  }
  quick.send(post(BODY))
  t.equal((await quick.answer())?.status, 200, 'an idle connection that was of use stays open')
  t.equal(server.frames.length, 2)
  t.equal(server.seen['closed:slow'], 3, 'each is counted, but not a connection that sent nothing')
  const cut = server.lines.filter(({ message }) => message.startsWith('uploads were cut'))
  t.equal(
    cut.reduce((sum, { fields }) => sum + Number(Reflect.get(fields, 'cut')), 0),
    3,
  )
})

test('a body that keeps moving may take as long as it needs', async (t) => {
  const server = await startServer(t, { http: { bodyTimeout: 300 } })
  const text = JSON.stringify([event({ message: 'x'.repeat(16 * 1024 * 8) }), event()])
  const bytes = post(text)
  const [steady, brief] = [await open(t, server.port), await open(t, server.port)]
  brief.send(bytes.subarray(0, 64 * 1024))
  const step = Math.ceil(bytes.length / 6)
  for (let from = 0; from < bytes.length; from += step) {
    steady.send(bytes.subarray(from, from + step))
    await pause(150)
  }
  t.equal((await steady.answer())?.status, 200, 'it took three times the span')
  await brief.closed()
  t.equal(await brief.answer(), undefined, 'a fast beginning is no excuse')
})

test('pipelined, chunked and announced requests are served in their order on one connection', async (t) => {
  const server = await startServer(t)
  const client = await open(t, server.port)
  const batchOf = (i: number): string => JSON.stringify(Array.from({ length: i }, () => event({ i })))
  client.send(Buffer.concat(Array.from({ length: 50 }, (_, i) => post(batchOf(i)))))
  for (let i = 0; i < 50; i += 1) t.equal((await client.answer())?.json().accepted, i)
  const pieces = BODY.match(/.{1,7}/gs)!.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
  client.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n', ...pieces, '0\r\n\r\n')
  t.equal((await client.answer())?.json().accepted, 2)
  client.send(`POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${BODY.length}\r\n\r\n`)
  t.equal((await client.answer())?.status, 100)
  client.send(BODY)
  t.equal((await client.answer())?.json().accepted, 2)
  client.send('POST / HTTP/1.0\r\n\r\n')
  t.equal((await client.answer())?.status, 200)
  await client.closed()
})

test('other paths and methods get a short 404 or 405 at once, never a redirect or a cookie', async (t) => {
  const server = await startServer(t, { routes: (app) => app.get('/api/v1/hosts/:host', () => ({ ok: true })) })
  const client = await open(t, server.port)
  const big = Buffer.alloc(2_000_000, 0x78)
  const cases: [number, Buffer | string, string?][] = [
    [404, post(big, ['Content-Type: ;;;'], '/no/such/<script>')],
    [404, post(BODY, [], '//events')],
    [404, post(BODY, [], '/events/../api')],
    [404, post(BODY, [], '/events;a=b')],
    [404, post(BODY, [], '/EVENTS')],
    [404, post(BODY, [], '/events%00')],
    [404, post(BODY, [], '/events//')],
    [400, post(BODY, [], '/%zz')],
    [405, 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n', 'POST, PUT'],
    [405, 'DELETE /events/?x=y HTTP/1.1\r\nHost: x\r\n\r\n', 'POST, PUT'],
    [405, 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n', 'POST, PUT'],
    [405, 'GET /events HTTP/1.1\r\nHost: x\r\nX-HTTP-Method-Override: POST\r\n\r\n', 'POST, PUT'],
    [405, post(BODY, [], '/api/v1/hosts/a'), 'GET, HEAD'],
  ]
  for (const [status, request, allow] of cases) {
    client.send(request)
    const answer = await client.answer()
    t.equal(answer?.status, status, String(request).slice(0, 40))
    t.equal(answer?.headers.allow, allow)
    t.equal(answer?.headers.connection, 'keep-alive')
    t.equal(answer?.headers['set-cookie'], undefined)
    t.match(answer?.headers['content-type'], /^application\/problem\+json/)
    t.match(JSON.parse(answer?.body ?? ''), { type: 'about:blank', status })
    t.notMatch(answer?.body, /script|node_modules|FST_/)
    t.ok(answer!.body.length < 150)
    if (status === 400) t.match(answer?.body, /"the path has an invalid escape/)
  }
  t.strictSame(server.frames, [])
  const upgrade = post(BODY, ['Connection: Upgrade', 'Upgrade: h2c'])
  t.equal((await exchange(t, server.port, upgrade))?.status, 200)
})

test('an exception in a route is a 500 that shows nothing, and is logged', async (t) => {
  const server = await startServer(t, {
    routes: (app) => {
      app.get('/broken', () => {
        throw new Error('the insides')
      })
      app.post('/small', () => ({}))
    },
  })
  const answer = await exchange(t, server.port, 'GET /broken HTTP/1.1\r\nHost: x\r\n\r\n')
  t.strictSame(
    [answer?.status, answer?.json()],
    [500, { type: 'about:blank', title: 'Internal Server Error', status: 500 }],
  )
  t.match(server.lines, [{ level: 'error', fields: { method: 'GET', route: '/broken' } }])
  const json = ['Content-Type: application/json']
  t.equal((await exchange(t, server.port, post('{"password": nonsense', json, '/small')))?.status, 400)
  t.equal((await exchange(t, server.port, post(`"${'x'.repeat(70_000)}"`, json, '/small')))?.status, 413)
  t.equal(server.lines.length, 1)
})

test('a stop cuts no request: those under way are answered, later ones get 503, each with a close', async (t) => {
  const held = Promise.withResolvers<Ack>()
  const server = await startServer(t, { deps: { append: () => held.promise } })
  const busy = await open(t, server.port)
  const sending = await open(t, server.port)
  const idle = await open(t, server.port)
  const late = await open(t, server.port)
  busy.send(post(BODY))
  sending.send(post(BODY).subarray(0, -10))
  await exchange(t, server.port, 'GET /none HTTP/1.1\r\nHost: x\r\n\r\n')

  const stopped = server.drain(100)
  late.send(post(BODY))
  t.match(await late.answer(), { status: 503, headers: { connection: 'close', 'retry-after': /\d/ } })
  await late.closed()
  sending.send(post(BODY).subarray(-10))
  held.resolve({ duplicate: false, known: 0, refused: 0 })
  for (const client of [busy, sending]) {
    t.match(await client.answer(), { status: 200, headers: { connection: 'close' } })
    await client.closed()
  }
  await idle.closed()
  await stopped
  await t.rejects(open(t, server.port), { code: 'ECONNREFUSED' })
})

test('a stop does not wait for ever', async (t) => {
  const server = await startServer(t, { deps: { append: () => new Promise(() => undefined) } })
  const client = await open(t, server.port)
  client.send(post(BODY))
  await exchange(t, server.port, 'GET /none HTTP/1.1\r\nHost: x\r\n\r\n')
  await server.drain(50, 150)
  await client.closed()
  t.equal(await client.answer(), undefined)
})
