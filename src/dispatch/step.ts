import type { AlertSnapshot, AlertEvent, NotificationReason, Effect, Millis } from '../model.ts'
import { resolveTargets, resolveEscalation, sendsResolved, targetsForReceivers } from './routing.ts'
import { deferToBacklog, flushBacklog, flushDeferred } from './deferred.ts'
import { pruneRateLimits, admit, rateLimitFor } from './rate-limit.ts'
import { composeMail, pruneChart } from './compose.ts'
import { type AlertLookup, updateMember, findGroup, listGroups, addToGroup } from './groups.ts'
import {
  endAcknowledgement,
  endAcknowledgements,
  applyMutes,
  isAcknowledged,
  NO_RECEIVER,
  recordSuppressed,
} from './suppress.ts'
import { alertLabels } from '../labels/matcher.ts'
import { describeMutesInForce, updateMutes } from './mute.ts'
import type { DispatchPlan } from './plan.ts'
import { notifyScheduled } from './heartbeat.ts'
import { flush, recordNotified, computeNextFlush } from './flush.ts'
import {
  type AlertRef,
  type TrackedAlert,
  countMail,
  type DispatchState,
  type Group,
  type Mail,
  recordDecision,
} from './state.ts'

/** The most closed episodes kept for queries. */
const CLOSED_RETENTION = 300
const MINUTE = 60_000

/**
 * Records an event of an alert and queues its notifications. `flushAfterEntry` sends them, once the whole entry is
 * applied.
 */
export function onAlertEvent(state: DispatchState, plan: DispatchPlan, event: AlertEvent, ref: AlertRef): void {
  state.isDirty = true
  if (event.massAbsence !== undefined) return coverHost(state, event.snapshot, event.massAbsence)
  const alert = trackAlert(state, event, ref)
  const { value, evidence } = event.snapshot
  recordDecision(alert, { at: event.detectedAt, kind: 'evaluated', event: event.event, value, evidence })
  if (event.event === 'severity_raised') {
    alert.suppressedUntil = event.detectedAt
    endAcknowledgement(alert, 'severity_raised', Math.min(alert.ack?.until ?? event.detectedAt, event.detectedAt))
  }
  if (deferToBacklog(state.backlog, event.snapshot.episode, event.eventTime, event.detectedAt)) return
  notifyTargets(state, plan, alert, event.event, event.detectedAt)
}

/** Records a host that a mass-absence alert covers. It still inhibits the host's other alerts. */
function coverHost(state: DispatchState, snapshot: AlertSnapshot, massAbsence: string): void {
  const { rule, host, measure } = snapshot.identity
  const { episode, source } = snapshot
  uncoverHost(state, snapshot)
  if (snapshot.state === 'resolved') return
  const covered = state.coveredHosts.get(massAbsence) ?? { rule, hosts: new Map() }
  covered.hosts.set(host, { episode, source, metric: measure.metric })
  state.coveredHosts.set(massAbsence, covered)
}

function uncoverHost({ coveredHosts }: DispatchState, { identity: { host } }: AlertSnapshot): void {
  for (const [id, { hosts }] of coveredHosts) if (hosts.delete(host) && hosts.size === 0) coveredHosts.delete(id)
}

function isCovered({ coveredHosts }: DispatchState, { episode, identity: { host } }: AlertSnapshot): boolean {
  return [...coveredHosts.values()].some(({ hosts }) => hosts.get(host)?.episode === episode)
}

function trackAlert(
  state: DispatchState,
  { event, snapshot, notify, detectedAt }: AlertEvent,
  ref: AlertRef,
): TrackedAlert {
  const known = state.alerts.get(snapshot.episode)
  const fresh: TrackedAlert = {
    snapshot,
    lastEvent: event,
    ref,
    notify,
    firedAt: detectedAt,
    isClosed: false,
    groups: new Set(),
    muted: undefined,
    inhibited: new Map(),
    ack: undefined,
    escalationStep: 0,
    notifications: 0,
    suppressed: 0,
    decisions: [],
  }
  const alert = known ?? fresh
  alert.snapshot = snapshot
  alert.lastEvent = event
  alert.notify = notify
  state.alerts.set(snapshot.episode, alert)
  return alert
}

/**
 * Closes an alert without recovery. Only addresses that were notified that it fires are notified of the closing.
 * Receivers of `self_monitoring` get the notice of retired hosts instead.
 */
