import type { Of, Op, Severity, Unit } from './configuration.ts'
import type { Millis } from './time.ts'

/** A comparison with a number in the metric's unit: `{ op: 'above', value: 0.9 }`. */
export interface Limit {
  readonly op: Op
  readonly value: number
}

/** A code with its numbers and names. Words are made of it where people read them (`text/`). */
export interface Reason {
  readonly code: string
  readonly params: Readonly<Record<string, number | string | readonly string[]>>
}

/** What an evaluation found, in numbers and codes: the same record whatever the detector. Values are in the metric's unit. */
export interface Evidence {
  /** What the value was compared with, and what ends the alert; absent where a rule has no bounds. */
  readonly limit?: Limit
  readonly clear?: Limit
  /** What was expected instead, and the range that counts as normal. */
  readonly expected?: number
  readonly range?: readonly [number, number]
  /** How many of the newest windows were anomalous, where a rule asks for several. */
  readonly breaches?: { readonly count: number; readonly of: number }
  readonly why: Reason
}

/** Which alert: one rule on one series. The same for its whole life, in state, snapshots and views. */
export interface AlertIdentity {
  readonly rule: string
  /** Whom it is about: a host, a source for rules about sources, or `stashwatch` itself. */
  readonly host: string
  /** The series' key; "" where the alert is about no series. */
  readonly key: string
  /** The `by` fields and their values. */
  readonly labels: Readonly<Record<string, string>>
  readonly measure: Measure
}

/** What is measured: a figure of a window, the number of matching events in it, or a state that is looked at each second. */
export type Measure =
  | {
      readonly kind: 'aggregate'
      readonly metric: string
      readonly unit: Unit
      readonly of: Of
      readonly over: Millis
    }
  | { readonly kind: 'count'; readonly metric: 'events'; readonly unit: 'count'; readonly over: Millis }
  | { readonly kind: 'state'; readonly metric: StateMetric; readonly unit: Unit }

/**
 * What is measured without a window. `absence`: seconds since a host's last event. `expected`: seconds since a host that was
 * never seen is expected. `source_silence`: seconds since a source's last request. `source_hosts`: hosts seen through a source.
 * `absent_hosts`: hosts of a source that became absent together; `missing_hosts`: expected hosts that no source brings.
 * `clock_offset`: seconds that a host's clock is off. `refused`: hosts, series or sources refused by a limit.
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

/** Templates of mails, as a rule or a receiver has them. */
export interface Templates {
  readonly subject?: string
  readonly body?: string
}

/** What one evaluation of a series said, for people who ask. */
export interface Evaluation {
  readonly host: string
  readonly labels: Readonly<Record<string, string>>
  readonly measure: Measure
  readonly value: number | null
  readonly evidence: Evidence
  readonly evaluatedAt: Millis
  /** Set where the value is hardly one of its unit: a ratio far above 1. */
  readonly hint?: 'ratio_above_one'
}

/** What the next evaluation of a rule waits for. */
export type NextEvaluation =
  /** A window that ends at `end` closes `wait` after the clocks of its sources pass it; null for a clock without a time. */
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

/** Severity with the limits of a rule. */
export interface SeverityLimit {
  readonly severity: Severity
  readonly limit: Limit
  readonly clear: Limit
}
