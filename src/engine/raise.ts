import { createHash } from 'node:crypto'
import { advance, type Change, type Finding, type Patience } from '../alert/lifecycle.ts'
import { announce, withdraw } from '../dispatch/step.ts'
import type { AlertFacts, Announcement, Ended, Millis, Unit } from '../model.ts'
import { factsOf } from './facts.ts'
import { flapKey, heedFlapping } from './flaps.ts'
import { type Alert, count, type Fold, type State } from './state.ts'
import { noteStep } from './usage.ts'

/** Who and what an alert is about; the same for its whole life. */
export interface Subject {
  readonly rule: string
  readonly host: string
  readonly key: string
  readonly labels: Readonly<Record<string, string>>
  readonly metric: string
  readonly unit: Unit
  /** What was measured, in words: `mean of cpu over 2m`. */
  readonly what: string
  readonly source: string
  /** How far back from its beginning lies what may have begun it: its first window, and the step to that. */
  readonly reach?: Millis
  /** How often its rule is judged, where that is not each second. */
  readonly every?: Millis
  readonly notify: readonly string[]
  readonly ruleLabels?: Readonly<Record<string, string>>
  readonly subject?: string
  readonly body?: string
  /** What its mails are called where neither its rule nor the receiver says so. */
  readonly usualSubject?: string
  /** The alert that tells of this one, with others like it; it is not told by itself. */
  readonly mass?: string
}

/** A finding with what can be said of it. */
export interface Found {
  readonly finding: Finding
  readonly value: number | null
  readonly bound: string
  readonly clear: string
  readonly reason: string
  /** What the window looked like, and what lay around it since the alert began; asked for when people are to hear of it. */
  readonly surroundings?: (since: Millis) => Pick<AlertFacts, 'picture' | 'peers'>
}

const KEEP_RESOLVED = 200
const KEEP_TRANSITIONS = 50

/**
 * Moves the alert of a subject on by one finding, in the map that holds its open alerts, and announces the step if
 * people are to hear of it.
 */
export function raise(
  fold: Fold,
  alerts: Map<string, Alert>,
  id: string,
  subject: Subject,
  found: Found,
  patience: Patience,
): void {
  const known = alerts.get(id)
  const taken = advance(known?.life, found.finding, patience)
  const { life, change } = heedFlapping(
    fold,
    flapKey(subject),
    known?.life,
    taken,
    found.finding.at,
    subject.every ?? 0,
  )
  if (life === undefined) {
    alerts.delete(id)
    return
  }
  const alert = known ?? newAlert(subject, life)
  alerts.set(id, alert)
  alert.life = life
  alert.notify = subject.notify
  alert.source = subject.source
  alert.reach = subject.reach ?? 0
  alert.ruleLabels = subject.ruleLabels ?? {}
  alert.subject = subject.subject
  alert.usualSubject = subject.usualSubject
  alert.body = subject.body
  alert.isWindowless = subject.every === undefined
  describe(alert, found)
  if (change !== undefined) tell(fold, alerts, id, alert, change, found.surroundings)
}

function newAlert(subject: Subject, life: Alert['life']): Alert {
  const { rule, host, key, labels, metric, unit, what, source, notify } = subject
  return {
    rule,
    host,
    key,
    labels,
    metric,
    unit,
    what,
    source,
    life,
    episode: '',
    code: '',
    at: 0,
    value: null,
    bound: '',
    clear: '',
    reason: '',
    severity: life.severity,
    notify,
    reach: subject.reach ?? 0,
    ruleLabels: subject.ruleLabels ?? {},
    subject: subject.subject,
    body: subject.body,
    usualSubject: subject.usualSubject,
    isWindowless: subject.every === undefined,
    ...(subject.mass === undefined ? {} : { mass: subject.mass }),
    transitions: [],
  }
}

/** Takes over what the finding says; a window without data leaves the last figure standing. */
function describe(alert: Alert, found: Found): void {
  alert.severity = alert.life.severity
  if (found.finding.kind === 'anomalous' && found.finding.severity === 'critical') alert.criticalBound = found.bound
  if (found.finding.kind === 'no data' || found.finding.at < alert.at) return
  alert.at = found.finding.at
  alert.value = found.value
  alert.bound = found.bound
  alert.clear = found.clear
  alert.reason = found.reason
}

