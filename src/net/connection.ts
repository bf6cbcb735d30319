import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** An open socket of the HTTP server. */
export interface Connection {
  readonly socket: Socket
  readonly handle: RequestListener
  /** Node's own data listeners of the socket. */
  readonly parsers: readonly ((chunk: Buffer) => void)[]
  /** Bytes read and not parsed yet. While there are any, no more are read. */
  unparsed: Buffer
  /** Memory that `rest` holds. */
  heldBytes: number
  /**
   * The request in progress, until its response has left this process. Requests are handled one at a time, in order.
   */
  current: PendingRequest | undefined
  /** The few requests behind it that were parsed with it. */
  readonly waiting: PendingRequest[]
  newest: PendingRequest | undefined
  /** The response to an unreadable request, due after the responses before it. */
  errorResponse: string | undefined
  /** Time of its last use, counted in uses of all connections. */
  lastUse: number
  /** True if it must be closed. What the parser still finds is dropped. */
  isCut: boolean
}

/** A request and its response. */
export interface PendingRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Responses to input that is no valid request. Each closes its connection. */
export const BAD_REQUEST = rawResponse('400 Bad Request', 'this is not a request that has one reading')
export const HEADERS_TOO_LARGE = rawResponse('431 Request Header Fields Too Large', 'the headers are larger than 16 kB')
export const NO_TUNNEL = rawResponse('405 Method Not Allowed', 'this is not a proxy')

function rawResponse(status: string, reason: string): string {
  const body = JSON.stringify({ error: reason })
  return (
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}
