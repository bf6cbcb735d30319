import { request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { createApi } from '../../src/api/index.ts'
import type { ApiDeps } from '../../src/api/index.ts'
import { createHttpServer } from '../../src/net/server.ts'
import { createMetrics } from '../../src/metrics.ts'
import type {
  AlertIdentity,
  AlertView,
  QueryResults as EngineAnswers,
  Command,
  CommandReply,
  Engine,
  Evidence,
  Query,
  SendRecord,
} from '../../src/model.ts'
import { createVirtualClock } from '../helpers/clock.ts'
import type { VirtualClock } from '../helpers/clock.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly json: Record<string, unknown>
}

export interface Running {
  readonly clock: VirtualClock
  /** What the log said at error level. */
  readonly errors: string[]
  /** What the engine was asked. */
  readonly queries: Query[]
  /** Commands to the engine. */
  readonly commands: Command[]
  readonly port: number
  readonly get: (path: string, headers?: Record<string, string>, method?: string) => Promise<Answer>
  /** Sends a body, JSON unless it is text already. */
  readonly send: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
}

/** What the links of the tests are signed with. */
export const LINK_KEY = Buffer.alloc(32, 7)

const NOON = Date.parse('2026-11-22T12:00:00Z')
const HOUR = 3_600_000

/** A reason that is shown as it is: what no code is known for stands for itself. */
export const because = (code: string): Evidence => ({
  limit: { op: 'above', value: 0.9 },
  clear: { op: 'at_most', value: 0.85 },
  why: { code, params: {} },
})

/** The mean of the cpu of a host, over two minutes. */
export const identityOf = (fields: Partial<AlertIdentity> = {}): AlertIdentity => ({
  rule: 'cpu-high',
  host: 'web-1',
  key: 'cpu',
  labels: {},
  measure: { kind: 'aggregate', metric: 'cpu', unit: 'ratio', of: 'mean', over: 120_000 },
  ...fields,
})

/** An alert that has fired for an hour at noon. */
export const alertView = (fields: Partial<AlertView> = {}): AlertView => ({
  identity: identityOf(),
  state: 'firing',
  severity: 'warning',
  episode: 'e1',
  code: 'K7RX2',
  startsAt: NOON - HOUR,
  firedAt: NOON - HOUR,
  evaluatedAt: NOON,
  value: 0.95,
  evidence: because('breached'),
  peak: 0.97,
  transitions: [],
  ...fields,
})

/** What the engine answers; a test overrides what it is about. */
export type Answers = (query: Query) => unknown

export interface Options extends Partial<Omit<ApiDeps, 'engine'>> {
  readonly answers?: Answers
  readonly obeys?: (command: Command) => CommandReply
  readonly sends?: readonly SendRecord[]
}

/** What every engine knows. */
const USUAL: Partial<Record<Query['kind'], readonly unknown[]>> = {
  labels: ['rule', 'host', 'source', 'severity', 'metric'],
  hosts: [],
  rules: [{ name: 'cpu-high' }, { name: 'disk-full' }],
}

/** Serves the API over a real socket on this machine, in front of an engine that answers what the test says. */
export async function serve(
  t: Pick<Test, 'teardown'>,
  { answers, obeys, sends, ...deps }: Options = {},
): Promise<Running> {
  const clock = createVirtualClock()
  const queries: Query[] = []
  const commands: Command[] = []
  const engine: Pick<Engine, 'query' | 'command' | 'outbox'> = {
    async query<K extends Query['kind']>(query: Extract<Query, { readonly kind: K }>) {
      queries.push(query)
      return (answers?.(query) ?? USUAL[query.kind] ?? null) as EngineAnswers[K]
    },
    async command<K extends Command['kind']>(command: Extract<Command, { readonly kind: K }>) {
      commands.push(command)
      return (obeys?.(command) ?? { kind: 'done', value: null }) as CommandReply<K>
    },
    outbox: {
      list: async (limit) => (sends ?? []).slice(0, limit),
      find: async (id) => (sends ?? []).find((record) => record.id === id) ?? null,
      due: async () => [],
      pendingInThread: async () => [],
      history: async () => ({ undelivered: [] }),
      merge: async () => false,
      retryNow: async () => {},
      rendered: async () => {},
      outcome: async () => {},
      stats: async () => ({ pending: 0 }),
    },
  }
  const errors: string[] = []
  const quiet = (): void => {}
  const error = (_: object, message: string): void => void errors.push(message)
  const log = { debug: quiet, info: quiet, warn: quiet, error }
  const { app } = createHttpServer({ log, timers: clock, observer: { closed: quiet } })
  app.post('/', async () => ({ taken: 'by ingest' }))
  await app.register(
    createApi({
      engine,
      clock,
      now: () => clock.now(),
      linkKey: LINK_KEY,
      log,
      rejects: { list: () => ({ counts: {}, incomplete: {}, recent: [] }) },
      metrics: createMetrics({ version: '1.2.3', clock }),
      tokens: [],
      checkToken: () => undefined,
      listensBeyondLoopback: false,
      state: () => 'ready',
      journalOk: () => true,
      ...deps,
    }),
  )
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const { port } = app.server.address() as AddressInfo
  return {
    clock,
    errors,
    queries,
    commands,
    port,
    get: (path, headers, method) => ask(port, path, headers, method),
    send: (method, path, body, headers) =>
      ask(port, path, headers, method, typeof body === 'string' || body === undefined ? body : JSON.stringify(body)),
  }
}

/** One request whose path and headers go over the wire as they are given. */
function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString()
        const isJson = /json/.test(response.headers['content-type'] ?? '') && body !== ''
        const json = isJson ? (JSON.parse(body) as Record<string, unknown>) : {}
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, json })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