function tell(
  fold: Fold,
  alerts: Map<string, Alert>,
  id: string,
  alert: Alert,
  change: Change,
  surroundings?: Found['surroundings'],
): void {
  const { state } = fold
  if (alert.episode === '' && change.because !== undefined) mint(alert)
  count(fold, `transitions:${change.to}`)
  if (alert.episode !== '') noteStep(fold, alert, change.to)
  const at = momentOf(state, alert)
  alert.transitions.push({ to: change.to, at, reason: alert.reason })
  if (alert.transitions.length > KEEP_TRANSITIONS) alert.transitions.splice(1, 1)
  if (change.to === 'resolved') {
    alerts.delete(id)
    state.resolved.push(alert)
    if (state.resolved.length > KEEP_RESOLVED) state.resolved.shift()
  }
  if (change.because === undefined) return
  const facts = factsOf(fold, alert)
  const news: Announcement = {
    because: change.because,
    at,
    found: state.now,
    notify: alert.notify,
    facts: surroundings === undefined ? facts : { ...facts, ...surroundings(alert.life.since) },
    quiet: alert.mass !== undefined,
  }
  const host = alerts === state.alerts ? null : alert.host
  announce(state.dispatch, fold.dispatchPlan, news, { host, id })
}

/** When the newest step of an alert was: at the end of its window, or now where that is open; or when it was closed. */
function momentOf({ now }: State, { life, at }: Alert): Millis {
  return life.state === 'resolved' ? life.resolvedAt : Math.min(at, now)
}

/** When the newest episode of a rule on a series ended, as far as it is remembered; -Infinity without one. */
export function endedAt(state: State, rule: string, host: string, key: string): Millis {
  const last = state.resolved.findLast((alert) => alert.host === host && alert.rule === rule && alert.key === key)
  return last?.life.state === 'resolved' ? last.life.resolvedAt : -Infinity
}

/** An episode's id follows from what it is about and when it began, so that a replay finds the same. */
function mint(alert: Alert): void {
  const text = JSON.stringify([alert.rule, alert.host, alert.key, alert.life.since, alert.at])
  const digest = createHash('sha256').update(text).digest()
  alert.episode = digest.subarray(0, 12).toString('hex')
  alert.code = codeOf(digest)
}

/** Five letters and digits that cannot be mistaken for each other on the telephone. */
function codeOf(digest: Uint8Array): string {
  const alphabet = '23456789ABCDEFGHJKMNPQRSTVWXYZ'
  return [...digest.subarray(12, 17)].map((byte) => alphabet[byte % alphabet.length]).join('')
}

/** Ends an alert from outside its data: its rule is gone, or it looks at something else now. */
export function endAlert(fold: Fold, alerts: Map<string, Alert>, id: string, ended: Ended, reason: string): void {
  const alert = finish(fold, alerts, id, fold.state.now, reason)
  if (alert === undefined) return
  alert.ended = ended
  tell(fold, alerts, id, alert, { to: 'resolved', because: 'resolved' })
}

/**
 * Closes an alert that nothing got better about: who was told of it hears that, unless a notice says it.
 *
 * @returns the alert, if it had fired.
 */
export function closeAlert(
  fold: Fold,
  alerts: Map<string, Alert>,
  id: string,
  ended: Ended,
  reason: string,
): Alert | undefined {
  const alert = finish(fold, alerts, id, fold.state.now, `${ended}: ${reason}`)
  if (alert === undefined) return undefined
  alert.ended = ended
  tell(fold, alerts, id, alert, { to: 'resolved' })
  withdraw(fold.state.dispatch, fold.dispatchPlan, factsOf(fold, alert), fold.state.now)
  return alert
}

/** Takes an alert out of the open ones; undefined when it had not fired. */
function finish(fold: Fold, alerts: Map<string, Alert>, id: string, at: Millis, reason: string): Alert | undefined {
  const alert = alerts.get(id)
  alerts.delete(id)
  if (alert === undefined || alert.life.state === 'pending' || alert.life.state === 'resolved') return undefined
  fold.state.flaps.delete(flapKey(alert))
  const { since, firedAt, severity, lastBreach, peak, windows, bad, counted, flaps, critical } = alert.life
  const resolvedAt = Math.max(at, since)
  const spent = critical === undefined ? {} : { critical: { until: resolvedAt, ...critical } }
  alert.life = {
    state: 'resolved',
    since,
    firedAt,
    severity,
    lastBreach,
    peak,
    windows,
    bad,
    counted,
    flaps,
    ...spent,
    resolvedAt,
  }
  alert.reason = reason
  return alert
}
