import type * as Raw from '../generated/config.ts'
import type { Evidence, Metric, Millis, Of, Severity, SeverityLimit, Unit } from '../model.ts'

/*
 * A detector judges the windows of one series. It does not depend on rules, hosts or notifications: `needs` declares
 * what it requires of the engine, its columns hold what it keeps between windows, and its evidence is numbers and
 * codes. docs/detectors.md shows how each kind of detector fits.
 */

/** Records errors and warnings about a detector's part of the configuration. Locations are JSON pointers. */
export interface DetectorDiagnostics {
  error(pointer: string, what: string, where?: 'key'): void
  warn(pointer: string, what: string): void
  hasWarning(pointer: string): boolean
  isClean(pointer: string): boolean
  describeValue(pointer: string): string
}

/** What reading a detector's part of a rule needs. */
export interface ReadContext {
  /** The detector's key, and the rule. */
  readonly pointer: string
  readonly rule: string
  /** Undefined if the rule counts events. */
  readonly metric: Metric | undefined
  /** The rule's `severity`, if it is written. */
  readonly severity: Severity | undefined
  readonly diagnostics: DetectorDiagnostics
}

/** A draft-07 JSON schema. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What the engine must keep and do for a detector. */
export interface Needs {
  /** The figure that is judged. The columns of the rings follow from it. */
  readonly of: Of
  /** How many earlier windows it reads, which determines the length of rings. */
  readonly lookback: number
  /** How many windows it learns from before it judges one. */
  readonly learning: number
  /** Empty windows of a count are judged as 0, and events without a match are distinguished from no events. */
  readonly zeroes: boolean
  /** `early`: more data cannot revert a breach, so an open or partly covered window may be judged. */
  readonly trigger: 'closed' | 'early'
  /** More data could revert a breach, so windows wait longer. */
  readonly extraLateness: boolean
}

/** A window of a series. Figures are computed on demand. */
export interface WindowView {
  /** The end of the window, in event time, and its length. */
  readonly end: Millis
  readonly over: Millis
  /** The number of samples; undefined if the figure itself is a number of events. */
  readonly samples: number | undefined
  /** Returns a figure of the window; NaN if it has too little data. */
  figure(of: Of): number
  /** The n-th window of the same length before it, as far back as `lookback` reaches. */
  before(n: number): WindowView
}

export type Verdict =
  | { readonly kind: 'no_data' }
  /** There is data, but not yet enough to compare it with. */
  | { readonly kind: 'learning' }
  | { readonly kind: 'normal'; readonly value: number }
  | {
      readonly kind: 'anomalous'
      readonly value: number
      readonly severity: Severity
      /** Whether the value is above or below normal. */
      readonly direction: 'high' | 'low' | 'other'
      /** It would not start an alert, but does not resolve the present one. */
      readonly isHeld: boolean
    }

/** The type of the values in a learnt column. */
type LearntKind = 'uint8' | 'uint16' | 'float32' | 'float64'

/**
 * What a detector has learnt of one series under one rule. A column that was never set is 0, or NaN if it has
 * fractions.
 */
export interface Learnt<C extends string> {
  get(column: C): number
}

export interface LearntCells<C extends string> extends Learnt<C> {
  set(column: C, value: number): void
}

/** Two values of a series in the unit of its metric: a normal one, and one that starts an alert. */
export interface SampleValues {
  readonly good: number
  readonly bad: number
}

/**
 * @typeParam P its part of a rule: plain data that `read` and `override` create and only the detector interprets.
 * @typeParam C the names of its learnt columns.
 */
interface Detector<P, C extends string> {
  /** The key under `when`. */
  readonly name: string
  readonly schema: JsonSchema
  /** The schema of its key in `overrides`. */
  readonly overrideSchema: JsonSchema
  /** Fixed-width columns beside the ring of each series. Snapshots, reloads and restarts carry them. */
  readonly learnt: Readonly<Record<C, LearntKind>>
  /** Checks what a schema cannot; undefined after an error. */
  read(when: Raw.Condition, context: ReadContext): P | undefined
  /** The rule's params with those of an override in their place. */
  override(base: P, written: { readonly when: Raw.Condition; readonly override: Raw.Override }, context: ReadContext): P
  needs(params: P): Needs
  /** The severities that its verdicts can have, the lowest first. */
  severities(params: P): readonly Severity[]
  /** @param held the severity of the firing alert, if there is one. */
  judge(params: P, window: WindowView, held: Severity | undefined, learnt: Learnt<C>): Verdict
  /** Learns from a closed window: once for each, in order. Not called for queries. */
  learn?(params: P, window: WindowView, verdict: Verdict, learnt: LearntCells<C>): void
  /** Returns the evidence of any verdict but `no_data`. */
  evidence(params: P, window: WindowView, verdict: Verdict, learnt: Learnt<C>): Evidence
  /** Returns the limits that apply to a window, for the chart. */
  limits(params: P, window: WindowView, learnt: Learnt<C>): readonly SeverityLimit[]
  sample(params: P, unit: Unit): SampleValues
}

/** A detector as the registry holds it. */
export type AnyDetector = Detector<unknown, string>

/**
 * Takes a detector into the registry. Its params are opaque from here on. This is the one place that forgets their type:
 * params reach a detector only from its own `read` and `override`, by way of the rule that names it.
 */
export function defineDetector<P, C extends string>(detector: Detector<P, C>): AnyDetector {
  return detector
}

/** The learnt data of a detector without columns, and of one whose sample is evaluated. */
export const NOTHING_LEARNT: LearntCells<string> = { get: () => Number.NaN, set: () => undefined }
