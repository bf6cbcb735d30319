import { isUpper, type Of, type Unit } from '../../model.ts'
import type { Sample } from '../detector.ts'
import { boundsAround, type Change, type Step } from './judge.ts'

/** What of a window is in the unit of its metric, and no larger than a whole. */
const IN_UNIT: readonly Of[] = ['mean', 'min', 'max', 'last']

/** A step that is a fifth larger than the one that starts an alert, from a value that leaves room for it. */
export function sample(change: Change, unit: Unit): Sample {
  const whole = !IN_UNIT.includes(change.of) ? Infinity : unit === 'ratio' ? 1 : unit === 'percent' ? 100 : Infinity
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
