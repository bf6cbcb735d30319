import type * as Raw from '../../../generated/config.ts'
import {
  isBeyond,
  isInUnit,
  metricBounds,
  type Bound,
  isUpper,
  MAX_RATIO,
  type Op,
  type Severity,
} from '../../../model.ts'
import { below, describe } from '../../../text/diagnostic.ts'
import type { DetectorDiagnostics, ReadContext } from '../../detector.ts'
import { readAggregate } from '../../configuration.ts'
import type { Threshold } from '../judge.ts'
import { defaultClear, isWhole, type BoundContext, warnUnreachableClear, warnNeverClears } from './clear.ts'

type Levels = Readonly<Record<Severity, readonly Bound[]>>
type RawLevels = Omit<Raw.Threshold, 'of'>

const SEVERITIES = ['warning', 'critical'] as const
const UPPER = ['above', 'at_least'] as const
const LOWER = ['below', 'at_most'] as const

/** The bounds of a rule, by severity; undefined if it is not known what they bound. */
export function readThreshold({ threshold: raw = {} }: Raw.Condition, context: ReadContext): Threshold | undefined {
  const { pointer, diagnostics } = context
  const judged = readBoundContext(raw, context)
  if (judged === undefined) return undefined
  const levels = readLevels(raw, pointer, judged, diagnostics)
  const named = SEVERITIES.some((severity) => raw[severity] !== undefined)
  if (!named && levels[judged.severity].length === 0 && diagnostics.isClean(pointer)) {
    const expected = "'above', 'at_least', 'below' or 'at_most', or 'warning' and 'critical'"
    diagnostics.error(pointer, describe('the threshold has no bound', { expected }))
  }
  checkOrder(levels, pointer, diagnostics)
  warnNeverClears(levels, pointer, judged, diagnostics)
  return { of: judged.of, ...levels }
}

/** Returns what is measured, and the severity of bounds without one; undefined if that is missing or invalid. */
function readBoundContext({ of, warning, critical }: Raw.Threshold, context: ReadContext): BoundContext | undefined {
  const { metric, pointer, rule, severity: written, diagnostics } = context
  const isNamed = warning !== undefined || critical !== undefined
  if (isNamed && written !== undefined) {
    const what = "'severity' does not apply to bounds under 'warning' or 'critical', which set it"
    diagnostics.error(`${rule}/severity`, describe(what, { fix: 'remove it' }), 'key')
  }
  const severity = isNamed ? (warning === undefined ? 'critical' : 'warning') : (written ?? 'warning')
  if (metric === undefined) {
    if (of === undefined) return { of: 'count', unit: 'count', count: true, severity }
    const what = "'of' applies to metrics only: a count has a single value"
    diagnostics.error(`${pointer}/of`, describe(what, { fix: 'remove it' }), 'key')
    return undefined
  }
  const known = readAggregate(of, metric, `${pointer}/of`, diagnostics)
  return known === undefined ? undefined : { of: known, metric, unit: metric.unit, count: false, severity }
}

/** The rule's bounds with those of an override in the place of the severities that it names. */
export function readThresholdOverride(
  base: Threshold,
  { when, override }: { readonly when: Raw.Condition; readonly override: Raw.Override },
  { pointer, metric, severity: written, diagnostics }: ReadContext,
): Threshold {
  const { threshold: readSide = {} } = when
  const raw = override.threshold ?? {}
  const paired = SEVERITIES.some((severity) => readSide[severity] !== undefined)
  const key = Object.keys(raw).find((one) => one !== 'warning' && one !== 'critical')
  if (paired && key !== undefined) {
    diagnostics.error(
      below(pointer, key),
      describe(`'${key}' has no severity`, { fix: "move it under 'warning' or 'critical', as in the rule" }),
      'key',
    )
  }
  const severity = paired ? (readSide.warning === undefined ? 'critical' : 'warning') : (written ?? 'warning')
  const judged = { of: base.of, metric, unit: metric?.unit ?? 'count', count: metric === undefined, severity }
  const levels = readLevels(raw, pointer, judged, diagnostics)
  const merged = {
    of: base.of,
    warning: levels.warning.length > 0 ? levels.warning : base.warning,
    critical: levels.critical.length > 0 ? levels.critical : base.critical,
  }
  checkOrder(merged, pointer, diagnostics)
  warnNeverClears(merged, pointer, judged, diagnostics)
  return merged
}

