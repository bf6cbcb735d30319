import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock, Closed, Log, Millis } from '../model.ts'
import type { Connection, PendingRequest } from './connection.ts'
import { BAD_REQUEST, HEADERS_TOO_LARGE, NO_TUNNEL } from './faults.ts'
import { createIntake } from './intake.ts'
import type { Intake } from './intake.ts'
import { createPressure } from './pressure.ts'
import type { PressureLimits } from './pressure.ts'

/**
 * Manages all open sockets of the HTTP server: bounds the memory of each, whatever is sent and however little is read;
 * answers broken requests in order; drains connections on stop.
 */
export interface Connections {
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

export interface ConnectionsOptions {
  /** Owns the timers; durations are real time. */
  readonly timers: Clock
  readonly log: Log
  /** Called for every connection that was closed early. */
  readonly closed: (reason: Closed) => void
  readonly limits?: Partial<ConnectionLimits>
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
  readonly mostOpen: number
  readonly intake: Intake
  readonly cut: (connection: Connection, reason: Closed) => void
  /** Connections whose last response is sent and that have more requests; a few at a time continue. */
  readonly line: Connection[]
  uses: number
}

const POLL: Millis = 50
/** The most waiting requests started in one turn of the event loop. */
const AT_ONCE = 16
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i

export function createConnections({ timers, log, closed, limits = {} }: ConnectionsOptions): Connections {
  const servers: Server[] = []
  const open = new Map<Duplex, Connection>()
  const { open: mostOpen = 10_000, waiting = 32 * 1024 * 1024 } = limits
  const { cut, watch } = createPressure({ timers, log, closed, connections: () => open.values(), limits })
  let held = 0
  const intake = createIntake((more) => {
    held += more
    const longest = more > 0 && held > waiting ? longestQueue(open.values()) : undefined
    if (longest === undefined) return
    cut(longest, 'pipelined')
    intake.drop(longest)
  })
  const house: ConnectionTable = { open, mostOpen, intake, cut, line: [], uses: 0 }

  return {
    watch(server, handle) {
      servers.push(server)
      watch(server)
      const take = ({ socket }: IncomingMessage): Connection | undefined => open.get(socket)
      const enter: RequestListener = (request, response) => onRequest(house, take(request), { request, response })
      server.on('connection', (socket: Socket) => accept(house, socket, handle))
      server.on('request', enter).on('checkContinue', enter).on('checkExpectation', enter)
      server.on('clientError', (error: NodeJS.ErrnoException, socket) => fail(open.get(socket), error, socket))
      server.on('connect', (_request, socket: Duplex) => refuse(open.get(socket), NO_TUNNEL))
    },
    async drain({ timers, quiet = 700, within = 8000 }) {
      for (const server of servers) stopListening(server)
      for (const { turn } of open.values()) if (turn !== undefined) isLastOfConnection(turn.response)
      await closeQuiet(open, timers, quiet, within)
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

function isLastOfConnection(answer: ServerResponse): void {
  if (!answer.headersSent) answer.setHeader('Connection', 'close')
}

function accept(house: ConnectionTable, socket: Socket, handle: RequestListener): void {
  const { open, intake } = house
  const connection: Connection = {
    socket,
    handle,
    parsers: socket.listeners('data').map((listener) => (chunk) => void Reflect.apply(listener, socket, [chunk])),
    rest: Buffer.alloc(0),
    held: 0,
    turn: undefined,
    waiting: [],
    newest: undefined,
    fault: undefined,
    used: (house.uses += 1),
    cut: false,
  }
  if (open.size >= house.mostOpen) house.cut(longestIdle(open.values()) ?? connection, 'too_many')
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
    const idle = connection.turn === undefined && !connection.cut
    if (idle && (found === undefined || connection.used < found.used)) found = connection
  }
  return found
}

/** Returns the connection that holds most of the waiting bytes. */
function longestQueue(connections: Iterable<Connection>): Connection | undefined {
  let found: Connection | undefined
  for (const connection of connections) {
    if (!connection.cut && (found === undefined || connection.held > found.held)) found = connection
  }
  return found
}

function onRequest(house: ConnectionTable, connection: Connection | undefined, turn: PendingRequest): void {
  if (connection === undefined || connection.cut) return
  connection.newest = turn
  if (connection.turn === undefined) begin(house, connection, turn)
  else connection.waiting.push(turn)
}

function begin(house: ConnectionTable, connection: Connection, turn: PendingRequest): void {
  const { request, response } = turn
  connection.turn = turn
  connection.used = house.uses += 1
  response.once('close', () => {
    if (connection.waiting.length > 0 || connection.rest.length > 0) queue(house, connection)
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
  connection.turn = undefined
  if (connection.fault !== undefined) answerFault(connection, connection.fault)
}

/**
 * Queues a connection for its next request. However many requests wait, a client that sends one at a time hardly waits
 * for them.
 */
function queue(house: ConnectionTable, connection: Connection): void {
  house.line.push(connection)
  if (house.line.length === 1) setImmediate(advance, house)
}

function advance(house: ConnectionTable): void {
  for (const connection of house.line.slice(0, AT_ONCE)) next(house, connection)
  house.line.splice(0, AT_ONCE)
  if (house.line.length > 0) setImmediate(advance, house)
}

/** Continues a connection after its last response, or ends it if no request is left. */
function next(house: ConnectionTable, connection: Connection): void {
  const { socket, waiting, newest, fault } = connection
  const turn = socket.writable ? waiting.shift() : undefined
  if (!socket.writable) waiting.length = 0
  // A body that cannot be read would keep its handler waiting forever.
  if (turn === undefined || (fault !== undefined && turn === newest && !turn.request.complete)) end(connection)
  else begin(house, connection, turn)
  house.intake.pump(connection)
}

/**
 * Handles an error of the parser. A timeout closes the socket without a response: Logstash would drop the batch at a
 * 408, and resends it after a closed connection. Every other error gets a 4xx, once the requests before it on the
 * connection are answered.
 */
function fail(connection: Connection | undefined, error: NodeJS.ErrnoException, socket: Duplex): void {
  const silent = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || error.code === 'ECONNRESET'
  if (connection === undefined || silent || !socket.writable) socket.destroy()
  else refuse(connection, error.code === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : BAD_REQUEST)
}

function refuse(connection: Connection | undefined, fault: string): void {
  if (connection === undefined || connection.fault !== undefined) return
  connection.fault = fault
  answerFault(connection, fault)
}

function answerFault({ socket, turn, waiting, newest }: Connection, fault: string): void {
  const bodyIsBroken = newest !== undefined && !newest.request.complete
  if (waiting.length > 0 || (turn !== undefined && !(bodyIsBroken && turn === newest))) return
  if (bodyIsBroken && newest.response.headersSent) socket.destroy()
  else socket.end(fault, () => void socket.destroy())
}

function closeQuiet(open: Map<Duplex, Connection>, timers: Clock, quiet: Millis, within: Millis): Promise<void> {
  const heard = new Map<Duplex, { bytes: number; still: Millis }>()
  const look = (): void => {
    for (const { socket, turn } of open.values()) {
      const bytes = socket.bytesRead
      const before = heard.get(socket)
      const still = before !== undefined && before.bytes === bytes && turn === undefined ? before.still + POLL : 0
      heard.set(socket, { bytes, still })
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
      look()
      if (open.size === 0) stop()
    })
  })
}
