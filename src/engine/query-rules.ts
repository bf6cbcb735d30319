import { judgedOf } from '../aggregate/store.ts'
import type { Millis, Rule, RuleView, Severity } from '../model.ts'
import { lookAt, type Watched, watchedOf } from './evaluate.ts'
import { concerns, countMetricName, type WindowPlan } from './plan.ts'
import { isUnheard, silentSince } from './silence.ts'
import type { Alert, Fold, Host } from './state.ts'
import { sourcesOf } from './sweep.ts'
import { formatDuration, formatTime } from '../format.ts'

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
    name: plan.rule.name,
    kind: plan.rule.kind,
    severity: plan.rule.severity,
    severities: severitiesOf(plan.rule),
    notify: plan.rule.notify,
    last: lastVerdicts(fold, plan, only),
    waitingFor: waitingFor(fold, plan),
    ...misfit(plan.rule, only),
  }))
  const absences = fold.plan.absences.map((rule) => ({
    name: rule.name,
    kind: rule.kind,
    severity: rule.severity,
    severities: [rule.severity],
    notify: rule.notify,
    last: hostsOf(fold, only)
      .filter((host) => concerns(rule, host.name))
      .slice(0, MOST)
      .map((host) => ({
        host: host.name,
        labels: {},
        value: Math.round((fold.state.now - silentSince(host)) / 1000),
        unit: 'seconds' as const,
        bound: `silent for over ${formatDuration(rule.after)}`,
        reason: `${isUnheard(host) ? 'never heard, expected since' : 'last event'} ${clockText(silentSince(host))}`,
        at: fold.state.now,
      })),
    waitingFor: 'the next bucket of ten seconds in which a source delivers',
    ...misfit(rule, only),
  }))
  return [...shown, ...absences]
}

/** What is said instead of a host that the rule is not for. */
function misfit(rule: Rule, host: string | undefined): Partial<Pick<RuleView, 'waitingFor' | 'unfit'>> {
  if (host === undefined || concerns(rule, host)) return {}
  const unfit = `the rule is for ${rule.hosts.join(', ')}; ${host} does not fit`
  return { waitingFor: `nothing: ${unfit}`, unfit }
}

/** A rule that is not in the configuration any more, as the newest of its alerts remembers it. */
export function goneRule({ state }: Fold, { rule, metric, key, severity, notify }: Alert): RuleView {
  const left = state.left?.get(rule)
  const kind = metric === countMetricName(rule) ? 'count' : key === '' ? 'absence' : 'metric'
  const since = left === undefined ? '' : ` since ${formatTime(left)}`
  const waitingFor = `nothing: the rule is not in the configuration any more${since}`
  return {
    name: rule,
    kind,
    severity,
    severities: [severity],
    notify,
    last: [],
    waitingFor,
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

function lastVerdicts(fold: Fold, plan: WindowPlan, only?: string): RuleView['last'] {
  const verdicts: RuleView['last'][number][] = []
  for (const watched of seriesOf(fold, plan, only)) {
    if (verdicts.length >= MOST) break
    const end = Math.floor(judgedOf(watched.store, watched.slot, plan.slow) / plan.every) * plan.every
    verdicts.push({ host: watched.host.name, ...lookAt(watched, plan, end) })
  }
  return verdicts
}

/** The window that closes next, of the series that has come furthest. */
function waitingFor(fold: Fold, plan: WindowPlan): string {
  let newest: { end: number; host: Host } | undefined
  for (const { host, slot, store } of seriesOf(fold, plan)) {
    const end = (Math.floor(judgedOf(store, slot, plan.slow) / plan.every) + 1) * plan.every
    if (newest === undefined || end > newest.end) newest = { end, host }
  }
  if (newest === undefined) return `a first event with ${plan.metric.name}`
  const end = clockText(newest.end * plan.width)
  const clocks = sourcesOf(fold, newest.host).map(
    (name) => `${name} is at ${clockText(fold.state.sources.get(name)?.w ?? NaN)}`,
  )
  const wait = plan.slow ? 90 : fold.plan.config.lateness / 1000
  return `window ${end} closes ${wait} s after its source's clock passes it; ${clocks.join(', ')}`
}

function clockText(at: Millis): string {
  return Number.isFinite(at) ? new Date(at).toISOString().slice(11, 19) : 'no time yet'
}
