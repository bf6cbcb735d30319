import { boundText, isBeyond, isCleared, isUpper, type Verdict } from '../detect/threshold.ts'
import type { Finding } from '../alert/lifecycle.ts'
import { type Bound, clearText, MOST_RATIO, type Millis, wholeClearText } from '../model.ts'
import { formatBeside, formatBound, formatValue } from '../format.ts'
import type { WindowPlan } from './plan.ts'
import type { Found, Subject } from './raise.ts'
import type { Host, KeyInfo } from './state.ts'

/** A verdict that says something. */
type Judged = Exclude<Verdict, { kind: 'no data' }>

/** Since when it is so and whether the window is open, as findings say it. */
export type Whence = Pick<Finding & { kind: 'anomalous' }, 'since' | 'isOpen'>

/** A verdict on a window that ends at `at`, with what can be said of it. */
export function foundOf(plan: WindowPlan, at: Millis, samples: number, verdict: Verdict, whence: Whence = {}): Found {
  if (verdict.kind === 'no data') {
    return { finding: { kind: 'no data', at, ...whence }, value: null, bound: '', clear: '', reason: '' }
  }
  const { value, bound } = verdict
  const finding: Finding = verdict.kind === 'normal' ? { kind: 'normal', at } : anomaly(at, verdict, whence)
  const end = verdict.kind === 'normal' ? bound : verdict.end
  const texts = { bound: bound ? boundText(bound) : '', clear: end ? endText(plan, end) : '' }
  return { finding, value, ...texts, reason: reasonOf(plan, samples, verdict, bound) }
}

function anomaly(at: Millis, verdict: Verdict & { kind: 'anomalous' }, whence: Whence): Finding {
  const { value, severity, bound, isHeld } = verdict
  return { kind: 'anomalous', at, severity, value, lower: !isUpper(bound.op), isHeld, ...whence }
}

function reasonOf(plan: WindowPlan, n: number, verdict: Judged, bound: Bound | undefined): string {
  const unit = unitOf(plan)
  const end = verdict.kind === 'normal' ? bound : verdict.end
  const beside = bound === undefined || end === undefined ? [] : [bound.value, end.clear]
  const figure = `${whatOf(plan)} was ${formatBeside(verdict.value, unit, beside)}`
  const samples = plan.rule.kind === 'count' ? '' : ` (${n} ${n === 1 ? 'sample' : 'samples'})`
  return bound === undefined ? `${figure}${samples}` : `${figure}${samples}: ${judgementOf(plan, verdict, bound)}`
}

/** A count is told in whole numbers. */
function endText({ of }: WindowPlan, end: Bound): string {
  return of === 'count' ? wholeClearText(end) : clearText(end)
}

function judgementOf(plan: WindowPlan, verdict: Judged, bound: Bound): string {
  const unit = unitOf(plan)
  const [words, clear] = [formatBound(boundText(bound), unit), formatBound(endText(plan, bound), unit)]
  if (isBeyond(bound, verdict.value)) return words
  if (verdict.kind === 'anomalous') {
    return `no longer ${words}, but not yet ${formatBound(endText(plan, verdict.end), unit)}, which would end it`
  }
  return isCleared(bound, verdict.value) ? `${clear}, which ends an alert` : `not ${words}`
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
export function subjectOf(
  plan: WindowPlan,
  host: Pick<Host, 'name' | 'source'>,
  info: Pick<KeyInfo, 'key' | 'values'>,
): Subject {
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
