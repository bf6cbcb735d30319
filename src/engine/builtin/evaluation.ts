import type { WindowResult } from '../../alert/lifecycle.ts'
import type { AlertIdentity, BuiltinRule, Evidence, Measure, Millis, StateMetric, Unit } from '../../model.ts'
import type { EvaluationResult, AlertSubject } from '../evaluate/alerts.ts'
import type { Alert, Fold } from '../state.ts'

/** An alert that needs no second look. */
export const IMMEDIATE_TIMERS = { for: 0, keepFiringFor: 0, pendingExpiry: 0 }

/** What one host costs that is looked at, and a figure of its alert; and a step of its alert's life. As of judging. */
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

/** Under what an alert that is about no series is kept. */
export function builtinAlertId(rule: string, of = ''): string {
  return `${rule}\n${of}`
}

/** What is looked at each second, whatever window there is. */
export function stateMeasure(metric: StateMetric): Measure {
  return { kind: 'state', metric, unit: UNITS[metric] }
}

export function stateIdentity(rule: string, host: string, metric: StateMetric, key = ''): AlertIdentity {
  return { rule, host, key, labels: {}, measure: stateMeasure(metric) }
}

/** Who and what an alert of one of the product's own rules is about. */
export function builtinSubject(
  rule: BuiltinRule,
  host: string,
  metric: StateMetric,
  source: string,
  notify: readonly string[],
): AlertSubject {
  return { identity: stateIdentity(rule, host, metric), source, notify }
}

/** What is so, or is not, at this tick. */
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

/** Whether something has been silent for too long, at this tick. Its figure, that time, only grows: it has no peak. */
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
