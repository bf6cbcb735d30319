import { createHash } from 'node:crypto'
import { transition, type StateChange, type WindowResult, type AlertTimers } from '../../alert/lifecycle.ts'
import { onAlertClosed, onAlertEvent } from '../../dispatch/step.ts'
import type {
  AlertSnapshot,
  AlertIdentity,
  AlertEvent,
  CloseReason,
  Evidence,
  MatchedEvent,
  Millis,
  Reason,
  Templates,
} from '../../model.ts'
import { releaseEvents, showEvents } from './matched-events.ts'
import { snapshotAlert } from './snapshot.ts'
import { flappingKey, applyFlapping } from './flapping.ts'
import { type Alert, count, type Fold, type State } from '../state.ts'
import { recordTransition } from '../report/stats.ts'

/** The identity of an alert, and who is notified of it. */
export interface AlertSubject {
  readonly identity: AlertIdentity
  readonly source: string
  /** Time before the start of an alert in which its cause may lie: its first window, and one evaluation interval. */
  readonly lookback?: Millis
  /** The evaluation interval of its rule, unless that is one second. */
  readonly every?: Millis
  readonly notify: readonly string[]
  readonly ruleLabels?: Readonly<Record<string, string>>
  readonly templates?: Templates
  /** The alert that covers this one and others like it. No notification is sent for this one alone. */
  readonly massAbsence?: string
}

/** An evaluation with its evidence. */
export interface EvaluationResult {
  readonly result: WindowResult
  readonly value: number | null
  readonly evidence: Evidence
  /** Returns the chart of the window and of the time since the alert started. Called only if a notification follows. */
  readonly snapshotContext?: (since: Millis) => Pick<AlertSnapshot, 'chart' | 'peers'>
  /** Events that a count rule found too many of. */
  readonly events?: readonly MatchedEvent[]
}

const MAX_RESOLVED = 200
const MAX_TRANSITIONS = 50

/**
 * Applies one evaluation to an alert, in the map that holds the open alerts, and reports the transition to dispatch if
 * a notification follows.
 */
export function updateAlert(
  fold: Fold,
  alerts: Map<string, Alert>,
  id: string,
  subject: AlertSubject,
  found: EvaluationResult,
  timers: AlertTimers,
): void {
  const known = alerts.get(id)
  const taken = transition(known?.lifecycle, found.result, timers)
  const key = flappingKey(subject.identity)
  const { lifecycle, change } = applyFlapping(fold, key, known?.lifecycle, taken, found.result.at, subject.every ?? 0)
  if (lifecycle === undefined) {
    takeOut(fold, alerts, id)
    return
  }
  const alert = known ?? newAlert(subject, found, lifecycle)
  alerts.set(id, alert)
  alert.lifecycle = lifecycle
  alert.notify = subject.notify
  alert.source = subject.source
  alert.lookback = subject.lookback ?? 0
  alert.ruleLabels = subject.ruleLabels ?? {}
  alert.templates = subject.templates ?? {}
  recordEvaluation(alert, found)
  showEvents(fold.state, alert, found.events ?? [])
  if (change !== undefined) publishEvent(fold, alerts, id, alert, change, found.snapshotContext)
}

function newAlert(subject: AlertSubject, { evidence }: EvaluationResult, lifecycle: Alert['lifecycle']): Alert {
  const { identity, source, notify, massAbsence, lookback = 0, ruleLabels = {}, templates = {} } = subject
  return {
    identity,
    source,
    lifecycle,
    episode: '',
    code: '',
    evaluatedAt: 0,
    value: null,
    evidence,
    severity: lifecycle.severity,
    lookback,
    notify,
    ruleLabels,
    templates,
    ...(massAbsence === undefined ? {} : { massAbsence }),
    transitions: [],
    events: [],
  }
}

/** Updates the alert's figures. A window without data keeps the last value. */
function recordEvaluation(alert: Alert, found: EvaluationResult): void {
  alert.severity = alert.lifecycle.severity
  const { result, evidence } = found
  const isCritical = result.kind === 'anomalous' && result.severity === 'critical'
  if (isCritical && evidence.limit !== undefined) alert.criticalLimit = evidence.limit
  if (result.kind === 'no_data' || result.at < alert.evaluatedAt) return
  alert.evaluatedAt = result.at
  alert.value = found.value
  alert.evidence = evidence
}

