import type { EventSamples, Rejection } from '../model.ts'
import { EVENT_STEPS, type StepBudget } from '../labels/automaton.ts'
import { SAMPLES_PER_BODY } from './rejects.ts'
import type { RejectedEvent } from './rejects.ts'
import { OVERSIZED_REASON } from './decode/scan.ts'
import { OVERSIZED, UNREADABLE } from './decode/split.ts'
import { refuseEnvelope, translate } from './decode/foreign.ts'

/** Why an event is rejected. */
type Refused = Omit<Rejection, 'index'>

/** The functions that validate and extract one event. An exception rejects this event only. */
export interface CheckPorts {
  readonly schemas: {
    judge(event: unknown, budget: StepBudget): { readonly kind: string; readonly event: object } | Refused
  }
  extract(event: object, kind: string, budget: StepBudget): EventSamples | Refused
}

/** Results of the events of one body so far. */
export interface BatchVerdict {
  /** Events processed. */
  total: number
  accepted: EventSamples[]
  /** The first rejections, for the response. */
  errors: Rejection[]
  /** Some of the rejected events, for storage. */
  samples: RejectedEvent[]
  /** Rejections by the short code of the reason. */
  counts: Map<string, number>
  /** How many metric values in accepted events were not numbers. */
  nonNumeric: number
  /** How many accepted events could not be matched with a rule. */
  unmatched: number
  /** Some of the events with either. */
  unusableSamples: RejectedEvent[]
  /** Steps of matching that one more event adds to those the body may take. */
  readonly share: number
  /** Steps that the events so far have left over, and those that they took. */
  credit: number
  spent: number
  /** How many accepted events have no time that can be read, and one of them. */
  untimed: number
  untimedSample?: RejectedEvent
  /** How many accepted events have an id. */
  identified: number
  /** The first exception that an event raised: an internal error. */
  defect?: unknown
}

/** The steps of one body, divided evenly, so that no event takes those of another: about a second. */
const BODY_STEPS = 100_000_000
/** Steps that each event of a large body gets at least: far more than a usual line takes. */
const MIN_EVENT_STEPS = 20_000
/** After this many steps other requests are processed. */
export const TURN_STEPS = 1_000_000
const MAX_ERRORS = 5
/** Mark an event that was accepted without one of its values, or unmatched; no reasons for rejection. */
const NON_NUMERIC = 'non_numeric'
const UNMATCHED = 'unmatched'
/** Marks an event that gets its arrival time. */
const UNTIMED = 'untimed'
const UNTIMED_REASON =
  'accepted with its arrival time: no time in @timestamp, time, timestamp, date or ISODATE (ISO 8601 with a zone, or since 1970)'
const INTERNAL: Refused = { path: '', reason: 'the event could not be processed', code: 'internal' }
const TOO_LONG: Refused = { path: '', reason: OVERSIZED_REASON, code: 'too_large' }
const NOT_JSON: Refused = {
  path: '',
  reason: 'the event is not JSON (NaN and Infinity, for example, are not)',
  code: 'json',
}

/** @param count how many events the body has, at most. */
export function createBatchVerdict(count: number): BatchVerdict {
  return {
    total: 0,
    accepted: [],
    errors: [],
    samples: [],
    counts: new Map(),
    nonNumeric: 0,
    untimed: 0,
    identified: 0,
    unmatched: 0,
    unusableSamples: [],
    share: Math.max(BODY_STEPS / Math.max(count, 1), MIN_EVENT_STEPS),
    credit: 0,
    spent: 0,
  }
}

/**
 * Validates events and adds them to the verdict. Stops when other requests should have their turn.
 * @returns how many were validated.
 */
export function checkInto(verdict: BatchVerdict, events: readonly unknown[], ports: CheckPorts): number {
  const turn = verdict.spent + TURN_STEPS
  let at = 0
  while (at < events.length && verdict.spent < turn) {
    const event = events[at++]
    const outcome = checkWithinBudget(event, ports, verdict)
    if ('code' in outcome) reject(verdict, event, outcome)
    else accept(verdict, event, outcome)
    verdict.total += 1
  }
  return at
}

/** An event may use its own share of steps and what earlier events left, so later events keep their share. */
function checkWithinBudget(event: unknown, ports: CheckPorts, verdict: BatchVerdict): EventSamples | Refused {
  verdict.credit += verdict.share
  const most = Math.min(verdict.credit, EVENT_STEPS)
  const budget = { left: most }
  const outcome = checkEvent(event, ports, verdict, budget)
  verdict.credit -= most - budget.left
  verdict.spent += most - budget.left
  return outcome
}

function accept(verdict: BatchVerdict, event: unknown, samples: EventSamples): void {
  verdict.accepted.push(samples)
  if (samples.id !== undefined) verdict.identified += 1
  if (Number.isNaN(samples.ts)) {
    verdict.untimed += 1
    verdict.untimedSample ??= { index: verdict.total, path: '', reason: UNTIMED_REASON, code: UNTIMED, event }
  }
  const { nonNumeric, unmatched } = samples
  if (nonNumeric !== undefined) {
    verdict.nonNumeric += nonNumeric.length
    const reason = `accepted without ${nonNumeric.join(', ')}: the field holds no number`
    recordUnusable(verdict, { reason, code: NON_NUMERIC, event })
  }
  if (unmatched !== undefined) {
    verdict.unmatched += 1
    const reason = `accepted, but not matched with ${unmatched.join(', ')}: the expression takes too many steps on this text`
    recordUnusable(verdict, { reason, code: UNMATCHED, event })
  }
}

function recordUnusable(verdict: BatchVerdict, sample: RejectedEvent): void {
  if (verdict.unusableSamples.length < SAMPLES_PER_BODY)
    verdict.unusableSamples.push({ index: verdict.total, path: '', ...sample })
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

function checkEvent(
  event: unknown,
  ports: CheckPorts,
  verdict: BatchVerdict,
  budget: StepBudget,
): EventSamples | Refused {
  if (event === OVERSIZED) return TOO_LONG
  if (event === UNREADABLE) return NOT_JSON
  try {
    const envelope = refuseEnvelope(event)
    if (envelope !== undefined) return envelope
    const judged = ports.schemas.judge(translate(event), budget)
    return 'code' in judged ? judged : ports.extract(judged.event, judged.kind, budget)
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