export function onAlertClosed(state: DispatchState, plan: DispatchPlan, snapshot: AlertSnapshot, now: Millis): void {
  const { episode, value, evidence } = snapshot
  if (isCovered(state, snapshot)) uncoverHost(state, snapshot)
  const alert = state.alerts.get(episode)
  if (alert === undefined) return
  alert.snapshot = snapshot
  alert.lastEvent = 'resolved'
  recordDecision(alert, { at: now, kind: 'evaluated', event: 'resolved', value, evidence })
  const noticed = new Set(
    targetsForReceivers(plan, plan.config.selfMonitoring).flatMap(({ channel, to }) =>
      channel === 'email' ? to.address : [],
    ),
  )
  for (const [address, { deferred }] of state.rateLimits) {
    const item = deferred.get(episode)
    if (item === undefined || (item.isNotified && !noticed.has(address))) continue
    deferred.delete(episode)
    findGroup(state, alert, address)?.members.delete(episode)
  }
  for (const group of listGroups(state, alert)) {
    if (group.members.get(episode)?.isNotified === true && !noticed.has(group.target.to.address))
      updateGroup(plan, group, alert, 'resolved', now)
    else group.members.delete(episode)
  }
  state.backlog.episodes.delete(episode)
  state.isDirty = true
}

/**
 * Queues an event for the alert's targets. Addresses notified before also get it if routing has changed since. The end
 * of an alert goes to those addresses only.
 */
function notifyTargets(
  state: DispatchState,
  plan: DispatchPlan,
  alert: TrackedAlert,
  reason: NotificationReason,
  now: Millis,
): void {
  const labels = alertLabels(alert.snapshot)
  const targets = new Map(resolveTargets(plan, alert, labels).map((target) => [target.to.address, target]))
  const groups = listGroups(state, alert)
  for (const group of groups) {
    targets.delete(group.target.to.address)
    updateGroup(plan, group, alert, reason, now)
  }
  state.isDirty = true
  const isOver = alert.snapshot.state === 'resolved'
  if (groups.length === 0 && (isOver || targets.size === 0)) {
    recordSuppressed(alert, reason, isOver ? { by: 'never_notified' } : NO_RECEIVER, now)
  }
  if (isOver) return
  for (const line of targets.values()) addToGroup(state, line, alert, labels, reason, now)
}

/** Queues an event in a group, unless it is the end of a notified alert that its target is not notified of. */
function updateGroup(
  plan: DispatchPlan,
  group: Group,
  alert: TrackedAlert,
  reason: NotificationReason,
  now: Millis,
): void {
  const { episode, state, identity } = alert.snapshot
  const isEnd = state === 'resolved' && group.members.get(episode)?.isNotified === true
  if (!isEnd || sendsResolved(plan, identity.rule, group.target)) return updateMember(group, alert, reason, now)
  group.members.delete(episode)
  recordSuppressed(alert, reason, { by: 'send_resolved' }, now, group.target.to.address)
}

/** Sends what the groups have due after a journal entry is applied. */
export function flushAfterEntry(state: DispatchState, plan: DispatchPlan, alerts: AlertLookup, now: Millis): Effect[] {
  if (!state.isDirty) return []
  state.isDirty = false
  updateMutes(plan, state, now)
  const effects = flushDueGroups(state, plan, alerts, now, true)
  pruneAlerts(state)
  return effects
}

/** Advances dispatch by one second: expires silences and acknowledgements, escalates, and sends what is due. */
export function onTick(state: DispatchState, plan: DispatchPlan, alerts: AlertLookup, now: Millis): Effect[] {
  const inForce = describeMutesInForce(plan, state, now)
  pruneSilences(state, plan, now)
  endAcknowledgements(state, now)
  escalate(state, plan, now)
  const effects = flushBacklog(state, plan, alerts, now, (alert) => notifyTargets(state, plan, alert, 'fired', now))
  const isChanged = state.isDirty || inForce !== state.mutesInForce
  state.mutesInForce = inForce
  state.isDirty = false
  if (isChanged) updateMutes(plan, state, now)
  effects.push(...flushDueGroups(state, plan, alerts, now, isChanged), ...flushDeferred(state, plan, alerts, now))
  if (isChanged || effects.length > 0) pruneAlerts(state)
  effects.push(...notifyScheduled(state, plan, alerts, now))
  pruneRateLimits(state, now)
  return effects
}

