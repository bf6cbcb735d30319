import type { Of, Op, Severity, MeasureUnit, Unit, Bound } from './configuration.ts'
import type { Millis } from './time.ts'

/** A comparison with a number in the metric's unit: `{ op: 'above', value: 0.9 }`. */
export interface Limit {
  readonly op: Op
  readonly value: number
}

/** A code with its numbers and names. `text/` makes words of it. */
export interface Reason {
  readonly code: string
  readonly params: Readonly<Record<string, number | string | readonly string[]>>
}

/**
 * The result of an evaluation in numbers and codes, the same shape for every detector. Values are in the metric's unit.
 */
export interface Evidence {
  /** The limit that the value was compared with, and the limit for recovery; absent where a rule has no bounds. */
  readonly limit?: Limit
  readonly clear?: Limit
  /** The expected value, and the range that counts as normal. */
  readonly expected?: number
  readonly range?: readonly [number, number]
  /** How many of the newest windows were anomalous, where a rule asks for several. */
  readonly breaches?: { readonly count: number; readonly of: number }
  readonly why: Reason
}

/**
 * Identifies an alert: one rule on one series. It stays the same for the alert's whole life, in state, snapshots and
 * views.
 */
export interface AlertIdentity {
  readonly rule: string
  /** A host, a source for rules about sources, or `stashwatch` itself. */
  readonly host: string
  /** The series' key; "" where the alert is not about a series. */
  readonly key: string
  /** The `by` labels and their values. */
  readonly labels: Readonly<Record<string, string>>
  readonly measure: Measure
}

/**
 * What is measured: an aggregate of a window, the number of matching events in a window, or a state checked every
 * second.
 */
export type Measure =
  | {
      readonly kind: 'aggregate'
      readonly metric: string
      readonly unit: MeasureUnit
      readonly of: Of
      readonly over: Millis
    }
  | { readonly kind: 'count'; readonly metric: 'events'; readonly unit: 'count'; readonly over: Millis }
  | { readonly kind: 'state'; readonly metric: StateMetric; readonly unit: Unit }

/**
 * A value measured without a window. `absence`: seconds since a host's last event. `expected`: seconds since a host
 * that was never seen is expected. `source_silence`: seconds since a source's last request. `source_hosts`: hosts seen
 * through a source. `absent_hosts`: hosts of a source that became absent together. `missing_hosts`: expected hosts that
 * no source delivers. `clock_offset`: seconds by which a host's clock is off. `refused`: hosts, series or sources
 * refused by a limit. `unmatched_events`: events that an expression could not be matched with. `out_of_range`: the share
 * of a series' readings that were outside the bounds of its metric.
 */
export type StateMetric =
  | 'absence'
  | 'expected'
  | 'source_silence'
  | 'source_hosts'
  | 'absent_hosts'
  | 'missing_hosts'
  | 'clock_offset'
  | 'refused'
  | 'unmatched_events'
  | 'out_of_range'

/** Mail templates of a rule or a receiver. */
export interface Templates {
  readonly subject?: string
  readonly body?: string
}

/** One evaluation of a series, as queries return it. */
export interface Evaluation {
  readonly host: string
  readonly labels: Readonly<Record<string, string>>
  readonly measure: Measure
  readonly value: number | null
  readonly evidence: Evidence
  readonly evaluatedAt: Millis
  /** Set where the value is implausible for its unit: a ratio far above 1. */
  readonly hint?: 'ratio_above_one'
}

/** What the next evaluation of a rule waits for. */
export type NextEvaluation =
  /**
   * The window that ends at `end` closes once the clocks of its sources are `wait` past it. Null: a clock without a
   * time yet.
   */
  | {
      readonly kind: 'window'
      readonly end: Millis
      readonly wait: Millis
      readonly sources: readonly { readonly source: string; readonly clock: Millis | null }[]
    }
  | { readonly kind: 'first_event'; readonly metric: string }
  | { readonly kind: 'every_second' }
  | { readonly kind: 'source_delivery' }
  | { readonly kind: 'rule_removed'; readonly at?: Millis }
  | { readonly kind: 'not_applicable'; readonly hosts: readonly string[] }

/** A severity with the rule's limits for it. */
export interface SeverityLimit {
  readonly severity: Severity
  readonly limit: Limit
  readonly clear: Limit
}

/** Returns true if values above a limit with this operator breach it. */
export function isUpper(op: Op): boolean {
  return op === 'above' || op === 'at_least'
}

/** Returns true if a value breaches a limit. */
export function isBeyond({ op, value: limit }: Limit, value: number): boolean {
  if (op === 'above') return value > limit
  if (op === 'at_least') return value >= limit
  if (op === 'below') return value < limit
  return value <= limit
}

/**
 * Returns true if a value ends an alert. The `clear` value itself does, unless it is an inclusive bound's own value.
 */
export function isCleared(bound: Bound, value: number): boolean {
  if (isBeyond(bound, value)) return false
  return isUpper(bound.op) ? value <= bound.clear : value >= bound.clear
}

/** Returns the limit that breaches a bound: `above 0.9`. */
export function limitOf({ op, value }: Bound): Limit {
  return { op, value: exact(value) }
}

/** Returns the limit that ends an alert: `at_most 0.85`; `below 0.9` where 0.9 itself breaches the bound. */
export function clearOf(bound: Bound): Limit {
  const isIn = isCleared(bound, bound.clear)
  const op = isUpper(bound.op) ? (isIn ? 'at_most' : 'below') : isIn ? 'at_least' : 'above'
  return { op, value: exact(bound.clear) }
}

/**
 * Returns the limit that ends an alert about a count, in whole numbers: `at_most 0` where the bound is `at_least 1`.
 */
export function wholeClearOf(bound: Bound): Limit {
  const upper = isUpper(bound.op)
  const inside = upper ? Math.floor(bound.clear) : Math.ceil(bound.clear)
  return clearOf({ ...bound, clear: isCleared(bound, inside) ? inside : inside + (upper ? -1 : 1) })
}

/** Removes the digits that floating-point arithmetic added, but none that a person wrote. */
function exact(value: number): number {
  return Number(value.toPrecision(12))
}

/**
 * The largest plausible ratio, with a margin over 1 for rounding. Beyond it the value is probably a percentage, or a
 * sum over several cores.
 */
export const MAX_RATIO = 1.1
