import type { Millis, Severity } from '../../model.ts'
import type { Learnt, LearntCells, Verdict, WindowView } from '../detector.ts'

export interface Flat {
  readonly severity: Severity
  /** A value that varies by this much or less in a window has not moved. */
  readonly tolerance: number
}

/** How many windows were learnt from, the share of them in which the value moved, and the end of the newest. */
export type FlatColumn = 'windows' | 'moved' | 'until'

/** So many windows are learnt from before one is judged. */
export const LEARNING = 20
/** The share is that of the newest windows, about so many. */
const MEMORY = 32
/** Where the value stands still more often, that is usual. */
const USUAL = 0.9
/** What stands still for so long is the new normal. */
const MAX_FROZEN: Millis = 24 * 3_600_000

export function judgeFlat(
  { tolerance, severity }: Flat,
  window: WindowView,
  _: unknown,
  learnt: Learnt<FlatColumn>,
): Verdict {
  const value = window.figure('range')
  if (Number.isNaN(value)) return { kind: 'no_data' }
  if (value > tolerance) return { kind: 'normal', value }
  if (learnt.get('windows') < LEARNING) return { kind: 'learning' }
  if (!(learnt.get('moved') >= USUAL)) return { kind: 'normal', value }
  return { kind: 'anomalous', value, severity, direction: 'low', isHeld: false }
}

/** Learns from windows that do not overlap, and not from those that are wrong, until they have been so for a day. */
export function learnFlat(
  { tolerance }: Flat,
  window: WindowView,
  verdict: Verdict,
  learnt: LearntCells<FlatColumn>,
): void {
  const { end, over } = window
  if (verdict.kind === 'anomalous') {
    if (end - learnt.get('until') >= MAX_FROZEN + over) learnt.set('moved', 0)
    return
  }
  const value = window.figure('range')
  if (Number.isNaN(value) || end - learnt.get('until') < over) return
  const windows = Math.min(learnt.get('windows') + 1, MEMORY)
  const before = learnt.get('moved')
  const moved = Number(value > tolerance)
  learnt.set('windows', windows)
  learnt.set('moved', windows === 1 ? moved : before + (moved - before) / windows)
  learnt.set('until', end)
}