function readLevels(raw: RawLevels, pointer: string, judged: BoundContext, diagnostics: DetectorDiagnostics): Levels {
  const direct = Object.keys(raw).find((key) => !['of', 'warning', 'critical'].includes(key))
  const named = SEVERITIES.filter((severity) => raw[severity] !== undefined)
  if (direct !== undefined && named.length > 0) {
    const what = `'${direct}' cannot be combined with '${named.join("' and '")}'`
    const fix = 'put all bounds under a severity, or none'
    diagnostics.error(below(pointer, direct), describe(what, { fix }), 'key')
  }
  const readSide = (severity: Severity): readonly Bound[] => {
    const bounds = raw[severity]
    if (bounds !== undefined) return readBounds(bounds, `${pointer}/${severity}`, judged, diagnostics)
    return severity === judged.severity && direct !== undefined && named.length === 0
      ? readBounds(raw, pointer, judged, diagnostics)
      : []
  }
  return { warning: readSide('warning'), critical: readSide('critical') }
}

interface Side {
  readonly op: Op
  readonly value: number
  readonly pointer: string
}

function readBounds(
  raw: Raw.Bounds,
  pointer: string,
  judged: BoundContext,
  diagnostics: DetectorDiagnostics,
): readonly Bound[] {
  const side = (ops: readonly [Op, Op]): Side | undefined => {
    const [first, second] = ops.filter((op) => raw[op] !== undefined)
    if (second)
      diagnostics.error(
        below(pointer, second),
        describe(`'${second}' cannot be combined with '${first}'`, { fix: 'remove one of them' }),
        'key',
      )
    const value = first && raw[first]
    return first && value !== undefined ? { op: first, value, pointer: below(pointer, first) } : undefined
  }
  const [upper, lower] = [side(UPPER), side(LOWER)]
  for (const one of [upper, lower]) {
    if (one === undefined) continue
    checkScale(one, judged, diagnostics)
    warnOutOfRange(one, judged, diagnostics)
  }
  const clear = raw.clear
  const at = `${pointer}/clear`
  if (clear !== undefined && !upper && !lower) {
    diagnostics.error(
      at,
      "'clear' without a bound: expected 'above', 'at_least', 'below' or 'at_most' beside it",
      'key',
    )
  }
  if (upper && lower) {
    if (clear !== undefined) {
      diagnostics.error(at, "'clear' cannot serve a bound on each side; remove it, and each has its default", 'key')
    }
    return splitSides(upper, lower, judged, diagnostics)
  }
  const one = upper ?? lower
  if (!one) return []
  const inside = clear ?? defaultClear(one, judged)
  const wrong = one === upper ? inside > one.value : inside < one.value
  if (wrong) {
    const side = one === upper ? 'at most' : 'at least'
    const what = `'clear' ends the alert, so it lies inside the bound: expected ${side} ${one.value}`
    diagnostics.error(at, `${what}, found ${diagnostics.describeValue(at)}`)
  }
  const bound = { op: one.op, value: one.value, clear: inside }
  if (!wrong)
    warnUnreachableClear(
      bound,
      { bound: one.pointer, ...(clear === undefined ? {} : { clear: at }) },
      judged,
      diagnostics,
    )
  return [bound]
}

/** With a bound on each side their clear values must not cross, or no value would ever end the alert. */
function splitSides(
  upper: Side,
  lower: Side,
  judged: BoundContext,
  diagnostics: DetectorDiagnostics,
): readonly Bound[] {
  if (lower.value >= upper.value) {
    const what = `every value is ${formatOp(upper.op)} ${upper.value} or ${formatOp(lower.op)} ${lower.value}`
    diagnostics.error(lower.pointer, `${what}: did you mean them the other way round?`)
  }
  const middle = (upper.value + lower.value) / 2
  return [
    { op: upper.op, value: upper.value, clear: Math.max(defaultClear(upper, judged), middle) },
    { op: lower.op, value: lower.value, clear: Math.min(defaultClear(lower, judged), middle) },
  ]
}

