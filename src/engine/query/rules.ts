import { EXTRA_LATENESS } from '../../aggregate/watermark.ts'
import { evaluatedTo } from '../../aggregate/store.ts'
import { ruleSeverities } from '../../detect/index.ts'
import type { AbsenceRule, Evaluation, NextEvaluation, Rule, RuleView } from '../../model.ts'
import { evaluateNow, type WatchedSeries, watchedSeries } from '../evaluate/window.ts'
import { stateMeasure } from '../builtin/evaluation.ts'
import { appliesTo, type WindowPlan } from '../plan.ts'
import { isNeverSeen, absentSince } from '../builtin/absence-time.ts'
import type { Alert, Fold, Host } from '../state.ts'
import { listClocks } from '../inventory/deliveries.ts'
import { absenceLimit } from '../builtin/index.ts'

/** Most series that one rule is shown with. */
const MAX_EVALUATIONS = 200

/**
 * Every rule with what its newest windows said, and what the next one waits for.
 *
 * @param only a host, to be shown alone with all its series.
 */
export function viewRules(fold: Fold, only?: string): readonly RuleView[] {
  const windows = [...fold.plan.metrics.values()].flatMap(({ tiers }) => tiers.flatMap(({ rules }) => rules))
  const shown = windows.map((plan) => ({
    ...aboutRule(plan.rule),
    severities: ruleSeverities(plan.rule),
    evaluations: lastEvaluations(fold, plan, only),
    nextEvaluation: notApplicable(plan.rule, only) ?? nextWindow(fold, plan),
  }))
  const absences = fold.plan.absences.map((rule) => ({
    ...aboutRule(rule),
    severities: [rule.severity],
    evaluations: selectHosts(fold, only)
      .filter((host) => appliesTo(rule, host.name))
      .slice(0, MAX_EVALUATIONS)
      .map((host) => lastSeen(fold, rule, host)),
    nextEvaluation: notApplicable(rule, only) ?? ({ kind: 'source_delivery' } as const),
  }))
  return [...shown, ...absences]
}

function aboutRule({ name, kind, severity, notify }: Rule): Pick<RuleView, 'name' | 'kind' | 'severity' | 'notify'> {
  return { name, kind, severity, notify }
}

/** What an absence rule says of a host. */
function lastSeen({ state }: Fold, rule: AbsenceRule, host: Host): Evaluation {
  const at = absentSince(host)
  const isNew = isNeverSeen(host)
  return {
    host: host.name,
    labels: {},
    measure: stateMeasure(isNew ? 'expected' : 'absence'),
    value: Math.round((state.now - at) / 1000),
    evidence: {
      limit: absenceLimit(rule),
      why: { code: isNew ? 'expected_since' : 'last_event', params: { at } },
    },
    evaluatedAt: state.now,
  }
}

/** What is said instead of a host that the rule is not for. */
function notApplicable(rule: Rule, host: string | undefined): NextEvaluation | undefined {
  if (host === undefined || appliesTo(rule, host)) return undefined
  return { kind: 'not_applicable', hosts: rule.hosts }
}

const KINDS = { aggregate: 'metric', count: 'count', state: 'absence' } as const

/** A rule that is not in the configuration any more, as the newest of its alerts remembers it. */
export function viewRemovedRule({ state }: Fold, { identity, severity, notify }: Alert): RuleView {
  const removedAt = state.removedRules.get(identity.rule)
  return {
    name: identity.rule,
    kind: KINDS[identity.measure.kind],
    severity,
    severities: [severity],
    notify,
    evaluations: [],
    nextEvaluation: { kind: 'rule_removed', ...(removedAt === undefined ? {} : { at: removedAt }) },
    ...(removedAt === undefined ? {} : { removedAt }),
  }
}

function selectHosts({ state }: Fold, only?: string): readonly Host[] {
  if (only === undefined) return [...state.hosts.values()]
  const host = state.hosts.get(only)
  return host === undefined ? [] : [host]
}

/** The series that a rule looks at, in its tier. */
function* findWatchedSeries(fold: Fold, plan: WindowPlan, only?: string): Generator<WatchedSeries> {
  for (const host of selectHosts(fold, only)) {
    if (!appliesTo(plan.rule, host.name)) continue
    for (const id of host.series.keys()) {
      if (fold.state.keys.infos[id]?.metric !== plan.metric.name) continue
      yield* watchedSeries(fold, host, id).filter(({ tier }) => tier.layout.width === plan.width)
    }
  }
}

function lastEvaluations(fold: Fold, plan: WindowPlan, only?: string): readonly Evaluation[] {
  const evaluations: Evaluation[] = []
  for (const watched of findWatchedSeries(fold, plan, only)) {
    if (evaluations.length >= MAX_EVALUATIONS) break
    const end = Math.floor(evaluatedTo(watched.store, watched.slot, plan.extraLateness) / plan.every) * plan.every
    evaluations.push(evaluateNow(watched, plan, end))
  }
  return evaluations
}

/** The window that closes next, of the series that has come furthest. */
function nextWindow(fold: Fold, plan: WindowPlan): NextEvaluation {
  let newest: { end: number; host: Host } | undefined
  for (const { host, slot, store } of findWatchedSeries(fold, plan)) {
    const end = (Math.floor(evaluatedTo(store, slot, plan.extraLateness) / plan.every) + 1) * plan.every
    if (newest === undefined || end > newest.end) newest = { end, host }
  }
  if (newest === undefined) return { kind: 'first_event', metric: plan.metric.name }
  const sources = listClocks(fold, newest.host).map((source) => {
    const clock = fold.state.sources.get(source)?.watermark ?? -Infinity
    return { source, clock: Number.isFinite(clock) ? clock : null }
  })
  const wait = plan.extraLateness ? EXTRA_LATENESS : fold.plan.config.lateness
  return { kind: 'window', end: newest.end * plan.width, wait, sources }
}
