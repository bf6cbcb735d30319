import type { Server } from 'node:http'
import { test } from 'tap'
import { gzipSync, deflateRawSync, deflateSync, brotliCompressSync } from 'node:zlib'
import { createClock } from '../../src/clock.ts'
import { createVirtualClock } from '../helpers/clock.ts'
import { event, exchange, extract, judge, open, post, startServer } from './http-helper.ts'
import type { Ack, Frame } from '../../src/model.ts'

const batch = (...events: readonly unknown[]): string => JSON.stringify(events)

test('invalid events of a body are rejected alone, and the first five are listed', async (t) => {
  const server = await startServer(t)
  const bad = Array.from({ length: 7 }, () => ({ host: 'x' }))
  const answer = await exchange(t, server.port, post(batch(event(), ...bad, event())))
  t.equal(answer?.status, 200)
  const { accepted, rejected, errors } = answer!.json()
  t.strictSame([accepted, rejected], [2, 7])
  t.strictSame(
    errors,
    [1, 2, 3, 4, 5].map((index) => ({ index, path: '/@timestamp', reason: 'expected a text' })),
  )
  t.strictSame(server.seen, { 'events:accepted': 2, 'events:rejected': 7, 'rejects:timestamp': 7, 'answered:200': 1 })
  t.equal(server.frames[0]?.events.length, 2)
  t.equal(server.frames[0]?.isBatch, true)
  t.match(server.frames[0]?.batchId, /^[0-9a-f]{16}$/)
  t.equal(server.rejects().recent.length, 7)
})

test('a body of which nothing is accepted gets 422 or the configured status, and a frame all the same', async (t) => {
  for (const allRejectedStatus of [422, 200] as const) {
    const server = await startServer(t, { config: { allRejectedStatus } })
    const answer = await exchange(t, server.port, post('{"host":"x"}'))
    t.equal(answer?.status, allRejectedStatus)
    t.match(answer?.json(), { accepted: 0, rejected: 1, errors: [{ index: 0, path: '/@timestamp' }] })
    t.match(server.frames, [{ source: '127.0.0.1', isBatch: false, events: [] }])
  }
})

test('an exception over one event rejects this event and shows no insides', async (t) => {
  const server = await startServer(t)
  const answer = await exchange(t, server.port, post(batch(event(), event({ boom: 1 }), event())))
  t.equal(answer?.status, 200)
  t.match(answer?.json(), { accepted: 2, rejected: 1, errors: [{ index: 1 }] })
  t.notMatch(answer?.body, /secret insides/)
  t.equal(server.seen['rejects:internal'], 1)
  t.equal(server.lines.filter(({ level }) => level === 'error').length, 1)
})

test('a frame that cannot be built costs its events and is no server error', async (t) => {
  const server = await startServer(t, {
    deps: {
      encode: (frame) => {
        if (frame.events.length > 0) throw new Error('cannot')
        return Buffer.from(JSON.stringify(frame))
      },
    },
  })
  const answer = await exchange(t, server.port, post(batch(event(), event())))
  t.equal(answer?.status, 422)
  t.match(answer?.json(), { accepted: 0, rejected: 2 })
  t.equal(server.seen['events:rejected'], 2)
})

test('keys that reach for prototypes change nothing outside their event', async (t) => {
  const server = await startServer(t)
  const evil =
    '{"@timestamp":"2026-11-22T12:00:00Z","__proto__":{"polluted":1},"\\u005f_proto__":{"polluted":1},' +
    '"constructor":{"prototype":{"polluted":1}}}'
  const answer = await exchange(t, server.port, post(`[${evil},${evil}]`))
  t.match(answer?.json(), { accepted: 2, rejected: 0, errors: [] })
  t.notOk('polluted' in {})
})

