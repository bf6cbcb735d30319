import {
  type Bound,
  clearOf,
  type Evidence,
  isBeyond,
  isCleared,
  isUpper,
  limitOf,
  wholeClearOf,
  type Of,
  type Severity,
} from '../../model.ts'
import type { Verdict } from '../detector.ts'

/** The bounds of each severity; an empty list means that the severity is not used. */
export interface Threshold {
  readonly of: Of
  readonly warning: readonly Bound[]
  readonly critical: readonly Bound[]
}

/** The position of a figure relative to the bounds. */
type ThresholdFinding =
  | { readonly kind: 'no_data' }
  | { readonly kind: 'normal'; readonly value: number; readonly bound: Bound | undefined }
  | {
      readonly kind: 'anomalous'
      readonly value: number
      readonly severity: Severity
      readonly bound: Bound
      /** The bound whose `clear` value ends the alert: the one that is hardest to reach. */
      readonly clear: Bound
      /** No longer beyond any bound, but not yet beyond the one that resolves the alert. */
      readonly isHeld: boolean
    }

/**
 * Judges a figure against the bounds of a rule. A severity that is held stays until the figure is on the good side
 * of the `clear` value of each of its bounds; a higher one is taken as soon as its bound is crossed.
 *
 * @param held the severity that the alert has now, if it fires.
 */
export function judgeThreshold(threshold: Threshold, value: number, held: Severity | undefined): ThresholdFinding {
  if (Number.isNaN(value)) return { kind: 'no_data' }
  const all = [...threshold.critical, ...threshold.warning]
  const isHeld = !all.some((bound) => isBeyond(bound, value))
  const critical = breached(threshold.critical, value, held === 'critical')
  if (critical !== undefined) {
    const clear = clearBound(critical, all)
    return { kind: 'anomalous', value, severity: 'critical', bound: critical, clear, isHeld }
  }
  const warning = breached(threshold.warning, value, held !== undefined)
  if (warning !== undefined) {
    const end = clearBound(warning, threshold.warning)
    return { kind: 'anomalous', value, severity: 'warning', bound: warning, clear: end, isHeld }
  }
  return { kind: 'normal', value, bound: threshold.warning[0] ?? threshold.critical[0] }
}

/** Of the bounds on the same side as one, that whose `clear` value is furthest away. */
function clearBound(of: Bound, bounds: readonly Bound[]): Bound {
  const upper = isUpper(of.op)
  const side = bounds.filter(({ op }) => isUpper(op) === upper)
  return side.reduce((end, one) => ((upper ? one.clear < end.clear : one.clear > end.clear) ? one : end), of)
}

function breached(bounds: readonly Bound[], value: number, held: boolean): Bound | undefined {
  return bounds.find((bound) => isBeyond(bound, value) || (held && !isCleared(bound, value)))
}

/**
 * Whether more samples can only strengthen a breach, so that it may fire before its window has closed: a number of
 * matches, or a maximum, over an upper bound.
 */
export function isMonotone({ of, warning, critical }: Threshold): boolean {
  const bounds = [...warning, ...critical]
  return (of === 'count' || of === 'max') && bounds.every((bound) => isUpper(bound.op))
}

/**
 * Returns true if more samples could revert a breach of a count, maximum or minimum, so its window must wait longer.
 */
export function isUndoable({ of, warning, critical }: Threshold): boolean {
  const bounds = [...warning, ...critical]
  if (of === 'min') return bounds.some((bound) => isUpper(bound.op))
  return (of === 'count' || of === 'sum' || of === 'max') && bounds.some((bound) => !isUpper(bound.op))
}

/** The bounds that a verdict is about. Of a severity there is one bound at most on each side. */
export function findBounds(threshold: Threshold, verdict: Verdict): ThresholdFinding {
  if (verdict.kind === 'no_data' || verdict.kind === 'learning') return { kind: 'no_data' }
  const { value } = verdict
  const { warning, critical } = threshold
  if (verdict.kind === 'normal') return { kind: 'normal', value, bound: warning[0] ?? critical[0] }
  const { severity, direction, isHeld } = verdict
  const bounds = severity === 'critical' ? [...critical, ...warning] : [...warning, ...critical]
  const bound = bounds.find(({ op }) => isUpper(op) === (direction === 'high'))
  if (bound === undefined) return { kind: 'normal', value, bound: undefined }
  return {
    kind: 'anomalous',
    value,
    severity,
    bound,
    clear: clearBound(bound, severity === 'critical' ? bounds : warning),
    isHeld,
  }
}

/**
 * Returns the evidence of a verdict.
 *
 * @param samples how many the figure was made of, where it is no number of events itself. @param isWhole whether the
 * figure is a count, whose end is a whole number.
 */
export function explain(verdict: ThresholdFinding, samples: number | undefined, isWhole: boolean): Evidence {
  if (verdict.kind === 'no_data') return { why: { code: 'no_data', params: {} } }
  const { bound } = verdict
  const end = verdict.kind === 'normal' ? bound : verdict.clear
  const why = { code: reasonCode(verdict), params: samples === undefined ? {} : { samples } }
  if (bound === undefined || end === undefined) return { why }
  return { limit: limitOf(bound), clear: isWhole ? wholeClearOf(end) : clearOf(end), why }
}

function reasonCode(verdict: Exclude<ThresholdFinding, { kind: 'no_data' }>): string {
  const { bound, value } = verdict
  if (bound === undefined) return 'within'
  if (isBeyond(bound, value)) return 'breached'
  if (verdict.kind === 'anomalous') return 'held'
  return isCleared(bound, value) ? 'cleared' : 'within'
}
