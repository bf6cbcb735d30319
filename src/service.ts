import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { createApi } from './api/index.ts'
import { isLoopback } from './config/sections/units.ts'
import { type EngineClient, startEngine } from './engine/worker/client.ts'
import { encodeFrame } from './extract/frame.ts'
import { makeFolder } from './files.ts'
import { createTokenCheck } from './net/auth.ts'
import { createRejects } from './ingest/rejects.ts'
import { ingestRoutes } from './ingest/route.ts'
import { createMetrics } from './metrics.ts'
import type { Config, Log, Observer } from './model.ts'
import { createHttpServer } from './net/server.ts'
import { type Mailbox, createNotifiers } from './notify/index.ts'
import { openLinkKey } from './links/key.ts'
import { openExtractor, openSchemas } from './service/judge.ts'
import { reload } from './service/reload.ts'
import { onEngineEvent } from './service/reload-log.ts'
import { listAddresses, type ServiceState, type ServiceOptions, startSender } from './service/running.ts'
import { startTicks } from './service/ticks.ts'

export { createNotifiers as openWays } from './notify/index.ts'
export type { ServiceOptions } from './service/running.ts'

/** Handle of a running service for the command that started it. */
export interface Service {
  /** Address of the HTTP server, with the actual port. */
  readonly url: string
  readonly mailbox: Mailbox | undefined
  /**
   * Reads the configuration again. Resolves to the errors that prevent the reload, in which case nothing changes, or to
   * an empty list.
   */
  reload(): Promise<readonly string[]>
  /** Stops the service. Requests in progress are answered, and no data is lost. */
  stop(): Promise<void>
}

/** Creates a logger that writes JSON lines to standard output. */
export function createLog(level: Config['logLevel']): Log {
  return pino({ level, base: { service: 'stashwatch' } })
}

export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version

const STOP_WITHIN = 10_000

/**
 * Creates and starts the parts: first the HTTP server, then the engine, then the sender. They stop in reverse order.
 *
 * @throws the error of the part that cannot start; the parts already started are stopped first.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, clock, timers, log } = options
  const schemas = openSchemas(config)
  makeFolder(config.data, 0o700)
  const metrics = createMetrics({ version: VERSION, clock })
  const running: ServiceState = {
    options,
    metrics,
    config,
    state: 'starting',
    journalOk: true,
    refused: false,
    rejects: createRejects({ clock, log }),
    schemas,
    extract: openExtractor(config),
    linkKey: openLinkKey(config.data),
    engine: undefined,
    sender: undefined,
    mailbox: undefined,
    since: clock.now(),
    known: listAddresses(config),
    left: new Map(),
    reloading: Promise.resolve(),
  }
  const exits = await createNotifiers(config, { clock, log, linkKey: running.linkKey })
  running.mailbox = exits.mailbox
  const http = await createHttp(running)
  const undo: (() => unknown)[] = [() => http.app.close()]
  try {
    await http.app.listen({ host: config.listen.host, port: config.listen.port })
    const file = join(config.data, 'stashwatch.db')
    const data = { file, config: config.engine, now: clock.now() }
    const engine = await startEngine(
      data,
      (report) => onEngineEvent(running, report),
      (error) => lose(running, error),
    )
    running.engine = engine
    undo.push(() => stopEngine(running))
    running.sender = startSender(running, engine, exits)
    undo.push(() => running.sender?.stop(5000))
    undo.push(startTicks(running, engine))
    undo.push(() => http.drain({ timers }))
    running.state = 'ready'
    const url = urlOf(http.app.server.address(), config)
    log.info({ url, version: VERSION, data: config.data }, 'listening')
    let stopped: Promise<void> | undefined
    return {
      url,
      mailbox: exits.mailbox,
      reload: () => reload(running),
      stop: () => (stopped ??= stop(running, undo)),
    }
  } catch (error) {
    await unwind(undo)
    throw error
  }
}

async function stop(running: ServiceState, undo: readonly (() => unknown)[]): Promise<void> {
  running.state = 'draining'
  await running.reloading
  running.options.log.info({}, 'stopping: no new connections, what was begun is finished')
  await unwind(undo)
  running.options.log.info({}, 'stopped')
}

/**
 * Stops the parts, last one first. A part that fails does not keep the others from stopping.
 * @throws the first failure.
 */
async function unwind(undo: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = []
  for (const step of undo.toReversed()) {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

/**
 * Handles an engine thread that ended by itself: no requests are accepted any more, and the stop does not wait for it.
 */
function lose(running: ServiceState, error: Error): void {
  running.state = 'draining'
  running.engine = undefined
  running.options.onEnd(error)
}

/** Waits for the last snapshot up to a limit: everything that was answered is in the journal without it. */
function stopEngine({ engine, options }: ServiceState): Promise<void> {
  if (engine === undefined) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const late = new Error(`the engine did not stop within ${STOP_WITHIN / 1000} s`)
    const cancel = options.timers.after(STOP_WITHIN, () => reject(late))
    engine.stop().then(resolve, reject).finally(cancel)
  })
}

async function createHttp(running: ServiceState): Promise<ReturnType<typeof createHttpServer>> {
  const { options, metrics, rejects } = running
  const { config, clock, timers, log, readConfig } = options
  const http = createHttpServer({ log, timers, observer: metrics.observer })
  const engine = later(running)
  const ingest = ingestRoutes({
    config: config.ingest,
    clock,
    timers,
    log,
    observer: watchful(running),
    rejects,
    schemas: { judge: (event) => running.schemas.judge(event) },
    extract: (event, kind) => running.extract(event, kind),
    encode: encodeFrame,
    append: (frame) => engine().append(frame),
    state: () => running.state,
  })
  const api = createApi({
    engine: {
      query: (query) => engine().query(query),
      command: (command) => engine().command(command),
      get outbox() {
        return engine().outbox
      },
    },
    rejects,
    clock: timers,
    now: () => clock.now(),
    linkKey: running.linkKey,
    log,
    metrics,
    tokens: config.api.tokens,
    checkToken: createTokenCheck(config.api.tokens),
    listensBeyondLoopback: !isLoopback(config.listen.host),
    state: () => running.state,
    journalOk: () => running.journalOk,
    ...(running.mailbox === undefined ? {} : { mailbox: running.mailbox }),
    ...(readConfig === undefined ? {} : { reload: () => reload(running) }),
  })
  await http.app.register(ingest)
  await http.app.register(api)
  return http
}

/**
 * Returns an accessor for the engine, since the HTTP server is created first. The accessor throws while no engine runs.
 */
function later(running: ServiceState): () => EngineClient {
  return () => {
    if (running.engine === undefined) throw new Error('the engine does not run')
    return running.engine
  }
}

/** Returns the observer of the metrics, extended to record responses with 429 and 503. */
function watchful(running: ServiceState): Observer {
  const { observer } = running.metrics
  return {
    ...observer,
    answered(status, seconds, bytes) {
      if (status === 429 || status === 503) running.refused = true
      observer.answered(status, seconds, bytes)
    },
  }
}

function urlOf(address: AddressInfo | string | null, { listen }: Config): string {
  const port = typeof address === 'object' && address !== null ? address.port : listen.port
  return `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`
}
