import type { Connection } from './connection.ts'

/** Controls what Node's parser receives from the sockets: little at a time, and nothing out of order. */
export interface Intake {
  /** Reads a connection from now on, in place of Node. */
  read(connection: Connection): void
  /** Passes on what the parser can take now, and resumes reading once nothing is left. */
  pump(connection: Connection): void
  /** Drops the waiting bytes of a connection that closes. */
  drop(connection: Connection): void
}

/** Ends a request head, and a chunked body. */
const BLANK_LINE = '\r\n\r\n'
/** No request is shorter than 18 bytes, so that a piece of about this size contains at most 15 of them. */
const PIECE = 256
const NOTHING = Buffer.alloc(0)

/**
 * Creates the intake. One read returns up to 64 kB, possibly thousands of requests, and the parser would turn all of
 * them into objects at once, at two hundred times their size. Here bytes stay bytes until it is their turn. Without a
 * blank line no second request starts, so that bodies pass unchanged.
 *
 * @param onHeld receives the change in waiting bytes.
 */
export function createIntake(onHeld: (more: number) => void): Intake {
  const keep = (connection: Connection, unparsed: Buffer): void => {
    // A slice keeps its whole underlying buffer alive.
    const held = unparsed.length === 0 ? 0 : unparsed.buffer.byteLength
    const more = held - connection.heldBytes
    connection.unparsed = unparsed
    connection.heldBytes = held
    if (more !== 0) onHeld(more)
  }
  const pump = (connection: Connection, chunk?: Buffer): void => {
    const { socket } = connection
    const wasHeld = connection.unparsed.length > 0
    const unparsed = parse(connection, join(connection.unparsed, chunk))
    keep(connection, unparsed)
    if (unparsed.length > 0) socket.pause()
    else if (wasHeld) socket.resume()
  }
  const drop = (connection: Connection): void => keep(connection, NOTHING)
  return {
    pump,
    drop,
    read(connection) {
      const { socket } = connection
      socket.removeAllListeners('data')
      socket.on('data', (chunk: Buffer) => pump(connection, chunk))
      // Reading or discarding a body resumes the socket.
      socket.on('resume', () => connection.unparsed.length > 0 && socket.pause())
      socket.once('close', () => drop(connection))
    },
  }
}

function join(unparsed: Buffer, chunk: Buffer | undefined): Buffer {
  if (chunk === undefined) return unparsed
  return unparsed.length === 0 ? chunk : Buffer.concat([unparsed, chunk])
}

/** Passes the parser what it can take, and returns the rest. */
function parse(connection: Connection, bytes: Buffer): Buffer {
  let unparsed = bytes
  while (unparsed.length > 0 && mayParse(connection)) {
    const blank = unparsed.indexOf(BLANK_LINE, PIECE)
    const size = blank === -1 ? unparsed.length : blank + BLANK_LINE.length
    const piece = unparsed.subarray(0, size)
    unparsed = unparsed.subarray(size)
    for (const parser of connection.parsers) parser(piece)
  }
  return isOver(connection) ? NOTHING : unparsed
}

/** Returns true if further bytes are ignored: the connection is closed, or its parser has failed. */
const isOver = ({ socket, errorResponse }: Connection): boolean => socket.destroyed || errorResponse !== undefined

/** Returns true if the next bytes are the body of the current request, or the next request if there is none. */
function mayParse(connection: Connection): boolean {
  const { current, waiting } = connection
  return !isOver(connection) && waiting.length === 0 && (current === undefined || !current.request.complete)
}
