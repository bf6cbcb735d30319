import { createHash } from 'node:crypto'
import { advance, type Change, type Finding, type Patience } from '../../alert/lifecycle.ts'
import { announce, withdraw } from '../../dispatch/step.ts'
import type {
  AlertFacts,
  AlertIdentity,
  Announcement,
  Ended,
  Evidence,
  Millis,
  Reason,
  Templates,
} from '../../model.ts'
import { factsOf } from './snapshot.ts'
import { flapKey, heedFlapping } from './flapping.ts'
import { type Alert, count, type Fold, type State } from '../state.ts'
import { noteStep } from '../report/stats.ts'

/** Who and what an alert is about, and who hears of it. */
export interface Subject {
  readonly identity: AlertIdentity
  readonly source: string
  /** How far back from its beginning lies what may have begun it: its first window, and the step to that. */
  readonly reach?: Millis
  /** How often its rule is judged, where that is not each second. */
  readonly every?: Millis
  readonly notify: readonly string[]
  readonly ruleLabels?: Readonly<Record<string, string>>
  readonly templates?: Templates
  /** The alert that tells of this one, with others like it; it is not told by itself. */
  readonly mass?: string
}

/** A finding with what can be said of it. */
export interface Found {
  readonly finding: Finding
  readonly value: number | null
  readonly evidence: Evidence
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
  const key = flapKey(subject.identity)
  const { life, change } = heedFlapping(fold, key, known?.life, taken, found.finding.at, subject.every ?? 0)
  if (life === undefined) {
    alerts.delete(id)
    return
  }
  const alert = known ?? newAlert(subject, found, life)
  alerts.set(id, alert)
  alert.life = life
  alert.notify = subject.notify
  alert.source = subject.source
  alert.reach = subject.reach ?? 0
  alert.ruleLabels = subject.ruleLabels ?? {}
  alert.templates = subject.templates ?? {}
  describe(alert, found)
  if (change !== undefined) tell(fold, alerts, id, alert, change, found.surroundings)
}

function newAlert(subject: Subject, { evidence }: Found, life: Alert['life']): Alert {
  const { identity, source, notify, mass, reach = 0, ruleLabels = {}, templates = {} } = subject
  return {
    identity,
    source,
    life,
    episode: '',
    code: '',
    at: 0,
    value: null,
    evidence,
    severity: life.severity,
    reach,
    notify,
    ruleLabels,
    templates,
    ...(mass === undefined ? {} : { mass }),
    transitions: [],
  }
}

/** Takes over what the finding says; a window without data leaves the last figure standing. */
function describe(alert: Alert, found: Found): void {
  alert.severity = alert.life.severity
  const { finding, evidence } = found
  const isCritical = finding.kind === 'anomalous' && finding.severity === 'critical'
  if (isCritical && evidence.limit !== undefined) alert.criticalLimit = evidence.limit
  if (finding.kind === 'no_data' || finding.at < alert.at) return
  alert.at = finding.at
  alert.value = found.value
  alert.evidence = evidence
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
  count(fold, `transitions_${change.to}`)
  if (alert.episode !== '') noteStep(fold, alert, change.to)
  const at = momentOf(state, alert)
  alert.transitions.push({ to: change.to, at, value: alert.value, evidence: alert.evidence })
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
  const host = alerts === state.alerts ? null : alert.identity.host
  announce(state.dispatch, fold.dispatchPlan, news, { host, id })
}

/** When the newest step of an alert was: at the end of its window, or now where that is open; or when it was closed. */
function momentOf({ now }: State, { life, at }: Alert): Millis {
  return life.state === 'resolved' ? life.resolvedAt : Math.min(at, now)
}

/** When the newest episode of a rule on a series ended, as far as it is remembered; -Infinity without one. */
export function endedAt(state: State, rule: string, host: string, key: string): Millis {
  const last = state.resolved.findLast(
    ({ identity }) => identity.host === host && identity.rule === rule && identity.key === key,
  )
  return last?.life.state === 'resolved' ? last.life.resolvedAt : -Infinity
}

/** An episode's id follows from what it is about and when it began, so that a replay finds the same. */
function mint(alert: Alert): void {
  const { rule, host, key } = alert.identity
  const text = JSON.stringify([rule, host, key, alert.life.since, alert.at])
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
export function endAlert(fold: Fold, alerts: Map<string, Alert>, id: string, ended: Ended, why: Reason): void {
  const alert = finish(fold, alerts, id, fold.state.now, why)
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
  why: Reason,
): Alert | undefined {
  const alert = finish(fold, alerts, id, fold.state.now, why)
  if (alert === undefined) return undefined
  alert.ended = ended
  tell(fold, alerts, id, alert, { to: 'resolved' })
  withdraw(fold.state.dispatch, fold.dispatchPlan, factsOf(fold, alert), fold.state.now)
  return alert
}

/** Takes an alert out of the open ones; undefined when it had not fired. */
function finish(fold: Fold, alerts: Map<string, Alert>, id: string, at: Millis, why: Reason): Alert | undefined {
  const alert = alerts.get(id)
  alerts.delete(id)
  if (alert === undefined || alert.life.state === 'pending' || alert.life.state === 'resolved') return undefined
  fold.state.flaps.delete(flapKey(alert.identity))
  const { since, firedAt, severity, lastBreach, counted, peak, windows, bad, flaps, critical } = alert.life
  const resolvedAt = Math.max(at, since)
  const spent = critical === undefined ? {} : { critical: { until: resolvedAt, ...critical } }
  alert.life = {
    state: 'resolved',
    since,
    firedAt,
    severity,
    lastBreach,
    counted,
    peak,
    windows,
    bad,
    flaps,
    ...spent,
    resolvedAt,
  }
  alert.evidence = { ...alert.evidence, why }
  return alert
}
