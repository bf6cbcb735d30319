import {
  type Bound,
  clearOf,
  isCleared,
  isInUnit,
  isUpper,
  type Metric,
  type Of,
  type Op,
  type Severity,
  type Unit,
} from '../../../model.ts'
import type { DetectorDiagnostics } from '../../detector.ts'
import type { Threshold } from '../judge.ts'

/** What the bounds apply to. */
export interface BoundContext {
  readonly of: Of
  /** The metric that is judged; undefined for a count of events. */
  readonly metric?: Metric | undefined
  readonly unit: Unit
  /** A count of events: a whole number, never below zero. */
  readonly count: boolean
  /** The severity of bounds without a severity. */
  readonly severity: Severity
}

/** The figures that a rule can judge; what they are called. */
interface Range {
  readonly name: string
  readonly min: number
  readonly max: number
  /** Whole numbers alone. */
  readonly isWhole: boolean
}

const CLEAR_SHARE = 0.05
/** Aggregates that are one of the samples, so they may stay exactly at a bound. */
const SAMPLES: readonly Of[] = ['min', 'max', 'last']
const NEVER_NEGATIVE: readonly Of[] = ['range', 'stddev', 'increase', 'rate']

/** A number of events or of samples. */
export const isWhole = ({ of, count }: BoundContext): boolean => count || of === 'count'

function reachableRange(judged: BoundContext): Range {
  const { of, unit } = judged
  if (isWhole(judged)) return { name: 'a count', min: 0, max: Infinity, isWhole: true }
  const isShare = (unit === 'ratio' || unit === 'percent') && (isInUnit(of) || of === 'range' || of === 'sum')
  const isNeverNegative = isShare || NEVER_NEGATIVE.includes(of) || unit === 'bytes' || unit === 'count'
  const max = isShare && of !== 'sum' ? (unit === 'ratio' ? 1 : 100) : Infinity
  const name = isInUnit(of) ? (NAMES[unit] ?? 'the value') : `the ${of}`
  return { name, min: isNeverNegative ? 0 : -Infinity, max, isWhole: false }
}

const NAMES: Partial<Readonly<Record<Unit, string>>> = {
  ratio: 'a ratio',
  percent: 'a percentage',
  bytes: 'a number of bytes',
  count: 'a count',
}

/**
 * Where an alert is over when its rule does not say it: 5 % inside the bound, so that a figure that trembles about it
 * is one alert. But at the bound itself where the good state may be right there: of counts, of single samples, and of
 * too few where nothing says that there can be more (3 of 3 nodes). Never beyond what the unit can reach.
 */
export function defaultClear({ op, value }: { readonly op: Op; readonly value: number }, judged: BoundContext): number {
  const { of, unit } = judged
  const upper = isUpper(op)
  const isCounted = isWhole(judged) || (unit === 'count' && of !== 'stddev' && of !== 'rate')
  const isOpen = !upper && unit === 'none' && of !== 'stddev' && of !== 'rate'
  if (isCounted || isOpen || SAMPLES.includes(of)) return value
  const { min, max } = reachableRange(judged)
  const inside = Number((value + (upper ? -1 : 1) * Math.abs(value) * CLEAR_SHARE).toPrecision(12))
  if (upper) return value >= min ? Math.max(inside, min) : inside
  return value <= max ? Math.min(inside, max) : inside
}

/** The location of a bound in the file, and its `clear` if it has one. */
interface BoundPointers {
  readonly bound: string
  readonly clear?: string
}

/** Warns of a `clear` that no figure reaches, and of a bound that every figure is beyond. */
export function warnUnreachableClear(
  bound: Bound,
  { bound: at, clear }: BoundPointers,
  judged: BoundContext,
  diagnostics: DetectorDiagnostics,
): void {
  const range = reachableRange(judged)
  const { name, min, max } = range
  if (!canEnd([bound], range)) {
    const what = `${name} is never ${clearText(bound)}, so this alert would never end`
    if (clear === undefined) {
      if (diagnostics.isClean(at) && !diagnostics.hasWarning(at))
        diagnostics.warn(at, `${what}: ${suggestRemedy(bound, min)}`)
      return
    }
    const usual = clearText({ ...bound, clear: defaultClear(bound, judged) })
    diagnostics.warn(
      clear,
      `${what}: expected at ${isUpper(bound.op) ? `least ${min}` : `most ${max}`}; without 'clear' it ends ${usual}`,
    )
  } else if (clear !== undefined && range.isWhole && !Number.isInteger(bound.clear)) {
    const end = isUpper(bound.op) ? Math.floor(bound.clear) : Math.ceil(bound.clear)
    diagnostics.warn(
      clear,
      `${name} is a whole number: this alert ends at ${end}, not at ${bound.clear}; write what is meant`,
    )
  }
}

function suggestRemedy({ op, value }: Bound, min: number): string {
  if (op === 'at_most' || op === 'at_least') {
    if (op === 'at_most' || value === min) return `did you mean '${op === 'at_most' ? 'below' : 'above'}'?`
  }
  return `expected ${min} or more`
}

/** Warns of bounds that each could end, but not all at once. */
export function warnNeverClears(
  { warning, critical }: Pick<Threshold, 'warning' | 'critical'>,
  pointer: string,
  judged: BoundContext,
  diagnostics: DetectorDiagnostics,
): void {
  if (!diagnostics.isClean(pointer) || diagnostics.hasWarning(pointer)) return
  const range = reachableRange(judged)
  // A critical alert may become a warning first; that is over on the good side of its own bounds, short of the others.
  const beside = critical.map((bound) => ({ ...bound, clear: bound.value }))
  if (canEnd(critical, range) && canEnd([...warning, ...beside], range)) return
  const what = 'no value is on the good side of all bounds, so this alert would never end'
  diagnostics.warn(pointer, `${what}: move them apart, or their 'clear' values`)
}

/**
 * Whether some figure is on the good side of all bounds. That changes at their values alone, so that it is enough to look
 * there and in between. A ratio of several cores is more than 1: a bound there says that figures are.
 */
function canEnd(bounds: readonly Bound[], { min, max, isWhole: isCount }: Range): boolean {
  const end = bounds.some(({ value }) => value > max) ? Infinity : max
  const marks = [...bounds.flatMap(({ value, clear }) => [value, clear]), min, end].filter(Number.isFinite)
  const sorted = marks.toSorted((a, b) => a - b)
  const between = sorted.map((mark, i) => (mark + (sorted[i + 1] ?? mark + 2)) / 2)
  const tries = [(sorted[0] ?? 0) - 1, ...sorted, ...between].flatMap((one) =>
    isCount ? [Math.floor(one), Math.ceil(one), Math.floor(one) + 1] : [one],
  )
  return tries.some((one) => one >= min && one <= end && bounds.every((bound) => isCleared(bound, one)))
}

function clearText(bound: Bound): string {
  const { op, value } = clearOf(bound)
  return `${op.replace('_', ' ')} ${value}`
}
