import type { LearntCells, Verdict } from '../../detect/detector.ts'
import type { Breaches } from '../../model.ts'

/** The verdicts of the newest windows that had one, a bit each: whether it was anomalous, and whether it was critical. */
const ANOMALOUS = 'breaches.anomalous'
const CRITICAL = 'breaches.critical'

/** The columns that a rule with `breaches` has beside those of its detector. */
export const BREACH_COLUMNS = { [ANOMALOUS]: 'uint16', [CRITICAL]: 'uint16' } as const

/** The verdicts up to a window. */
export interface Breached {
  readonly anomalous: number
  readonly critical: number
}

export function readBreached(learnt: LearntCells<string>): Breached {
  return { anomalous: learnt.get(ANOMALOUS), critical: learnt.get(CRITICAL) }
}

export function writeBreached(learnt: LearntCells<string>, { anomalous, critical }: Breached): void {
  learnt.set(ANOMALOUS, anomalous)
  learnt.set(CRITICAL, critical)
}

/** The verdicts with one more. A window without one shifts nothing. */
export function addVerdict({ anomalous, critical }: Breached, { of }: Breaches, verdict: Verdict): Breached {
  if (verdict.kind !== 'normal' && verdict.kind !== 'anomalous') return { anomalous, critical }
  const kept = (1 << of) - 1
  const isAnomalous = verdict.kind === 'anomalous'
  const isCritical = isAnomalous && verdict.severity === 'critical'
  return {
    anomalous: ((anomalous << 1) | Number(isAnomalous)) & kept,
    critical: ((critical << 1) | Number(isCritical)) & kept,
  }
}

/**
 * What a rule says where its detector's verdict is one of several: it is as severe as enough of the windows were. An alert
 * goes on although its newest window is normal, as long as enough of those before were not.
 */
export function countBreaches(breached: Breached, { atLeast }: Breaches, verdict: Verdict): Verdict {
  if (verdict.kind !== 'normal' && verdict.kind !== 'anomalous') return verdict
  const { value } = verdict
  if (countBits(breached.anomalous) < atLeast) return { kind: 'normal', value }
  const severity = countBits(breached.critical) >= atLeast ? 'critical' : 'warning'
  if (verdict.kind === 'anomalous') return { ...verdict, severity }
  return { kind: 'anomalous', value, severity, direction: 'other', isHeld: true }
}

export function countBits(bits: number): number {
  let count = 0
  for (let left = bits; left > 0; left >>= 1) count += left & 1
  return count
}
