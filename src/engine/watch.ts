import { isSteady, type Source } from '../aggregate/sources.ts'
import type { AbsenceRule } from '../model.ts'
import { formatDuration } from '../format.ts'
import { OWN_RULES } from '../model.ts'
import { watchFlow } from './degraded.ts'
import { endGone } from './gone.ts'
import { type Judged, SLICE } from './evaluate.ts'
import { countSilent, massFor, watchMasses } from './mass.ts'
import { AT_ONCE, found, ownId, ownSubject, silence } from './own.ts'
import { concerns } from './plan.ts'
import { type Found, raise, type Subject } from './raise.ts'
import { retireHosts, tellRetired } from './retire.ts'
import { isUnheard, silenceOf, silentSince } from './silence.ts'
import type { Fold, Host, Round } from './state.ts'
import { durationText } from './words.ts'

/** A source is down after this much time without a request. */
const SOURCE_DOWN = 150_000
const SECOND = 1000
/** A cap is reached until this much time has passed without a refusal. */
const CAP_CALM = 10 * 60_000

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
    raise(fold, host.alerts, id, absenceSubject(rule, host, mass), absence(fold, host, rule, isSilent), AT_ONCE)
  }
}

/** What is measured of a host that was never heard. */
const WAIT = 'time since it is expected'

function absence(fold: Fold, host: Host, rule: AbsenceRule, isSilent: boolean): Found {
  const bound = `silent for over ${formatDuration(rule.after)}`
  return silence(fold, isSilent, rule.severity, silentSince(host), bound, absenceReason(host, rule, isSilent))
}

function absenceReason(host: Host, rule: AbsenceRule, isSilent: boolean): string {
  const { name, awaited, source, alerts } = host
  if (isUnheard(host)) return `${name} was never heard, although it is in the list of expected hosts`
  if (awaited !== undefined) return `no event from ${name}; ${source} is gone, and no other source brought it`
  if (isSilent) return `no event from ${name}, while ${source} went on delivering`
  const isFirst = alerts.get(ownId(rule.name))?.what === WAIT
  return `${name} is heard ${isFirst ? 'for the first time' : 'again'}`
}

function absenceSubject(rule: AbsenceRule, host: Host, mass: string | undefined): Subject {
  const { subject, body } = rule
  const isNew = isUnheard(host)
  return {
    ...ownSubject(
      rule.name,
      host.name,
      isNew ? WAIT : 'time since the last event',
      isNew ? 'none yet' : host.source,
      rule.notify,
    ),
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
  // The second in which the last request came counts as silence from its beginning.
  const isDown = isExpected && source.silence >= SOURCE_DOWN + SECOND
  const id = ownId(OWN_RULES.source, source.name)
  if (!isDown && !state.alerts.has(id)) return
  const reason = isDown
    ? `no request from ${source.name}; ${behind(source)} not judged meanwhile`
    : `${source.name} ${isExpected ? 'delivers again' : 'is no longer expected'}`
  const subject = ownSubject(
    OWN_RULES.source,
    source.name,
    'time since the last request',
    source.name,
    plan.config.system,
  )
  const said = silence(fold, isDown, 'critical', source.heard, `silent for ${formatDuration(SOURCE_DOWN)}`, reason)
  raise(fold, state.alerts, id, subject, said, AT_ONCE)
}

function behind({ flow }: Source): string {
  const { hosts } = flow
  if (hosts === 0) return 'hosts behind it are'
  return hosts === 1 ? 'the host behind it is' : `the ${hosts} hosts behind it are`
}

function watchClock(fold: Fold, host: Host, work: Judged): void {
  const off = host.skew?.off
  const id = ownId(OWN_RULES.clock)
  const isOpen = host.alerts.has(id)
  if (off === undefined && !isOpen) return
  work.cost += isOpen === (off !== undefined) ? COST.figure : COST.step
  const seconds = Math.round(Math.abs(off ?? 0) / 1000)
  const reason =
    off === undefined
      ? `the clock of ${host.name} is right again`
      : `events of ${host.name} are dated ${seconds} s ${off > 0 ? 'before' : 'after'} their arrival; they are taken by arrival until its clock is right`
  const subject = ownSubject(OWN_RULES.clock, host.name, 'offset of the clock', host.source, fold.plan.config.system)
  raise(
    fold,
    host.alerts,
    id,
    subject,
    found(fold, off !== undefined, 'warning', seconds, 'off by more than 300 s', reason),
    AT_ONCE,
  )
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
