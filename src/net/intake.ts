import type { Connection } from './connection.ts'

/** Stands between the sockets and Node's parser, which is given little at a time, and nothing out of turn. */
export interface Intake {
  /** Reads a connection from now on, in place of Node. */
  read(connection: Connection): void
  /** Hands on what the parser may have by now, and reads on once that was all. */
  pump(connection: Connection): void
  /** Forgets what a connection that goes has waiting. */
  drop(connection: Connection): void
}

/** Ends a head, and a body in chunks. */
const BLANK_LINE = '\r\n\r\n'
/** No request is shorter than 18 bytes, so that a piece of about this size holds 15 of them at most. */
const PIECE = 256
const NOTHING = Buffer.alloc(0)

/**
 * One read brings up to 64 kB. That may be thousands of requests, and the parser would make objects of them all at once,
 * at two hundred times their size. Here what was read stays bytes until its turn comes. Where no blank line is, no
 * second request begins, so that bodies pass as they come.
 *
 * @param noteHeld hears how many bytes more, or fewer, wait.
 */
export function createIntake(noteHeld: (more: number) => void): Intake {
  const keep = (connection: Connection, rest: Buffer): void => {
    // A part keeps all the memory that it was cut from.
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
      // Reading a body, or dropping one, resumes the socket.
      socket.on('resume', () => connection.rest.length > 0 && socket.pause())
      socket.once('close', () => drop(connection))
    },
  }
}

function join(rest: Buffer, chunk: Buffer | undefined): Buffer {
  if (chunk === undefined) return rest
  return rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
}

/** Gives the parser what it may have; returns what is left for later. */
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

/** Nothing that comes now is read: the connection goes, or its parser is lost. */
const isOver = ({ socket, fault }: Connection): boolean => socket.destroyed || fault !== undefined

/** Whether what comes is the body of the request that has its turn, or the next request when none has. */
function mayParse(connection: Connection): boolean {
  const { turn, waiting } = connection
  return !isOver(connection) && waiting.length === 0 && (turn === undefined || !turn.request.complete)
}
