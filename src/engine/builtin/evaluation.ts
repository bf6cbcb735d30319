import type { WindowResult } from '../../alert/lifecycle.ts'
import type { AlertIdentity, BuiltinRule, Evidence, Measure, Millis, StateMetric, Unit } from '../../model.ts'
import type { EvaluationResult, AlertSubject } from '../evaluate/alerts.ts'
import type { Alert, Fold } from '../state.ts'

/** Timers of alerts that fire and resolve at once. */
export const IMMEDIATE_TIMERS = { for: 0, keepFiringFor: 0, pendingExpiry: 0 }

/** Cost of checking one host, of updating the value of its alert, and of a transition, in units of `WorkBudget`. */
export const COST = { host: 0.1, figure: 6, step: 20 }

const UNITS: Readonly<Record<StateMetric, Unit>> = {
  absence: 'seconds',
  expected: 'seconds',
  source_silence: 'seconds',
  source_hosts: 'count',
  absent_hosts: 'count',
  missing_hosts: 'count',
  clock_offset: 'seconds',
  refused: 'count',
  unmatched_events: 'count',
  out_of_range: 'ratio',
}

/** Returns the key of an alert that is not about a series. */
export function builtinAlertId(rule: string, of = ''): string {
  return `${rule}\n${of}`
}

/** Returns the measure of a state, which is evaluated every second and has no window. */
export function stateMeasure(metric: StateMetric): Measure {
  return { kind: 'state', metric, unit: UNITS[metric] }
}

export function stateIdentity(rule: string, host: string, metric: StateMetric, key = ''): AlertIdentity {
  return { rule, host, key, labels: {}, measure: stateMeasure(metric) }
}

/** Returns the subject of an alert of a built-in rule. */
export function builtinSubject(
  rule: BuiltinRule,
  host: string,
  metric: StateMetric,
  source: string,
  notify: readonly string[],
): AlertSubject {
  return { identity: stateIdentity(rule, host, metric), source, notify }
}

/** Returns the result of evaluating a state at this tick. */
export function builtinResult(
  fold: Fold,
  isAnomalous: boolean,
  severity: Alert['severity'],
  value: number,
  evidence: Evidence,
  lower = false,
): EvaluationResult {
  const at = fold.state.now
  const result: WindowResult = isAnomalous ? { kind: 'anomalous', at, severity, value, lower } : { kind: 'normal', at }
  return { result, value, evidence }
}

/** Returns the result of evaluating an absence at this tick. Its value, the time since `since`, has no peak: it only grows. */
export function absenceResult(
  fold: Fold,
  isAbsent: boolean,
  severity: Alert['severity'],
  since: Millis,
  evidence: Evidence,
): EvaluationResult {
  const seconds = Math.round((fold.state.now - since) / 1000)
  const one = builtinResult(fold, isAbsent, severity, seconds, evidence)
  return one.result.kind === 'anomalous' ? { ...one, result: { ...one.result, since, value: null } } : one
}
