import { connect, type Socket } from 'node:net'
import { test } from 'tap'
import type { Ack, ConnectionCloseReason } from '../../src/model.ts'
import { createVirtualClock } from '../helpers/clock.ts'
import { until } from '../helpers/service.ts'
import { event, exchange, open, post, startServer } from '../ingest/http-helper.ts'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
const KB = 1024
const READ = 64 * KB
const ok: Ack = { duplicate: false, known: 0, refused: 0 }

/** Connects, sends, and never reads. */
async function deaf(t: Parameters<typeof open>[0], port: number, bytes: string | Buffer): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  socket.pause().on('error', () => undefined)
  await new Promise((done) => socket.once('connect', done))
  await new Promise((done) => socket.write(bytes, done))
  return socket
}

/** As many times as fit into one read of a socket. */
const readful = (request: string): string => request.repeat(Math.floor(READ / request.length))

test('of thousands of requests in one read, one at a time is handled, and the others wait as bytes', async (t) => {
  let begun = 0
  const answers: (() => void)[] = []
  const server = await startServer(t, {
    routes: (app) => {
      app.get('/held', () => {
        begun += 1
        return new Promise((done) => answers.push(() => done({})))
      })
    },
  })
  const clients = await Promise.all(Array.from({ length: 12 }, () => open(t, server.port)))
  for (const client of clients) client.send(readful(get('/held')))
  await until('every connection has its turn', () => begun >= 12)
  await exchange(t, server.port, get('/none'))
  t.equal(begun, 12, 'one for each connection')
  answers.shift()?.()
  await until('the next one has its turn', () => begun >= 13)
  await exchange(t, server.port, get('/none'))
  t.equal(begun, 13)
})

test('pipelined requests of every kind are all answered, in their order', async (t) => {
  const server = await startServer(t, { routes: (app) => app.get('/echo/:n', (request) => request.params as object) })
  const count = 1500
  const client = await open(t, server.port)
  const bodies = (n: number): Buffer =>
    n % 3 === 0 ? post(JSON.stringify([event({ n })])) : Buffer.from(get(n % 3 === 1 ? `/echo/${n}` : `/none/${n}`))
  client.send(Buffer.concat(Array.from({ length: count }, (_, n) => bodies(n))))
  const wrong: number[] = []
  for (let n = 0; n < count; n += 1) {
    const answer = await client.answer()
    const right =
      n % 3 === 0
        ? answer?.json().accepted === 1
        : n % 3 === 1
          ? answer?.json().n === String(n)
          : answer?.status === 404
    if (!right) wrong.push(n)
  }
  t.strictSame(wrong, [])
  const numbers = server.frames.length
  t.equal(numbers, count / 3)
  client.send('GET /none HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\n\r\n', post('[]', ['Expect: 100-continue']))
  t.match(await client.answer(), { status: 417 })
  t.match(await client.answer(), { status: 100 })
  t.match(await client.answer(), { status: 200 })
})

test('requests that come in single bytes, or with blank lines in their bodies, are read as they are', async (t) => {
  const taken: string[] = []
  const server = await startServer(t, {
    routes: (app) => {
      app.register(async (scope) => {
        scope.removeAllContentTypeParsers()
        scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
        scope.post('/text', (request) => ({ size: taken.push(request.body as string) }))
      })
    },
  })
  const client = await open(t, server.port)
  const bodies = ['\r\n\r\n'.repeat(10_000), `${'a'.repeat(300)}\r\n\r\n${get('/none')}`, 'b']
  client.send(Buffer.concat(bodies.map((body) => post(body, [], '/text'))))
  for (const _ of bodies) t.match(await client.answer(), { status: 200 })
  client.socket.setNoDelay(true)
  for (const byte of post('\r\n\r\nb', [], '/text')) client.send(Buffer.of(byte))
  t.match(await client.answer(), { status: 200 })
  t.strictSame(taken, [...bodies, '\r\n\r\nb'])
})

test('a request that a stop leaves unanswered was not begun', async (t) => {
  const held = Promise.withResolvers<Ack>()
  const server = await startServer(t, {
    deps: {
      append: (data) => {
        server.frames.push(JSON.parse(Buffer.from(data).toString()))
        return held.promise
      },
    },
  })
  const client = await open(t, server.port)
  client.send(post(JSON.stringify([event({ a: 1 })])), post(JSON.stringify([event({ b: 1 })])))
  await until('the first is there', () => server.frames.length > 0)
  const stopped = server.drain(50)
  held.resolve(ok)
  t.match(await client.answer(), { status: 200, headers: { connection: 'close' } })
  t.equal(await client.answer(), undefined)
  await stopped
  t.equal(server.frames.length, 1)
})

