import type { EventSamples, Rejection } from '../model.ts'
import { SAMPLES_PER_BODY } from './rejects.ts'
import type { Sample } from './rejects.ts'
import { OVERSIZED_REASON } from './decode/scan.ts'
import { OVERSIZED, UNREADABLE } from './decode/split.ts'
import { refuseEnvelope, translate } from './decode/foreign.ts'

/** Why an event is rejected. */
export type Refused = Omit<Rejection, 'index'>

/** The functions that validate and extract one event. An exception rejects this event only. */
export interface CheckPorts {
  readonly schemas: { judge(event: unknown): { readonly kind: string; readonly event: object } | Refused }
  extract(event: object, kind: string): EventSamples | Refused
}

/** Results of the events of one body so far. */
export interface BatchVerdict {
  /** Events processed. */
  total: number
  accepted: EventSamples[]
  /** The first rejections, for the response. */
  errors: Rejection[]
  /** Some of the rejected events, for storage. */
  samples: Sample[]
  /** Rejections by the short code of the reason. */
  counts: Map<string, number>
  /** How many metric values in accepted events were not numbers, and some of these events. */
  nonNumeric: number
  unusableSamples: Sample[]
  /** How many accepted events have no time that can be read, and one of them. */
  untimed: number
  untimedSample?: Sample
  /** How many accepted events have an id. */
  identified: number
  /** The first exception that an event raised: an internal error. */
  defect?: unknown
}

const MAX_ERRORS = 5
/** Marks an event that was accepted without one of its values; not a reason for rejection. */
const NON_NUMERIC = 'non_numeric'
/** Marks an event that takes its arrival time. */
const UNTIMED = 'untimed'
const UNTIMED_REASON =
  'accepted with its arrival time: no time in @timestamp, time, timestamp, date or ISODATE (ISO 8601 with a zone, or since 1970)'
const INTERNAL: Refused = { path: '', reason: 'the event could not be processed', code: 'internal' }
const TOO_LONG: Refused = { path: '', reason: OVERSIZED_REASON, code: 'too_large' }
const NOT_JSON: Refused = { path: '', reason: 'the line is not JSON', code: 'json' }

export function createBatchVerdict(): BatchVerdict {
  const counters = { total: 0, nonNumeric: 0, untimed: 0, identified: 0 }
  return { ...counters, accepted: [], errors: [], samples: [], counts: new Map(), unusableSamples: [] }
}

/** Validates events and adds them to the verdict. */
export function checkInto(verdict: BatchVerdict, events: readonly unknown[], ports: CheckPorts): void {
  for (const event of events) {
    const outcome = checkEvent(event, ports, verdict)
    if ('code' in outcome) reject(verdict, event, outcome)
    else accept(verdict, event, outcome)
    verdict.total += 1
  }
}

function accept(verdict: BatchVerdict, event: unknown, samples: EventSamples): void {
  verdict.accepted.push(samples)
  if (samples.id !== undefined) verdict.identified += 1
  if (Number.isNaN(samples.ts)) {
    verdict.untimed += 1
    verdict.untimedSample ??= { index: verdict.total, path: '', reason: UNTIMED_REASON, code: UNTIMED, event }
  }
  if (samples.nonNumeric === undefined) return
  verdict.nonNumeric += samples.nonNumeric.length
  if (verdict.unusableSamples.length >= SAMPLES_PER_BODY) return
  const reason = `accepted without ${samples.nonNumeric.join(', ')}: the field holds no number`
  verdict.unusableSamples.push({ index: verdict.total, path: '', reason, code: NON_NUMERIC, event })
}

/** Turns all accepted events into rejections if their frame cannot be built: an internal error must not cause a 5xx. */
export function rejectAll(verdict: BatchVerdict, defect: unknown): void {
  const count = verdict.accepted.length
  verdict.accepted = []
  verdict.defect ??= defect
  if (count === 0) return
  verdict.counts.set(INTERNAL.code, (verdict.counts.get(INTERNAL.code) ?? 0) + count)
  if (verdict.errors.length < MAX_ERRORS) verdict.errors.push({ index: 0, ...INTERNAL })
}

function checkEvent(event: unknown, ports: CheckPorts, verdict: BatchVerdict): EventSamples | Refused {
  if (event === OVERSIZED) return TOO_LONG
  if (event === UNREADABLE) return NOT_JSON
  try {
    const envelope = refuseEnvelope(event)
    if (envelope !== undefined) return envelope
    const judged = ports.schemas.judge(translate(event))
    return 'code' in judged ? judged : ports.extract(judged.event, judged.kind)
  } catch (error) {
    verdict.defect ??= error
    return INTERNAL
  }
}

function reject(verdict: BatchVerdict, event: unknown, { path, reason, code }: Refused): void {
  verdict.counts.set(code, (verdict.counts.get(code) ?? 0) + 1)
  const rejection: Rejection = { index: verdict.total, path, reason, code }
  if (verdict.errors.length < MAX_ERRORS) verdict.errors.push(rejection)
  const isEvent = typeof event !== 'symbol'
  if (verdict.samples.length < SAMPLES_PER_BODY) verdict.samples.push(isEvent ? { ...rejection, event } : rejection)
}
