import { CLOCK_BOUND } from '../../aggregate/clock-skew.ts'
import { isRegular, type Source } from '../../aggregate/watermark.ts'
import type { AbsenceRule, Evidence, Limit, Reason } from '../../model.ts'
import { clampToNow, BUILTIN_RULES } from '../../model.ts'
import { watchThroughput } from './source-degraded.ts'
import { closeGoneSeries } from './series-gone.ts'
import { type WorkBudget, SLICE } from '../evaluate/due-windows.ts'
import { countAbsent, massAbsenceFor, watchMassAbsences } from './mass-absence.ts'
import {
  IMMEDIATE_TIMERS,
  builtinResult,
  builtinAlertId,
  builtinSubject,
  absenceResult,
  stateIdentity,
} from './evaluation.ts'
import { appliesTo } from '../plan.ts'
import { updateAlert, type AlertSubject } from '../evaluate/alerts.ts'
import { retireHosts, notifyRetired } from '../inventory/retirement.ts'
import { isNeverSeen, absenceSource, absentFor, absentSince } from './absence-time.ts'
import type { Fold, Host, HostScan } from '../state.ts'

/** A source is down after this much time without a request. */
const SOURCE_DOWN = 150_000
const SECOND = 1000
export const SOURCE_LIMIT: Limit = { op: 'at_least', value: SOURCE_DOWN / SECOND }
export const CLOCK_LIMIT: Limit = { op: 'above', value: CLOCK_BOUND / SECOND }
export const CARDINALITY_LIMIT: Limit = { op: 'above', value: 0 }
/** A cap is reached until this much time has passed without a refusal. */
export const CARDINALITY_QUIET = 10 * 60_000

/** What one host costs that is looked at, and a figure of its alert; and a step of its alert's life. As of judging. */
const COST = { host: 0.1, figure: 6, step: 20 }

/** Starts a scan of all hosts, once a tick, unless one is under way. */
export function startScan(fold: Fold): void {
  const { state } = fold
  if (state.hostScan !== undefined) return
  const { hasObserved } = state
  state.hasObserved = false
  // Nobody falls silent while no time is observed.
  const absentBySource = hasObserved ? countAbsent(fold) : new Map<string, number>()
  state.hostScan = { position: 0, tick: state.ticks, hasObserved, absentBySource }
}

/**
 * Goes on with looking after hosts.
 *
 * @returns whether all were looked at; what concerns them together is done then.
 */
export function continueScan(fold: Fold, work: WorkBudget): boolean {
  const { state } = fold
  const { hostScan } = state
  if (hostScan === undefined) return true
  while (hostScan.position < state.hostSlots.length) {
    if (work.spent >= SLICE) return false
    const name = state.hostSlots[hostScan.position++]
    const host = name === null || name === undefined ? undefined : state.hosts.get(name)
    if (host !== undefined) watchHost(fold, hostScan, host, work)
  }
  state.hostScan = undefined
  watchMassAbsences(fold)
  retireHosts(fold)
  notifyRetired(fold)
  return true
}

function watchHost(fold: Fold, round: HostScan, host: Host, work: WorkBudget): void {
  work.spent += COST.host
  if (round.hasObserved || host.alerts.size > 0) watchAbsence(fold, round, host, work)
  if (host.skew !== undefined || host.alerts.size > 0) watchClock(fold, host, work)
  if (host.alerts.size > 0) closeGoneSeries(fold, host)
}

/** Evaluates the built-in rules about sources and limits, once a tick. */
export function watchService(fold: Fold): void {
  for (const source of fold.state.sources.values()) {
    watchSource(fold, source)
    watchThroughput(fold, source)
  }
  watchCardinality(fold)
}

/**
 * A host is silent when its source has delivered for longer than the rule's patience since the host's last event.
 * Time in which the source itself delivered nothing does not count, so that no host is called dead with its Logstash.
 * Of one that is silent there is nothing new to say until time was observed again; of one that is heard, at once.
 */
function watchAbsence(fold: Fold, round: HostScan, host: Host, work: WorkBudget): void {
  const silent = absentFor(fold, host)
  if (silent === undefined) return
  for (const rule of fold.plan.absences) {
    const id = builtinAlertId(rule.name)
    const isOpen = host.alerts.has(id)
    // Who is waited for was not heard, however short the wait: only an event ends the alert.
    const isAbsent = silent > rule.after || (isOpen && host.expectedSince !== undefined)
    if (!(isAbsent ? round.hasObserved : isOpen) || !appliesTo(rule, host.name)) continue
    work.spent += isAbsent === isOpen ? COST.figure : COST.step
    const massAbsence = isOpen ? undefined : massAbsenceFor(fold, round, rule, host)
    const source = isAbsent ? absenceSource(fold, host) : host.source
    const evidence: Evidence = { limit: absenceLimit(rule), why: absenceReason(host, rule, isAbsent, source) }
    const result = absenceResult(fold, isAbsent, rule.severity, absentSince(host), evidence)
    updateAlert(fold, host.alerts, id, absenceSubject(rule, host, source, massAbsence), result, IMMEDIATE_TIMERS)
  }
}

