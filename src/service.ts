import { mkdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { createApi } from './api/index.ts'
import { isLoopback } from './config/units.ts'
import { type EngineClient, startEngine } from './engine/client.ts'
import type { Report } from './engine/protocol.ts'
import { createExtractor, type Extract } from './extract/samples.ts'
import { encodeFrame } from './extract/frame.ts'
import { createTokenCheck } from './ingest/auth.ts'
import { createHttpServer } from './ingest/http.ts'
import { createRejects } from './ingest/rejects.ts'
import { ingestRoutes } from './ingest/route.ts'
import { createSchemas } from './ingest/schemas.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import type { Clock, Config, Log, Observer } from './model.ts'
import { createSender, type Mailbox, openMailRoute, type Sender } from './notify/index.ts'

export { openMailRoute } from './notify/index.ts'

/** What a running service offers to the verb that started it. */
export interface Service {
  /** Where it listens, with the port that it got. */
  readonly url: string
  readonly mailbox: Mailbox | undefined
  /** Takes over a configuration; resolves to what stands against it. Nothing changes unless that is nothing. */
  reload(config: Config): Promise<readonly string[]>
  /** Stops without cutting anybody or losing anything. */
  stop(): Promise<void>
}

export interface ServiceOptions {
  readonly config: Config
  /** The clock that events, windows and mails live by; the demo's runs faster. */
  readonly clock: Clock
  /** Real time, for time-outs. */
  readonly timers: Clock
  readonly log: Log
  /** Reads the configuration again and applies it; the mistakes, none when it is in force. */
  readonly onReload?: () => Promise<readonly string[]>
  /** The engine's thread ended by itself: nothing can be accepted any more. */
  readonly onEnd: (error: Error) => void
}

/** A logger that writes JSON lines to standard output. */
export function createLog(level: Config['logLevel']): Log {
  return pino({ level, base: { service: 'stashwatch' } })
}

export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version

const SCHEMAS = new URL('../schemas/events/', import.meta.url)
const TICK = 1000

/** What the parts share while they run. */
interface Running {
  readonly options: ServiceOptions
  readonly metrics: Metrics
  config: Config
  state: 'starting' | 'ready' | 'draining'
  journalOk: boolean
  /** A sender was turned away since the last tick. */
  refused: boolean
  extract: Extract
  engine: EngineClient | undefined
  sender: Sender | undefined
  mailbox: Mailbox | undefined
}

/**
 * Puts the parts together and starts them: first the address, then the memory, then the mails; torn down the other way
 * round.
 *
 * @throws what a part throws that cannot start; then nothing is left running.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, clock, timers, log } = options
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  const metrics = createMetrics({ version: VERSION, clock })
  const running: Running = {
    options,
    metrics,
    config,
    state: 'starting',
    journalOk: true,
    refused: false,
    extract: extractorFor(config),
    engine: undefined,
    sender: undefined,
    mailbox: undefined,
  }
  const route = await openMailRoute(config, log)
  running.mailbox = route.mailbox
  const http = await createHttp(running)
  const undo: (() => Promise<unknown>)[] = [() => http.app.close()]
  const unwind = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step()
  }
  try {
    await http.app.listen({ host: config.listen.host, port: config.listen.port })
    const file = join(config.data, 'stashwatch.db')
    const data = { file, config: config.engine, now: clock.now() }
    const engine = await startEngine(data, (report) => hear(running, report), options.onEnd)
    running.engine = engine
    undo.push(() => engine.stop())
    running.sender = createSender({ ...route, outbox: engine.outbox, clock, log, observer: metrics.observer })
    undo.push(async () => running.sender?.stop(5000))
    const stopTicks = startTicks(running, engine)
    undo.push(async () => stopTicks())
    undo.push(() => http.drain({ timers }))
    running.state = 'ready'
    const url = urlOf(http.app.server.address(), config)
    log.info({ url, version: VERSION, data: config.data }, 'listening')
    return { url, mailbox: route.mailbox, reload: (next) => reload(running, next), stop: () => stop(running, unwind) }
  } catch (error) {
    await unwind()
    throw error
  }
}

async function stop(running: Running, unwind: () => Promise<void>): Promise<void> {
  if (running.state === 'draining') return
  running.state = 'draining'
  running.options.log.info({}, 'stopping: no new connections, what was begun is finished')
  await unwind()
  running.options.log.info({}, 'stopped')
}

function extractorFor(config: Config): Extract {
  const { metrics, rules } = config.engine
  const { host, idField } = config.ingest
  const counts = rules.filter((rule) => rule.kind === 'count')
  return createExtractor({ metrics, rules: counts, host, ...(idField === undefined ? {} : { idField }) })
}

async function createHttp(running: Running): Promise<ReturnType<typeof createHttpServer>> {
  const { options, metrics } = running
  const { config, clock, timers, log, onReload } = options
  const rejects = createRejects({ clock, log })
  const http = createHttpServer({ log })
  const engine = later(running)
  const ingest = ingestRoutes({
    config: config.ingest,
    clock,
    timers,
    log,
    observer: watchful(running),
    rejects,
    schemas: createSchemas(SCHEMAS),
    extract: (event, kind) => running.extract(event, kind),
    encode: encodeFrame,
    append: (frame) => engine().append(frame),
    state: () => running.state,
  })
  const api = createApi({
    engine: { query: (query) => engine().query(query), get outbox() { return engine().outbox } },
    rejects,
    clock: timers,
    log,
    metrics,
    tokens: config.api.tokens,
    checkToken: createTokenCheck(config.api.tokens),
    listensBeyondLoopback: !isLoopback(config.listen.host),
    state: () => running.state,
    journalOk: () => running.journalOk,
    ...(running.mailbox === undefined ? {} : { mailbox: running.mailbox }),
    ...(onReload === undefined ? {} : { reload: onReload }),
  })
  await http.app.register(ingest)
  await http.app.register(api)
  return http
}

/** The engine, which the HTTP side knows before it is there. */
function later(running: Running): () => EngineClient {
  return () => {
    if (running.engine === undefined) throw new Error('the journal is still being read')
    return running.engine
  }
}

/** The metrics' observer, which also notes that a sender was turned away. */
function watchful(running: Running): Observer {
  const { observer } = running.metrics
  return {
    ...observer,
    answered(status, seconds, bytes) {
      if (status === 429 || status === 503) running.refused = true
      observer.answered(status, seconds, bytes)
    },
  }
}

/** One tick a second; none is sent before the last one is done. */
function startTicks(running: Running, engine: EngineClient): () => void {
  const { clock, log } = running.options
  let isBusy = false
  return clock.every(TICK, () => {
    if (isBusy) return
    isBusy = true
    const refused = running.refused || running.state !== 'ready'
    running.refused = false
    engine
      .tick({ now: clock.now(), refused })
      .catch((error: unknown) => log.debug({ err: error }, 'a tick was not taken'))
      .finally(() => {
        isBusy = false
      })
  })
}

function hear(running: Running, report: Report): void {
  const { log } = running.options
  switch (report.kind) {
    case 'stats':
      return running.metrics.observer.engine(report.stats)
    case 'effects':
      return running.sender?.wake()
    case 'journal':
      running.journalOk = report.ok
      if (report.ok) return log.info({}, report.message)
      return log.error({ reason: report.message }, 'the journal cannot be written: batches are answered 503 until it can')
    case 'fault':
      return log.error({ offset: report.offset, reason: report.message }, 'an entry could not be folded; it is passed over')
    case 'ready':
      return sayReady(running, report)
    default:
      return undefined
  }
}

function sayReady({ options }: Running, { replayed, downFrom }: Report & { kind: 'ready' }): void {
  if (downFrom === undefined) return options.log.info({ replayed }, 'a new journal is begun')
  const from = new Date(downFrom).toISOString()
  const until = new Date(options.clock.now()).toISOString()
  return options.log.info({ replayed, from, until }, 'state restored; between these times nothing was watched')
}

/** What can change while the service runs: metrics, rules, receivers, limits, the mail server. */
async function reload(running: Running, next: Config): Promise<readonly string[]> {
  const { config, options, metrics, engine } = running
  const fixed = ['listen', 'data', 'ingest', 'api', 'logLevel'] as const
  const changed = fixed.filter((key) => JSON.stringify(config[key]) !== JSON.stringify(next[key]))
  if (changed.length > 0) {
    metrics.reloaded(false)
    return changed.map((key) => `${key === 'logLevel' ? 'log' : key} has changed: restart the service for that; nothing was changed now`)
  }
  const { clock, log } = options
  await engine?.configure(next.engine)
  running.config = next
  running.extract = extractorFor(next)
  if (engine !== undefined && JSON.stringify(config.smtp) !== JSON.stringify(next.smtp)) {
    await running.sender?.stop(5000)
    const route = await openMailRoute(next, log)
    running.sender = createSender({ ...route, outbox: engine.outbox, clock, log, observer: metrics.observer })
  }
  metrics.reloaded(true)
  log.info({}, 'the configuration was loaded anew')
  return []
}

function urlOf(address: AddressInfo | string | null, { listen }: Config): string {
  const port = typeof address === 'object' && address !== null ? address.port : listen.port
  return `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`
}
