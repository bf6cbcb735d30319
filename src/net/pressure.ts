import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock, ConnectionCloseReason, Log, Millis } from '../model.ts'
import type { Connection } from './connection.ts'

export interface PressureLimits {
  /** Bytes of unread responses that one connection may have before it must read some. Default 1 MiB. */
  readonly unread: number
  /** Bytes of unread responses over all connections. Default 64 MiB. */
  readonly unreadInTotal: number
  /**
   * How long a client may read nothing while requests wait behind the response, or `unread` is exceeded. Default 30 s.
   */
  readonly stall: Millis
}

interface PressureDeps {
  readonly log: Log
  readonly closed: (reason: ConnectionCloseReason) => void
  readonly connections: () => Iterable<Connection>
  readonly limits: Partial<PressureLimits>
}

/** Closes connections whose clients do not read their responses. */
interface Pressure {
  readonly check: () => void
  readonly cut: (connection: Connection, reason: ConnectionCloseReason) => void
}

/** State of a connection with an unsent response. */
interface StuckConnection {
  readonly connection: Connection
  readonly bytes: number
  readonly progress: string
  /** How long none of the response was sent, and for how long it also blocked requests or exceeded `unread`. */
  readonly stillFor: Millis
  readonly blockedFor: Millis
}

const DEFAULTS: PressureLimits = { unread: 1024 * 1024, unreadInTotal: 64 * 1024 * 1024, stall: 30_000 }
/** Time between two checks. */
export const PRESSURE_INTERVAL: Millis = 1000
/** In checks: a flood of connections is one log line in ten seconds. */
const LOG_INTERVAL = 10

export function createPressure({ log, closed, connections, limits }: PressureDeps): Pressure {
  const { unread, unreadInTotal, stall } = { ...DEFAULTS, ...limits }
  const closings = { counts: new Map<ConnectionCloseReason, number>(), looks: LOG_INTERVAL }
  let stuck = new Map<Connection, StuckConnection>()

  const cut = (connection: Connection, reason: ConnectionCloseReason): void => {
    connection.isCut = true
    connection.socket.destroy()
    closings.counts.set(reason, (closings.counts.get(reason) ?? 0) + 1)
    closed(reason)
  }
  const logClosed = (): void => {
    closings.looks += 1
    if (closings.counts.size === 0 || closings.looks < LOG_INTERVAL) return
    log.warn(Object.fromEntries(closings.counts), 'connections were closed early: see docs/metrics.md, HTTP')
    closings.counts.clear()
    closings.looks = 0
  }
  const check = (): void => {
    const found = [...connections()].flatMap((connection) => checkPressure(connection, stuck.get(connection), unread))
    const bytes = found.reduce((sum, { bytes }) => sum + bytes, 0)
    const late = found.filter(({ blockedFor }) => blockedFor >= stall)
    for (const { connection } of late) cut(connection, 'unread')
    const left = found.filter(({ blockedFor }) => blockedFor < stall)
    let excess = bytes - late.reduce((sum, { bytes }) => sum + bytes, 0) - unreadInTotal
    for (const { connection, bytes } of excess > 0 ? left.toSorted(worstFirst) : []) {
      if (excess <= 0) break
      cut(connection, 'memory')
      excess -= bytes
    }
    stuck = new Map(left.map((state) => [state.connection, state]))
    logClosed()
  }
  return { cut, check }
}

function checkPressure(connection: Connection, before: StuckConnection | undefined, unread: number): StuckConnection[] {
  const { socket, current, waiting, unparsed, isCut } = connection
  const bytes = socket.writableLength
  if (current === undefined || bytes === 0 || isCut) return []
  const progress = bytesTaken(socket)
  const [stillFor, blocked] =
    before === undefined || before.progress !== progress
      ? [0, 0]
      : [before.stillFor + PRESSURE_INTERVAL, before.blockedFor + PRESSURE_INTERVAL]
  const inTheWay = waiting.length > 0 || unparsed.length > 0 || bytes >= unread
  return [{ connection, bytes, progress, stillFor, blockedFor: inTheWay ? blocked : 0 }]
}

/**
 * Returns a value that changes when the client reads more. A large response is one write, whose progress only the
 * handle knows.
 */
function bytesTaken(socket: Socket): string {
  const handle = '_handle' in socket ? socket._handle : undefined
  const isHandle = typeof handle === 'object' && handle !== null && 'writeQueueSize' in handle
  return `${socket.bytesWritten} ${socket.writableLength} ${isHandle ? String(handle.writeQueueSize) : ''}`
}

function worstFirst(a: StuckConnection, b: StuckConnection): number {
  return b.stillFor - a.stillFor || b.bytes - a.bytes
}

/** Something that is checked from time to time. */
interface PeriodicCheck {
  readonly interval: Millis
  readonly check: () => void
}

/** Returns a function that runs the checks as long as one of the servers given to it listens or has connections. */
export function createWatch(timers: Clock, checks: readonly PeriodicCheck[]): (server: Server) => void {
  const servers = new Set<Server>()
  let stops: readonly (() => void)[] = []
  return (server) => {
    server.on('listening', () => {
      if (servers.size === 0) stops = checks.map(({ interval, check }) => timers.every(interval, check))
      servers.add(server)
    })
    server.on('close', () => {
      if (servers.delete(server) && servers.size === 0) for (const stop of stops) stop()
    })
  }
}