/** What an absence rule holds the time since a host's last event against. */
export function absenceLimit({ after }: AbsenceRule): Limit {
  return { op: 'above', value: after / SECOND }
}

function absenceReason(host: Host, rule: AbsenceRule, isAbsent: boolean, source: string): Reason {
  const { expectedSince, alerts } = host
  if (isNeverSeen(host)) return { code: 'never_seen', params: {} }
  const params = { source }
  if (expectedSince !== undefined) return { code: 'absent_source_gone', params }
  if (isAbsent) return { code: 'absent', params }
  const isFirst = alerts.get(builtinAlertId(rule.name))?.identity.measure.metric === 'expected'
  return { code: isFirst ? 'first_seen' : 'seen', params }
}

function absenceSubject(rule: AbsenceRule, host: Host, source: string, massAbsence: string | undefined): AlertSubject {
  const { subject, body } = rule
  return {
    identity: stateIdentity(rule.name, host.name, isNeverSeen(host) ? 'expected' : 'absence'),
    source,
    notify: rule.notify,
    lookback: rule.after,
    ruleLabels: rule.labels,
    templates: { ...(subject === undefined ? {} : { subject }), ...(body === undefined ? {} : { body }) },
    ...(massAbsence === undefined ? {} : { massAbsence }),
  }
}

function watchSource(fold: Fold, source: Source): void {
  const { state, plan } = fold
  const { name } = source
  const isExpected = isRegular(source) || plan.config.sources.includes(name)
  // The second in which the last request came counts as silence from its beginning.
  const isDown = isExpected && source.idleFor >= SOURCE_DOWN + SECOND
  const id = builtinAlertId(BUILTIN_RULES.source, name)
  if (!isDown && !state.alerts.has(id)) return
  const subject = builtinSubject(BUILTIN_RULES.source, name, 'source_silence', name, plan.config.selfMonitoring)
  const evidence = { limit: SOURCE_LIMIT, why: sourceReason(source, isDown, isExpected) }
  updateAlert(
    fold,
    state.alerts,
    id,
    subject,
    absenceResult(fold, isDown, 'critical', source.lastSeenAt, evidence),
    IMMEDIATE_TIMERS,
  )
}

function sourceReason({ name: source, throughput }: Source, isDown: boolean, isExpected: boolean): Reason {
  if (isDown) return { code: 'source_silent', params: { source, hosts: throughput.hosts } }
  return { code: isExpected ? 'source_delivers' : 'source_unexpected', params: { source } }
}

function watchClock(fold: Fold, host: Host, work: WorkBudget): void {
  const off = host.skew?.offset
  const id = builtinAlertId(BUILTIN_RULES.clock)
  const isOpen = host.alerts.has(id)
  if (off === undefined && !isOpen) return
  work.spent += isOpen === (off !== undefined) ? COST.figure : COST.step
  const seconds = Math.round(Math.abs(off ?? 0) / SECOND)
  const why: Reason =
    off === undefined
      ? { code: 'clock_in_sync', params: {} }
      : { code: 'clock_skewed', params: { seconds: Math.sign(off) * seconds } }
  const subject = builtinSubject(
    BUILTIN_RULES.clock,
    host.name,
    'clock_offset',
    host.source,
    fold.plan.config.selfMonitoring,
  )
  const result = builtinResult(fold, off !== undefined, 'warning', seconds, { limit: CLOCK_LIMIT, why })
  updateAlert(fold, host.alerts, id, subject, result, IMMEDIATE_TIMERS)
}

function watchCardinality(fold: Fold): void {
  const { state, plan } = fold
  const { refusals } = state
  const id = builtinAlertId(BUILTIN_RULES.cap)
  clampToNow(refusals, state.now, 'last')
  const isReached = refusals.count > 0 && state.now - refusals.last < CARDINALITY_QUIET
  if (!isReached && !state.alerts.has(id)) return
  const why: Reason = isReached
    ? { code: 'limit_reached', params: { limit: refusals.what, refused: refusals.count } }
    : { code: 'limit_calm', params: { for: CARDINALITY_QUIET } }
  const subject = builtinSubject(BUILTIN_RULES.cap, 'stashwatch', 'refused', '', plan.config.selfMonitoring)
  const result = builtinResult(fold, isReached, 'warning', refusals.count, { limit: CARDINALITY_LIMIT, why })
  updateAlert(fold, state.alerts, id, subject, result, IMMEDIATE_TIMERS)
  if (!isReached) refusals.count = 0
}