test('an array that comes again is a duplicate with the counts of the first answer', async (t) => {
  const server = await startServer(t)
  const body = batch(event(), { host: 'x' }, event())
  const first = await exchange(t, server.port, post(body))
  const again = await exchange(t, server.port, post(gzipSync(body), ['Content-Encoding: gzip']))
  t.strictSame(again?.json(), { ...first!.json(), duplicate: true })
  t.strictSame(server.seen, {
    'events:accepted': 2,
    'events:rejected': 1,
    'rejects:timestamp': 1,
    'events:duplicate': 3,
    'answered:200': 2,
  })
  t.equal(server.rejects().recent.length, 1)
})

test('two equal single events both count, unless the answer to the first was lost', async (t) => {
  const clock = createVirtualClock()
  const held = Promise.withResolvers<Ack>()
  const acks = [() => Promise.resolve(ACK), () => Promise.resolve(ACK), () => held.promise]
  const marks: boolean[] = []
  const server = await startServer(t, {
    clock,
    deps: {
      append: (data) => {
        marks.push((JSON.parse(Buffer.from(data).toString()) as Frame).isMaybeRetry)
        return acks.shift()?.() ?? Promise.resolve(ACK)
      },
    },
  })
  // The memory of the time before a restart is over.
  await clock.advance(5 * 60_000)
  const body = post(JSON.stringify(event()))
  await exchange(t, server.port, body)
  await exchange(t, server.port, body)
  t.strictSame(marks, [false, false])

  const client = await open(t, server.port)
  client.send(body)
  while (marks.length < 3) await turn()
  client.socket.destroy()
  while ((await connections(server.app.server)) > 0) await turn()
  held.resolve(ACK)
  await exchange(t, server.port, body)
  await exchange(t, server.port, body)
  t.strictSame(marks, [false, false, false, true, false])
})

test('the lost answer to one source is not taken for that to another with an equal body', async (t) => {
  const clock = createVirtualClock()
  const held = Promise.withResolvers<Ack>()
  const acks = [() => held.promise]
  const marks: string[] = []
  const server = await startServer(t, {
    clock,
    deps: {
      append: (data) => {
        const { source, isMaybeRetry } = JSON.parse(Buffer.from(data).toString()) as Frame
        marks.push(`${source} ${isMaybeRetry}`)
        return acks.shift()?.() ?? Promise.resolve(ACK)
      },
    },
  })
  // The memory of the time before a restart is over.
  await clock.advance(5 * 60_000)
  const from = (source: string): Buffer => post(JSON.stringify(event()), [`X-Source: ${source}`])
  const client = await open(t, server.port)
  client.send(from('a'))
  while (marks.length < 1) await turn()
  client.socket.destroy()
  while ((await connections(server.app.server)) > 0) await turn()
  held.resolve(ACK)
  for (const source of ['b', 'a', 'a']) await exchange(t, server.port, from(source))
  t.strictSame(marks, ['a false', 'b false', 'a true', 'a false'])
})

const ACK: Ack = { duplicate: false, known: 0, refused: 0 }
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function connections(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))
}

test('what a full cap refuses counts as rejected, and the answer stays 200', async (t) => {
  const append = (): Promise<Ack> => Promise.resolve({ duplicate: false, known: 0, refused: 2 })
  const server = await startServer(t, { deps: { append } })
  const answer = await exchange(t, server.port, post(batch(event(), event())))
  t.equal(answer?.status, 200)
  t.match(answer?.json(), { accepted: 0, rejected: 2, errors: [{ path: '', reason: /limits/ }] })
  t.strictSame(server.seen, { 'events:rejected': 2, 'rejects:cardinality': 2, 'answered:200': 1 })
})

