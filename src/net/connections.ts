import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock, ConnectionCloseReason, Log, Millis } from '../model.ts'
import { type Connection, type PendingRequest, BAD_REQUEST, HEADERS_TOO_LARGE, NO_TUNNEL } from './connection.ts'
import { createIntake, type Intake } from './intake.ts'
import { createPressure, type PressureLimits, createWatch, PRESSURE_INTERVAL } from './pressure.ts'
import { createUploads, type Uploads } from './uploads.ts'

/**
 * Manages all open sockets of the HTTP server: bounds the memory of each, whatever is sent and however little is read;
 * answers broken requests in order; drains connections on stop.
 */
interface Connections {
  /**
   * Watches a server from its first connection on. Passes on its requests and answers those that its parser rejects.
   */
  watch(server: Server, handle: RequestListener): void
  /**
   * Stops listening and resolves once every connection is closed: busy ones after their response, which tells the
   * client to close, idle ones after a quiet period.
   */
  drain(options: DrainOptions): Promise<void>
}

interface ConnectionsOptions {
  /** Owns the timers; durations are real time. */
  readonly timers: Clock
  readonly log: Log
  /** Called for every connection that was closed early. */
  readonly closed: (reason: ConnectionCloseReason) => void
  readonly limits?: Partial<ConnectionLimits>
  /** How long a body may take for 16 KiB. Default 10 s. */
  readonly bodyTimeout?: Millis
}

export interface ConnectionLimits extends PressureLimits {
  /** Open connections. One more replaces the one that was idle longest. Default 10,000. */
  readonly open: number
  /**
   * Bytes of waiting requests over all connections. Beyond it the connection with the longest queue is closed. Default
   * 32 MiB.
   */
  readonly waiting: number
}

export interface DrainOptions {
  /** Owns the timers; durations are real time. */
  readonly timers: Clock
  /** How long an idle connection must be quiet, since a request may be in transit. Default 700 ms. */
  readonly quiet?: Millis
  /** The remaining connections are cut after this. Default 8 s. */
  readonly within?: Millis
}

/** State shared by all connections. */
interface ConnectionTable {
  readonly open: Map<Duplex, Connection>
  readonly maxOpen: number
  readonly intake: Intake
  readonly cut: (connection: Connection, reason: ConnectionCloseReason) => void
  /** Connections whose last response is sent and that have more requests; a few at a time continue. */
  readonly ready: Connection[]
  uses: number
}

const POLL: Millis = 50
/** The most waiting requests started in one turn of the event loop. */
const MAX_PER_TURN = 16
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i

export function createConnections(options: ConnectionsOptions): Connections {
  const { timers, log, closed, limits = {}, bodyTimeout = 10_000 } = options
  const servers: Server[] = []
  const open = new Map<Duplex, Connection>()
  const { open: maxOpen = 10_000, waiting = 32 * 1024 * 1024 } = limits
  const connections = (): Iterable<Connection> => open.values()
  const { cut, check } = createPressure({ log, closed, connections, limits })
  const uploads = createUploads({ log, connections, cut, bodyTimeout })
  const watch = createWatch(timers, [{ interval: PRESSURE_INTERVAL, check }, uploads])
  let held = 0
  const intake = createIntake((more) => {
    held += more
    const longest = more > 0 && held > waiting ? longestQueue(open.values()) : undefined
    if (longest === undefined) return
    cut(longest, 'pipelined')
    intake.drop(longest)
  })
  const table: ConnectionTable = { open, maxOpen, intake, cut, ready: [], uses: 0 }

  return {
    watch(server, handle) {
      servers.push(server)
      watch(server)
      const take = ({ socket }: IncomingMessage): Connection | undefined => open.get(socket)
      const enter: RequestListener = (request, response) => onRequest(table, take(request), { request, response })
      server.on('connection', (socket: Socket) => accept(table, socket, handle))
      server.on('request', enter).on('checkContinue', enter).on('checkExpectation', enter)
      server.on('clientError', (error: NodeJS.ErrnoException, socket) => fail(open.get(socket), error, socket, uploads))
      server.on('connect', (_request, socket: Duplex) => refuse(open.get(socket), NO_TUNNEL))
    },
    async drain({ timers, quiet = 700, within = 8000 }) {
      for (const server of servers) stopListening(server)
      for (const { current } of open.values()) if (current !== undefined) closeAfterResponse(current.response)
      await closeIdle(open, timers, quiet, within)
      for (const { socket } of open.values()) socket.destroy()
    },
  }
}

/**
 * Closes the listening socket only: http.Server's own close would also cut idle connections at once, and with them a
 * request in transit.
 */
function stopListening(server: Server): void {
  if (server.listening) NetServer.prototype.close.call(server)
}

function closeAfterResponse(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}

function accept(table: ConnectionTable, socket: Socket, handle: RequestListener): void {
  const { open, intake } = table
  const connection: Connection = {
    socket,
    handle,
    parsers: socket.listeners('data').map((listener) => (chunk) => void Reflect.apply(listener, socket, [chunk])),
    unparsed: Buffer.alloc(0),
    heldBytes: 0,
    current: undefined,
    waiting: [],
    newest: undefined,
    errorResponse: undefined,
    lastUse: (table.uses += 1),
    isCut: false,
  }
  if (open.size >= table.maxOpen) table.cut(longestIdle(open.values()) ?? connection, 'too_many')
  open.set(socket, connection)
  intake.read(connection)
  // Node removes its own listener if a client requests a tunnel; a reset must not end the process.
  socket.on('error', () => void socket.destroy())
  socket.once('close', () => void open.delete(socket))
}

