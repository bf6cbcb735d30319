import type { AlertFacts, Announcement, Because, Effect, Millis } from '../model.ts'
import { audienceOf, escalationOf, linesTo } from './routing.ts'
import { keepBack } from './backlog.ts'
import { forgetPurses, offer, purseOf } from './rate-limit.ts'
import { compose } from './compose.ts'
import { type Alerts, goOn, groupOf, groupsOf, tellGroup } from './groups.ts'
import { endAcknowledgement, endAcknowledgements, heedMutes, isAcknowledged, NOBODY, noteUntold } from './suppress.ts'
import { labelsOf } from '../labels/labels.ts'
import { readBacklog, tellHeld } from './deferred.ts'
import { inForceNow, muteAll } from './mute.ts'
import { forgetPicture } from './chart-data.ts'
import type { DispatchPlan } from './plan.ts'
import { tellScheduled } from './heartbeat.ts'
import { flush, noteTold, restOf } from './flush.ts'
import { type AlertRef, type Case, countMail, type DispatchState, type Mail, note } from './state.ts'

/** Cases that are over and stay to be asked about. */
const KEEP_CLOSED = 300
const MINUTE = 60_000

/** A step of an alert: whoever is to hear of it is found out, and hears when all that happened with it is known. */
export function announce(state: DispatchState, plan: DispatchPlan, news: Announcement, ref: AlertRef): void {
  state.dirty = true
  if (news.quiet === true) return keepQuiet(state, news)
  const one = caseOf(state, news, ref)
  const { value, evidence } = news.facts
  note(one, { at: news.found, kind: 'evaluated', event: news.because, value, evidence })
  if (news.because === 'severity_raised') {
    one.heldUntil = news.found
    endAcknowledgement(one, 'severity_raised', Math.min(one.ack?.until ?? news.found, news.found))
  }
  if (keepBack(state.backlog, news.facts.episode, news.at, news.found)) return
  tellAll(state, plan, one, news.because, news.found)
}

/** Another alert tells of it; what it holds back is held back all the same. */
function keepQuiet(state: DispatchState, { facts: { episode, identity, state: now } }: Announcement): void {
  const { rule, host } = identity
  if (now === 'firing') state.quiet.set(host, { episode, rule, host })
  else state.quiet.delete(host)
}

function caseOf(state: DispatchState, { because, facts, notify, found }: Announcement, ref: AlertRef): Case {
  const known = state.cases.get(facts.episode)
  const fresh: Case = {
    facts,
    because,
    ref,
    notify,
    firedAt: found,
    closed: false,
    groups: new Set(),
    muted: undefined,
    ack: undefined,
    escalated: 0,
    sent: 0,
    suppressed: 0,
    decisions: [],
  }
  const one = known ?? fresh
  one.facts = facts
  one.because = because
  one.notify = notify
  state.cases.set(facts.episode, one)
  return one
}

/**
 * An alert is gone without having got better: who was told that it fires hears that it was closed, and nobody else does.
 * Whoever hears of the service itself reads that in the notice that names who is gone.
 */
export function withdraw(state: DispatchState, plan: DispatchPlan, facts: AlertFacts, now: Millis): void {
  const { episode, value, evidence } = facts
  for (const [host, quiet] of state.quiet) if (quiet.episode === episode) state.quiet.delete(host)
  const one = state.cases.get(episode)
  if (one === undefined) return
  one.facts = facts
  one.because = 'resolved'
  note(one, { at: now, kind: 'evaluated', event: 'resolved', value, evidence })
  const noticed = new Set(
    linesTo(plan, plan.config.system).flatMap(({ via, to }) => (via === 'email' ? to.address : [])),
  )
  for (const [address, { held }] of state.purses) {
    const item = held.get(episode)
    if (item === undefined || (item.told && !noticed.has(address))) continue
    held.delete(episode)
    groupOf(state, one, address)?.members.delete(episode)
  }
  for (const group of groupsOf(state, one)) {
    if (group.members.get(episode)?.told === true && !noticed.has(group.line.to.address))
      goOn(group, one, 'resolved', now)
    else group.members.delete(episode)
  }
  state.backlog.episodes.delete(episode)
  state.dirty = true
}

/**
 * Who has heard of it before hears of it also when the configuration has changed since; of its end nobody else does.
 */
function tellAll(state: DispatchState, plan: DispatchPlan, one: Case, because: Because, now: Millis): void {
  const labels = labelsOf(one.facts)
  const lines = new Map(audienceOf(plan, one, labels).map((line) => [line.to.address, line]))
  const groups = groupsOf(state, one)
  for (const group of groups) {
    lines.delete(group.line.to.address)
    goOn(group, one, because, now)
  }
  state.dirty = true
  const isOver = one.facts.state === 'resolved'
  if (groups.length === 0 && (isOver || lines.size === 0)) {
    noteUntold(one, because, isOver ? { by: 'never_notified' } : NOBODY, now)
  }
  if (isOver) return
  for (const line of lines.values()) tellGroup(state, line, one, labels, because, now)
}

