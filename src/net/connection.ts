import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** One open socket of the HTTP server. */
export interface Connection {
  readonly socket: Socket
  readonly handle: RequestListener
  /** What Node would have the socket call with each chunk. */
  readonly parsers: readonly ((chunk: Buffer) => void)[]
  /** What was read and is not parsed yet. While there is anything, nothing more is read. */
  rest: Buffer
  /** The memory that it takes. */
  held: number
  /** The request that is handled, until its answer has left this process: one at a time, in their order. */
  turn: PendingRequest | undefined
  /** The few requests behind it that were parsed with it. */
  readonly waiting: PendingRequest[]
  newest: PendingRequest | undefined
  /** The answer to a request that cannot be read, due after those before it. */
  fault: string | undefined
  /** When it was last used, in uses of all connections. */
  used: number
  /** Has to go. What the parser still finds is dropped. */
  cut: boolean
}

/** A request and the answer to it. */
export interface PendingRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}