/** Returns the connection that was idle longest, except those being closed. */
function longestIdle(connections: Iterable<Connection>): Connection | undefined {
  let found: Connection | undefined
  for (const connection of connections) {
    const idle = connection.current === undefined && !connection.isCut
    if (idle && (found === undefined || connection.lastUse < found.lastUse)) found = connection
  }
  return found
}

/** Returns the connection that holds most of the waiting bytes. */
function longestQueue(connections: Iterable<Connection>): Connection | undefined {
  let found: Connection | undefined
  for (const connection of connections) {
    if (!connection.isCut && (found === undefined || connection.heldBytes > found.heldBytes)) found = connection
  }
  return found
}

function onRequest(table: ConnectionTable, connection: Connection | undefined, current: PendingRequest): void {
  if (connection === undefined || connection.isCut) return
  connection.newest = current
  if (connection.current === undefined) begin(table, connection, current)
  else connection.waiting.push(current)
}

function begin(table: ConnectionTable, connection: Connection, current: PendingRequest): void {
  const { request, response } = current
  connection.current = current
  connection.lastUse = table.uses += 1
  response.once('close', () => {
    if (connection.waiting.length > 0 || connection.unparsed.length > 0) enqueue(table, connection)
    else end(connection)
  })
  const { expect } = request.headers
  if (expect === undefined || request.httpVersion !== '1.1') connection.handle(request, response)
  else if (CONTINUE.test(expect)) {
    response.writeContinue()
    connection.handle(request, response)
  } else response.writeHead(417, { 'Content-Length': 0 }).end()
}

function end(connection: Connection): void {
  connection.current = undefined
  if (connection.errorResponse !== undefined) sendErrorResponse(connection, connection.errorResponse)
}

/**
 * Queues a connection for its next request. However many requests wait, a client that sends one at a time hardly waits
 * for them.
 */
function enqueue(table: ConnectionTable, connection: Connection): void {
  table.ready.push(connection)
  if (table.ready.length === 1) setImmediate(advance, table)
}

function advance(table: ConnectionTable): void {
  for (const connection of table.ready.slice(0, MAX_PER_TURN)) next(table, connection)
  table.ready.splice(0, MAX_PER_TURN)
  if (table.ready.length > 0) setImmediate(advance, table)
}

/** Continues a connection after its last response, or ends it if no request is left. */
function next(table: ConnectionTable, connection: Connection): void {
  const { socket, waiting, newest, errorResponse } = connection
  const current = socket.writable ? waiting.shift() : undefined
  if (!socket.writable) waiting.length = 0
  // A body that cannot be read would keep its handler waiting forever.
  if (current === undefined || (errorResponse !== undefined && current === newest && !current.request.complete))
    end(connection)
  else begin(table, connection, current)
  table.intake.pump(connection)
}

/**
 * Handles an error of the parser. A timeout closes the socket without a response: Logstash would drop the batch at a
 * 408, and resends it after a closed connection. Every other error gets a 4xx, once the requests before it on the
 * connection are answered.
 */
function fail(
  connection: Connection | undefined,
  error: NodeJS.ErrnoException,
  socket: Duplex,
  { cutHead }: Uploads,
): void {
  if (connection !== undefined && error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && connection.socket.bytesRead > 0) {
    cutHead(connection)
    return
  }
  const isTimeout = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || error.code === 'ECONNRESET'
  if (connection === undefined || isTimeout || !socket.writable) socket.destroy()
  else refuse(connection, error.code === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : BAD_REQUEST)
}

function refuse(connection: Connection | undefined, fault: string): void {
  if (connection === undefined || connection.errorResponse !== undefined) return
  connection.errorResponse = fault
  sendErrorResponse(connection, fault)
}

function sendErrorResponse({ socket, current, waiting, newest }: Connection, fault: string): void {
  const bodyIsBroken = newest !== undefined && !newest.request.complete
  if (waiting.length > 0 || (current !== undefined && !(bodyIsBroken && current === newest))) return
  if (bodyIsBroken && newest.response.headersSent) socket.destroy()
  else socket.end(fault, () => void socket.destroy())
}

function closeIdle(open: Map<Duplex, Connection>, timers: Clock, quiet: Millis, within: Millis): Promise<void> {
  const last = new Map<Duplex, { bytes: number; still: Millis }>()
  const check = (): void => {
    for (const { socket, current } of open.values()) {
      const bytes = socket.bytesRead
      const before = last.get(socket)
      const still = before !== undefined && before.bytes === bytes && current === undefined ? before.still + POLL : 0
      last.set(socket, { bytes, still })
      if (still >= quiet) socket.destroy()
    }
  }
  return new Promise((resolve) => {
    const stop = (): void => {
      cancelPoll()
      cancelLimit()
      resolve()
    }
    const cancelLimit = timers.after(within, stop)
    const cancelPoll = timers.every(POLL, () => {
      check()
      if (open.size === 0) stop()
    })
  })
}
