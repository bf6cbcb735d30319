import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock, Millis } from '../model.ts'
import { createAdmit } from './admit.ts'
import { createAgentWatch } from './agents.ts'
import { replyError, replyRetryLater, replyEmpty } from './answers.ts'
import { collect } from './decode/collect.ts'
import type { Collected, MemoryBudget } from './decode/collect.ts'
import { commit } from './commit.ts'
import type { CommitDeps, RequestContext } from './commit.ts'
import { measurePauses } from './pauses.ts'
import { createReader } from './read.ts'
import type { Reader } from './read.ts'
import { mebibytes, BodyRefusal } from './decode/refusal.ts'
import { createRetries } from './retries.ts'
import { readSource } from './source.ts'
import type { CheckPorts } from './verdict.ts'

/** Dependencies of the ingest route: other parts of the service, and limits. */
export interface RouteDeps
  extends CheckPorts, Pick<CommitDeps, 'config' | 'clock' | 'log' | 'observer' | 'rejects' | 'encode' | 'append'> {
  /** Real time, for timeouts of responses. Default: the service's clock. */
  readonly timers?: Clock
  readonly limits?: Partial<RouteLimits>
  readonly state: () => 'starting' | 'ready' | 'draining'
}

interface RouteLimits {
  /** Frames waiting for their commit; beyond this, requests are turned away. Default 256. */
  readonly appends: number
  /** Memory of bodies over all requests, in bytes; at least one body fits. Default 192 MiB. */
  readonly bytes: number
  /** An append that takes longer is answered 503. Default 4 s, since Logstash waits for 10. */
  readonly responseTimeout: Millis
}

interface Parts extends CommitDeps {
  readonly read: Reader
}

const DEFAULTS: RouteLimits = { appends: 256, bytes: 192 * 1024 * 1024, responseTimeout: 4000 }
/** Multiple of the largest body that is read and discarded, so that its sender reads the response. */
const DRAIN_FACTOR = 4
/** Memory for one body of the largest size while its chunks are joined. */
const ONE_BODY = 2.25

/**
 * Creates the plugin that accepts events: POST and PUT on every configured path, with and without a trailing slash. A
 * request is answered 200 or 422 only after its frame is committed. The content of a body never causes a 5xx.
 */
export function ingestRoutes(deps: RouteDeps): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    const { config, clock, timers = clock } = deps
    const limits = { ...DEFAULTS, ...deps.limits }
    const budget: MemoryBudget = { held: 0, max: Math.max(limits.bytes, config.maxBody * ONE_BODY) }
    const load = { appends: 0 }
    const { responseTimeout } = limits
    const [retries, read] = [createRetries(clock), createReader(config, deps, budget)]
    const agents = createAgentWatch()
    const pauses = measurePauses(timers)
    app.addHook('onClose', () => pauses.stop())
    const parts: Parts = {
      ...deps,
      timers,
      responseTimeout,
      load,
      retries,
      agents,
      ids: { missing: 0, isSettled: false },
      read,
    }
    const overloaded = (): boolean => load.appends >= limits.appends || budget.held >= budget.max
    const admit = await createAdmit(app, { ...deps, overloaded })

    app.decorateRequest('visit')
    app.addHook('onRequest', async (request, reply) => {
      const context: RequestContext = {
        arrivedAt: timers.now(),
        waited: pauses.waited(),
        source: '',
        wireBytes: 0,
        isInDoubt: false,
        isOver: false,
      }
      request.setDecorator('visit', context)
      reply.raw.once('close', () => onClose(context, reply, parts))
      // The first bytes of a body decide its format before its label, which the reader looks up if they do not.
      request.headers['content-type'] = undefined
      const admitted = await admit(request, reply)
      if (admitted === undefined) return reply
      context.source = readSource(request, admitted.name, config.subSources)
      return undefined
    })
    app.removeAllContentTypeParsers()
    const collecting = { maxBody: config.maxBody, maxDrain: config.maxBody * DRAIN_FACTOR, budget }
    app.addContentTypeParser('*', (_request, payload, done) => {
      collect(payload, collecting, (body) => done(null, body))
    })
    app.setErrorHandler((error, _request, reply) => replyDefect(error, reply, deps))
    for (const url of urls(config.paths)) {
      app.route({ method: ['POST', 'PUT'], url, handler: (request, reply) => handlePost(request, reply, parts) })
    }
  }
}

function urls(paths: readonly string[]): Set<string> {
  return new Set(paths.flatMap((path) => (path.endsWith('/') ? [path] : [path, `${path}/`])))
}

/** Runs when the response is sent, or its connection closed before. */
function onClose(context: RequestContext, { raw }: FastifyReply, { observer, retries, timers }: Parts): void {
  const { arrivedAt, wireBytes, handedOn, isInDoubt } = context
  context.isOver = true
  if (handedOn !== undefined) retries.leave(handedOn.delivery, handedOn.at, raw.writableFinished && !isInDoubt)
  if (raw.headersSent) observer.answered(raw.statusCode, Math.max(0, timers.now() - arrivedAt) / 1000, wireBytes)
}

async function handlePost(request: FastifyRequest, reply: FastifyReply, parts: Parts): Promise<FastifyReply> {
  const context = request.getDecorator<RequestContext>('visit')
  const body = request.body as Collected | undefined
  if (body === undefined) return replyEmpty(reply)
  context.wireBytes = body.wireBytes
  try {
    if (body.kind === 'overloaded') return replyRetryLater(reply, 429, 1, 'too many requests in progress')
    if (body.kind !== 'whole') throw tooLarge(body, reply, parts.config.maxBody)
    const pending = parts.read(body.bytes, request.raw)
    const read = pending instanceof Promise ? await pending : pending
    body.release()
    if (read.kind === 'busy') return replyRetryLater(reply, 429, 1, 'too many large bodies are under way')
    return read.kind === 'empty' ? replyEmpty(reply) : await commit(read, context, reply, parts)
  } catch (error) {
    if (error instanceof BodyRefusal) return refuse(error, context, reply, parts)
    throw error
  } finally {
    body.release()
  }
}

/**
 * Returns the refusal of a body that is too large. An endless body is not read further, so its connection closes with
 * the response.
 */
function tooLarge({ kind }: Collected, reply: FastifyReply, maxBody: number): BodyRefusal {
  if (kind === 'endless') reply.header('connection', 'close')
  const limit = `${mebibytes(maxBody)} (ingest.max_body)`
  return new BodyRefusal(413, 'too_large', `the body is larger than ${limit}: send smaller batches`)
}

function refuse(
  { status, code, message }: BodyRefusal,
  context: RequestContext,
  reply: FastifyReply,
  parts: Parts,
): FastifyReply {
  parts.observer.rejects(code, 1)
  parts.rejects.add({ source: context.source, counts: new Map([[code, 1]]), samples: [{ reason: message, code }] })
  if (status === 415) reply.header('accept-encoding', 'gzip, deflate, identity')
  return replyError(reply, status, message)
}

/**
 * Answers after an internal error. A 5xx would make Logstash resend the body forever, and raise the error each time.
 */
function replyDefect(error: unknown, reply: FastifyReply, { log, observer }: RouteDeps): void {
  observer.rejects('internal', 1)
  log.error({ err: error }, 'a request raised an exception')
  replyError(reply, 400, 'the body could not be processed')
}