const LARGE = 'x'.repeat(16 * 1024 * KB)

/** A server with a large answer, in virtual time. */
async function startLarge(t: Parameters<typeof startServer>[0], limits: object = {}) {
  const clock = createVirtualClock()
  const observed: ConnectionCloseReason[] = []
  const closed = (reason: ConnectionCloseReason): void => void observed.push(reason)
  let begun = 0
  const server = await startServer(t, {
    http: { timers: clock, observer: { closed }, limits },
    routes: (app) => {
      app.get('/large', () => {
        begun += 1
        return LARGE
      })
    },
  })
  return { ...server, clock, observed, begun: () => begun, connections: () => connectionsOf(server.app.server) }
}

function connectionsOf(server: { getConnections(call: (error: Error | null, count: number) => void): void }) {
  return new Promise<number>((done) => server.getConnections((_, count) => done(count)))
}

test('who reads nothing for 30 s while answers are in the way is cut; who reads slowly is not', async (t) => {
  const server = await startLarge(t)
  await deaf(t, server.port, readful(get('/large')))
  const slow = await deaf(t, server.port, get('/large'))
  await until('both have their answer', () => server.begun() >= 2)
  let bytes = 0
  const readSome = async (): Promise<void> => {
    // The kernel lets a sender go on once a third of its buffer is free.
    for (const goal = bytes + 2048 * KB; bytes < goal;) {
      const chunk: Buffer | null = slow.read() as Buffer | null
      if (chunk === null) await new Promise((done) => slow.once('readable', done))
      else bytes += chunk.length
    }
    await exchange(t, server.port, get('/none'))
  }
  await server.clock.advance(29_000)
  t.strictSame(server.observed, [])
  await readSome()
  await server.clock.advance(29_000)
  t.strictSame(server.observed, ['unread'])
  await readSome()
  await server.clock.advance(25_000)
  await until('the other one is gone', async () => (await server.connections()) === 1)
  t.strictSame(server.observed, ['unread'])
  t.equal(server.begun(), 2, 'nothing was rendered for those who do not read')
  t.match(
    server.lines.filter(({ level }) => level === 'warn'),
    [{ fields: { unread: 1 }, message: /connections were closed/ }],
  )
})

test('all unread answers together are bounded: who reads least goes first', async (t) => {
  const server = await startLarge(t, { unreadInTotal: 40 * 1024 * KB })
  await Promise.all(Array.from({ length: 5 }, () => deaf(t, server.port, get('/large'))))
  await until('all have their answer', () => server.begun() >= 5)
  await server.clock.advance(2000)
  t.strictSame(server.observed, ['memory', 'memory', 'memory'], 'two of 16 MB may stay')
  t.match(await exchange(t, server.port, post('[]')), { status: 200 })
})

test('all requests that wait together are bounded: the longest queue goes', async (t) => {
  const server = await startLarge(t, { waiting: 100 * KB })
  const polite = await open(t, server.port)
  for (let i = 0; i < 12; i += 1) await deaf(t, server.port, readful(get('/large')))
  // A read brings 64 kB at most, and may bring less.
  await until('those that do not fit had to go', () => server.observed.length >= 5)
  t.strictSame(new Set(server.observed), new Set(['pipelined']))
  t.ok(server.observed.length < 12, 'some may stay')
  polite.send(post('[]').toString().repeat(100))
  for (let i = 0; i < 100; i += 1) t.equal((await polite.answer())?.status, 200)
})

test('one connection more than there is room for takes the place of the one that idled longest', async (t) => {
  const server = await startLarge(t, { open: 3 })
  const [first, second, third] = [await open(t, server.port), await open(t, server.port), await open(t, server.port)]
  first.send(post('[]'))
  t.equal((await first.answer())?.status, 200)
  const fourth = await open(t, server.port)
  await second.closed()
  for (const client of [first, third, fourth]) {
    client.send(post('[]'))
    t.equal((await client.answer())?.status, 200)
  }
  t.strictSame(server.observed, ['too_many'])
})

test('a client that asks for a tunnel and resets the connection harms nobody', async (t) => {
  const server = await startServer(t)
  for (let i = 0; i < 50; i += 1) {
    const client = await open(t, server.port)
    client.send(get('/none'), 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n')
    if (i % 2 === 0) await client.answer()
    client.socket.resetAndDestroy()
  }
  const behind = await open(t, server.port)
  behind.send(get('/none'), 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', get('/none'))
  t.equal((await behind.answer())?.status, 404)
  t.equal((await behind.answer())?.status, 405)
  t.equal(await behind.answer(), undefined)
})
