import type { WindowResult } from '../../alert/lifecycle.ts'
import { explain, type Verdict } from '../../detect/threshold.ts'
import { type AlertIdentity, type Evaluation, isUpper, type Measure, type Millis, MOST_RATIO } from '../../model.ts'
import type { WindowPlan } from '../plan.ts'
import type { EvaluationResult, AlertSubject } from './alerts.ts'
import type { Host, KeyInfo } from '../state.ts'

/** Since when it is so and whether the window is open, as findings say it. */
export type WindowContext = Pick<WindowResult & { kind: 'anomalous' }, 'since' | 'isOpen'>

/** A verdict on a window that ends at `at`, with what can be said of it. */
export function evaluationResult(
  plan: WindowPlan,
  at: Millis,
  samples: number,
  verdict: Verdict,
  whence: WindowContext = {},
): EvaluationResult {
  const evidence = explain(verdict, plan.rule.kind === 'count' ? undefined : samples, plan.of === 'count')
  if (verdict.kind === 'no_data') return { finding: { kind: 'no_data', at, ...whence }, value: null, evidence }
  const { value } = verdict
  const finding: WindowResult = verdict.kind === 'normal' ? { kind: 'normal', at } : anomaly(at, verdict, whence)
  return { finding, value, evidence }
}

function anomaly(at: Millis, verdict: Verdict & { kind: 'anomalous' }, whence: WindowContext): WindowResult {
  const { value, severity, bound, isHeld } = verdict
  return { kind: 'anomalous', at, severity, value, lower: !isUpper(bound.op), isHeld, ...whence }
}

/** What to look after where a value is hardly one of its unit. A sum or a spread of ratios may be anything. */
export function findHint({ metric, of }: WindowPlan, value: number | null): Pick<Evaluation, 'hint'> {
  if (metric.unit !== 'ratio' || !['mean', 'min', 'max', 'last'].includes(of)) return {}
  return value === null || value <= MOST_RATIO ? {} : { hint: 'ratio_above_one' }
}

/** Who and what an alert of a rule on a series is about. */
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
    reach: rule.over + rule.every,
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

/** What a rule measures in its windows. */
export function ruleMeasure({ rule, metric, of }: WindowPlan): Measure {
  const { over } = rule
  if (rule.kind === 'count') return { kind: 'count', metric: 'events', unit: 'count', over }
  return { kind: 'aggregate', metric: metric.name, unit: of === 'count' ? 'count' : metric.unit, of, over }
}
