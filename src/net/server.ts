import { createServer, STATUS_CODES } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock, Log, Millis, Observer } from '../model.ts'
import { createConnections } from './connections.ts'
import type { ConnectionLimits, DrainOptions } from './connections.ts'

export interface HttpOptions {
  readonly log: Log
  /** Measures in real time how long a client reads nothing. */
  readonly timers: Clock
  readonly observer: Pick<Observer, 'closed'>
  /** Memory limits of the connections. */
  readonly limits?: Partial<ConnectionLimits>
  /** A body must bring 16 KiB in every such interval, however long it takes in total. Default 10 s. */
  readonly bodyTimeout?: Millis
  /** A request's head must arrive within this. Default 10 s. */
  readonly headersTimeout?: Millis
  /** Interval between checks for slow clients. Default 500 ms. */
  readonly checkEvery?: Millis
  /** How long an idle connection stays open. Default 75 s, longer than Logstash keeps one. */
  readonly keepAlive?: Millis
}

interface HttpServer {
  /** Routes are registered here. Bodies without a parser of their plugin are JSON of at most 64 kB. */
  readonly app: FastifyInstance
  readonly draining: () => boolean
  /**
   * Stops accepting connections. Every response closes its connection, and idle connections are closed once they are
   * quiet. Call `app.close()` after it.
   */
  drain(options: DrainOptions): Promise<void>
}

/** A connection without traffic in either direction, and without a request in progress, is closed after this. */
const IDLE_TIMEOUT: Millis = 120_000
const API_BODY = 64 * 1024

/** Creates an HTTP server without defaults that make a sender drop events. */
export function createHttpServer(options: HttpOptions): HttpServer {
  const { timers, log, observer, limits = {}, bodyTimeout } = options
  const timeout = bodyTimeout === undefined ? {} : { bodyTimeout }
  const connections = createConnections({
    timers,
    log,
    limits,
    closed: (reason) => observer.closed(reason),
    ...timeout,
  })
  let draining = false
  const app = Fastify({
    logger: false,
    bodyLimit: API_BODY,
    serverFactory: (handler) => {
      const server = createListener(options)
      connections.watch(server, handler)
      return server
    },
    // `connections` answers these itself, for this server and for the second one that a name like localhost opens.
    clientErrorHandler: () => undefined,
    frameworkErrors: (error, _request, reply) =>
      problem(reply, error.statusCode ?? 400, error.code === 'FST_ERR_BAD_URL' ? BAD_ESCAPE : undefined),
  })
  guard(app, () => draining)
  app.setErrorHandler((error, request, reply) => replyError(error, request, reply, log))
  return {
    app,
    draining: () => draining,
    drain(drainOptions) {
      draining = true
      return connections.drain(drainOptions)
    },
  }
}

function createListener(options: HttpOptions): Server {
  const { headersTimeout = 10_000, checkEvery = 500, keepAlive = 75_000 } = options
  const server = createServer({
    // `connections` measures the progress of bodies instead: a large one may take long.
    requestTimeout: 0,
    headersTimeout,
    connectionsCheckingInterval: checkEvery,
    keepAliveTimeout: keepAlive,
    // Checked below, with a response like the others.
    requireHostHeader: false,
  })
  server.timeout = IDLE_TIMEOUT
  // The head's size is limited; a limit on their number would silently omit headers.
  server.maxHeadersCount = 0
  return server
}

/**
 * Applies to every path, before any body is read: rejects ambiguous requests and unknown paths with a short response.
 */
function guard(app: FastifyInstance, draining: () => boolean): void {
  const routes: Route[] = []
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ parts: url.split('/'), methods: typeof method === 'string' ? [method] : method })
  })
  app.addHook('onRequest', (request, reply, done) => {
    if (draining()) reply.header('connection', 'close')
    const fault = classifyFault(request.raw)
    if (fault !== undefined) problem(reply.header('connection', 'close'), 400, fault)
    else if (request.is404) refusePath(request, reply, routes)
    else done()
  })
  app.setNotFoundHandler((request, reply) => refusePath(request, reply, routes))
}

const BAD_ESCAPE = 'the path has an invalid escape: expected % and two hex digits of UTF-8'

function classifyFault({ headers, rawHeaders, httpVersion }: IncomingMessage): string | undefined {
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'the only transfer coding read here is chunked'
  if (headers.host === undefined && httpVersion === '1.1') return 'a request of HTTP/1.1 needs a Host'
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host')
  return hosts.length > 1 ? 'a request has one Host' : undefined
}

interface Route {
  readonly parts: readonly string[]
  readonly methods: readonly string[]
}

function refusePath(request: FastifyRequest, reply: FastifyReply, routes: readonly Route[]): void {
  const parts = (request.raw.url ?? '').replace(/[?#].*$/s, '').split('/')
  const fits = (route: Route): boolean => {
    const isLong = route.parts.at(-1) === '*' && parts.length > route.parts.length
    const isFit = (part: string, i: number): boolean => part === parts[i] || part.startsWith(':') || part === '*'
    return (isLong || route.parts.length === parts.length) && route.parts.every(isFit)
  }
  const methods = [...new Set(routes.filter(fits).flatMap((route) => route.methods))]
  if (methods.length === 0) problem(reply, 404, 'nothing is served at this path')
  else problem(reply.header('allow', methods.join(', ')), 405, `this path takes ${methods.join(', ')}`)
}

function replyError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status >= 400 && status < 500) {
    problem(reply, status)
    return
  }
  log.error({ err: error, method: request.method, route: request.routeOptions.url }, 'a request failed')
  problem(reply, 500)
}

/** Answers with a problem document (RFC 9457) without internal details; the type says that the status is sufficient. */
function problem(reply: FastifyReply, status: number, detail?: string): void {
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail })
  reply.code(status).type('application/problem+json').send(body)
}
