import type { IncomingMessage } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { IngestConfig } from '../model.ts'
import { readBody, readLargeBody, SMALL } from './decode/body.ts'
import type { Body, Events } from './decode/body.ts'
import type { MemoryBudget } from './decode/collect.ts'
import { detectCoding, inflateLarge, inflateSmall } from './decode/inflate.ts'
import { readLabel } from './decode/content-type.ts'
import type { ContentLabel } from './decode/content-type.ts'
import { createSerialQueue, type SerialQueue } from './serial-queue.ts'
import { createBatchVerdict, checkInto, TURN_STEPS } from './verdict.ts'
import type { CheckPorts, BatchVerdict } from './verdict.ts'

/** A decoded and validated body. */
export interface CheckedBody {
  readonly kind: 'judged'
  readonly id: string
  readonly isBatch: boolean
  readonly verdict: BatchVerdict
}

/** `busy`: too many large bodies are waiting; the sender should retry later. */
type ReadResult = CheckedBody | { readonly kind: 'empty' } | { readonly kind: 'busy' }

/** What reading needs of a request besides its body. */
type Headers = Pick<IncomingMessage, 'headers' | 'headersDistinct'>

/** Reads a body as received. Throws or rejects with a `Refusal`; none of its events count then. */
export type Reader = (body: Buffer, request: Headers) => ReadResult | Promise<ReadResult>

/** The most large bodies that wait for their turn; each may take most of a second. */
const MAX_WAITING = 4
/** Events of a large body validated before other requests are handled. */
const SLICE = 500

/**
 * Creates the reader. Small bodies are read at once. Large ones are read one at a time and in slices, so that their
 * memory and time do not affect other requests. The decompressed one counts in the memory of all bodies, so that others
 * get 503 with Retry-After meanwhile.
 */
export function createReader(config: IngestConfig, ports: CheckPorts, budget: MemoryBudget): Reader {
  const queue = createSerialQueue(MAX_WAITING)
  return (body, request) => {
    const coding = detectCoding(body, request.headers['content-encoding'])
    const label = (): ContentLabel => readLabel(request)
    const bytes = inflateSmall(body, coding, config.maxDecompressed)
    if (bytes !== undefined && bytes.length <= SMALL) return checkSmall(readBody(bytes, config, label), ports, queue)
    if (queue.full()) return { kind: 'busy' }
    return queue.run(async () => {
      const inflated = await inflateLarge(body, coding, config.maxDecompressed)
      const more = inflated === body ? 0 : inflated.length
      budget.held += more
      try {
        await nextTurn()
        const read = await readLargeBody(inflated, config, label)
        return read.kind === 'empty' ? read : await checkInSlices(startCheck(read), ports)
      } finally {
        budget.held -= more
      }
    })
  }
}

/** A body that is being validated: the results so far, and where to continue. */
interface Check {
  readonly body: Events
  readonly verdict: BatchVerdict
  readonly parts: Iterator<readonly unknown[]>
  events: readonly unknown[]
  /** Index of the next one in `events`. */
  at: number
}

function startCheck(body: Events): Check {
  return { body, verdict: createBatchVerdict(body.count), parts: body.parts[Symbol.iterator](), events: [], at: 0 }
}

/**
 * Validates a small body immediately, unless matching its events takes long: then it waits its turn like large ones.
 */
function checkSmall(body: Body, ports: CheckPorts, queue: SerialQueue): ReadResult | Promise<ReadResult> {
  if (body.kind === 'empty') return body
  const check = startCheck(body)
  while (body.count <= SLICE && check.verdict.spent < TURN_STEPS) if (continueCheck(check, ports)) return finish(check)
  if (check.verdict.spent < TURN_STEPS) return checkInSlices(check, ports)
  return queue.full() ? { kind: 'busy' } : queue.run(() => checkInSlices(check, ports))
}

async function checkInSlices(check: Check, ports: CheckPorts): Promise<CheckedBody> {
  while (!continueCheck(check, ports)) await nextTurn()
  return finish(check)
}

/** Validates one slice. Returns true if none is left. */
function continueCheck(check: Check, ports: CheckPorts): boolean {
  if (check.at === check.events.length) {
    const part = check.parts.next()
    if (part.done === true) return true
    check.events = part.value
    check.at = 0
  }
  const slice = check.events.slice(check.at, check.at + SLICE)
  check.at += checkInto(check.verdict, slice, ports)
  return false
}

function finish({ body: { id, isBatch }, verdict }: Check): CheckedBody {
  return { kind: 'judged', id, isBatch, verdict }
}