test('a failing or stuck journal is a 503 without a close, and a commit that comes late is counted', async (t) => {
  const late = Promise.withResolvers<Ack>()
  const appends = [
    () => Promise.reject(new Error('disk full')),
    () => late.promise,
    () => Promise.resolve({ duplicate: true, known: 0, refused: 0 }),
  ]
  const marks: boolean[] = []
  const server = await startServer(t, {
    deps: {
      limits: { responseTimeout: 20 },
      append: (data) => {
        marks.push((JSON.parse(Buffer.from(data).toString()) as Frame).isMaybeRetry)
        return appends.shift()!()
      },
    },
  })
  const client = await open(t, server.port)
  const body = post(JSON.stringify(event()))
  for (const status of [503, 503]) {
    client.send(body)
    const answer = await client.answer()
    t.equal(answer?.status, status)
    t.ok(answer?.headers['retry-after'])
    t.equal(answer?.headers.connection, 'keep-alive')
    t.notMatch(answer?.body, /disk full/)
  }
  t.strictSame(server.seen['events:accepted'], undefined)
  late.resolve({ duplicate: false, known: 0, refused: 0 })
  client.send(body)
  t.match((await client.answer())?.json(), { duplicate: true })
  t.strictSame(server.seen, { 'events:accepted': 1, 'events:duplicate': 1, 'answered:503': 2, 'answered:200': 1 })
  t.strictSame(marks.slice(1), [true, true])
})

test('while the service starts or is overloaded, the sender gets Retry-After', async (t) => {
  const starting = await startServer(t, { deps: { state: () => 'starting' } })
  const client = await open(t, starting.port)
  client.send(post(batch(event())))
  t.match(await client.answer(), { status: 503, headers: { 'retry-after': /\d/, connection: 'keep-alive' } })
  client.send(post('x'.repeat(3_000_000)))
  t.match(await client.answer(), { status: 503, headers: { connection: 'keep-alive' } })

  const held = Promise.withResolvers<Ack>()
  const busy = await startServer(t, { deps: { append: () => held.promise, limits: { appends: 1 } } })
  const first = await open(t, busy.port)
  const second = await open(t, busy.port)
  first.send(post(batch(event())))
  // A request to another path, so that the first is certain to have been read.
  await exchange(t, busy.port, 'GET /none HTTP/1.1\r\nHost: x\r\n\r\n')
  second.send(post(batch(event(), event())))
  t.match(await second.answer(), { status: 429, headers: { 'retry-after': '1', connection: 'keep-alive' } })
  held.resolve({ duplicate: false, known: 0, refused: 0 })
  t.match(await first.answer(), { status: 200 })
  second.send(post(batch(event(), event())))
  t.match(await second.answer(), { status: 200 })
})

test('bodies that would not fit into memory together are read to their end and refused with Retry-After', async (t) => {
  const server = await startServer(t, { config: { maxBody: 100_000 }, deps: { limits: { bytes: 100_000 } } })
  const [one, two] = [await open(t, server.port), await open(t, server.port)]
  const big = batch(event({ message: 'x'.repeat(80_000) }))
  one.send(post(big).subarray(0, 70_000))
  await exchange(t, server.port, 'GET /none HTTP/1.1\r\nHost: x\r\n\r\n')
  two.send(post(big))
  t.match(await two.answer(), { status: 429, headers: { connection: 'keep-alive' } })
  one.send(post(big).subarray(70_000))
  t.match(await one.answer(), { status: 200 })
  two.send(post(big))
  t.match(await two.answer(), { status: 200, json: Function })
})

test('requests above the limit of a token or an address get 429, and nobody else does', async (t) => {
  const tokens = [
    { name: 'a', token: 'token-of-a' },
    { name: 'b', token: 'token-of-b' },
  ]
  const server = await startServer(t, {
    config: { tokens, requestsPerMinute: 2 },
    routes: (app) => app.get('/-/ready', () => 'ready'),
  })
  const client = await open(t, server.port)
  const statuses: (number | undefined)[] = []
  for (let i = 0; i < 6; i += 1) {
    client.send(post(batch(event({ i })), ['Authorization: Bearer token-of-a']))
    const answer = await client.answer()
    statuses.push(answer?.status)
    if (answer?.status === 429) t.match(answer.headers, { 'retry-after': /^\d+$/, connection: 'keep-alive' })
  }
  t.strictSame(statuses, [200, 200, 429, 429, 429, 429])
  client.send(post(batch(event()), ['Authorization: Bearer token-of-b']))
  t.equal((await client.answer())?.status, 200)
  for (const status of [401, 401, 429]) {
    client.send(post(batch(event()), ['Authorization: Bearer guess']))
    t.equal((await client.answer())?.status, status)
  }
  client.send('GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n')
  t.equal((await client.answer())?.status, 200)
})

