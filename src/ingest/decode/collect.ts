import type { IncomingMessage } from 'node:http'

/** Memory for the bodies of all requests together, in bytes: as received, joined, and decompressed. */
export interface MemoryBudget {
  held: number
  readonly max: number
}

interface CollectLimits {
  /** Largest body, in bytes on the wire. */
  readonly maxBody: number
  /** A larger body is read to its end and discarded, up to this many bytes, so that its sender reads the response. */
  readonly maxDrain: number
  readonly budget: MemoryBudget
}

/**
 * A received body. A `whole` body occupies memory until `release` is called. Others were read and discarded, or cut
 * short if even that was too much (`endless`): then the connection must be closed.
 */
export type Collected =
  | { readonly kind: 'whole'; readonly bytes: Buffer; readonly wireBytes: number; readonly release: () => void }
  | { readonly kind: 'too_large' | 'overloaded' | 'endless'; readonly wireBytes: number; readonly release: () => void }

/** Overhead of a chunk; a sender may send chunks of one byte. */
const CHUNK = 256

/**
 * Reads a request's body. `done` is not called if the client disconnects before the end. The server's request timeout
 * bounds the duration.
 */
export function collect(request: IncomingMessage, limits: CollectLimits, done: (body: Collected) => void): void {
  const { maxBody, maxDrain, budget } = limits
  let chunks: Buffer[] = []
  let wireBytes = 0
  let held = 0
  let fate: Collected['kind'] = 'whole'

  const account = (more: number): void => {
    budget.held += more
    held += more
  }
  const release = (): void => {
    account(-held)
    chunks = []
  }
  const finish = (): void => {
    request.off('data', take).off('end', finish).off('close', abandon)
    if (fate === 'whole') {
      const bytes = join(chunks, wireBytes)
      chunks = []
      account(bytes.length - held)
      done({ kind: 'whole', bytes, wireBytes, release })
    } else done({ kind: fate, wireBytes, release })
  }
  const giveUp = (): void => {
    fate = 'endless'
    finish()
  }
  const abandon = (): void => {
    release()
  }
  const take = (chunk: Buffer): void => {
    wireBytes += chunk.length
    if (fate === 'whole') {
      if (wireBytes > maxBody) fate = 'too_large'
      else if (budget.held + costOf(chunk) > budget.max) fate = 'overloaded'
      else {
        chunks.push(chunk)
        account(costOf(chunk))
        return
      }
      release()
    }
    if (wireBytes > maxDrain) giveUp()
  }

  if (Number(request.headers['content-length'] ?? 0) > maxDrain) giveUp()
  else request.on('data', take).once('end', finish).once('close', abandon).once('error', abandon)
}

/** Returns the memory that a chunk needs until the body is whole: its chunks are then copied into one. */
function costOf(chunk: Buffer): number {
  return 2 * chunk.length + CHUNK
}

function join(chunks: readonly Buffer[], size: number): Buffer {
  const [first] = chunks
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, size)
}
