import { refill } from '../aggregate/refill.ts'
import type { Layout, Store } from '../aggregate/store.ts'
import { createDispatchPlan } from '../dispatch/plan.ts'
import { reconfigureDispatch } from '../dispatch/reconfigure.ts'
import { type AlertIdentity, type EngineConfig, isBuiltinRule, type Reason, type Rule, SEP } from '../model.ts'
import { dropSeries } from './inventory/admission.ts'
import { appliesTo, countMetricName, createPlan, type MetricPlan, type Plan } from './plan.ts'
import { resolveAlert } from './evaluate/alerts.ts'
import type { Alert, Fold, Host, KeyInfo } from './state.ts'

/**
 * Applies a new configuration from its entry on. Windows, alerts and episodes stay. Alerts that no rule evaluates any
 * more are closed, since nothing else would ever close them.
 */
export function configure(fold: Fold, config: EngineConfig): void {
  const [before, after] = [fold.plan, createPlan(config)]
  const regrouped = new Set([...after.metrics.keys()].filter((name) => isRegrouped(name, before, after)))
  for (const host of fold.state.hosts.values()) dropUnknown(fold, host, after, regrouped)
  fold.state.config = config
  fold.state.hasExpectedHosts = false
  fold.plan = after
  // A source that is expected from now on has its own patience.
  for (const source of fold.state.sources.values()) {
    const isNew = after.expectedSources.has(source.name) && !before.expectedSources.has(source.name)
    if (isNew) source.idleFor = 0
  }
  const dispatched = fold.dispatchPlan
  fold.dispatchPlan = createDispatchPlan(config)
  refit(fold, before)
  closeOrphans(fold, regrouped)
  reconfigureDispatch(fold.state.dispatch, dispatched, fold.dispatchPlan, fold.state.now)
  fold.state.dispatch.isDirty = true
  recordRemovedRules(fold, before)
}

/** Records the removed rules that resolved alerts still refer to. */
function recordRemovedRules({ state, plan }: Fold, before: Plan): void {
  const names = plan.config.rules.map(({ name }) => name)
  const kept = new Set(state.resolved.map(({ identity }) => identity.rule))
  // A rule that was removed earlier keeps its time of removal.
  const left = new Map([...before.config.rules.map(({ name }) => [name, state.now] as const), ...state.removedRules])
  for (const name of left.keys()) if (names.includes(name) || !kept.has(name)) left.delete(name)
  state.removedRules = left
}

/** Returns true if the labels that identify the series of a metric changed. */
function isRegrouped(metric: string, before: Plan, after: Plan): boolean {
  const [old, now] = [before, after].map(({ metrics }) => {
    const plan = metrics.get(metric)
    return plan && [...plan.metric.by, ...plan.metric.byFields].join(SEP)
  })
  return old !== undefined && old !== now
}

/** Drops the series of metrics that were removed or whose labels changed. */
function dropUnknown(fold: Fold, host: Host, after: Plan, regrouped: ReadonlySet<string>): void {
  for (const id of host.series.keys()) {
    const { metric } = fold.state.keys.infos[id] as KeyInfo
    if (!after.metrics.has(metric) || regrouped.has(metric)) dropSeries(fold, host, id)
  }
}

/** Moves the series of all metrics into rings that fit the new rules. */
function refit(fold: Fold, before: Plan): void {
  const { state, plan } = fold
  const old = new Map(state.stores)
  state.stores.clear()
  for (const [name, metric] of plan.metrics) {
    const known = (before.metrics.get(name)?.tiers ?? [])
      .map(({ id }) => old.get(id))
      .filter((store) => store !== undefined)
    for (const [id, store] of fitted(metric, known)) state.stores.set(id, store)
  }
}

/**
 * Returns the stores that a metric needs: existing ones where the layout is the same, else filled from the store that
 * reaches furthest back among those no coarser.
 */
function fitted({ tiers }: MetricPlan, known: readonly Store[]): readonly (readonly [string, Store])[] {
  return tiers.flatMap(({ id, layout }) => {
    const source = known.findLast((store) => store.layout.width <= layout.width)
    if (source === undefined) return []
    return [[id, isSame(layout, source.layout) ? source : refill(source, layout)] as const]
  })
}

function isSame(a: Layout, b: Layout): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Closes the alerts whose rule was removed, no longer applies to their host, or evaluates another metric. */
function closeOrphans(fold: Fold, regrouped: ReadonlySet<string>): void {
  const { state, plan } = fold
  const rules = new Map(plan.config.rules.map((rule) => [rule.name, rule]))
  const end = (alerts: Map<string, Alert>): void => {
    for (const [id, alert] of alerts) {
      const { identity } = alert
      const why = isBuiltinRule(identity.rule) ? undefined : orphanReason(identity, rules.get(identity.rule), regrouped)
      if (why !== undefined) resolveAlert(fold, alerts, id, 'rule_changed', why)
    }
  }
  for (const host of state.hosts.values()) end(host.alerts)
  end(state.alerts)
}

/** Returns why an alert is not evaluated any more; undefined while it is. */
function orphanReason(
  { host, key }: AlertIdentity,
  rule: Rule | undefined,
  regrouped: ReadonlySet<string>,
): Reason | undefined {
  if (rule === undefined) return { code: 'rule_removed', params: {} }
  if (!appliesTo(rule, host)) return { code: 'rule_not_applicable', params: { host } }
  const [metric = ''] = key.split(SEP)
  if (ruleMetric(rule) !== metric) return { code: 'rule_changed', params: {} }
  return regrouped.has(metric) ? { code: 'regrouped', params: { metric } } : undefined
}

/** Returns the metric that a rule evaluates; "" for an absence rule. */
function ruleMetric(rule: Rule): string {
  if (rule.kind === 'absence') return ''
  return rule.kind === 'count' ? countMetricName(rule.name) : rule.metric
}
