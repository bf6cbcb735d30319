import type { IncomingMessage } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { IngestConfig } from '../model.ts'
import { readBody, readLargeBody, SMALL } from './decode/body.ts'
import type { Body, Events } from './decode/body.ts'
import type { MemoryBudget } from './decode/collect.ts'
import { detectCoding, inflateLarge, inflateSmall } from './decode/inflate.ts'
import { readLabel } from './decode/content-type.ts'
import type { ContentLabel } from './decode/content-type.ts'
import { createSerialQueue } from './serial-queue.ts'
import { createBatchVerdict, checkInto } from './verdict.ts'
import type { CheckPorts, BatchVerdict } from './verdict.ts'

/** A decoded and validated body. */
export interface CheckedBody {
  readonly kind: 'judged'
  readonly id: string
  readonly isBatch: boolean
  readonly verdict: BatchVerdict
}

/** `busy`: too many large bodies are waiting; the sender should retry later. */
export type ReadResult = CheckedBody | { readonly kind: 'empty' } | { readonly kind: 'busy' }

/** What the reader needs of a request beside its body. */
export type Headers = Pick<IncomingMessage, 'headers' | 'headersDistinct'>

/** Reads a body as received. Throws or rejects with a `Refusal`; none of its events count then. */
export type Reader = (body: Buffer, request: Headers) => ReadResult | Promise<ReadResult>

/** The most large bodies that wait for their turn; each may take most of a second. */
const MAX_WAITING = 4
/** Events of a large body validated before other requests are handled. */
const SLICE = 500

/**
 * Creates the reader. Small bodies are read at once. Large ones are read one at a time and in slices, so that their
 * memory and time do not affect other requests. The decompressed one counts in the memory of all bodies, so that others
 * are told to come again meanwhile.
 */
export function createReader(config: IngestConfig, ports: CheckPorts, budget: MemoryBudget): Reader {
  const queue = createSerialQueue(MAX_WAITING)
  return (body, request) => {
    const coding = detectCoding(body, request.headers['content-encoding'])
    const label = (): ContentLabel => readLabel(request)
    const bytes = inflateSmall(body, coding, config.maxDecompressed)
    if (bytes !== undefined && bytes.length <= SMALL) return checkSmall(readBody(bytes, config, label), ports)
    if (queue.full()) return { kind: 'busy' }
    return queue.run(async () => {
      const inflated = await inflateLarge(body, coding, config.maxDecompressed)
      const more = inflated === body ? 0 : inflated.length
      budget.held += more
      try {
        await nextTurn()
        const read = await readLargeBody(inflated, config, label)
        return read.kind === 'empty' ? read : await checkInSlices(read, ports)
      } finally {
        budget.held -= more
      }
    })
  }
}

function checkSmall(body: Body, ports: CheckPorts): ReadResult | Promise<ReadResult> {
  if (body.kind === 'empty') return body
  if (body.count > SLICE) return checkInSlices(body, ports)
  const verdict = createBatchVerdict()
  for (const events of body.parts) checkInto(verdict, events, ports)
  return { kind: 'judged', id: body.id, isBatch: body.isBatch, verdict }
}

async function checkInSlices(body: Events, ports: CheckPorts): Promise<CheckedBody> {
  const verdict = createBatchVerdict()
  for (const events of body.parts) {
    for (let from = 0; from < events.length; from += SLICE) {
      checkInto(verdict, events.slice(from, from + SLICE), ports)
      await nextTurn()
    }
  }
  return { kind: 'judged', id: body.id, isBatch: body.isBatch, verdict }
}
