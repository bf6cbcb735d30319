import { alertLabels } from '../../labels/matcher.ts'
import type { TrackedAlert } from '../../dispatch/state.ts'
import { listPending } from '../../dispatch/pending.ts'
import { silencesInForce } from '../../dispatch/plan.ts'
import type {
  AlertView,
  QueryResults,
  HostDetail,
  HostState,
  HostView,
  Millis,
  Query,
  SilenceView,
  WhyView,
} from '../../model.ts'
import { flappingPercent } from '../evaluate/flapping.ts'
import { aggregate, viewSeries } from './series.ts'
import { viewBuiltin } from './builtin.ts'
import { viewRemovedRule, viewRules } from './rules.ts'
import { evaluationCounts } from '../evaluate/snapshot.ts'
import { isNeverSeen, observedAbsence } from '../builtin/absence-time.ts'
import { spellHost } from '../inventory/admission.ts'
import { appliesTo, isExpected } from '../plan.ts'
import type { Alert, Fold, Host } from '../state.ts'

/** Labels that every alert has. */
const ALWAYS = ['rule', 'host', 'source', 'severity', 'metric']

type QueryOf<K extends Query['kind']> = Extract<Query, { readonly kind: K }>

/** The handler of each query. */
const QUERIES: { readonly [K in Query['kind']]: (fold: Fold, query: QueryOf<K>) => QueryResults[K] } = {
  hosts: (fold) => [...fold.state.hosts.values()].map((host) => hostView(fold, host)),
  host: (fold, query) => {
    const host = fold.state.hosts.get(query.host)
    return host === undefined ? null : hostDetail(fold, host)
  },
  aggregate,
  alerts: alertsView,
  alert: (fold, { episode }) => {
    const found = alertsView(fold).find((alert) => matchesKey(alert, episode))
    return found === undefined ? null : { ...found, ...alertHistory(fold, found) }
  },
  rules: (fold) => viewRules(fold),
  labels: labelNames,
  sources: ({ state, plan }) => [...new Set([...state.sources.keys(), ...plan.config.sources])],
  silences: silencesView,
  why: whyView,
}

/** Runs a query. It changes nothing. */
export function runQuery<K extends Query['kind']>(fold: Fold, query: QueryOf<K>): QueryResults[K] {
  const kind: K = query.kind
  return QUERIES[kind](fold, 'host' in query ? { ...query, host: spellHost(fold.state, query.host) } : query)
}

function alertsView(fold: Fold): readonly AlertView[] {
  return allAlerts(fold).map((alert) => alertView(fold, alert))
}

/** The most recent windows of a series that explain an alert. */
const WINDOWS = 5

/** Returns the current evaluations of a rule on a host, and its alerts. */
function whyView(fold: Fold, { rule: name, host: hostName }: Query & { kind: 'why' }): WhyView | null {
  const alerts = allAlerts(fold).filter(({ identity }) => identity.rule === name && identity.host === hostName)
  const [newest] = alerts
  const gone = newest === undefined ? undefined : viewRemovedRule(fold, newest)
  const rule =
    viewRules(fold, hostName, WINDOWS).find((one) => one.name === name) ?? viewBuiltin(fold, name, hostName) ?? gone
  if (rule === undefined) return null
  const host = fold.state.hosts.get(hostName)
  return {
    rule,
    host: host === undefined ? null : hostView(fold, host),
    evaluations: rule.evaluations,
    alerts: alerts.map((alert) => alertView(fold, alert)).map((view) => ({ ...view, ...alertHistory(fold, view) })),
  }
}

/** Returns the decisions about an episode, and its pending notifications. */
function alertHistory(fold: Fold, view: AlertView): Pick<AlertView, 'decisions' | 'pending'> {
  const { state, dispatchPlan } = fold
  const one = trackedAlert(fold, view)
  if (one === undefined) return { decisions: [], pending: [] }
  return { decisions: one.decisions, pending: listPending(state.dispatch, dispatchPlan, one, state.now) }
}

function silencesView(fold: Fold): readonly SilenceView[] {
  const { dispatch, now } = fold.state
  const firing = [...dispatch.alerts.values()].flatMap(({ snapshot }) =>
    snapshot.state === 'firing' ? [alertLabels(snapshot)] : [],
  )
  // An alert that several silences match counts for each of them: ending one does not end the others.
  const muting = new Map(
    silencesInForce(fold.dispatchPlan, dispatch, now).map(({ source, matches }) => [
      source.id,
      firing.filter(matches).length,
    ]),
  )
  const views = [...dispatch.silences.values()].map((silence): SilenceView => {
    const state = now < silence.startsAt ? 'pending' : now < silence.endsAt ? 'active' : 'expired'
    return { ...silence, state, matchedAlerts: muting.get(silence.id) ?? 0 }
  })
  return views.toReversed()
}

function trackedAlert(fold: Fold, { episode = '' }: Pick<AlertView, 'episode'>): TrackedAlert | undefined {
  return fold.state.dispatch.alerts.get(episode)
}

