import type { FastifyReply } from 'fastify'
import type { Ack, Clock, Frame, IngestConfig, Log, Millis, Observer } from '../model.ts'
import { answerLater, answerSummary } from './answers.ts'
import type { Summary } from './answers.ts'
import type { CheckedBody } from './read.ts'
import type { Rejects } from './rejects.ts'
import type { Retries } from './retries.ts'
import { rejectAll } from './verdict.ts'
import type { BatchVerdict } from './verdict.ts'

export interface CommitDeps {
  readonly config: IngestConfig
  readonly clock: Clock
  readonly timers: Clock
  readonly log: Log
  readonly observer: Observer
  readonly rejects: Rejects
  readonly retries: Retries
  /** A span of `timers`. */
  readonly answerWithin: Millis
  /** Frames that wait for their commit. */
  readonly load: { appends: number }
  encode(frame: Frame): Uint8Array
  append(frame: Uint8Array): Promise<Ack>
}

/** What one request brings along from its head to its answer. */
export interface RequestContext {
  readonly arrived: Millis
  source: string
  /** The body's size on the wire, in bytes. */
  wire: number
  /** Set once the body was handed on. */
  handedOn?: { readonly delivery: string; readonly at: Millis }
  /** The sender was told to come again with a body that may have been committed all the same. */
  inDoubt: boolean
  /** The answer is out, or the connection is gone. */
  over: boolean
}

/** Has a judged body committed, and answers. What could not be committed in time is answered 503. */
export async function commit(
  { id, many, verdict }: CheckedBody,
  visit: RequestContext,
  reply: FastifyReply,
  deps: CommitDeps,
): Promise<FastifyReply> {
  const rcv = deps.clock.now()
  // Two sources may post equal bodies.
  const delivery = `${visit.source}\n${id}`
  const maybeRetry = deps.retries.arrive(delivery)
  if (visit.over) deps.retries.leave(delivery, rcv, false)
  else visit.handedOn = { delivery, at: rcv }
  const header = { source: visit.source, batchId: id, many, maybeRetry, rcv }
  const frame = encode({ ...header, events: verdict.accepted }, verdict, deps)
  // Also when the answer cannot wait for it: the events are counted once their fate is certain.
  const appended = append(frame, deps).then((ack) => {
    try {
      report(ack, verdict, visit.source, deps)
    } catch (error) {
      deps.log.error({ err: error }, 'a committed body could not be counted')
    }
    return ack
  })
  let ack: Ack
  try {
    ack = await within(appended, deps.answerWithin, deps.timers)
  } catch (error) {
    visit.inDoubt = true
    deps.log.debug({ err: error, source: visit.source }, 'a body could not be committed')
    return answerLater(reply, 503, 5, 'the journal cannot take events now')
  }
  const none = verdict.total > 0 && verdict.accepted.length === 0
  return answerSummary(reply, none ? deps.config.allRejectedStatus : 200, summarise(ack, verdict))
}

function encode(frame: Frame, verdict: BatchVerdict, deps: CommitDeps): Uint8Array {
  try {
    return deps.encode(frame)
  } catch (error) {
    rejectAll(verdict, error)
    return deps.encode({ ...frame, events: [] })
  }
}

async function append(frame: Uint8Array, deps: CommitDeps): Promise<Ack> {
  deps.load.appends += 1
  try {
    return await deps.append(frame)
  } finally {
    deps.load.appends -= 1
  }
}

function within<T>(work: Promise<T>, span: Millis, timers: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(span, () => reject(new Error(`no commit within ${span} ms`)))
    work.then(resolve, reject).finally(cancel)
  })
}

function summarise({ duplicate, refused }: Ack, { total, accepted, errors }: BatchVerdict): Summary {
  const count = accepted.length - refused
  const shown: Summary['errors'] = errors.map(({ index, path, reason }) => ({ index, path, reason }))
  const summary = {
    accepted: count,
    rejected: total - count,
    errors: refused > 0 ? [...shown, { path: '', reason: limitReason(refused) }] : shown,
  }
  return duplicate ? { ...summary, duplicate } : summary
}

function report({ duplicate, known, refused }: Ack, verdict: BatchVerdict, source: string, deps: CommitDeps): void {
  const { observer, rejects, log } = deps
  const { total, accepted, counts, samples, defect } = verdict
  if (defect !== undefined) log.error({ err: defect, source }, 'an event raised an exception and was rejected')
  if (duplicate) {
    observer.events('duplicate', total)
    return
  }
  if (verdict.nonNumeric > 0) {
    observer.nonNumeric(verdict.nonNumeric)
    rejects.note({ source, count: verdict.nonNumeric, samples: verdict.notes })
  }
  const count = accepted.length - refused
  if (known > 0) observer.events('duplicate', known)
  if (count > known) observer.events('accepted', count - known)
  if (total === count) return
  observer.events('rejected', total - count)
  if (refused > 0) {
    counts.set('cardinality', refused)
    samples.push({ reason: limitReason(refused), code: 'cardinality' })
  }
  for (const [code, rejected] of counts) observer.rejects(code, rejected)
  rejects.add({ source, counts, samples })
}

function limitReason(refused: number): string {
  return `${refused} events name hosts or series beyond the configured limits`
}
