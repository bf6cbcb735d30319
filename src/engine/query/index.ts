import { labelsOf } from '../../labels/labels.ts'
import type { Case } from '../../dispatch/state.ts'
import { waitsOf } from '../../dispatch/pending.ts'
import type {
  AlertView,
  Answers,
  HostDetail,
  HostState,
  HostView,
  Millis,
  Query,
  SilenceView,
  WhyView,
} from '../../model.ts'
import { flappingOf } from '../evaluate/flapping.ts'
import { aggregateOf, hostDetail } from './series.ts'
import { ownView } from './builtin.ts'
import { goneRule, rulesView } from './rules.ts'
import { countsOf } from '../evaluate/snapshot.ts'
import { isUnheard } from '../builtin/absence-time.ts'
import type { Alert, Fold, Host } from '../state.ts'

/** Labels that every alert has. */
const ALWAYS = ['rule', 'host', 'source', 'severity', 'metric']

type Asked<K extends Query['kind']> = Extract<Query, { readonly kind: K }>

/** Who answers which query. */
const ANSWERS: { readonly [K in Query['kind']]: (fold: Fold, query: Asked<K>) => Answers[K] } = {
  hosts: (fold) => [...fold.state.hosts.values()].map((host) => hostView(fold, host)),
  host: (fold, query) => {
    const host = fold.state.hosts.get(query.host)
    return host === undefined ? null : detailOf(fold, host)
  },
  aggregate: aggregateOf,
  alerts: alertsView,
  alert: (fold, { episode }) => {
    const found = alertsView(fold).find((alert) => isMeant(alert, episode))
    return found === undefined ? null : { ...found, ...storyOf(fold, found) }
  },
  rules: (fold) => rulesView(fold),
  labels: labelNames,
  silences: silencesView,
  why: whyView,
}

/** Answers a question about the state. Nothing is changed. */
export function answer<K extends Query['kind']>(fold: Fold, query: Asked<K>): Answers[K] {
  const kind: K = query.kind
  return ANSWERS[kind](fold, query)
}

function alertsView(fold: Fold): readonly AlertView[] {
  return allAlerts(fold).map((alert) => alertView(fold, alert))
}

/** What a rule says of a host now, and what became of it. */
function whyView(fold: Fold, { rule: name, host: hostName }: Query & { kind: 'why' }): WhyView | null {
  const alerts = allAlerts(fold).filter(({ identity }) => identity.rule === name && identity.host === hostName)
  const [newest] = alerts
  const gone = newest === undefined ? undefined : goneRule(fold, newest)
  const rule = rulesView(fold, hostName).find((one) => one.name === name) ?? ownView(fold, name, hostName) ?? gone
  if (rule === undefined) return null
  const host = fold.state.hosts.get(hostName)
  return {
    rule,
    host: host === undefined ? null : hostView(fold, host),
    verdicts: rule.last,
    alerts: alerts.map((alert) => alertView(fold, alert)).map((view) => ({ ...view, ...storyOf(fold, view) })),
  }
}

/** What was decided about an episode, and what of it waits. */
function storyOf(fold: Fold, view: AlertView): Pick<AlertView, 'decisions' | 'waits'> {
  const { state, dispatchPlan } = fold
  const one = caseOf(fold, view)
  if (one === undefined) return { decisions: [], waits: [] }
  return { decisions: one.decisions, waits: waitsOf(state.dispatch, dispatchPlan, one, state.now) }
}

function silencesView(fold: Fold): readonly SilenceView[] {
  const { dispatch, now } = fold.state
  const muted = [...dispatch.cases.values()].flatMap(({ muted: by, facts }) =>
    by?.by === 'silence' && facts.state === 'firing' ? [by.id] : [],
  )
  const views = [...dispatch.silences.values()].map((silence): SilenceView => {
    const state = now < silence.from ? 'pending' : now < silence.until ? 'active' : 'expired'
    return { ...silence, state, mutes: state === 'active' ? muted.filter((id) => id === silence.id).length : 0 }
  })
  return views.toReversed()
}

function caseOf(fold: Fold, { episode = '' }: Pick<AlertView, 'episode'>): Case | undefined {
  return fold.state.dispatch.cases.get(episode)
}