test('any web page could post events to a service without tokens', async (t) => {
  const server = await startServer(t)
  const pages = [
    'Origin: https://example.org',
    'Origin: null',
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-origin',
  ]
  for (const header of pages) {
    const answer = await exchange(t, server.port, post(batch(event()), [header, 'Content-Type: text/plain']))
    t.equal(answer?.status, 403, header)
    t.match(answer?.json(), { error: /^web pages may not post events .*ingest\.tokens$/ })
  }
  t.equal(server.frames.length, 0)
  t.match(
    server.lines.filter(({ level }) => level === 'warn'),
    [{ fields: { origin: 'https://example.org', count: 1 } }],
    'logged once in ten seconds',
  )
  const senders = [
    'X-Forwarded-For: 10.0.0.7',
    'Via: 1.1 proxy',
    'Referer: http://a/',
    'Host: stashwatch.lan',
    'Cookie: a=b',
  ]
  for (const header of senders)
    t.equal((await exchange(t, server.port, post(batch(event()), [header])))?.status, 200, header)
  const guarded = await startServer(t, { config: { tokens: [{ name: 'logstash-a', token: 'secret-token-a' }] } })
  const allowed = ['Authorization: Bearer secret-token-a', 'Origin: https://example.org', 'Sec-Fetch-Site: cross-site']
  t.equal((await exchange(t, guarded.port, post(batch(event()), allowed)))?.status, 200, 'a token is enough')
})

test('X-Source names a source below the token, so that nobody passes for another; without tokens it is the source', async (t) => {
  const tokens = [{ name: 'logstash-a', token: 'secret-of-a' }]
  const open = await startServer(t)
  const guarded = await startServer(t, { config: { tokens } })
  const authorization = 'Authorization: Bearer secret-of-a'
  const invalid = ['', '%{[host][name]}', 'x'.repeat(129), 'caf\xe9', 'a\tb'].map((name) => `X-Source: ${name}`)
  for (const header of ['X-Source: mine', ...invalid]) {
    await exchange(t, open.port, post(batch(event()), [header]))
    await exchange(t, guarded.port, post(batch(event()), [header, authorization]))
  }
  t.strictSame(
    open.frames.map(({ source }) => source),
    ['mine', ...invalid.map(() => '127.0.0.1')],
  )
  t.strictSame(
    guarded.frames.map(({ source }) => source),
    ['logstash-a/mine', ...invalid.map(() => 'logstash-a')],
  )
  const strict = await startServer(t, { config: { tokens, subSources: 0 } })
  await exchange(t, strict.port, post(batch(event()), ['X-Source: mine', authorization]))
  t.match(strict.frames, [{ source: 'logstash-a' }], 'sub_sources: 0 forbids it')
})

test('a body is what its bytes say, whatever its label, its path, its method and its wrapping', async (t) => {
  const server = await startServer(t)
  const client = await open(t, server.port)
  const body = (i: number): string => batch(event({ i }), event())
  const requests = [
    post(body(0), ['Content-Type: application/x-www-form-urlencoded'], '/'),
    post(body(1), ['Content-Type: application/x-ndjson'], '/events/'),
    post(body(2), ['Content-Type: ;;;/\xff'], '/ingest'),
    post(body(3), ['Content-Type: multipart/form-data'], '/ingest/'),
    post(body(4), ['content-type: text/plain', 'Content-Type: application/json'], '/events?a=b'),
    post(body(5), [], 'http://example.org/events'),
    Buffer.from(post(body(6)).toString().replace('POST', 'PUT')),
    post(gzipSync(body(7)), ['Content-Encoding: gzip']),
    post(gzipSync(body(8)), ['Content-Encoding: X-GZIP']),
    post(deflateSync(body(9)), ['Content-Encoding: deflate']),
    post(body(10), ['Content-Encoding: identity']),
  ]
  for (const request of requests) {
    client.send(request)
    t.match((await client.answer())?.json(), { accepted: 2, rejected: 0 }, request.toString().slice(0, 80))
  }
  t.equal(server.seen['events:accepted'], 2 * requests.length)
})

