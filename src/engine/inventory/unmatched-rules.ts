import { enqueueNotice } from '../../dispatch/notices.ts'
import { type Rule, type UnmatchedRule, UNKNOWN_HOST } from '../../model.ts'
import { appliesTo } from '../plan.ts'
import type { Fold, Host, KeyInfo, UnmatchedWatch } from '../state.ts'

/** Between two checks; the first tick of each span checks. */
const EVERY = 600_000
const TICK = 1000
/** A rule is reported after this many checks without a match, 24 hours: a misspelt field or host never matches. */
const MAX_CHECKS = 144

/**
 * Reports the rules that match no host, or no series, although events arrive: once each, to the receivers of
 * `self_monitoring`. Time without events does not count.
 */
export function reportUnmatchedRules(fold: Fold): void {
  const { state, plan, dispatchPlan } = fold
  if (state.now % EVERY >= TICK || !isDelivering(fold)) return
  const { rules } = plan.config
  const watches = new Map(rules.map((rule) => [rule.name, followRule(fold, rule)] as const))
  state.unmatchedRules = watches
  const items = rules.flatMap((rule) => checkRule(fold, rule, watches.get(rule.name)) ?? [])
  if (items.length > 0) enqueueNotice(state.dispatch, dispatchPlan, { kind: 'rules_unmatched', items }, state.now)
}

function isDelivering({ state }: Fold): boolean {
  return [...state.sources.values()].some(({ lastSeenAt }) => state.now - lastSeenAt < EVERY)
}

function followRule({ state, plan }: Fold, rule: Rule): UnmatchedWatch {
  const metric = rule.kind === 'metric' ? plan.metrics.get(rule.metric)?.metric : undefined
  const target = JSON.stringify([rule.kind, rule.hosts, metric?.name, metric?.fields])
  const known = state.unmatchedRules.get(rule.name)
  return known?.target === target ? known : { target, checks: 0, isDone: false }
}

function checkRule(fold: Fold, rule: Rule, watch: UnmatchedWatch | undefined): UnmatchedRule | undefined {
  if (watch === undefined || watch.isDone) return undefined
  const reason = findMismatch(fold, rule)
  watch.checks++
  watch.isDone = reason === undefined || watch.checks >= MAX_CHECKS
  return reason !== undefined && watch.isDone ? { rule: rule.name, reason } : undefined
}

/** Returns why a rule has nothing to evaluate; undefined if it has. A count of matching events may well be 0. */
function findMismatch(fold: Fold, rule: Rule): UnmatchedRule['reason'] | undefined {
  const { state, plan } = fold
  const hosts = [...state.hosts.values()].filter(({ name }) => name !== UNKNOWN_HOST)
  const matching = hosts.filter(({ name }) => appliesTo(rule, name))
  if (matching.length === 0) return { code: 'no_host', params: { hosts: [...rule.hosts] } }
  if (rule.kind !== 'metric' || matching.some((host) => hasSeries(fold, host, rule.metric))) return undefined
  const { metric } = rule
  if (hosts.some((host) => hasSeries(fold, host, metric)))
    return { code: 'no_host_with_metric', params: { metric, hosts: [...rule.hosts] } }
  return { code: 'no_series', params: { metric, fields: [...(plan.metrics.get(metric)?.metric.fields ?? [])] } }
}

function hasSeries({ state }: Fold, { series }: Host, metric: string): boolean {
  for (const id of series.keys()) if ((state.keys.infos[id] as KeyInfo).metric === metric) return true
  return false
}
