import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { createClock } from '../../src/clock.ts'
import { createHttpServer } from '../../src/net/server.ts'
import type { HttpOptions } from '../../src/net/server.ts'
import { createRejects } from '../../src/ingest/rejects.ts'
import type { RejectList } from '../../src/ingest/rejects.ts'
import { ingestRoutes } from '../../src/ingest/route.ts'
import type { RouteDeps } from '../../src/ingest/route.ts'
import type { Ack, Clock, EventSamples, Frame, IngestConfig, Observer } from '../../src/model.ts'
import { type Line, recorder } from '../helpers/log.ts'

export interface TestServer {
  readonly app: FastifyInstance
  readonly port: number
  readonly frames: Frame[]
  readonly lines: Line[]
  /** Counts of the observer's calls: `events:accepted`, `rejects:json`, `answered:200`. */
  readonly seen: Record<string, number>
  readonly rejects: () => RejectList
  readonly drain: (quiet?: number, within?: number) => Promise<void>
  readonly bytes: number[]
}

export interface TestOptions {
  readonly config?: Partial<IngestConfig>
  readonly deps?: Partial<RouteDeps>
  readonly http?: Partial<HttpOptions>
  readonly clock?: Clock
  /** Registers further routes. */
  readonly routes?: (app: FastifyInstance) => void
}

const CONFIG: IngestConfig = {
  paths: ['/', '/events', '/ingest'],
  tokens: [],
  subSources: 16,
  maxBody: 64 * 1024 * 1024,
  maxDecompressed: 128 * 1024 * 1024,
  bodyTimeout: 10_000,
  maxEvents: 10_000,
  requestsPerMinute: 60_000,
  allRejectedStatus: 422,
  host: {},
  stripDomain: [],
  remoteKinds: [],
}

interface TestCase {
  teardown(call: () => unknown): void
}

/** Ids that were seen: the engine's rule for duplicates, without its bounds. */
export function createFold(): (frame: Frame) => Ack {
  const known = new Set<string>()
  return ({ source, batchId, isBatch, isMaybeRetry, events }) => {
    const id = `${source} ${batchId}`
    const isTimed = events.every(({ ts }) => Number.isFinite(ts))
    const duplicate = known.has(id) && ((isBatch && isTimed) || isMaybeRetry)
    known.add(id)
    return { duplicate, known: 0, refused: 0 }
  }
}

/** The whole HTTP side on a real socket, with small but real judges behind it. */
export async function startServer(t: TestCase, options: TestOptions = {}): Promise<TestServer> {
  const lines: Line[] = []
  const log = recorder(lines)
  const clock = options.clock ?? createClock()
  const rejects = createRejects({ clock, log })
  const frames: Frame[] = []
  const bytes: number[] = []
  const seen: Record<string, number> = {}
  const count = (key: string, by: number): void => void (seen[key] = (seen[key] ?? 0) + by)
  const fold = createFold()
  const observer: Observer = {
    events: (result, by) => count(`events:${result}`, by),
    rejects: (code, by) => count(`rejects:${code}`, by),
    nonNumeric: (by) => count('nonNumeric', by),
    sharedName: () => count('sharedName', 1),
    untimed: (by) => count('untimed', by),
    answered: (status, _seconds, size) => {
      count(`answered:${status}`, 1)
      bytes.push(size)
    },
    closed: (reason) => count(`closed:${reason}`, 1),
    notified: () => undefined,
    engine: () => undefined,
  }
  const http = createHttpServer({ log, timers: createClock(), observer, ...options.http })
  const deps: RouteDeps = {
    config: { ...CONFIG, ...options.config },
    clock,
    timers: createClock(),
    log,
    rejects,
    observer,
    schemas: { judge },
    extract,
    encode: (frame) => Buffer.from(JSON.stringify(frame)),
    append: (data) => {
      const frame = JSON.parse(Buffer.from(data).toString()) as Frame
      frames.push(frame)
      return Promise.resolve(fold(frame))
    },
    state: () => (http.draining() ? 'draining' : 'ready'),
    ...options.deps,
  }
  await http.app.register(ingestRoutes(deps))
  options.routes?.(http.app)
  await http.app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => http.drain({ timers: createClock(), quiet: 0, within: 200 }).then(() => http.app.close()))
  const { port } = http.app.server.address() as AddressInfo
  return {
    app: http.app,
    port,
    frames,
    lines,
    seen,
    bytes,
    rejects: () => rejects.list(),
    drain: (quiet = 100, within = 5000) => http.drain({ timers: createClock(), quiet, within }),
  }
}