test('no label of its coding loses a body: gzip is inflated once, and what is plain is read as it is', async (t) => {
  const server = await startServer(t)
  const client = await open(t, server.port)
  const large = Array.from({ length: 6000 }, (_, i) => event({ i, message: 'x'.repeat(400) }))
  const labels: readonly (readonly string[])[] = [
    [],
    ['Content-Encoding: gzip'],
    ['Content-Encoding: gzip, gzip'],
    ['Content-Encoding: gzip', 'Content-Encoding: gzip'],
    ['Content-Encoding: gzip', 'content-encoding: X-Gzip', 'Content-Encoding: GZIP'],
    ['Content-Encoding: identity'],
    ['Content-Encoding: identity, gzip'],
    ['Content-Encoding: deflate'],
    ['Content-Encoding: gzip, deflate'],
    ['Content-Encoding: ,'],
    ['Content-Type: application/json', 'content-type: application/json', 'Content-Encoding: gzip, gzip'],
  ]
  const take = async (bytes: string | Buffer, headers: readonly string[], accepted: number, name: string) => {
    client.send(post(bytes, headers))
    const answer = await client.answer()
    t.match([answer?.status, answer?.json()], [200, { accepted, rejected: 0 }], `${name} ${headers.join(', ')}`)
  }
  for (const [i, headers] of labels.entries()) {
    const body = batch(event({ i }), event())
    const big = JSON.stringify([...large, event({ i })])
    await take(gzipSync(body), headers, 2, 'gzip')
    await take(body, headers, 2, 'plain')
    await take(`\ufeff \n${body}`, headers, 2, 'plain after a byte order mark')
    await take(gzipSync(big, { level: 1 }), headers, 6001, 'large gzip')
    await take(big, headers, 6001, 'large plain')
  }
  await take(gzipSync(batch(event(), event())), ['Content-Encoding: br'], 2, 'gzip')
  for (const headers of [
    ['Content-Encoding: deflate, deflate'],
    ['Content-Encoding: Deflate'],
    ['Content-Encoding: deflate', 'Content-Encoding: gzip'],
  ]) {
    await take(deflateSync(batch(event(), event({ headers }))), headers, 2, 'zlib')
    await take(deflateRawSync(batch(event(), event({ headers, raw: true }))), headers, 2, 'raw deflate')
  }
  await take(deflateSync(batch(event(), event())), ['Content-Encoding: gzip'], 2, 'zlib')
  await take('%40timestamp=2026-11-22T12%3A00%3A00Z&host=a', [FORM, 'Content-Encoding: gzip'], 1, 'plain form')
  t.strictSame(
    Object.keys(server.seen).filter((key) => key.startsWith('rejects')),
    [],
  )
})

const FORM = 'Content-Type: application/x-www-form-urlencoded'

