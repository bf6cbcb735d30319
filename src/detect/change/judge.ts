import { type Bound, isBeyond, isCleared, isUpper, type Millis, type Of, type Severity } from '../../model.ts'
import type { Learnt, LearntCells, Verdict, WindowView } from '../detector.ts'

/** How far a value may move: by an amount, or by a factor of the reference and at least by `least`. */
export type Step =
  | { readonly kind: 'by'; readonly by: number }
  | { readonly kind: 'factor'; readonly factor: number; readonly least: number }

export interface Change {
  readonly of: Of
  readonly severity: Severity
  readonly up?: Step
  readonly down?: Step
  /** The share of a step within which the value is back. */
  readonly clear: number
}

/** The reference while something is wrong, the end of the window that froze it, and of the first that was good again. */
export type ChangeColumn = 'reference' | 'since' | 'calm'

/** A change that lasts this long is the new normal: the next window is compared with the one before it again. */
const MAX_FROZEN: Millis = 24 * 3_600_000

/** Returns the reference: the value before the window, or before the anomaly. NaN if there is none. */
export function findReference({ of }: Change, window: WindowView, learnt: Learnt<ChangeColumn>): number {
  const frozen = learnt.get('reference')
  if (!Number.isNaN(frozen) && window.end >= learnt.get('since')) return frozen
  return window.before(1).figure(of)
}

/** The bounds around a reference. */
export function boundsAround({ up, down, clear }: Change, reference: number): readonly Bound[] {
  const bound = (op: 'at_least' | 'at_most', by: number): Bound => ({
    op,
    value: reference + by,
    clear: reference + by * clear,
  })
  return [
    ...(up === undefined
      ? []
      : [
          bound(
            'at_least',
            distance(up, reference, (factor) => factor - 1),
          ),
        ]),
    ...(down === undefined ? [] : [bound('at_most', -distance(down, reference, (factor) => 1 - 1 / factor))]),
  ]
}

function distance(step: Step, reference: number, share: (factor: number) => number): number {
  return step.kind === 'by' ? step.by : Math.max(Math.abs(reference) * share(step.factor), step.least)
}

export function judgeChange(
  change: Change,
  window: WindowView,
  held: Severity | undefined,
  learnt: Learnt<ChangeColumn>,
): Verdict {
  const value = window.figure(change.of)
  if (Number.isNaN(value)) return { kind: 'no_data' }
  const reference = findReference(change, window, learnt)
  if (Number.isNaN(reference)) return { kind: 'learning' }
  const bounds = boundsAround(change, reference)
  const beyond = bounds.find((bound) => isBeyond(bound, value))
  const bound = beyond ?? (held === undefined ? undefined : bounds.find((one) => !isCleared(one, value)))
  if (bound === undefined) return { kind: 'normal', value }
  const direction = isUpper(bound.op) ? 'high' : 'low'
  return { kind: 'anomalous', value, severity: change.severity, direction, isHeld: beyond === undefined }
}

/**
 * Keeps the reference from the first anomalous window until the windows of what was wrong are no reference any more: for
 * one window's length after the first that is good again.
 */
export function learnChange(
  change: Change,
  window: WindowView,
  verdict: Verdict,
  learnt: LearntCells<ChangeColumn>,
): void {
  if (verdict.kind !== 'normal' && verdict.kind !== 'anomalous') return
  const { end, over } = window
  const isFrozen = !Number.isNaN(learnt.get('reference'))
  if (verdict.kind === 'anomalous') {
    if (!isFrozen) freeze(learnt, window.before(1).figure(change.of), end)
    else if (end - learnt.get('since') >= MAX_FROZEN) freeze(learnt, Number.NaN, Number.NaN)
    learnt.set('calm', Number.NaN)
  } else if (isFrozen && Number.isNaN(learnt.get('calm'))) learnt.set('calm', end)
  else if (isFrozen && end - learnt.get('calm') >= over) {
    freeze(learnt, Number.NaN, Number.NaN)
    learnt.set('calm', Number.NaN)
  }
}

function freeze(learnt: LearntCells<ChangeColumn>, reference: number, since: Millis): void {
  learnt.set('reference', reference)
  learnt.set('since', since)
}