/** What the rules and metrics in force give alerts, and what those have that are still kept. */
function labelNames(fold: Fold): readonly string[] {
  const { rules, metrics } = fold.plan.config
  const ofRules = rules.flatMap(({ labels }) => Object.keys(labels))
  const ofCases = [...fold.state.dispatch.cases.values()].flatMap(({ facts }) => Object.keys(labelsOf(facts)))
  return [...new Set([...ALWAYS, ...ofRules, ...metrics.flatMap(({ by }) => by), ...ofCases])]
}

/** An episode is found by its id, or by the code that the mail names. */
function isMeant(alert: AlertView, name: string): boolean {
  return alert.episode === name || alert.code === name.toUpperCase()
}

/** Open alerts first, then the recently resolved, newest first. */
function allAlerts(fold: Fold): readonly Alert[] {
  const { state } = fold
  const open = [...state.hosts.values()].flatMap((host) => [...host.alerts.values()])
  return [...state.alerts.values(), ...open, ...state.resolved.toReversed()]
}

function detailOf(fold: Fold, host: Host): HostDetail {
  const { host: name, lastSeen, source, state } = hostView(fold, host)
  return { host: name, lastSeen, source, state, series: hostDetail(fold, host) }
}

function hostView(fold: Fold, host: Host): HostView {
  const off = host.skew?.off
  const isNew = isUnheard(host)
  return {
    host: host.name,
    lastSeen: isNew ? null : host.lastSeen,
    source: isNew ? null : host.source,
    clockSkewSeconds: off === undefined ? null : -off / 1000,
    state: stateOf(fold, host),
    expected: fold.plan.expected.has(host.name),
    series: host.series.size,
  }
}

function stateOf({ plan }: Fold, host: Host): HostState {
  if (isUnheard(host)) return 'never_seen'
  const open = [...host.alerts.values()].map(({ identity }) => identity.rule)
  if (plan.absences.some(({ name }) => open.includes(name))) return 'absent'
  return host.skew?.off === undefined ? 'live' : 'clock_skew'
}

function alertView(fold: Fold, alert: Alert): AlertView {
  const { identity, life, severity, at, value, evidence, transitions, episode, code } = alert
  const fired = life.state === 'pending' ? {} : { episode, code, firedAt: life.firedAt }
  const noData: Millis | undefined =
    life.state === 'firing' || life.state === 'recovering' ? life.noDataSince : undefined
  return {
    identity,
    state: life.state,
    severity,
    ...fired,
    since: life.since,
    ...(life.state === 'resolved' ? { resolvedAt: life.resolvedAt } : {}),
    ...(alert.ended === undefined ? {} : { ended: alert.ended }),
    at,
    value,
    evidence,
    peak: life.state === 'pending' ? value : life.peak,
    ...(noData === undefined ? {} : { noDataSince: noData }),
    ...lived(fold, alert),
    ...heardOf(fold, alert),
    transitions,
  }
}

function lived(fold: Fold, alert: Alert): Pick<AlertView, 'flapping' | 'windows' | 'bad' | 'flaps'> {
  const { life } = alert
  if (life.state === 'pending') return {}
  const flapping = life.state === 'resolved' ? undefined : flappingOf(fold, alert)
  const { windows, bad } = countsOf(alert)
  return {
    ...(windows === undefined ? {} : { windows }),
    ...(bad === undefined ? {} : { bad }),
    flaps: life.flaps,
    ...(flapping === undefined ? {} : { flapping }),
  }
}

/** How the dispatcher sees an alert. */
function heardOf(fold: Fold, { episode, life }: Alert): Pick<AlertView, 'muted' | 'ack' | 'sent' | 'suppressed'> {
  const one = caseOf(fold, { episode })
  if (one === undefined) return {}
  const { muted, ack, sent, suppressed } = one
  const isAcknowledged = ack !== undefined && fold.state.now < ack.until && life.state !== 'resolved'
  return { ...(muted === undefined ? {} : { muted }), ...(isAcknowledged ? { ack } : {}), sent, suppressed }
}