test('bodies that cannot be read are refused after they were, and the connection is kept', async (t) => {
  const server = await startServer(t, { config: { maxBody: 1_000_000, maxDecompressed: 5_000_000, maxEvents: 100 } })
  const client = await open(t, server.port)
  const whole = gzipSync(batch(event()))
  const broken = Buffer.from(whole)
  broken[whole.length - 6]! ^= 1
  const br = brotliCompressSync(batch(event()))
  const cases: [number, string, Buffer][] = [
    [400, 'json', post('[{"a":1}')],
    [400, 'json', post('[{"a":1}][{"a":1}]')],
    [400, 'json', post('plain text')],
    [400, 'json', post('"text"')],
    [400, 'json', post(Buffer.from('\ufeff[{"a":1}]', 'utf16le'))],
    [400, 'json', post(Buffer.from('[{"a":1}]', 'utf16le'))],
    [400, 'utf8', post(Buffer.from([0x5b, 0x22, 0xc3, 0x28, 0x22, 0x5d]))],
    [400, 'gzip', post(whole.subarray(1), ['Content-Encoding: gzip'])],
    [400, 'gzip', post(deflateSync(batch(event())).subarray(0, 40), ['Content-Encoding: gzip'])],
    [400, 'gzip', post(whole.subarray(0, whole.length - 9), ['Content-Encoding: gzip'])],
    [400, 'gzip', post(broken, ['Content-Encoding: gzip'])],
    [400, 'json', post(gzipSync(whole), ['Content-Encoding: gzip'])],
    [415, 'encoding', post(br, ['Content-Encoding: br'])],
    [400, 'json', post(gzipSync(whole), ['Content-Encoding: gzip, gzip'])],
    [400, 'json', post(gzipSync(whole))],
    [415, 'encoding', post(br, ['Content-Encoding: gzip, br'])],
    [415, 'encoding', post(batch(event()), ['Content-Encoding: br'])],
    [413, 'too_many', post(`[${'1,'.repeat(100)}1]`)],
    [413, 'too_large', post(Buffer.alloc(1_000_001, 0x20))],
    [413, 'too_large', post(gzipSync(Buffer.alloc(5_000_001, 0x20)), ['Content-Encoding: gzip'])],
    [413, 'too_large', post(deflateSync(Buffer.alloc(5_000_001, 0x20)), ['Content-Encoding: deflate'])],
  ]
  for (const [status, code, request] of cases) {
    const before = server.seen[`rejects:${code}`] ?? 0
    client.send(request)
    const answer = await client.answer()
    t.equal(answer?.status, status, `${code}: ${answer?.body}`)
    t.equal(answer?.headers.connection, 'keep-alive')
    t.equal(server.seen[`rejects:${code}`], before + 1)
    if (status === 415) t.match(answer?.headers['accept-encoding'], 'gzip')
    t.ok(answer!.body.length < 200)
  }
  t.strictSame(server.frames, [])
  client.send(post(batch(event())))
  t.equal((await client.answer())?.status, 200)
})

test('a body of 70 MB is read to its end, refused, and its connection is kept', async (t) => {
  const server = await startServer(t)
  const client = await open(t, server.port)
  client.send(post(Buffer.alloc(70 * 1024 * 1024, 0x20)))
  t.match(await client.answer(), { status: 413, headers: { connection: 'keep-alive' } })
  client.send(post(batch(event())))
  t.equal((await client.answer())?.status, 200)
  t.strictSame(server.bytes, [70 * 1024 * 1024, batch(event()).length])
})

test('a body that does not end is cut off with its answer', async (t) => {
  const server = await startServer(t, { config: { maxBody: 10_000 } })
  const chunked = await open(t, server.port)
  chunked.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', `c350\r\n${'x'.repeat(50_000)}\r\n`)
  t.match(await chunked.answer(), { status: 413, headers: { connection: 'close' } })
  await chunked.closed()
  const announced = await open(t, server.port)
  announced.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9007199254740000\r\n\r\n')
  t.match(await announced.answer(), { status: 413, headers: { connection: 'close' } })
  await announced.closed()
})

test('a small stream that inflates to 200 MB is refused, and no more than the limit of it is inflated', async (t) => {
  const server = await startServer(t)
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, 0x20), { level: 1 })
  const before = process.memoryUsage.rss()
  t.equal((await exchange(t, server.port, post(bomb, ['Content-Encoding: gzip'])))?.status, 413)
  // The size at its end is a lie: the limit of the output holds.
  bomb.writeUInt32LE(1000, bomb.length - 4)
  t.equal((await exchange(t, server.port, post(bomb, ['Content-Encoding: gzip'])))?.status, 413)
  t.ok(process.memoryUsage.rss() - before < 300 * 1024 * 1024)
})

