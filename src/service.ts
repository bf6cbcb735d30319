import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { createApi } from './api/index.ts'
import { isLoopback } from './config/sections/units.ts'
import { type EngineClient, startEngine } from './engine/worker/client.ts'
import { encodeFrame } from './extract/frame.ts'
import { limitShown } from './extract/shown.ts'
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
import { onEngineEvent, startTicks } from './service/engine.ts'
import { listConfiguredAddresses, type ServiceState, type ServiceOptions, startSender } from './service/running.ts'

export { createNotifiers } from './notify/index.ts'

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

const STOP_TIMEOUT = 10_000

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
  const service: ServiceState = {
    options,
    metrics,
    config,
    state: 'starting',
    journalOk: true,
    hasRefused: false,
    rejects: createRejects({ clock, log }),
    schemas,
    extract: openExtractor(config),
    linkKey: openLinkKey(config.data),
    engine: undefined,
    sender: undefined,
    mailbox: undefined,
    startedAt: clock.now(),
    knownAddresses: listConfiguredAddresses(config),
    removedAddresses: new Map(),
    reloading: Promise.resolve(),
  }
  const notifiers = await createNotifiers(config, { clock, log, linkKey: service.linkKey })
  service.mailbox = notifiers.mailbox
  const http = await createHttp(service)
  const teardown: (() => unknown)[] = [() => http.app.close()]
  try {
    await http.app.listen({ host: config.listen.host, port: config.listen.port })
    const file = join(config.data, 'stashwatch.db')
    const data = { file, config: config.engine, now: clock.now() }
    const engine = await startEngine(
      data,
      (report) => onEngineEvent(service, report),
      (error) => onEngineExit(service, error),
    )
    service.engine = engine
    teardown.push(() => stopEngine(service))
    service.sender = startSender(service, engine, notifiers)
    teardown.push(() => service.sender?.stop(5000))
    teardown.push(startTicks(service, engine))
    teardown.push(() => http.drain({ timers }))
    service.state = 'ready'
    const url = formatUrl(http.app.server.address(), config)
    log.info({ url, version: VERSION, data: config.data }, 'listening')
    let stopped: Promise<void> | undefined
    return {
      url,
      mailbox: notifiers.mailbox,
      reload: () => reload(service),
      stop: () => (stopped ??= stop(service, teardown)),
    }
  } catch (error) {
    await unwind(teardown)
    throw error
  }
}

async function stop(service: ServiceState, teardown: readonly (() => unknown)[]): Promise<void> {
  service.state = 'draining'
  await service.reloading
  service.options.log.info({}, 'stopping: no new connections; requests in progress are finished')
  await unwind(teardown)
  service.options.log.info({}, 'stopped')
}

/**
 * Stops the parts, last one first. A part that fails does not keep the others from stopping.
 * @throws the first failure.
 */
async function unwind(teardown: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = []
  for (const step of teardown.toReversed()) {
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
function onEngineExit(service: ServiceState, error: Error): void {
  service.state = 'draining'
  service.engine = undefined
  service.options.onEnd(error)
}

/** Waits for the last snapshot up to a limit: everything that was answered is in the journal without it. */
function stopEngine({ engine, options }: ServiceState): Promise<void> {
  if (engine === undefined) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const late = new Error(`the engine did not stop within ${STOP_TIMEOUT / 1000} s`)
    const cancel = options.timers.after(STOP_TIMEOUT, () => reject(late))
    engine.stop().then(resolve, reject).finally(cancel)
  })
}

async function createHttp(service: ServiceState): Promise<ReturnType<typeof createHttpServer>> {
  const { options, metrics, rejects } = service
  const { config, clock, timers, log, readConfig } = options
  const http = createHttpServer({ log, timers, observer: metrics.observer, bodyTimeout: config.ingest.bodyTimeout })
  const engine = engineAccess(service)
  const ingest = ingestRoutes({
    config: config.ingest,
    clock,
    timers,
    log,
    observer: trackBackpressure(service),
    rejects,
    schemas: { judge: (event, budget) => service.schemas.judge(event, budget) },
    extract: (event, kind, budget) => service.extract(event, kind, budget),
    encode: (frame) => encodeFrame({ ...frame, events: limitShown(frame.events) }),
    append: (frame) => engine().append(frame),
    state: () => service.state,
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
    linkKey: service.linkKey,
    log,
    metrics,
    tokens: config.api.tokens,
    checkToken: createTokenCheck(config.api.tokens),
    listensBeyondLoopback: !isLoopback(config.listen.host),
    state: () => service.state,
    journalOk: () => service.journalOk,
    ...(service.mailbox === undefined ? {} : { mailbox: service.mailbox }),
    ...(readConfig === undefined ? {} : { reload: () => reload(service) }),
  })
  await http.app.register(ingest)
  await http.app.register(api)
  return http
}

/**
 * Returns an accessor for the engine, since the HTTP server is created first. The accessor throws while no engine runs.
 */
function engineAccess(service: ServiceState): () => EngineClient {
  return () => {
    if (service.engine === undefined) throw new Error('the engine does not run')
    return service.engine
  }
}

/** Returns the observer of the metrics, extended to record responses with 429 and 503. */
function trackBackpressure(service: ServiceState): Observer {
  const { observer } = service.metrics
  return {
    ...observer,
    answered(status, seconds, bytes) {
      if (status === 429 || status === 503) service.hasRefused = true
      observer.answered(status, seconds, bytes)
    },
  }
}

function formatUrl(address: AddressInfo | string | null, { listen }: Config): string {
  const port = typeof address === 'object' && address !== null ? address.port : listen.port
  return `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`
}
