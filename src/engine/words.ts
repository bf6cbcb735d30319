import { boundText, clearText, isUpper, type Verdict } from '../detect/threshold.ts'
import type { Finding } from '../alert/lifecycle.ts'
import { type Bound, MOST_RATIO, type Millis } from '../model.ts'
import { formatBeside, formatBound, formatValue } from '../format.ts'
import type { WindowPlan } from './plan.ts'
import type { Found, Subject } from './raise.ts'
import type { Host, KeyInfo } from './state.ts'

/** A verdict on a window that ends at `at`, with what can be said of it. */
export function foundOf(plan: WindowPlan, at: Millis, samples: number, verdict: Verdict): Found {
  if (verdict.kind === 'no data') return { finding: { kind: 'no data', at }, value: null, bound: '', clear: '', reason: '' }
  const { value, bound } = verdict
  const finding: Finding =
    verdict.kind === 'normal'
      ? { kind: 'normal', at }
      : { kind: 'anomalous', at, severity: verdict.severity, value, lower: !isUpper(verdict.bound.op) }
  const ends = verdict.kind === 'anomalous' ? verdict.ends : bound
  const texts = { bound: bound ? boundText(bound) : '', clear: ends ? clearText(ends) : '' }
  return { finding, value, ...texts, reason: reasonOf(plan, samples, verdict, bound) }
}

function reasonOf(plan: WindowPlan, n: number, verdict: Verdict & { value: number }, bound: Bound | undefined): string {
  const unit = unitOf(plan)
  const beside = bound === undefined ? [] : [bound.value, bound.clear]
  const figure = `${whatOf(plan)} was ${formatBeside(verdict.value, unit, beside)}`
  const samples = plan.rule.kind === 'count' ? '' : ` (${n} ${n === 1 ? 'sample' : 'samples'})`
  if (bound === undefined) return `${figure}${samples}`
  if (verdict.kind === 'normal') return `${figure}${samples}: ${formatBound(clearText(bound), unit)}, which ends an alert`
  return `${figure}${samples}: ${formatBound(boundText(bound), unit)}`
}

function whatOf(plan: WindowPlan): string {
  const over = durationText(plan.rule.over)
  return plan.rule.kind === 'count' ? `matching events in ${over}` : `${plan.of} of ${plan.metric.name} over ${over}`
}

/** What to look after where a value is hardly one of its unit. A sum or a spread of ratios may be anything. */
export function hintOf({ metric, of }: WindowPlan, value: number | null): { readonly hint?: string } {
  if (metric.unit !== 'ratio' || !['mean', 'min', 'max', 'last'].includes(of)) return {}
  if (value === null || value <= MOST_RATIO) return {}
  const read = `${metric.name} is a ratio, so that ${formatValue(value, 'none')} means ${Number((value * 100).toPrecision(6))} %`
  return { hint: `${read}: is unit: percent meant? (Only CPU that is not divided by its cores is more than 1.)` }
}

/** A span as rules write it: `90s`, `2m`, `1h`. */
export function durationText(span: Millis): string {
  if (span % 86_400_000 === 0) return `${span / 86_400_000}d`
  if (span % 3_600_000 === 0) return `${span / 3_600_000}h`
  return span % 60_000 === 0 ? `${span / 60_000}m` : `${span / 1000}s`
}

/** Who and what an alert of a rule on a series is about. */
export function subjectOf(plan: WindowPlan, host: Pick<Host, 'name' | 'source'>, info: Pick<KeyInfo, 'key' | 'values'>): Subject {
  const { rule, metric } = plan
  const labels = Object.fromEntries(metric.by.map((field, i) => [field, info.values[i] ?? '']))
  const { subject, body } = rule
  return {
    rule: rule.name,
    host: host.name,
    key: info.key,
    labels,
    metric: rule.kind === 'count' ? 'events' : metric.name,
    unit: unitOf(plan),
    what: whatOf(plan),
    source: host.source,
    reach: rule.over + rule.every,
    every: rule.every,
    notify: rule.notify,
    ruleLabels: rule.labels,
    ...(subject === undefined ? {} : { subject }),
    ...(body === undefined ? {} : { body }),
  }
}

function unitOf(plan: WindowPlan): Subject['unit'] {
  if (plan.of === 'count') return 'count'
  return plan.metric.unit
}
