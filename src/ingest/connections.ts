import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock, Millis } from '../model.ts'

/** Every open socket of the HTTP server, so that broken requests are answered in turn and a stop cuts nobody. */
export interface Connections {
  /** Watches a server from its first connection on; answers what its parser cannot read. */
  watch(server: Server): void
  /**
   * Stops listening and resolves once every connection is closed: those that are busy after their answer, which
   * tells the client to close, the others after they were quiet for a while.
   */
  drain(options: DrainOptions): Promise<void>
}

export interface DrainOptions {
  /** Owns the timers; spans are real time. */
  readonly timers: Clock
  /** How long an idle connection must be quiet, since a request may be on its way. Default 700 ms. */
  readonly quiet?: Millis
  /** After this the connections that are left are cut. Default 8 s. */
  readonly within?: Millis
}

interface Connection {
  readonly socket: Duplex
  /** The answers that are not out yet, in the order of their requests. */
  readonly answers: Set<ServerResponse>
  /** The newest request. */
  request?: IncomingMessage
  response?: ServerResponse
  /** The answer to a request that cannot be read, due after those before it. */
  fault?: string
}

const POLL: Millis = 50
const BAD_REQUEST = rawAnswer('400 Bad Request', 'this is not a request that has one reading')
const HEADERS_TOO_LARGE = rawAnswer('431 Request Header Fields Too Large', 'the headers are larger than 16 kB')
const NO_TUNNEL = rawAnswer('405 Method Not Allowed', 'this is not a proxy')

export function createConnections(): Connections {
  const servers: Server[] = []
  const open = new Map<Duplex, Connection>()

  return {
    watch(server) {
      servers.push(server)
      server.on('connection', (socket: Socket) => {
        open.set(socket, { socket, answers: new Set() })
        socket.once('close', () => void open.delete(socket))
      })
      server.on('request', (request, response) => follow(open.get(request.socket), request, response))
      server.on('clientError', (error: NodeJS.ErrnoException, socket) => fail(open.get(socket), error, socket))
      server.on('connect', (_request, socket: Duplex) => void socket.end(NO_TUNNEL, () => void socket.destroy()))
    },
    async drain({ timers, quiet = 700, within = 8000 }) {
      for (const server of servers) stopListening(server)
      for (const { answers } of open.values()) for (const answer of answers) lastOfItsConnection(answer)
      await closeQuiet(open, timers, quiet, within)
      for (const { socket } of open.values()) socket.destroy()
    },
  }
}

/** http.Server's own close would also cut idle connections at once, and with them a request on its way. */
function stopListening(server: Server): void {
  if (server.listening) NetServer.prototype.close.call(server)
}

function lastOfItsConnection(answer: ServerResponse): void {
  if (!answer.headersSent) answer.setHeader('Connection', 'close')
}

function follow(connection: Connection | undefined, request: IncomingMessage, response: ServerResponse): void {
  if (connection === undefined) return
  connection.request = request
  connection.response = response
  connection.answers.add(response)
  response.once('close', () => {
    connection.answers.delete(response)
    if (connection.fault !== undefined) answerFault(connection, connection.fault)
  })
}

/**
 * A time-out cuts the socket without a word: Logstash would drop the batch at a 408, and sends it again after a cut.
 * Everything else that the parser refuses gets a 4xx, once the requests before it on the connection are answered.
 */
function fail(connection: Connection | undefined, error: NodeJS.ErrnoException, socket: Duplex): void {
  const silent = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || error.code === 'ECONNRESET'
  if (connection === undefined || silent || !socket.writable) {
    socket.destroy()
    return
  }
  if (connection.fault !== undefined) return
  connection.fault = error.code === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : BAD_REQUEST
  answerFault(connection, connection.fault)
}

function answerFault({ socket, answers, request, response }: Connection, fault: string): void {
  const bodyIsBroken = request !== undefined && !request.complete
  if (answers.size > (bodyIsBroken ? 1 : 0)) return
  if (bodyIsBroken && response?.headersSent === true) socket.destroy()
  else socket.end(fault, () => void socket.destroy())
}

function closeQuiet(open: Map<Duplex, Connection>, timers: Clock, quiet: Millis, within: Millis): Promise<void> {
  const heard = new Map<Duplex, { bytes: number; still: Millis }>()
  const look = (): void => {
    for (const { socket, answers } of open.values()) {
      const bytes = bytesRead(socket)
      const before = heard.get(socket)
      const still = before !== undefined && before.bytes === bytes && answers.size === 0 ? before.still + POLL : 0
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

function bytesRead(socket: Duplex): number {
  return 'bytesRead' in socket ? Number(socket.bytesRead) : 0
}

function rawAnswer(status: string, reason: string): string {
  const body = JSON.stringify({ error: reason })
  return (
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}
