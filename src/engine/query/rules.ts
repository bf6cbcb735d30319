import { EXTRA_LATENESS } from '../../aggregate/watermark.ts'
import { evaluatedTo, oldestBucket } from '../../aggregate/store.ts'
import { ruleSeverities } from '../../detect/index.ts'
import type { Evaluation, NextEvaluation, Rule, RuleView } from '../../model.ts'
import { evaluateNow, type WatchedSeries, watchedSeries } from '../evaluate/window.ts'
import { observeAbsence } from '../builtin/absence.ts'
import { appliesTo, type WindowPlan } from '../plan.ts'
import type { Alert, Fold, Host } from '../state.ts'
import { listClocks } from '../inventory/deliveries.ts'

/** The most series shown for one rule. */
const MAX_EVALUATIONS = 200

/**
 * Lists the rules with the evaluations of their newest windows, and what the next evaluation waits for.
 *
 * @param only shows this host only, with all its series.
 * @param windows how many of the newest windows of each series, the newest first.
 */
export function viewRules(fold: Fold, only?: string, windows = 1): readonly RuleView[] {
  const plans = [...fold.plan.metrics.values()].flatMap(({ tiers }) => tiers.flatMap(({ rules }) => rules))
  const shown = plans.map((plan) => ({
    ...aboutRule(plan.rule),
    severities: ruleSeverities(plan.rule),
    evaluations: lastEvaluations(fold, plan, only, windows),
    nextEvaluation: notApplicable(plan.rule, only) ?? nextWindow(fold, plan),
  }))
  const absences = fold.plan.absences.map((rule) => ({
    ...aboutRule(rule),
    severities: [rule.severity],
    evaluations: selectHosts(fold, only)
      .filter((host) => appliesTo(rule, host.name))
      .slice(0, MAX_EVALUATIONS)
      .map((host) => ({
        host: host.name,
        labels: {},
        ...observeAbsence(fold, rule, host),
        evaluatedAt: fold.state.now,
      })),
    nextEvaluation: notApplicable(rule, only) ?? ({ kind: 'source_delivery' } as const),
  }))
  return [...shown, ...absences]
}

function aboutRule({ name, kind, severity, notify }: Rule): Pick<RuleView, 'name' | 'kind' | 'severity' | 'notify'> {
  return { name, kind, severity, notify }
}

/** Returns what is shown if the rule does not apply to a host. */
function notApplicable(rule: Rule, host: string | undefined): NextEvaluation | undefined {
  if (host === undefined || appliesTo(rule, host)) return undefined
  return { kind: 'not_applicable', hosts: rule.hosts }
}

const KINDS = { aggregate: 'metric', count: 'count', state: 'absence' } as const

/** Returns a rule that was removed from the configuration, as its newest alert describes it. */
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

/** Returns the series that a rule evaluates, in its tier. */
function* findWatchedSeries(fold: Fold, plan: WindowPlan, only?: string): Generator<WatchedSeries> {
  for (const host of selectHosts(fold, only)) {
    if (!appliesTo(plan.rule, host.name)) continue
    for (const id of host.series.keys()) {
      if (fold.state.keys.infos[id]?.metric !== plan.metric.name) continue
      yield* watchedSeries(fold, host, id).filter(({ tier }) => tier.layout.width === plan.width)
    }
  }
}

function lastEvaluations(
  fold: Fold,
  plan: WindowPlan,
  only: string | undefined,
  windows: number,
): readonly Evaluation[] {
  const evaluations: Evaluation[] = []
  for (const watched of findWatchedSeries(fold, plan, only)) {
    if (evaluations.length >= MAX_EVALUATIONS) break
    const end = Math.floor(evaluatedTo(watched.store, watched.slot, plan.extraLateness) / plan.every) * plan.every
    const first = oldestBucket(watched.store, watched.slot)
    for (let back = 0; back < windows; back++) {
      const to = end - back * plan.every
      if (back > 0 && to - plan.over - plan.lookback < first) break
      evaluations.push(evaluateNow(watched, plan, to, back === 0))
    }
  }
  return evaluations
}

/** Returns the window that closes next, of the series with the newest window. */
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
