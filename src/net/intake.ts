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
 * @param noteHeld receives the change in waiting bytes.
 */
export function createIntake(noteHeld: (more: number) => void): Intake {
  const keep = (connection: Connection, rest: Buffer): void => {
    // A slice keeps its whole underlying buffer alive.
    const held = rest.length === 0 ? 0 : rest.buffer.byteLength
    const more = held - connection.held
    connection.rest = rest
    connection.held = held
    if (more !== 0) noteHeld(more)
  }
  const pump = (connection: Connection, chunk?: Buffer): void => {
    const { socket } = connection
    const wasHeld = connection.rest.length > 0
    const rest = parse(connection, join(connection.rest, chunk))
    keep(connection, rest)
    if (rest.length > 0) socket.pause()
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
      socket.on('resume', () => connection.rest.length > 0 && socket.pause())
      socket.once('close', () => drop(connection))
    },
  }
}

function join(rest: Buffer, chunk: Buffer | undefined): Buffer {
  if (chunk === undefined) return rest
  return rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
}

/** Passes the parser what it can take, and returns the rest. */
function parse(connection: Connection, bytes: Buffer): Buffer {
  let rest = bytes
  while (rest.length > 0 && mayParse(connection)) {
    const blank = rest.indexOf(BLANK_LINE, PIECE)
    const size = blank === -1 ? rest.length : blank + BLANK_LINE.length
    const piece = rest.subarray(0, size)
    rest = rest.subarray(size)
    for (const parser of connection.parsers) parser(piece)
  }
  return isOver(connection) ? NOTHING : rest
}

/** Returns true if further bytes are ignored: the connection is closed, or its parser has failed. */
const isOver = ({ socket, fault }: Connection): boolean => socket.destroyed || fault !== undefined

/** Returns true if the next bytes are the body of the current request, or the next request if there is none. */
function mayParse(connection: Connection): boolean {
  const { turn, waiting } = connection
  return !isOver(connection) && waiting.length === 0 && (turn === undefined || !turn.request.complete)
}
