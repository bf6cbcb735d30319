import { CLOCK_BOUND } from '../../aggregate/clock-skew.ts'
import { isSteady, type Source } from '../../aggregate/watermark.ts'
import type { AbsenceRule, Evidence, Limit, Reason } from '../../model.ts'
import { clampToNow, OWN_RULES } from '../../model.ts'
import { watchFlow } from './source-degraded.ts'
import { endGone } from './series-gone.ts'
import { type Judged, SLICE } from '../evaluate/window.ts'
import { countSilent, massFor, watchMasses } from './mass-absence.ts'
import { AT_ONCE, found, ownId, ownSubject, silence, stateIdentity } from './evaluation.ts'
import { concerns } from '../plan.ts'
import { raise, type Subject } from '../evaluate/alerts.ts'
import { retireHosts, tellRetired } from '../inventory/retirement.ts'
import { isUnheard, silenceOf, silentSince } from './absence-time.ts'
import type { Fold, Host, Round } from '../state.ts'

/** A source is down after this much time without a request. */
const SOURCE_DOWN = 150_000
const SECOND = 1000
export const SOURCE_LIMIT: Limit = { op: 'at_least', value: SOURCE_DOWN / SECOND }
export const CLOCK_LIMIT: Limit = { op: 'above', value: CLOCK_BOUND / SECOND }
export const CAP_LIMIT: Limit = { op: 'above', value: 0 }
/** A cap is reached until this much time has passed without a refusal. */
export const CAP_CALM = 10 * 60_000

/** What one host costs that is looked at, and a figure of its alert; and a step of its alert's life. As of judging. */
const COST = { host: 0.1, figure: 6, step: 20 }

/** Begins to look after all hosts, once a tick, unless it is still under way. */
export function beginRound(fold: Fold): void {
  const { state } = fold
  if (state.round !== undefined) return
  const { hasObserved } = state
  state.hasObserved = false
  // Nobody falls silent while no time is observed.
  const silent = hasObserved ? countSilent(fold) : new Map<string, number>()
  state.round = { at: 0, tick: state.ticks, hasObserved, silent }
}

/**
 * Goes on with looking after hosts.
 *
 * @returns whether all were looked at; what concerns them together is done then.
 */
export function goRound(fold: Fold, work: Judged): boolean {
  const { state } = fold
  const { round } = state
  if (round === undefined) return true
  while (round.at < state.roster.length) {
    if (work.cost >= SLICE) return false
    const name = state.roster[round.at++]
    const host = name === null || name === undefined ? undefined : state.hosts.get(name)
    if (host !== undefined) watchHost(fold, round, host, work)
  }
  state.round = undefined
  watchMasses(fold)
  retireHosts(fold)
  tellRetired(fold)
  return true
}

function watchHost(fold: Fold, round: Round, host: Host, work: Judged): void {
  work.cost += COST.host
  if (round.hasObserved || host.alerts.size > 0) watchAbsence(fold, round, host, work)
  if (host.skew !== undefined || host.alerts.size > 0) watchClock(fold, host, work)
  if (host.alerts.size > 0) endGone(fold, host)
}

/** Looks after what is no host: sources and caps, once a tick. */
export function watchService(fold: Fold): void {
  for (const source of fold.state.sources.values()) {
    watchSource(fold, source)
    watchFlow(fold, source)
  }
  watchCaps(fold)
}

/**
 * A host is silent when its source has delivered for longer than the rule's patience since the host's last event.
 * Time in which the source itself delivered nothing does not count, so that no host is called dead with its Logstash.
 * Of one that is silent there is nothing new to say until time was observed again; of one that is heard, at once.
 */
function watchAbsence(fold: Fold, round: Round, host: Host, work: Judged): void {
  const silent = silenceOf(fold, host)
  if (silent === undefined) return
  for (const rule of fold.plan.absences) {
    const id = ownId(rule.name)
    const isOpen = host.alerts.has(id)
    // Who is waited for was not heard, however short the wait: only an event ends the alert.
    const isSilent = silent > rule.after || (isOpen && host.awaited !== undefined)
    if (!(isSilent ? round.hasObserved : isOpen) || !concerns(rule, host.name)) continue
    work.cost += isSilent === isOpen ? COST.figure : COST.step
    const mass = isOpen ? undefined : massFor(fold, round, rule, host)
    const evidence: Evidence = { limit: absenceLimit(rule), why: absenceReason(host, rule, isSilent) }
    const said = silence(fold, isSilent, rule.severity, silentSince(host), evidence)
    raise(fold, host.alerts, id, absenceSubject(rule, host, mass), said, AT_ONCE)
  }
}

