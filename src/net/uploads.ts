import type { IncomingMessage } from 'node:http'
import type { ConnectionCloseReason, Log, Millis } from '../model.ts'
import type { Connection } from './connection.ts'

interface UploadsDeps {
  readonly log: Log
  readonly connections: () => Iterable<Connection>
  readonly cut: (connection: Connection, reason: ConnectionCloseReason) => void
  /** Each body must bring `MIN_BYTES` in every such interval, or be complete. */
  readonly bodyTimeout: Millis
}

/** Cuts uploads that hardly move. A large body may take as long as it needs. */
export interface Uploads {
  /** Time between two checks. */
  readonly interval: Millis
  readonly check: () => void
  /** Records a connection that was cut because its request did not begin in time. */
  readonly cutHead: (connection: Connection) => void
}

/** A request whose body is not complete, and the bytes read at the last checks. */
interface Upload {
  readonly request: IncomingMessage
  readonly reads: readonly number[]
}

const MIN_BYTES = 16 * 1024
/** Checks in one span. Counting checks and not time, a pause of this process cuts nobody. */
const CHECKS = 10
const MESSAGE =
  'uploads were cut: they brought less than 16 KiB within ingest.body_timeout, or no complete header in 10 s'

export function createUploads({ log, connections, cut, bodyTimeout }: UploadsDeps): Uploads {
  let uploads = new Map<Connection, Upload>()
  /** Addresses of the connections cut since the last log line. */
  const addresses: string[] = []

  const end = (connection: Connection): void => {
    addresses.push(connection.socket.remoteAddress ?? 'unknown')
    cut(connection, 'slow')
  }
  return {
    interval: bodyTimeout / CHECKS,
    cutHead: end,
    check() {
      const next = new Map<Connection, Upload>()
      for (const connection of connections()) {
        const upload = continueUpload(connection, uploads.get(connection))
        if (upload === undefined) continue
        if (isStalled(upload)) end(connection)
        else next.set(connection, upload)
      }
      uploads = next
      if (addresses.length === 0) return
      log.warn({ cut: addresses.length, address: addresses[0] }, MESSAGE)
      addresses.length = 0
    },
  }
}

/** Returns the upload in progress on a connection with the bytes read by now; undefined if there is none. */
function continueUpload({ current, socket, isCut }: Connection, before: Upload | undefined): Upload | undefined {
  if (current === undefined || current.request.complete || isCut) return undefined
  const { request } = current
  const reads = before?.request === request ? before.reads : []
  return { request, reads: [...reads, socket.bytesRead].slice(-CHECKS - 1) }
}

function isStalled({ reads }: Upload): boolean {
  return reads.length > CHECKS && (reads.at(-1) ?? 0) - (reads[0] ?? 0) < MIN_BYTES
}
