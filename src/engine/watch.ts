import { isSteady, type Source } from '../aggregate/sources.ts'
import type { AbsenceRule } from '../model.ts'
import { OWN_RULES } from '../model.ts'
import { watchFlow } from './degraded.ts'
import { endGone } from './gone.ts'
import { findMasses, type Masses, watchMasses } from './mass.ts'
import { AT_ONCE, found, isoDay, isoSecond, ownId, ownSubject } from './own.ts'
import { concerns } from './plan.ts'
import { type Found, raise, type Subject } from './raise.ts'
import { isUnheard, silenceOf, silentSince } from './silence.ts'
import type { Fold, Host } from './state.ts'
import { durationText } from './words.ts'

/** A source is down after this much time without a request. */
const SOURCE_DOWN = 150_000
/** A cap is reached until this much time has passed without a refusal. */
const CAP_CALM = 10 * 60_000

/** Nobody falls silent while no time is observed. */
const NO_MASSES: Masses = () => undefined

/** Looks after hosts, sources, clocks and caps, once a tick. */
export function watchAll(fold: Fold, hasObserved: boolean): void {
  for (const source of fold.state.sources.values()) {
    watchSource(fold, source)
    watchFlow(fold, source)
  }
  const masses = hasObserved ? findMasses(fold) : NO_MASSES
  for (const host of fold.state.hosts.values()) {
    if (hasObserved || host.alerts.size > 0) watchAbsence(fold, host, masses, hasObserved)
    if (host.skew !== undefined || host.alerts.size > 0) watchClock(fold, host)
    if (host.alerts.size > 0) endGone(fold, host)
  }
  watchMasses(fold)
  watchCaps(fold)
}

/**
 * A host is silent when its source has delivered for longer than the rule's patience since the host's last event.
 * Time in which the source itself delivered nothing does not count, so that no host is called dead with its Logstash.
 * Of one that is silent there is nothing new to say until time was observed again; of one that is heard, at once.
 */
function watchAbsence(fold: Fold, host: Host, masses: Masses, hasObserved: boolean): void {
  const silent = silenceOf(fold, host)
  if (silent === undefined) return
  for (const rule of fold.plan.absences) {
    const id = ownId(rule.name)
    const isOpen = host.alerts.has(id)
    // Who is waited for was not heard, however short the wait: only an event ends the alert.
    const isSilent = silent > rule.after || (isOpen && host.awaited !== undefined)
    if (!(isSilent ? hasObserved : isOpen) || !concerns(rule, host.name)) continue
    raise(fold, host.alerts, id, absenceSubject(rule, host, masses), absence(fold, host, rule, isSilent), AT_ONCE)
  }
}

/** What is measured of a host that was never heard. */
const WAIT = 'time since it is expected'

function absence(fold: Fold, host: Host, rule: AbsenceRule, isSilent: boolean): Found {
  const bound = `silent for more than ${durationText(rule.after)}`
  const seconds = Math.round((fold.state.now - silentSince(host)) / 1000)
  return found(fold, isSilent, rule.severity, seconds, bound, absenceReason(host, rule, isSilent))
}

function absenceReason(host: Host, rule: AbsenceRule, isSilent: boolean): string {
  const { name, awaited, source, alerts } = host
  if (isUnheard(host)) return `${name} was never heard since ${isoDay(silentSince(host))}, although it is in the list of expected hosts`
  if (awaited !== undefined) return `no event from ${name} since ${isoDay(host.lastSeen)}; ${source} is gone, and no other source brought it`
  const last = isoSecond(host.lastSeen)
  if (isSilent) return `no event from ${name} since ${last}, while ${source} went on delivering`
  const isFirst = alerts.get(ownId(rule.name))?.what === WAIT
  return `${name} is heard ${isFirst ? 'for the first time' : 'again'}, last at ${last}`
}

function absenceSubject(rule: AbsenceRule, host: Host, masses: Masses): Subject {
  const { subject, body } = rule
  const isNew = isUnheard(host)
  const mass = host.alerts.has(ownId(rule.name)) ? undefined : masses(rule, host)
  return {
    ...ownSubject(rule.name, host.name, isNew ? WAIT : 'time since the last event', isNew ? 'none yet' : host.source, rule.notify),
    reach: rule.after,
    ruleLabels: rule.labels,
    ...(subject === undefined ? {} : { subject }),
    usualSubject: isNew ? '{{server}} was never heard' : '{{server}} is silent',
    ...(body === undefined ? {} : { body }),
    ...(mass === undefined ? {} : { mass }),
  }
}

function watchSource(fold: Fold, source: Source): void {
  const { state, plan } = fold
  const isExpected = isSteady(source) || plan.config.sources.includes(source.name)
  const isDown = isExpected && source.silence > SOURCE_DOWN
  const id = ownId(OWN_RULES.source, source.name)
  if (!isDown && !state.alerts.has(id)) return
  const seconds = Math.round((state.now - source.heard) / 1000)
  const last = isoSecond(source.heard)
  const better = isExpected ? `delivers again, last at ${last}` : `is no longer expected, last heard at ${last}`
  const reason = isDown
    ? `no request from ${source.name} since ${last}; hosts behind it are not judged meanwhile`
    : `${source.name} ${better}`
  const subject = ownSubject(OWN_RULES.source, source.name, 'time since the last request', source.name, plan.config.system)
  raise(fold, state.alerts, id, subject, found(fold, isDown, 'critical', seconds, 'silent for 150s', reason), AT_ONCE)
}

function watchClock(fold: Fold, host: Host): void {
  const off = host.skew?.off
  const id = ownId(OWN_RULES.clock)
  if (off === undefined && !host.alerts.has(id)) return
  const seconds = Math.round(Math.abs(off ?? 0) / 1000)
  const reason =
    off === undefined
      ? `the clock of ${host.name} is right again`
      : `events of ${host.name} are dated ${seconds} s ${off > 0 ? 'before' : 'after'} their arrival; they are taken by arrival until its clock is right`
  const subject = ownSubject(OWN_RULES.clock, host.name, 'offset of the clock', host.source, fold.plan.config.system)
  raise(fold, host.alerts, id, subject, found(fold, off !== undefined, 'warning', seconds, 'off by more than 300 s', reason), AT_ONCE)
}

function watchCaps(fold: Fold): void {
  const { state, plan } = fold
  const { refusals } = state
  const id = ownId(OWN_RULES.cap)
  refusals.last = Math.min(refusals.last, state.now)
  const isReached = refusals.count > 0 && state.now - refusals.last < CAP_CALM
  if (!isReached && !state.alerts.has(id)) return
  const reason = isReached
    ? `the limit of ${refusals.what} is reached: ${refusals.count} refused so far; known ones are still watched`
    : `nothing was refused for ${durationText(CAP_CALM)}`
  const subject = ownSubject(OWN_RULES.cap, 'stashwatch', `refused ${refusals.what}`, '', plan.config.system)
  raise(fold, state.alerts, id, subject, found(fold, isReached, 'warning', refusals.count, 'above 0', reason), AT_ONCE)
  if (!isReached) refusals.count = 0
}