/** What an absence rule holds the time since a host's last event against. */
export function absenceLimit({ after }: AbsenceRule): Limit {
  return { op: 'above', value: after / SECOND }
}

function absenceReason(host: Host, rule: AbsenceRule, isSilent: boolean): Reason {
  const { awaited, source, alerts } = host
  if (isUnheard(host)) return { code: 'never_seen', params: {} }
  const params = { source }
  if (awaited !== undefined) return { code: 'absent_source_gone', params }
  if (isSilent) return { code: 'absent', params }
  const isFirst = alerts.get(ownId(rule.name))?.identity.measure.metric === 'expected'
  return { code: isFirst ? 'first_seen' : 'seen', params }
}

function absenceSubject(rule: AbsenceRule, host: Host, mass: string | undefined): Subject {
  const { subject, body } = rule
  return {
    identity: stateIdentity(rule.name, host.name, isUnheard(host) ? 'expected' : 'absence'),
    source: host.source,
    notify: rule.notify,
    reach: rule.after,
    ruleLabels: rule.labels,
    templates: { ...(subject === undefined ? {} : { subject }), ...(body === undefined ? {} : { body }) },
    ...(mass === undefined ? {} : { mass }),
  }
}

function watchSource(fold: Fold, source: Source): void {
  const { state, plan } = fold
  const { name } = source
  const isExpected = isSteady(source) || plan.config.sources.includes(name)
  // The second in which the last request came counts as silence from its beginning.
  const isDown = isExpected && source.silence >= SOURCE_DOWN + SECOND
  const id = ownId(OWN_RULES.source, name)
  if (!isDown && !state.alerts.has(id)) return
  const subject = ownSubject(OWN_RULES.source, name, 'source_silence', name, plan.config.system)
  const evidence = { limit: SOURCE_LIMIT, why: sourceReason(source, isDown, isExpected) }
  raise(fold, state.alerts, id, subject, silence(fold, isDown, 'critical', source.heard, evidence), AT_ONCE)
}

function sourceReason({ name: source, flow }: Source, isDown: boolean, isExpected: boolean): Reason {
  if (isDown) return { code: 'source_silent', params: { source, hosts: flow.hosts } }
  return { code: isExpected ? 'source_delivers' : 'source_unexpected', params: { source } }
}

function watchClock(fold: Fold, host: Host, work: Judged): void {
  const off = host.skew?.off
  const id = ownId(OWN_RULES.clock)
  const isOpen = host.alerts.has(id)
  if (off === undefined && !isOpen) return
  work.cost += isOpen === (off !== undefined) ? COST.figure : COST.step
  const seconds = Math.round(Math.abs(off ?? 0) / SECOND)
  const why: Reason =
    off === undefined
      ? { code: 'clock_in_sync', params: {} }
      : { code: 'clock_skewed', params: { seconds: Math.sign(off) * seconds } }
  const subject = ownSubject(OWN_RULES.clock, host.name, 'clock_offset', host.source, fold.plan.config.system)
  const said = found(fold, off !== undefined, 'warning', seconds, { limit: CLOCK_LIMIT, why })
  raise(fold, host.alerts, id, subject, said, AT_ONCE)
}

function watchCaps(fold: Fold): void {
  const { state, plan } = fold
  const { refusals } = state
  const id = ownId(OWN_RULES.cap)
  clampToNow(refusals, state.now, 'last')
  const isReached = refusals.count > 0 && state.now - refusals.last < CAP_CALM
  if (!isReached && !state.alerts.has(id)) return
  const why: Reason = isReached
    ? { code: 'limit_reached', params: { limit: refusals.what, refused: refusals.count } }
    : { code: 'limit_calm', params: { for: CAP_CALM } }
  const subject = ownSubject(OWN_RULES.cap, 'stashwatch', 'refused', '', plan.config.system)
  const said = found(fold, isReached, 'warning', refusals.count, { limit: CAP_LIMIT, why })
  raise(fold, state.alerts, id, subject, said, AT_ONCE)
  if (!isReached) refusals.count = 0
}