test('an empty body has no effect, and an empty array is a sign of life of its source', async (t) => {
  const server = await startServer(t)
  const client = await open(t, server.port)
  const nothing = { accepted: 0, rejected: 0, errors: [] }
  const requests = [
    post(''),
    post('', ['Content-Type: application/json']),
    post(' \n'),
    post(gzipSync(''), ['Content-Encoding: gzip']),
    'POST / HTTP/1.1\r\nHost: x\r\n\r\n',
  ]
  for (const request of requests) {
    client.send(request)
    const answer = await client.answer()
    t.strictSame([answer?.status, answer?.json()], [200, nothing])
  }
  t.equal(server.frames.length, 0)
  client.send(post('[]'))
  t.strictSame((await client.answer())?.json(), nothing)
  t.match(server.frames, [{ isBatch: false, events: [] }])
  t.strictSame(server.seen, { 'answered:200': 6 })
})

test('a large body is judged in slices while others are served, and a huge event costs itself', async (t) => {
  const judged = { count: 0 }
  const server = await startServer(t, {
    deps: {
      schemas: {
        judge: (one) => {
          judged.count += 1
          return judge(one)
        },
      },
      extract,
    },
  })
  const events = Array.from({ length: 4000 }, (_, i) => event({ i, message: `"[{,\\${'x'.repeat(500)}` }))
  const huge = event({ numbers: Array.from({ length: 400_000 }, () => 1.25) })
  const body = batch(...events.slice(0, 3000), huge, ...events.slice(3000))
  const client = await open(t, server.port)
  client.send(post(gzipSync(body, { level: 1 }), ['Content-Encoding: gzip']))
  while (judged.count === 0) await turn()
  const probe = await exchange(t, server.port, post(batch(event())))
  t.equal(probe?.status, 200)
  t.ok(judged.count < 4000, 'the small body was served in between')
  const answer = await client.answer()
  t.match(answer?.json(), { accepted: 4000, rejected: 1, errors: [{ index: 3000, path: '' }] })
  t.equal(server.frames.at(-1)?.events.length, 4000)
  client.send(post(body))
  t.match((await client.answer())?.json(), { accepted: 4000, rejected: 1, duplicate: true })
  client.send(post(`${body.slice(0, -2)}x}]`))
  t.match((await client.answer())?.json(), { accepted: 3999, rejected: 2, errors: [{ index: 3000 }, { index: 4000 }] })
  client.send(post(`${body.slice(0, -2)}x}`))
  t.equal((await client.answer())?.status, 400)
  t.equal(server.frames.length, 4)
})

test('an id field that no event has is logged once, one that some have never', async (t) => {
  const notified = async (idOf: (i: number) => object): Promise<number> => {
    const extractId = (one: object): ReturnType<typeof extract> => ({
      ...extract(one),
      ...idOf(Number(Reflect.get(one, 'i'))),
    })
    const server = await startServer(t, { config: { eventIdField: 'event.id' }, deps: { extract: extractId } })
    const client = await open(t, server.port)
    for (let i = 0; i < 30; i += 1) {
      client.send(post(batch(event({ i }))))
      t.equal((await client.answer())?.status, 200)
    }
    return server.lines.filter(({ level, message }) => level === 'warn' && message.includes('event_id_field')).length
  }
  t.equal(await notified(() => ({})), 1)
  t.equal(await notified((i) => (i === 3 ? { id: 'x' } : {})), 0)
})

test('an equal single event that arrives after the process was held up is taken as a possible retry', async (t) => {
  const real = createClock()
  let shift = 0
  const timers = { ...real, now: () => real.now() + shift }
  const clock = createVirtualClock()
  const server = await startServer(t, { clock, deps: { timers } })
  await clock.advance(5 * 60_000)
  const send = async (): Promise<unknown> =>
    (await exchange(t, server.port, post(JSON.stringify(event()))))?.json()['duplicate']
  // The memory of the time before a restart is over.
  t.strictSame([await send(), await send()], [undefined, undefined])
  shift += 12_000
  t.equal(await send(), undefined)
  t.equal(await send(), true, 'its sender gave up before the answer')
})
