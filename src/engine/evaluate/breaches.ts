import type { LearntCells, Verdict } from '../../detect/detector.ts'
import type { Breaches } from '../../model.ts'

/** One bit for each of the newest windows with a verdict: whether it was anomalous, and whether it was critical. */
const ANOMALOUS = 'breaches.anomalous'
const CRITICAL = 'breaches.critical'

/** The columns of a rule with `breaches`, in addition to those of its detector. */
export const BREACH_COLUMNS = { [ANOMALOUS]: 'uint16', [CRITICAL]: 'uint16' } as const

/** Returns the verdicts up to a window. */
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

/** Adds a verdict. A window without a verdict changes nothing. */
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
 * Returns the verdict of a rule with `breaches`: the highest severity that enough of its newest windows reached. The alert
 * continues after a normal window while enough of the windows before it were anomalous.
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
