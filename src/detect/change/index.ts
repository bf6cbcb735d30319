import {
  clearOf,
  type Evidence,
  isBeyond,
  isInUnit,
  isUpper,
  limitOf,
  type Reason,
  wholeClearOf,
  type Unit,
} from '../../model.ts'
import { defineDetector, type Verdict, type SampleValues } from '../detector.ts'
import { readChange, readChangeOverride } from './configuration/read.ts'
import { CHANGE_OVERRIDE_SCHEMA, CHANGE_SCHEMA } from './configuration/schema.ts'
import {
  boundsAround,
  type Change,
  type ChangeColumn,
  findReference,
  judgeChange,
  learnChange,
  type Step,
} from './judge.ts'

/** Compares a figure of the window with that of the window before it, or with the last one before things went wrong. */
export const change = defineDetector<Change, ChangeColumn>({
  name: 'change',
  schema: CHANGE_SCHEMA,
  overrideSchema: CHANGE_OVERRIDE_SCHEMA,
  learnt: { reference: 'float64', since: 'float64', calm: 'float64' },
  read: readChange,
  override: readChangeOverride,
  needs: ({ of, up, down }) => ({
    of,
    lookback: 1,
    learning: 0,
    zeroes: of === 'count' && down !== undefined,
    trigger: 'closed',
    extraLateness: (down !== undefined && ['count', 'sum', 'max'].includes(of)) || (up !== undefined && of === 'min'),
  }),
  severities: ({ severity }) => [severity],
  judge: judgeChange,
  learn: learnChange,
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

/** A step that is a fifth larger than the one that starts an alert, from a value that leaves room for it. */
function sample(change: Change, unit: Unit): SampleValues {
  const whole = !isInUnit(change.of) ? Infinity : unit === 'ratio' ? 1 : unit === 'percent' ? 100 : Infinity
  const step = change.up ?? change.down
  const good = Math.min(step === undefined ? 1 : startOf(step), 0.6 * whole)
  const [bound] = boundsAround(change, good)
  if (bound === undefined) return { good, bad: good }
  const bad = good + (bound.value - good) * 1.2
  const within = Math.min(bad, Math.max(whole, bound.value))
  if (change.of !== 'count') return { good: tidy(good), bad: tidy(Math.max(within, Math.min(0, bound.value))) }
  const events = isUpper(bound.op) ? Math.ceil(bad) : Math.max(0, Math.floor(bad))
  return { good: Math.round(good), bad: events }
}

/** A value of which the step is a natural part. */
function startOf(step: Step): number {
  if (step.kind === 'by') return 2 * step.by
  return (2 * step.least * step.factor) / (step.factor - 1)
}

const tidy = (value: number): number => Number(value.toPrecision(4))