/** Bounds that always or never hold, and those that look as if they were meant in another unit. */
function checkScale({ op, value, pointer }: Side, judged: BoundContext, diagnostics: DetectorDiagnostics): void {
  const { of, unit, count } = judged
  const never = (op === 'below' && value <= 0) || (op === 'at_most' && value < 0)
  const always = (op === 'at_least' && value <= 0) || (op === 'above' && value < 0)
  if (isWhole(judged) && (never || always)) {
    diagnostics.error(
      pointer,
      `a count of ${count ? 'events' : 'samples'} is ${never ? 'never' : 'always'} ${formatOp(op)} ${value}`,
    )
  }
  if (!isInUnit(of)) return
  const size = Math.abs(value)
  if (unit === 'ratio' && size > 2 && size <= 100) {
    const meant = Number((value / 100).toPrecision(12))
    diagnostics.warn(pointer, `the metric is a ratio, where 1 is 100%: did you mean ${meant} instead of ${value}?`)
  }
  if (unit === 'ratio' && size > MAX_RATIO && size <= 2 && !diagnostics.hasWarning(pointer.split('/', 3).join('/'))) {
    const share = Number((value * 100).toPrecision(12))
    diagnostics.warn(
      pointer,
      `the metric is a ratio, where 1 is 100%: is ${share}% meant? (Only CPU that is not divided by its cores is more than 1.)`,
    )
  }
  if (unit === 'percent' && size > 0 && size < 1) {
    const meant = Number((value * 100).toPrecision(12))
    diagnostics.warn(pointer, `the metric is in percent: did you mean ${meant} instead of ${value}?`)
  }
}

/** Readings outside the bounds of the metric are left out, so that no value is beyond them. */
function warnOutOfRange(
  { op, value, pointer }: Side,
  { of, metric }: BoundContext,
  diagnostics: DetectorDiagnostics,
): void {
  if (metric === undefined || !(metric.kind === 'gauge' ? isInUnit(of) : of === 'rate')) return
  const { min, max } = metricBounds(metric)
  const [key, end] = isUpper(op) ? ['max', max] : ['min', min]
  if (isBeyond({ op, value }, end)) return
  const side = key === 'max' ? 'above' : 'below'
  const what = `no ${of} of ${metric.name} is ${formatOp(op)} ${value}: its readings ${side} ${end} are left out`
  diagnostics.warn(pointer, describe(what, { fix: `set '${key}' of the metric, or another bound here` }))
}

/** Without room between the bounds no value would be a warning. */
function checkOrder({ warning, critical }: Levels, pointer: string, diagnostics: DetectorDiagnostics): void {
  for (const criticalBound of critical) {
    const warningBound = warning.find(({ op }) => isUpper(op) === isUpper(criticalBound.op))
    if (!warningBound) continue
    const distance = isUpper(criticalBound.op)
      ? criticalBound.value - warningBound.value
      : warningBound.value - criticalBound.value
    const isWarningInclusive = warningBound.op === 'at_least' || warningBound.op === 'at_most'
    const isCriticalExclusive = criticalBound.op === 'above' || criticalBound.op === 'below'
    if (distance > 0 || (distance === 0 && isWarningInclusive && isCriticalExclusive)) continue
    const what =
      `critical (${formatBound(criticalBound)}) includes all of warning (${formatBound(warningBound)}), ` +
      'so no alert is ever a warning: did you mean to swap them?'
    const readSide = [`${pointer}/critical`, `${pointer}/warning`].find(
      (one) => diagnostics.describeValue(one) !== 'nothing',
    )
    diagnostics.error(readSide ?? pointer, what)
  }
}

function formatOp(op: Op): string {
  return op.replace('_', ' ')
}

function formatBound({ op, value }: Bound): string {
  return `${formatOp(op)} ${value}`
}