/** An event is an object with a timestamp that is text; `boom` raises. */
export function judge(event: unknown): ReturnType<RouteDeps['schemas']['judge']> {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    return { path: '', reason: 'an event is an object', code: 'schema' }
  }
  if ('boom' in event) throw new Error('secret insides')
  if (!('@timestamp' in event) || typeof event['@timestamp'] !== 'string') {
    return { path: '/@timestamp', reason: 'expected a text', code: 'timestamp' }
  }
  return { kind: 'base', event }
}

export function extract(event: object): EventSamples {
  const { host, '@timestamp': ts }: { host?: unknown; '@timestamp'?: unknown } = event
  const name = typeof host === 'object' && host !== null && 'name' in host ? host.name : host
  return { host: String(name), ts: Date.parse(String(ts)), heartbeat: false, series: [], values: [] }
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly json: () => Record<string, unknown>
}

export interface Client {
  readonly socket: Socket
  /** Writes raw bytes. */
  send(...parts: readonly (string | Buffer)[]): void
  /** The next answer; undefined when the server closed the connection before it. */
  answer(): Promise<Answer | undefined>
  /** Resolves once the server has closed the connection. */
  closed(): Promise<void>
}

/** One raw connection: writes bytes as they are, reads answers one after the other. */
export async function open(t: TestCase, port: number): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let buffer: Buffer = Buffer.alloc(0)
  const state = { ended: false }
  let wake = (): void => undefined
  const end = (): void => {
    state.ended = true
    wake()
  }
  socket.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk])
    wake()
  })
  socket.on('end', end).on('close', end).on('error', end)
  const more = (): Promise<void> => new Promise((resolve) => (wake = resolve))

  return {
    socket,
    send: (...parts) => {
      for (const part of parts) socket.write(part)
    },
    async answer() {
      for (;;) {
        const parsed = parseAnswer(buffer)
        if (parsed !== undefined) {
          buffer = buffer.subarray(parsed.size)
          return parsed.answer
        }
        if (state.ended) return undefined
        await more()
      }
    },
    async closed() {
      while (!state.ended) await more()
    },
  }
}

function parseAnswer(buffer: Buffer): { answer: Answer; size: number } | undefined {
  const end = buffer.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [first = '', ...rest] = buffer.toString('latin1', 0, end).split('\r\n')
  const headers = Object.fromEntries(
    rest.map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const size = end + 4 + Number(headers['content-length'] ?? 0)
  if (buffer.length < size) return undefined
  const body = buffer.toString('utf8', end + 4, size)
  const json = (): Record<string, unknown> => JSON.parse(body) as Record<string, unknown>
  return { answer: { status: Number(first.split(' ')[1]), headers, body, json }, size }
}

/** A POST with a length, as bytes to be written to a socket. */
export function post(body: string | Buffer, headers: readonly string[] = [], path = '/events'): Buffer {
  const bytes = Buffer.from(body)
  const host = headers.some((header) => header.startsWith('Host:')) ? [] : ['Host: x']
  const head = [`POST ${path} HTTP/1.1`, ...host, `Content-Length: ${bytes.length}`, ...headers]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes])
}

/** Sends one request on a connection of its own. */
export async function exchange(t: TestCase, port: number, request: string | Buffer): Promise<Answer | undefined> {
  const client = await open(t, port)
  client.send(request)
  const answer = await client.answer()
  client.socket.destroy()
  return answer
}

export function event(fields: object = {}): object {
  return { '@timestamp': '2026-11-22T12:00:00.000Z', host: { name: 'node01' }, ...fields }
}