/** Flushes all groups if something changed, else those whose next flush is due. */
function flushDueGroups(
  state: DispatchState,
  plan: DispatchPlan,
  alerts: AlertLookup,
  now: Millis,
  isChanged: boolean,
): Effect[] {
  if (isChanged) applyMutes(state, now)
  const mails: Mail[] = []
  for (const group of state.groups.values()) {
    if (!isChanged && now < group.nextFlushAt) continue
    const mail = flush(state, group, alerts, now)
    if (mail !== undefined) mails.push(mail)
    group.nextFlushAt = computeNextFlush(group)
    if (group.members.size === 0) state.groups.delete(group.key)
  }
  return applyRateLimits(state, plan, mails, now).map((mail) => {
    const { target, alerts, newCount } = mail
    countMail(
      state,
      target.channel,
      alerts.slice(0, newCount).map(({ identity }) => identity.rule),
    )
    recordNotified(state, target, alerts, now)
    return composeMail(state, plan, mail, now)
  })
}

/** Returns the mails that may be sent now. Rate limits apply to email only. */
function applyRateLimits(
  state: DispatchState,
  plan: DispatchPlan,
  mails: readonly Mail[],
  now: Millis,
): readonly Mail[] {
  const { mailsPerMinute, alerting } = plan.config
  state.recentMails = state.recentMails.filter((at) => at <= now && now - at < MINUTE)
  const byAddress = Map.groupBy(mails, ({ target }) => (target.channel === 'email' ? target.to.address : ''))
  return [...byAddress].flatMap(([address, theirs]) => {
    if (address === '') return theirs
    const [first] = theirs
    const rateLimit = rateLimitFor(state, (first as Mail).target)
    const remaining = alerting.totalPerMinute - state.recentMails.length
    const single = admit(rateLimit, theirs, { perMinute: mailsPerMinute, remaining }, now)
    for (const _ of single) state.recentMails.push(now)
    return single
  })
}

/** Adds the receivers of due escalation steps. Time counts while the alert is neither muted nor acknowledged. */
function escalate(state: DispatchState, plan: DispatchPlan, now: Millis): void {
  if (!plan.hasEscalation) return
  for (const alert of state.alerts.values()) {
    if (alert.snapshot.state !== 'firing') continue
    if (alert.muted !== undefined || isAcknowledged(alert, now)) {
      alert.suppressedUntil = now
      continue
    }
    const since = Math.max(alert.firedAt, alert.suppressedUntil ?? 0)
    const labels = alertLabels(alert.snapshot)
    for (const { after, lines: targets } of resolveEscalation(plan, alert, labels).slice(alert.escalationStep)) {
      if (now - since < after) break
      alert.escalationStep++
      for (const target of targets) addToGroup(state, target, alert, labels, 'escalated', now)
      state.isDirty = true
    }
  }
}

/** Closes alerts that are resolved and have nothing left to send, and drops charts that are not needed. */
function pruneAlerts(state: DispatchState): void {
  const held = new Set([...state.rateLimits.values()].flatMap((rateLimit) => [...rateLimit.deferred.keys()]))
  for (const alert of state.alerts.values()) {
    const { episode } = alert.snapshot
    const isOpen = alert.snapshot.state !== 'resolved' || state.backlog.episodes.has(episode) || held.has(episode)
    if (!isOpen && !alert.isClosed && listGroups(state, alert).length === 0) closeEpisode(state, alert)
    pruneChart(state, alert)
  }
}

function closeEpisode(state: DispatchState, alert: TrackedAlert): void {
  alert.isClosed = true
  state.closedEpisodes.push(alert.snapshot.episode)
  while (state.closedEpisodes.length > CLOSED_RETENTION) state.alerts.delete(state.closedEpisodes.shift() ?? '')
}

/** Expired silences are kept for five days, for queries. */
const SILENCE_RETENTION = 120 * 3_600_000

function pruneSilences(state: DispatchState, plan: DispatchPlan, now: Millis): void {
  for (const { id, endsAt } of state.silences.values()) {
    if (now - endsAt < SILENCE_RETENTION) continue
    state.silences.delete(id)
    plan.silences.delete(id)
  }
}
