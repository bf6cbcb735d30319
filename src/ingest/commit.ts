import type { FastifyReply } from 'fastify'
import type { Ack, Clock, Frame, IngestConfig, Log, Millis, Observer } from '../model.ts'
import type { AgentWatch, SharedName } from './agents.ts'
import { replyRetryLater, replySummary } from './answers.ts'
import type { BatchSummary } from './answers.ts'
import type { CheckedBody } from './read.ts'
import type { Rejects } from './rejects.ts'
import type { Retries } from './retries.ts'
import { formatCount } from '../text/format.ts'
import { describeLeftOut } from '../text/out-of-range.ts'
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
  readonly agents: AgentWatch
  /** Events without an id, until one has one or the lack of ids is logged. */
  readonly ids: { missing: number; isSettled: boolean }
  /** Measured with `timers`. */
  readonly responseTimeout: Millis
  /** Frames waiting for their commit. */
  readonly load: { appends: number }
  encode(frame: Frame): Uint8Array
  append(frame: Uint8Array): Promise<Ack>
}

/** Context of one request from its head to its response. */
export interface RequestContext {
  readonly arrivedAt: Millis
  /** How long the request may have waited before, because the process was held up. */
  readonly waited: Millis
  source: string
  /** Size of the body on the wire, in bytes. */
  wireBytes: number
  /** Set once the body was handed on. */
  handedOn?: { readonly delivery: string; readonly at: Millis }
  /** The sender was asked to retry a body that may have been committed. */
  isInDoubt: boolean
  /** True once the response is sent or the connection is closed. */
  isOver: boolean
}

/** Commits a validated body and answers the request. A body that was not committed in time is answered 503. */
export async function commit(
  { id, isBatch, verdict }: CheckedBody,
  context: RequestContext,
  reply: FastifyReply,
  deps: CommitDeps,
): Promise<FastifyReply> {
  const receivedAt = deps.clock.now()
  // Two sources may post equal bodies.
  const delivery = `${context.source}\n${id}`
  const sentAt = receivedAt - context.waited
  const isMaybeRetry = deps.retries.arrive(delivery, sentAt)
  if (context.isOver) deps.retries.leave(delivery, sentAt, false)
  else context.handedOn = { delivery, at: sentAt }
  const header = { source: context.source, batchId: id, isBatch, isMaybeRetry, receivedAt }
  const frame = encode({ ...header, events: verdict.accepted }, verdict, deps)
  // Runs even if the response cannot wait for it: events are counted once their outcome is known.
  const appended = append(frame, deps).then((ack) => {
    try {
      report(ack, verdict, { source: context.source, receivedAt }, deps)
    } catch (error) {
      deps.log.error({ err: error }, 'a committed body could not be counted')
    }
    return ack
  })
  let ack: Ack
  try {
    ack = await within(appended, deps.responseTimeout, deps.timers)
  } catch (error) {
    context.isInDoubt = true
    deps.log.debug({ err: error, source: context.source }, 'a body could not be committed')
    return replyRetryLater(reply, 503, 5, 'the journal cannot accept events')
  }
  const none = verdict.total > 0 && verdict.accepted.length === 0
  return replySummary(reply, none ? deps.config.allRejectedStatus : 200, summarise(ack, verdict))
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

function summarise({ duplicate, refused }: Ack, { total, accepted, errors }: BatchVerdict): BatchSummary {
  const count = accepted.length - refused
  const shown: BatchSummary['errors'] = errors.map(({ index, path, reason }) => ({ index, path, reason }))
  const summary = {
    accepted: count,
    rejected: total - count,
    errors: refused > 0 ? [...shown, { path: '', reason: limitReason(refused) }] : shown,
  }
  return duplicate ? { ...summary, duplicate } : summary
}

function report(
  { duplicate, known, refused, outOfRange }: Ack,
  verdict: BatchVerdict,
  { source, receivedAt }: Pick<Frame, 'source' | 'receivedAt'>,
  deps: CommitDeps,
): void {
  const { observer, rejects, log } = deps
  const { total, accepted, counts, samples, defect } = verdict
  if (defect !== undefined) log.error({ err: defect, source }, 'an event raised an exception and was rejected')
  if (duplicate) {
    observer.events('duplicate', total)
    return
  }
  if (verdict.nonNumeric > 0) observer.nonNumeric(verdict.nonNumeric)
  const unusable = { non_numeric: verdict.nonNumeric, unmatched: verdict.unmatched }
  rejects.recordUnusable({ source, counts: unusable, samples: verdict.unusableSamples })
  if (verdict.untimedSample !== undefined) {
    observer.untimed(verdict.untimed)
    rejects.recordUntimed({ source, count: verdict.untimed, sample: verdict.untimedSample })
  }
  if (deps.config.eventIdField !== undefined) watchIds(verdict, deps.config.eventIdField, deps)
  for (const samples of accepted) {
    const shared = deps.agents.see(samples, receivedAt)
    if (shared !== undefined) reportSharedName(shared, source, deps)
  }
  if (outOfRange !== undefined) {
    const left = outOfRange.first.map((one) => ({ path: '', reason: describeLeftOut(one), code: OUT_OF_RANGE }))
    rejects.recordUnusable({ source, counts: { out_of_range: outOfRange.count }, samples: left })
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

/** So many events show that the field with ids is nowhere. */
const MIN_UNIDENTIFIED = 10

/** Logs once if the first events have no id although a field for it is configured: it protects from no duplicate. */
function watchIds({ accepted, identified }: BatchVerdict, field: string, { ids, log }: CommitDeps): void {
  if (ids.isSettled) return
  ids.missing += accepted.filter(({ heartbeat }) => !heartbeat).length
  ids.isSettled = identified > 0 || ids.missing >= MIN_UNIDENTIFIED
  if (!ids.isSettled || identified > 0) return
  log.warn(
    { field, events: ids.missing },
    'no event has an ID: check ingest.event_id_field and the filter that sets it',
  )
}

/** Marks an event whose host name another machine uses as well; not a reason for rejection. */
const SHARED_NAME = 'shared_name'
const OUT_OF_RANGE = 'out_of_range'

function reportSharedName(
  { host, type, ids }: SharedName,
  source: string,
  { log, rejects, observer }: CommitDeps,
): void {
  observer.sharedName()
  log.warn({ source, host, type, agents: ids }, 'two machines report under one host name: give each its own name')
  const reason = `accepted; two agents of type ${type} (${ids.join(' and ')}) report as ${host}: give each machine its own name`
  rejects.note(source, { reason, code: SHARED_NAME, path: '' })
}

function limitReason(refused: number): string {
  return `${formatCount(refused, 'event names', 'events name')} hosts or series beyond the configured limits`
}
