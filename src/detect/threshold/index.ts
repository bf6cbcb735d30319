import { clearOf, type Evidence, isUpper, limitOf, type Bound, type Unit } from '../../model.ts'
import { defineDetector, type Verdict, type SampleValues } from '../detector.ts'
import { readThresholdOverride, readThreshold } from './configuration/read.ts'
import { THRESHOLD_OVERRIDE_SCHEMA, THRESHOLD_SCHEMA } from './configuration/schema.ts'
import { explain, findBounds, isMonotone, isUndoable, judgeThreshold, type Threshold } from './judge.ts'

const SEVERITIES = ['warning', 'critical'] as const

/** Compares a figure of the window with bounds of one or two severities. */
export const threshold = defineDetector<Threshold, never>({
  name: 'threshold',
  schema: THRESHOLD_SCHEMA,
  overrideSchema: THRESHOLD_OVERRIDE_SCHEMA,
  learnt: {},
  read: readThreshold,
  override: readThresholdOverride,
  needs: (params) => ({
    of: params.of,
    lookback: 0,
    learning: 0,
    zeroes: params.of === 'count' && isUndoable(params),
    trigger: isMonotone(params) ? 'early' : 'closed',
    extraLateness: isUndoable(params),
  }),
  severities: (params) => SEVERITIES.filter((severity) => params[severity].length > 0),
  judge(params, window, held): Verdict {
    const found = judgeThreshold(params, window.figure(params.of), held)
    if (found.kind !== 'anomalous') return found.kind === 'normal' ? { kind: 'normal', value: found.value } : found
    const { value, severity, isHeld, bound } = found
    return { kind: 'anomalous', value, severity, direction: isUpper(bound.op) ? 'high' : 'low', isHeld }
  },
  evidence: (params, { samples }, verdict): Evidence =>
    explain(findBounds(params, verdict), samples, params.of === 'count'),
  limits: (params) =>
    (['critical', 'warning'] as const).flatMap((severity) =>
      params[severity].map((bound) => ({ severity, limit: limitOf(bound), clear: clearOf(bound) })),
    ),
  sample,
})

/**
 * A value beyond the first bound, as far as its unit allows but not beyond the bound of a higher severity; and one on the
 * good side of every `clear`.
 */
function sample({ of, warning, critical }: Threshold, unit: Unit): SampleValues {
  const [bound = critical[0] as Bound] = warning
  const side = isUpper(bound.op) ? 1 : -1
  const next = warning.length === 0 ? undefined : critical.find((one) => isUpper(one.op) === isUpper(bound.op))?.value
  const other = [...warning, ...critical].find((one) => isUpper(one.op) !== isUpper(bound.op))?.clear
  const whole = unit === 'ratio' ? 1 : unit === 'percent' ? 100 : undefined
  const end = next ?? (whole !== undefined && side > 0 && bound.value < whole ? whole : undefined)
  const isCounted = of === 'count'
  const step = Math.max(Math.abs(bound.value) * 0.2, bound.value === 0 || isCounted ? 1 : 0)
  const bad =
    end === undefined || end === bound.value ? bound.value + side * step : bound.value + (end - bound.value) / 2
  const away = Math.max(Math.abs(bound.clear) * 0.3, bound.clear === 0 && side < 0 ? 1 : 0)
  const beyond = bound.clear - side * away
  const healthy = side < 0 && whole !== undefined && bound.clear <= whole ? Math.min(beyond, whole) : beyond
  const good = other === undefined ? healthy : (bound.clear + other) / 2
  if (!isCounted) return { bad: tidy(bad), good: tidy(good) }
  return {
    bad: Math.max(0, Math.round(bad + side * 0.5)),
    good: Math.max(0, side > 0 ? Math.floor(good) : Math.ceil(good)),
  }
}

const tidy = (value: number): number => Number(value.toPrecision(4))
