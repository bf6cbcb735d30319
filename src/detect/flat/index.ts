import type { Evidence, Limit, Unit } from '../../model.ts'
import { defineDetector, type SampleValues } from '../detector.ts'
import { FLAT_OVERRIDE_SCHEMA, readFlat, FLAT_SCHEMA } from './configuration.ts'
import { type FlatColumn, type Flat, judgeFlat, learnFlat, LEARNING } from './judge.ts'

/** Finds a value that stands still although it usually moves. */
export const flat = defineDetector<Flat, FlatColumn>({
  name: 'flat',
  schema: FLAT_SCHEMA,
  overrideSchema: FLAT_OVERRIDE_SCHEMA,
  learnt: { windows: 'uint8', moved: 'float32', until: 'float64' },
  read: readFlat,
  override: (base, { override }) => ({ ...base, tolerance: override.flat?.tolerance ?? base.tolerance }),
  needs: () => ({
    of: 'range',
    lookback: 0,
    learning: LEARNING,
    zeroes: false,
    trigger: 'closed',
    extraLateness: true,
  }),
  severities: ({ severity }) => [severity],
  judge: judgeFlat,
  learn: learnFlat,
  evidence({ tolerance }, window, verdict, learnt): Evidence {
    const limits = limitsOf(tolerance)
    if (verdict.kind === 'no_data') return { why: { code: 'no_data', params: {} } }
    if (verdict.kind === 'learning') {
      return { ...limits, why: { code: 'flat_learning', params: { windows: learnt.get('windows'), of: LEARNING } } }
    }
    const { value } = verdict
    if (value > tolerance) return { ...limits, why: { code: 'flat_moving', params: {} } }
    const code = verdict.kind === 'anomalous' ? 'flat_still' : 'flat_usual'
    const percent = Math.round(100 * learnt.get('moved'))
    return { ...limits, why: { code, params: { at: window.figure('max'), moved: percent } } }
  },
  limits: ({ severity, tolerance }) => [{ severity, ...limitsOf(tolerance) }],
  sample,
})

function limitsOf(value: number): { readonly limit: Limit; readonly clear: Limit } {
  return { limit: { op: 'at_most', value }, clear: { op: 'above', value } }
}

function sample({ tolerance }: Flat, unit: Unit): SampleValues {
  const some = unit === 'ratio' ? 0.5 : unit === 'percent' ? 50 : 1
  return { good: Math.max(some, 2 * tolerance), bad: 0 }
}
