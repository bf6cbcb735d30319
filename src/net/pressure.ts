import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock, Closed, Log, Millis } from '../model.ts'
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

export interface PressureDeps {
  readonly timers: Clock
  readonly log: Log
  readonly closed: (reason: Closed) => void
  readonly connections: () => Iterable<Connection>
  readonly limits: Partial<PressureLimits>
}

/** Closes connections whose clients do not read their responses. */
export interface Pressure {
  /** Checks the connections while the server listens or has any. */
  readonly watch: (server: Server) => void
  readonly cut: (connection: Connection, reason: Closed) => void
}

/** State of a connection with an unsent response. */
interface Stuck {
  readonly connection: Connection
  readonly bytes: number
  readonly sent: string
  /** How long none of the response was sent, and for how long it also blocked requests or exceeded `unread`. */
  readonly still: Millis
  readonly blocked: Millis
}

const DEFAULTS: PressureLimits = { unread: 1024 * 1024, unreadInTotal: 64 * 1024 * 1024, stall: 30_000 }
const LOOK_EVERY: Millis = 1000
/** In checks: a flood of connections is one log line in ten seconds. */
const LOG_EVERY = 10

export function createPressure({ timers, log, closed, connections, limits }: PressureDeps): Pressure {
  const { unread, unreadInTotal, stall } = { ...DEFAULTS, ...limits }
  const servers = new Set<Server>()
  const told = { counts: new Map<Closed, number>(), looks: LOG_EVERY }
  let stuck = new Map<Connection, Stuck>()
  let stop = (): void => undefined

  const cut = (connection: Connection, reason: Closed): void => {
    connection.cut = true
    connection.socket.destroy()
    told.counts.set(reason, (told.counts.get(reason) ?? 0) + 1)
    closed(reason)
  }
  const tell = (): void => {
    told.looks += 1
    if (told.counts.size === 0 || told.looks < LOG_EVERY) return
    log.warn(Object.fromEntries(told.counts), 'connections were closed to keep memory: see docs/metrics.md, HTTP')
    told.counts.clear()
    told.looks = 0
  }
  const look = (): void => {
    const found = [...connections()].flatMap((connection) => checkPressure(connection, stuck.get(connection), unread))
    const bytes = found.reduce((sum, { bytes }) => sum + bytes, 0)
    const late = found.filter(({ blocked }) => blocked >= stall)
    for (const { connection } of late) cut(connection, 'unread')
    const left = found.filter(({ blocked }) => blocked < stall)
    let excess = bytes - late.reduce((sum, { bytes }) => sum + bytes, 0) - unreadInTotal
    for (const { connection, bytes } of excess > 0 ? left.toSorted(worstFirst) : []) {
      if (excess <= 0) break
      cut(connection, 'memory')
      excess -= bytes
    }
    stuck = new Map(left.map((state) => [state.connection, state]))
    tell()
  }
  return {
    cut,
    watch(server) {
      server.on('listening', () => {
        if (servers.size === 0) stop = timers.every(LOOK_EVERY, look)
        servers.add(server)
      })
      server.on('close', () => {
        if (servers.delete(server) && servers.size === 0) stop()
      })
    },
  }
}

function checkPressure(connection: Connection, before: Stuck | undefined, unread: number): Stuck[] {
  const { socket, turn, waiting, rest, cut } = connection
  const bytes = socket.writableLength
  if (turn === undefined || bytes === 0 || cut) return []
  const sent = bytesTaken(socket)
  const [still, blocked] =
    before === undefined || before.sent !== sent ? [0, 0] : [before.still + LOOK_EVERY, before.blocked + LOOK_EVERY]
  const inTheWay = waiting.length > 0 || rest.length > 0 || bytes >= unread
  return [{ connection, bytes, sent, still, blocked: inTheWay ? blocked : 0 }]
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

function worstFirst(a: Stuck, b: Stuck): number {
  return b.still - a.still || b.bytes - a.bytes
}