/** What an entry of the journal led to is known: decides who hears of it now. */
export function settle(state: DispatchState, plan: DispatchPlan, alerts: Alerts, now: Millis): Effect[] {
  if (!state.dirty) return []
  state.dirty = false
  muteAll(plan, state, now)
  const effects = tellDue(state, plan, alerts, now, true)
  tidyCases(state)
  return effects
}

/** A second passes: silences end, conversations go on, what waited is let go. */
export function elapse(state: DispatchState, plan: DispatchPlan, alerts: Alerts, now: Millis): Effect[] {
  const inForce = inForceNow(plan, state, now)
  forgetSilences(state, plan, now)
  endAcknowledgements(state, now)
  escalate(state, plan, now)
  const effects = readBacklog(state, plan, alerts, now, (one) => tellAll(state, plan, one, 'fired', now))
  const isChanged = state.dirty || inForce !== state.inForce
  state.inForce = inForce
  state.dirty = false
  if (isChanged) muteAll(plan, state, now)
  effects.push(...tellDue(state, plan, alerts, now, isChanged), ...tellHeld(state, plan, alerts, now))
  if (isChanged || effects.length > 0) tidyCases(state)
  effects.push(...tellScheduled(state, plan, alerts, now))
  forgetPurses(state, now)
  return effects
}

/** Looks at all conversations when something has changed, else at those that have rested long enough. */
function tellDue(state: DispatchState, plan: DispatchPlan, alerts: Alerts, now: Millis, isChanged: boolean): Effect[] {
  if (isChanged) heedMutes(state, now)
  const mails: Mail[] = []
  for (const group of state.groups.values()) {
    if (!isChanged && now < group.rests) continue
    const mail = flush(state, group, alerts, now)
    if (mail !== undefined) mails.push(mail)
    group.rests = restOf(group)
    if (group.members.size === 0) state.groups.delete(group.key)
  }
  return spend(state, plan, mails, now).map((mail) => {
    const { line, alerts, news } = mail
    countMail(
      state,
      line.via,
      alerts.slice(0, news).map(({ identity }) => identity.rule),
    )
    noteTold(state, line, alerts, now)
    return compose(state, plan, mail, now)
  })
}

/** The mails that may go out now; machines have no budget, people do. */
function spend(state: DispatchState, plan: DispatchPlan, mails: readonly Mail[], now: Millis): readonly Mail[] {
  const { mailsPerMinute, alerting } = plan.config
  state.sent = state.sent.filter((at) => at <= now && now - at < MINUTE)
  const byAddress = Map.groupBy(mails, ({ line }) => (line.via === 'email' ? line.to.address : ''))
  return [...byAddress].flatMap(([address, theirs]) => {
    if (address === '') return theirs
    const [first] = theirs
    const purse = purseOf(state, (first as Mail).line)
    const left = alerting.totalPerMinute - state.sent.length
    const single = offer(purse, theirs, { perMinute: mailsPerMinute, left }, now)
    for (const _ of single) state.sent.push(now)
    return single
  })
}

/** Whoever is to hear of what nobody looks after; the time counts from when somebody could have. */
function escalate(state: DispatchState, plan: DispatchPlan, now: Millis): void {
  if (!plan.escalates) return
  for (const one of state.cases.values()) {
    if (one.facts.state !== 'firing') continue
    if (one.muted !== undefined || isAcknowledged(one, now)) {
      one.heldUntil = now
      continue
    }
    const since = Math.max(one.firedAt, one.heldUntil ?? 0)
    const labels = labelsOf(one.facts)
    for (const { after, lines } of escalationOf(plan, one, labels).slice(one.escalated)) {
      if (now - since < after) break
      one.escalated++
      for (const line of lines) tellGroup(state, line, one, labels, 'escalated', now)
      state.dirty = true
    }
  }
}

/** Cases that are over stay for a while once everybody has heard of it; pictures stay with nobody. */
function tidyCases(state: DispatchState): void {
  const held = new Set([...state.purses.values()].flatMap((purse) => [...purse.held.keys()]))
  for (const one of state.cases.values()) {
    const { episode } = one.facts
    const isOpen = one.facts.state !== 'resolved' || state.backlog.episodes.has(episode) || held.has(episode)
    if (!isOpen && !one.closed && groupsOf(state, one).length === 0) close(state, one)
    forgetPicture(state, one)
  }
}

function close(state: DispatchState, one: Case): void {
  one.closed = true
  state.closed.push(one.facts.episode)
  while (state.closed.length > KEEP_CLOSED) state.cases.delete(state.closed.shift() ?? '')
}

/** Silences that are over are kept for five days, for whoever asks. */
const KEEP_SILENCES = 120 * 3_600_000

function forgetSilences(state: DispatchState, plan: DispatchPlan, now: Millis): void {
  for (const { id, until } of state.silences.values()) {
    if (now - until < KEEP_SILENCES) continue
    state.silences.delete(id)
    plan.silences.delete(id)
  }
}
