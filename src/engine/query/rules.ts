import { SLOW_WAIT } from '../../aggregate/watermark.ts'
import { judgedOf } from '../../aggregate/store.ts'
import type { AbsenceRule, Evaluation, NextEvaluation, Rule, RuleView, Severity } from '../../model.ts'
import { lookAt, type Watched, watchedOf } from '../evaluate/window.ts'
import { stateMeasure } from '../builtin/evaluation.ts'
import { concerns, type WindowPlan } from '../plan.ts'
import { isUnheard, silentSince } from '../builtin/absence-time.ts'
import type { Alert, Fold, Host } from '../state.ts'
import { sourcesOf } from '../evaluate/schedule.ts'
import { absenceLimit } from '../builtin/index.ts'

/** Most series that one rule is shown with. */
const MOST = 200

/**
 * Every rule with what its newest windows said, and what the next one waits for.
 *
 * @param only a host, to be shown alone with all its series.
 */
export function rulesView(fold: Fold, only?: string): readonly RuleView[] {
  const windows = [...fold.plan.metrics.values()].flatMap(({ tiers }) => tiers.flatMap(({ rules }) => rules))
  const shown = windows.map((plan) => ({
    ...aboutRule(plan.rule),
    severities: severitiesOf(plan.rule),
    last: lastEvaluations(fold, plan, only),
    next: misfit(plan.rule, only) ?? nextWindow(fold, plan),
  }))
  const absences = fold.plan.absences.map((rule) => ({
    ...aboutRule(rule),
    severities: [rule.severity],
    last: hostsOf(fold, only)
      .filter((host) => concerns(rule, host.name))
      .slice(0, MOST)
      .map((host) => lastSeen(fold, rule, host)),
    next: misfit(rule, only) ?? ({ kind: 'source_delivery' } as const),
  }))
  return [...shown, ...absences]
}

function aboutRule({ name, kind, severity, notify }: Rule): Pick<RuleView, 'name' | 'kind' | 'severity' | 'notify'> {
  return { name, kind, severity, notify }
}

/** What an absence rule says of a host. */
function lastSeen({ state }: Fold, rule: AbsenceRule, host: Host): Evaluation {
  const at = silentSince(host)
  const isNew = isUnheard(host)
  return {
    host: host.name,
    labels: {},
    measure: stateMeasure(isNew ? 'expected' : 'absence'),
    value: Math.round((state.now - at) / 1000),
    evidence: {
      limit: absenceLimit(rule),
      why: { code: isNew ? 'expected_since' : 'last_event', params: { at } },
    },
    at: state.now,
  }
}

/** What is said instead of a host that the rule is not for. */
function misfit(rule: Rule, host: string | undefined): NextEvaluation | undefined {
  if (host === undefined || concerns(rule, host)) return undefined
  return { kind: 'not_applicable', hosts: rule.hosts }
}

const KINDS = { aggregate: 'metric', count: 'count', state: 'absence' } as const

/** A rule that is not in the configuration any more, as the newest of its alerts remembers it. */
export function goneRule({ state }: Fold, { identity, severity, notify }: Alert): RuleView {
  const left = state.left.get(identity.rule)
  return {
    name: identity.rule,
    kind: KINDS[identity.measure.kind],
    severity,
    severities: [severity],
    notify,
    last: [],
    next: { kind: 'rule_removed', ...(left === undefined ? {} : { at: left }) },
    ...(left === undefined ? {} : { left }),
  }
}

function severitiesOf({ threshold, overrides }: WindowPlan['rule']): readonly Severity[] {
  const all = [threshold, ...overrides.map((override) => override.threshold)]
  return (['warning', 'critical'] as const).filter((severity) => all.some((one) => one[severity].length > 0))
}

function hostsOf({ state }: Fold, only?: string): readonly Host[] {
  if (only === undefined) return [...state.hosts.values()]
  const host = state.hosts.get(only)
  return host === undefined ? [] : [host]
}

/** The series that a rule looks at, in its tier. */
function* seriesOf(fold: Fold, plan: WindowPlan, only?: string): Generator<Watched> {
  for (const host of hostsOf(fold, only)) {
    if (!concerns(plan.rule, host.name)) continue
    for (const id of host.series.keys()) {
      if (fold.state.keys.infos[id]?.metric !== plan.metric.name) continue
      yield* watchedOf(fold, host, id).filter(({ tier }) => tier.layout.width === plan.width)
    }
  }
}

function lastEvaluations(fold: Fold, plan: WindowPlan, only?: string): readonly Evaluation[] {
  const evaluations: Evaluation[] = []
  for (const watched of seriesOf(fold, plan, only)) {
    if (evaluations.length >= MOST) break
    const end = Math.floor(judgedOf(watched.store, watched.slot, plan.slow) / plan.every) * plan.every
    evaluations.push(lookAt(watched, plan, end))
  }
  return evaluations
}

/** The window that closes next, of the series that has come furthest. */
function nextWindow(fold: Fold, plan: WindowPlan): NextEvaluation {
  let newest: { end: number; host: Host } | undefined
  for (const { host, slot, store } of seriesOf(fold, plan)) {
    const end = (Math.floor(judgedOf(store, slot, plan.slow) / plan.every) + 1) * plan.every
    if (newest === undefined || end > newest.end) newest = { end, host }
  }
  if (newest === undefined) return { kind: 'first_event', metric: plan.metric.name }
  const sources = sourcesOf(fold, newest.host).map((source) => {
    const clock = fold.state.sources.get(source)?.w ?? -Infinity
    return { source, clock: Number.isFinite(clock) ? clock : null }
  })
  const wait = plan.slow ? SLOW_WAIT : fold.plan.config.lateness
  return { kind: 'window', end: newest.end * plan.width, wait, sources }
}