/** Lists the labels of current rules and metrics, and of all kept alerts. */
function labelNames(fold: Fold): readonly string[] {
  const { rules, metrics } = fold.plan.config
  const ofRules = rules.flatMap(({ labels }) => Object.keys(labels))
  const ofCases = [...fold.state.dispatch.alerts.values()].flatMap(({ snapshot }) => Object.keys(alertLabels(snapshot)))
  return [...new Set([...ALWAYS, ...ofRules, ...metrics.flatMap(({ by }) => by), ...ofCases])]
}

/** Finds an episode by its id, or by the code in its mails. */
function matchesKey(alert: AlertView, name: string): boolean {
  return alert.episode === name || alert.code === name.toUpperCase()
}

/** Lists the open alerts, then the recently resolved ones, newest first. */
function allAlerts(fold: Fold): readonly Alert[] {
  const { state } = fold
  const open = [...state.hosts.values()].flatMap((host) => [...host.alerts.values()])
  return [...state.alerts.values(), ...open, ...state.resolved.toReversed()]
}

function hostDetail(fold: Fold, host: Host): HostDetail {
  const { host: name, lastSeenAt, source, state } = hostView(fold, host)
  return { host: name, lastSeenAt, source, state, series: viewSeries(fold, host) }
}

function hostView(fold: Fold, host: Host): HostView {
  const off = host.skew?.offset
  const isNew = isNeverSeen(host)
  return {
    host: host.name,
    lastSeenAt: isNew ? null : host.lastSeenAt,
    source: isNew ? null : host.source,
    clockSkewSeconds: off === undefined ? null : -off / 1000,
    state: hostState(fold, host),
    expected: isExpected(fold.plan, host.name),
    series: host.series.size,
  }
}

/** A host without an absence rule is absent after this long. */
const ABSENT_AFTER = 15 * 60_000

function hostState(fold: Fold, host: Host): HostState {
  if (isNeverSeen(host)) return 'never_seen'
  return isAbsent(fold, host) ? 'absent' : skewState(host)
}

function isAbsent(fold: Fold, host: Host): boolean {
  const open = [...host.alerts.values()].map(({ identity }) => identity.rule)
  if (fold.plan.absences.some(({ name }) => open.includes(name))) return true
  const isWatched = fold.plan.absences.some((rule) => appliesTo(rule, host.name))
  return !isWatched && (observedAbsence(fold, host) ?? 0) > ABSENT_AFTER
}

function skewState(host: Host): HostState {
  return host.skew?.offset === undefined ? 'live' : 'clock_skew'
}

function alertView(fold: Fold, alert: Alert): AlertView {
  const { identity, lifecycle, severity, evaluatedAt, value, evidence, transitions, episode, code } = alert
  const fired = lifecycle.state === 'pending' ? {} : { episode, code, firedAt: lifecycle.firedAt }
  const noData: Millis | undefined =
    lifecycle.state === 'firing' || lifecycle.state === 'recovering' ? lifecycle.noDataSince : undefined
  return {
    identity,
    state: lifecycle.state,
    severity,
    ...fired,
    startsAt: lifecycle.since,
    ...(lifecycle.state === 'resolved' ? { resolvedAt: lifecycle.resolvedAt } : {}),
    ...(alert.closeReason === undefined ? {} : { closeReason: alert.closeReason }),
    evaluatedAt,
    value,
    evidence,
    peak: lifecycle.state === 'pending' ? value : lifecycle.peak,
    ...(noData === undefined ? {} : { noDataSince: noData }),
    ...lived(fold, alert),
    ...(alert.events.length === 0 ? {} : { events: alert.events }),
    ...lastSeen(fold, alert),
    transitions,
  }
}

function lived(fold: Fold, alert: Alert): Pick<AlertView, 'flapping' | 'evaluations' | 'breaches' | 'refirings'> {
  const { lifecycle } = alert
  if (lifecycle.state === 'pending') return {}
  const flapping = lifecycle.state === 'resolved' ? undefined : flappingPercent(fold, alert)
  const { evaluations, breaches } = evaluationCounts(alert)
  return {
    ...(evaluations === undefined ? {} : { evaluations }),
    ...(breaches === undefined ? {} : { breaches }),
    refirings: lifecycle.refirings,
    ...(flapping === undefined ? {} : { flapping }),
  }
}

/** Returns what dispatch tracks about an alert. */
function lastSeen(
  fold: Fold,
  { episode, lifecycle }: Alert,
): Pick<AlertView, 'muted' | 'ack' | 'notificationCount' | 'suppressed'> {
  const one = trackedAlert(fold, { episode })
  if (one === undefined) return {}
  const { muted, ack, notifications: notificationCount, suppressed } = one
  const isAcknowledged = ack !== undefined && fold.state.now < ack.until && lifecycle.state !== 'resolved'
  return {
    ...(muted === undefined ? {} : { muted }),
    ...(isAcknowledged ? { ack } : {}),
    notificationCount,
    suppressed,
  }
}
