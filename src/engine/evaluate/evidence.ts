import type { WindowResult } from '../../alert/lifecycle.ts'
import type { AnyDetector, LearntCells, Verdict, WindowView } from '../../detect/detector.ts'
import {
  type AlertIdentity,
  type Evaluation,
  type Evidence,
  type Measure,
  type MetricRule,
  type Millis,
  MAX_RATIO,
} from '../../model.ts'
import { type Breached, countBits } from './breaches.ts'
import type { WindowPlan } from '../plan.ts'
import type { EvaluationResult, AlertSubject } from './alerts.ts'
import type { Host, KeyInfo } from '../state.ts'

/** The date of an evaluation, and whether its window is open. */
export type WindowContext = Pick<WindowResult & { kind: 'anomalous' }, 'since' | 'isOpen'>

/** A window with the verdict of its detector, and the detector's input. */
export interface JudgedWindow {
  readonly rule: Pick<MetricRule, 'breaches'>
  readonly detector: AnyDetector
  readonly params: unknown
  readonly view: WindowView
  readonly learnt: LearntCells<string>
  readonly verdict: Verdict
  /** The verdict of the rule. It differs from the detector's if the rule has `breaches`. */
  readonly outcome: Verdict
  readonly breached?: Breached
}

/** Returns true if a verdict is neither normal nor anomalous. */
export function isUneventful(verdict: Verdict): verdict is Extract<Verdict, { kind: 'no_data' | 'learning' }> {
  const { kind } = verdict
  return kind === 'no_data' || kind === 'learning'
}

/** The result for a series without data up to `at`. */
export function noData(at: Millis, context: WindowContext = {}): EvaluationResult {
  return {
    result: { kind: 'no_data', at, ...context },
    value: null,
    evidence: { why: { code: 'no_data', params: {} } },
  }
}

/** Returns the result of evaluating a window, dated `at`, with its evidence. */
export function evaluationResult(at: Millis, judged: JudgedWindow, context: WindowContext = {}): EvaluationResult {
  const { verdict, outcome } = judged
  if (verdict.kind === 'no_data') return noData(at, context)
  const evidence = findEvidence(judged)
  if (verdict.kind === 'learning') return { ...noData(at, context), evidence }
  const result: WindowResult =
    outcome.kind === 'anomalous' ? anomaly(at, outcome, verdict.kind === 'anomalous', context) : { kind: 'normal', at }
  return { result, value: verdict.value, evidence }
}

/** Returns the detector's evidence for the rule's severity, and how many windows were anomalous. */
function findEvidence({ detector, params, view, learnt, verdict, outcome, rule, breached }: JudgedWindow): Evidence {
  const isCapped = verdict.kind === 'anomalous' && outcome.kind === 'anomalous'
  const taken = isCapped ? { ...verdict, severity: outcome.severity } : verdict
  const evidence = detector.evidence(params, view, taken, learnt)
  if (breached === undefined || rule.breaches === undefined) return evidence
  return { ...evidence, breaches: { count: countBits(breached.anomalous), of: rule.breaches.of } }
}

/** @param isExtreme whether the window itself is anomalous, so that its value may be the most extreme one. */
function anomaly(
  at: Millis,
  outcome: Verdict & { kind: 'anomalous' },
  isExtreme: boolean,
  context: WindowContext,
): WindowResult {
  const { severity, direction, isHeld } = outcome
  const value = isExtreme ? outcome.value : null
  return { kind: 'anomalous', at, severity, value, lower: direction === 'low', isHeld, ...context }
}

/** Returns a hint where a value is unlikely for its unit. A sum or a standard deviation of ratios may be anything. */
export function findHint({ metric, of }: WindowPlan, value: number | null): Pick<Evaluation, 'hint'> {
  if (metric.unit !== 'ratio' || !['mean', 'min', 'max', 'last'].includes(of)) return {}
  return value === null || value <= MAX_RATIO ? {} : { hint: 'ratio_above_one' }
}

/** Returns the identity of an alert of a rule on a series. */
export function alertSubject(
  plan: WindowPlan,
  host: Pick<Host, 'name' | 'source'>,
  info: Pick<KeyInfo, 'key' | 'values'>,
): AlertSubject {
  const { rule } = plan
  const { subject, body } = rule
  return {
    identity: alertIdentity(plan, host.name, info),
    source: host.source,
    lookback: rule.over + rule.every,
    every: rule.every,
    notify: rule.notify,
    ruleLabels: rule.labels,
    templates: { ...(subject === undefined ? {} : { subject }), ...(body === undefined ? {} : { body }) },
  }
}

function alertIdentity(
  plan: WindowPlan,
  host: string,
  { key, values }: Pick<KeyInfo, 'key' | 'values'>,
): AlertIdentity {
  const labels = Object.fromEntries(plan.metric.by.map((field, i) => [field, values[i] ?? '']))
  return { rule: plan.rule.name, host, key, labels, measure: ruleMeasure(plan) }
}

/** Returns what a rule measures in its windows. */
function ruleMeasure({ rule, metric, of }: WindowPlan): Measure {
  const { over } = rule
  if (rule.kind === 'count') return { kind: 'count', metric: 'events', unit: 'count', over }
  const unit = of === 'count' ? 'count' : of === 'rate' ? (`${metric.unit}/s` as const) : metric.unit
  return { kind: 'aggregate', metric: metric.name, unit, of, over }
}
