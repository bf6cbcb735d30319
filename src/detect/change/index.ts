import { clearOf, type Evidence, isBeyond, isUpper, limitOf, type Reason, wholeClearOf } from '../../model.ts'
import { defineDetector, type Verdict } from '../detector.ts'
import { readChange, readOverride } from './configuration/read.ts'
import { OVERRIDE_SCHEMA, SCHEMA } from './configuration/schema.ts'
import { boundsAround, type Change, type Column, findReference, judge, learn } from './judge.ts'
import { sample } from './sample.ts'

/** Compares a figure of the window with that of the window before it, or with the last one before things went wrong. */
export const change = defineDetector<Change, Column>({
  name: 'change',
  schema: SCHEMA,
  overrideSchema: OVERRIDE_SCHEMA,
  learnt: { reference: 'float64', since: 'float64', calm: 'float64' },
  read: readChange,
  override: readOverride,
  needs: ({ of, up, down }) => ({
    of,
    lookback: 1,
    zeroes: of === 'count' && down !== undefined,
    trigger: 'closed',
    extraLateness: (down !== undefined && ['count', 'sum', 'max'].includes(of)) || (up !== undefined && of === 'min'),
  }),
  severities: ({ severity }) => [severity],
  judge,
  learn,
  evidence(params, window, verdict, learnt): Evidence {
    const why = { code: CODES[verdict.kind], params: window.samples === undefined ? {} : { samples: window.samples } }
    if (verdict.kind === 'no_data' || verdict.kind === 'learning') return { why }
    const reference = findReference(params, window, learnt)
    const expected = Number(reference.toPrecision(12))
    const bounds = boundsAround(params, reference)
    const bound = bounds.find(({ op }) => isUpper(op) === isHigh(verdict, expected)) ?? bounds[0]
    if (bound === undefined) return { expected, why }
    const clear = params.of === 'count' ? wholeClearOf(bound) : clearOf(bound)
    return { limit: limitOf(bound), clear, expected, why: nameHeld(why, !isBeyond(bound, verdict.value)) }
  },
  limits(params, window, learnt) {
    const reference = findReference(params, window, learnt)
    if (Number.isNaN(reference)) return []
    return boundsAround(params, reference).map((bound) => ({
      severity: params.severity,
      limit: limitOf(bound),
      clear: clearOf(bound),
    }))
  },
  sample,
})

const CODES = { no_data: 'no_data', learning: 'change_learning', normal: 'change_small', anomalous: 'change_large' }

function nameHeld(why: Reason, isWithin: boolean): Reason {
  return isWithin && why.code === CODES.anomalous ? { ...why, code: 'change_held' } : why
}

/** On which side of the reference the value is. */
function isHigh(verdict: Verdict & { kind: 'normal' | 'anomalous' }, expected: number): boolean {
  return verdict.kind === 'anomalous' ? verdict.direction === 'high' : verdict.value >= expected
}