function publishEvent(
  fold: Fold,
  alerts: Map<string, Alert>,
  id: string,
  alert: Alert,
  change: StateChange,
  surroundings?: EvaluationResult['snapshotContext'],
): void {
  const { state } = fold
  if (alert.episode === '' && change.event !== undefined) assignEpisodeId(alert)
  count(fold, `transitions_${change.to}`)
  if (alert.episode !== '') recordTransition(fold, alert, change.to)
  const eventTime = transitionTime(state, alert)
  alert.transitions.push({ to: change.to, at: eventTime, value: alert.value, evidence: alert.evidence })
  if (alert.transitions.length > MAX_TRANSITIONS) alert.transitions.splice(1, 1)
  if (change.to === 'resolved') {
    takeOut(fold, alerts, id)
    state.resolved.push(alert)
    if (state.resolved.length > MAX_RESOLVED) state.resolved.shift()
  }
  if (change.event === undefined) return
  const snapshot = snapshotAlert(fold, alert)
  const event: AlertEvent = {
    event: change.event,
    eventTime,
    detectedAt: state.now,
    notify: alert.notify,
    snapshot: surroundings === undefined ? snapshot : { ...snapshot, ...surroundings(alert.lifecycle.since) },
    ...(alert.massAbsence === undefined ? {} : { massAbsence: alert.massAbsence }),
  }
  const host = alerts === state.alerts ? null : alert.identity.host
  onAlertEvent(state.dispatch, fold.dispatchPlan, event, { host, id })
}

/** Takes an alert out of the open ones. */
function takeOut({ state }: Fold, alerts: Map<string, Alert>, id: string): Alert | undefined {
  const alert = alerts.get(id)
  if (alert !== undefined) releaseEvents(state, alert)
  alerts.delete(id)
  return alert
}

/** Returns the time of an alert's last transition: the end of its window, now if that is open, or when it was closed. */
function transitionTime({ now }: State, { lifecycle, evaluatedAt }: Alert): Millis {
  return lifecycle.state === 'resolved' ? lifecycle.resolvedAt : Math.min(evaluatedAt, now)
}

/** Returns when the newest remembered episode of a rule on a series ended; -Infinity if there is none. */
export function lastResolvedAt(state: State, rule: string, host: string, key: string): Millis {
  const last = state.resolved.findLast(
    ({ identity }) => identity.host === host && identity.rule === rule && identity.key === key,
  )
  return last?.lifecycle.state === 'resolved' ? last.lifecycle.resolvedAt : -Infinity
}

/** Derives an episode's id from its identity and its start, so that a replay gives the same id. */
function assignEpisodeId(alert: Alert): void {
  const { rule, host, key } = alert.identity
  const text = JSON.stringify([rule, host, key, alert.lifecycle.since, alert.evaluatedAt])
  const digest = createHash('sha256').update(text).digest()
  alert.episode = digest.subarray(0, 12).toString('hex')
  alert.code = shortCode(digest)
}

/** Returns a code of five unambiguous letters and digits. */
function shortCode(digest: Uint8Array): string {
  const alphabet = '23456789ABCDEFGHJKMNPQRSTVWXYZ'
  return [...digest.subarray(12, 17)].map((byte) => alphabet[byte % alphabet.length]).join('')
}

/** Closes an alert for a reason other than its data: its rule was removed, or measures something else now. */
export function resolveAlert(
  fold: Fold,
  alerts: Map<string, Alert>,
  id: string,
  closeReason: CloseReason,
  why: Reason,
): void {
  const alert = closeLifecycle(fold, alerts, id, fold.state.now, why)
  if (alert === undefined) return
  alert.closeReason = closeReason
  publishEvent(fold, alerts, id, alert, { to: 'resolved', event: 'resolved' })
}

/**
 * Closes an alert without recovery. Everyone who was notified of it is notified of this, unless a notice covers it.
 *
 * @returns the alert, if it had fired.
 */
export function closeAlert(
  fold: Fold,
  alerts: Map<string, Alert>,
  id: string,
  closeReason: CloseReason,
  why: Reason,
): Alert | undefined {
  const alert = closeLifecycle(fold, alerts, id, fold.state.now, why)
  if (alert === undefined) return undefined
  alert.closeReason = closeReason
  publishEvent(fold, alerts, id, alert, { to: 'resolved' })
  onAlertClosed(fold.state.dispatch, fold.dispatchPlan, snapshotAlert(fold, alert), fold.state.now)
  return alert
}

/** Removes an alert from the open alerts. Returns undefined if it had not fired. */
function closeLifecycle(
  fold: Fold,
  alerts: Map<string, Alert>,
  id: string,
  at: Millis,
  why: Reason,
): Alert | undefined {
  const alert = takeOut(fold, alerts, id)
  if (alert === undefined || alert.lifecycle.state === 'pending' || alert.lifecycle.state === 'resolved')
    return undefined
  fold.state.flapping.delete(flappingKey(alert.identity))
  const { since, firedAt, severity, lastBreach, counted, peak, evaluations, breaches, refirings, critical } =
    alert.lifecycle
  const resolvedAt = Math.max(at, since)
  const spent = critical === undefined ? {} : { critical: { until: resolvedAt, ...critical } }
  alert.lifecycle = {
    state: 'resolved',
    since,
    firedAt,
    severity,
    lastBreach,
    counted,
    peak,
    evaluations,
    breaches,
    refirings,
    ...spent,
    resolvedAt,
  }
  alert.evidence = { ...alert.evidence, why }
  return alert
}
