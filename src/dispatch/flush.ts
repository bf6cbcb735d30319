import {
  type AlertSnapshot,
  type NotificationReason,
  clampToNow,
  type Decision,
  type Millis,
  type Suppression,
  worstFirst,
} from '../model.ts'
import { type AlertLookup, findGroup } from './groups.ts'
import { findHold, isAcknowledged, recordSuppressed, muteFor } from './suppress.ts'
import { condense, isStep, withoutChart } from './compose.ts'
import {
  type TrackedAlert,
  type DispatchState,
  type Group,
  type Target,
  type Mail,
  type Member,
  recordDecision,
} from './state.ts'

/** Maximum number of other firing alerts in one mail. */
const MAX_OTHERS = 500
/** A mail about several changes takes the first of these reasons that applies. */
const EVENT_RANK: readonly NotificationReason[] = [
  'severity_raised',
  'fired',
  'severity_lowered',
  'escalated',
  'silence_ended',
  'flapping_started',
  'flapping_stopped',
  'resolved',
]

/**
 * Returns the mail that a group sends now, if any, by the same checks as Alertmanager: a change since the last mail,
 * all resolved, or the repeat interval elapsed.
 */
export function flush(state: DispatchState, group: Group, alerts: AlertLookup, now: Millis): Mail | undefined {
  clampGroup(group, now)
  dropUnnotified(state, group, now)
  const pendingEvents = [...group.members].flatMap(([episode, member]) => {
    const alert = state.alerts.get(episode)
    if (
      alert === undefined ||
      member.pending === undefined ||
      findHold(alert, group.target.to.address, member.pending, now)
    )
      return []
    return [{ alert, member, event: member.pending }]
  })
  if (pendingEvents.length > 0)
    return isFlushDue(group, pendingEvents, now) ? notifyEvents(state, group, pendingEvents, alerts, now) : undefined
  const again = isRepeatDue(group, now) ? listFiring(state, group, now) : []
  return again.length === 0 ? undefined : notifyRepeat(group, again, alerts, now)
}

/** Moves the group's remembered instants back to `now` if the service's clock was set back. */
function clampGroup(group: Group, now: Millis): void {
  clampToNow(group, now, 'startedAt', 'lastNotifiedAt')
}

/**
 * Removes members that resolved before their first notification. Those resolved without any wait or hold stay: they are
 * notified.
 */
function dropUnnotified(state: DispatchState, group: Group, now: Millis): void {
  for (const [episode, member] of group.members) {
    const alert = state.alerts.get(episode)
    if (alert !== undefined && (alert.snapshot.state === 'firing' || member.isNotified)) continue
    const why: Suppression | undefined =
      member.heldBy ?? (group.target.grouping.wait > 0 ? RESOLVED_IN_GROUP_WAIT : undefined)
    if (alert !== undefined && why === undefined) continue
    group.members.delete(episode)
    if (alert === undefined || why === undefined) continue
    recordSuppressed(alert, 'all', why, now, group.target.to.address)
  }
}

const RESOLVED_IN_GROUP_WAIT: Suppression = { by: 'resolved_in_group_wait' }

interface PendingEvent {
  readonly alert: TrackedAlert
  readonly member: Member
  readonly event: NotificationReason
}

function isFlushDue(group: Group, pendingEvents: readonly PendingEvent[], now: Millis): boolean {
  return pendingEvents.some(({ event }) => event === 'severity_raised') || now >= nextFlush(group)
}

/** Returns when the group may send its next changes. */
export function nextFlush({ target: { grouping }, startedAt, lastNotifiedAt }: Group): Millis {
  return lastNotifiedAt === undefined ? startedAt + grouping.wait : lastNotifiedAt + grouping.interval
}

/** Returns when the group has something to send if nothing changes; `Infinity` for never. */
export function computeNextFlush(group: Group): Millis {
  const hasNews = [...group.members.values()].some(({ pending }) => pending !== undefined)
  return Math.min(hasNews ? nextFlush(group) : Infinity, nextRepeat(group) ?? Infinity)
}

/** Returns when an unchanged group repeats its mail; undefined for never. */
function nextRepeat({ target: { repeat }, lastNotifiedAt, repeatCount }: Group): Millis | undefined {
  if (lastNotifiedAt === undefined || repeat.initial === 0) return undefined
  return lastNotifiedAt + Math.min(repeat.max, repeat.initial * 2 ** repeatCount)
}

function isRepeatDue(group: Group, now: Millis): boolean {
  const at = nextRepeat(group)
  return at !== undefined && now >= at
}

/**
 * Lists the members that a mail repeats: firing, notified before, not muted and not acknowledged. Alertmanager also
 * gets acknowledged alerts, since it resolves alerts that are not refreshed.
 */
function listFiring(state: DispatchState, group: Group, now: Millis): readonly TrackedAlert[] {
  return [...group.members].flatMap(([episode, member]) => {
    const alert = state.alerts.get(episode)
    if (alert === undefined || !member.isNotified || alert.snapshot.state !== 'firing') return []
    if (muteFor(alert, group.target.to.address) !== undefined) return []
    return isAcknowledged(alert, now) && group.target.channel !== 'alertmanager' ? [] : [alert]
  })
}

function notifyEvents(
  state: DispatchState,
  group: Group,
  pendingEvents: readonly PendingEvent[],
  alerts: AlertLookup,
  now: Millis,
): Mail {
  const reason = EVENT_RANK.find((one) => pendingEvents.some(({ event }) => event === one)) ?? 'fired'
  const ordered = pendingEvents.toSorted((a, b) => EVENT_RANK.indexOf(a.event) - EVENT_RANK.indexOf(b.event))
  const isPictured = ordered.length === 1 && group.target.channel === 'email'
  const news = ordered.map(({ alert, member, event: reason }): AlertSnapshot => ({
    ...omitKnownGaps(group, member, snapshotFor(alert, alerts, member)),
    ...(isPictured && isFirst(alert, member) ? alerts.surroundings(alert) : {}),
    reason,
  }))
  const fresh = new Set(pendingEvents.map(({ alert }) => alert))
  const notifiedBefore = listNotified(pendingEvents)
  for (const { alert: one, member } of pendingEvents) {
    member.isNotified = true
    member.pending = undefined
    member.heldBy = undefined
    delete member.suppressionKey
    if (one.snapshot.state === 'resolved') group.members.delete(one.snapshot.episode)
  }
  if (reason !== 'resolved') group.repeatCount = 0
  const others =
    group.target.channel === 'alertmanager' ? [] : listFiring(state, group, now).filter((alert) => !fresh.has(alert))
  const rest = others
    .slice(0, MAX_OTHERS)
    .map((alert) => omitKnownGaps(group, group.members.get(alert.snapshot.episode), snapshotFor(alert, alerts)))
  return { ...buildMail(group, reason, [...news, ...rest], news.length, now), notifiedBefore }
}

function listNotified(pendingEvents: readonly PendingEvent[]): ReadonlySet<string> {
  return new Set(pendingEvents.flatMap(({ alert, member }) => (member.isNotified ? [alert.snapshot.episode] : [])))
}

function notifyRepeat(group: Group, again: readonly TrackedAlert[], alerts: AlertLookup, now: Millis): Mail {
  const reason = 'repeat_interval'
  const snapshots = again.map((alert): AlertSnapshot => {
    const member = group.members.get(alert.snapshot.episode)
    return { ...omitKnownGaps(group, member, snapshotFor(alert, alerts, member)), reason }
  })
  group.repeatCount++
  const notifiedBefore = new Set(again.map((alert) => alert.snapshot.episode))
  return { ...buildMail(group, reason, snapshots, snapshots.length, now), notifiedBefore }
}

/** Records a mail in the decisions of each of its alerts, with the alert's own reason, and counts it. */
export function recordNotified(
  state: DispatchState,
  target: Target,
  alerts: readonly AlertSnapshot[],
  now: Millis,
  list?: Notified['list'],
): void {
  const { address } = target.to
  for (const { episode, reason, heldBy } of alerts) {
    const alert = state.alerts.get(episode)
    if (alert === undefined) continue
    if (reason !== undefined) {
      const member = findGroup(state, alert, address)?.members.get(episode)
      alert.notifications++
      if (member !== undefined) member.notifications++
    }
    recordDecision(alert, {
      at: now,
      kind: 'notified',
      to: address,
      event: reason ?? 'beside',
      ...(reason === undefined || heldBy === undefined ? {} : { heldBy }),
      ...(list === undefined ? {} : { list }),
    })
  }
}

type Notified = Extract<Decision, { readonly kind: 'notified' }>

/**
 * Returns the current snapshot of an alert. Adds chart and peers of the member's pending event only if nothing held it:
 * later they would show the past.
 */
export function snapshotFor(alert: TrackedAlert, alerts: AlertLookup, member?: Member): AlertSnapshot {
  const now = alert.snapshot.state === 'firing' ? alerts.snapshot(alert) : undefined
  const { ack, snapshot } = alert
  const { pending, heldBy, notifications = 0, suppressed = 0 } = member ?? {}
  const isFresh = pending !== undefined && isStep(pending) && heldBy === undefined
  const chart = isFresh ? snapshot.chart : undefined
  return {
    ...(now ?? withoutChart(snapshot)),
    ...(now !== undefined && isFresh && snapshot.peers !== undefined ? { peers: snapshot.peers } : {}),
    ...(chart === undefined ? {} : { chart }),
    notifications,
    suppressed,
    ...(heldBy === undefined ? {} : { heldBy }),
    ...(ack === undefined ? {} : { ack }),
  }
}

/** Returns true for the first notification of a firing alert to an address that something held until now. */
function isFirst({ snapshot }: TrackedAlert, { isNotified, pending, heldBy }: Member): boolean {
  const isHeld = heldBy !== undefined || (pending !== undefined && !isStep(pending))
  return snapshot.state === 'firing' && !isNotified && isHeld
}

/** Drops the downtimes that an earlier mail about the alert mentioned. */
function omitKnownGaps(
  { lastNotifiedAt = -Infinity }: Group,
  member: Member | undefined,
  snapshot: AlertSnapshot,
): AlertSnapshot {
  if (member?.isNotified !== true) return snapshot
  return { ...snapshot, gaps: snapshot.gaps.filter(({ to }) => to > lastNotifiedAt) }
}

function buildMail(
  group: Group,
  reason: NotificationReason,
  alerts: readonly AlertSnapshot[],
  newCount: number,
  now: Millis,
): Omit<Mail, 'notifiedBefore'> {
  const only = group.target.channel === 'email' ? alerts : alerts.map(withoutChart)
  const shown = only.map((snapshot, i) => (newCount === 1 && i === 0 ? snapshot : condense(snapshot)))
  const hosts = new Set(shown.slice(0, newCount).map(({ identity }) => identity.host))
  const [worst] = worstFirst(shown.slice(0, newCount))
  group.lead ??= { alert: condense(worst as AlertSnapshot), more: hosts.size - 1 }
  group.lastNotifiedAt = now
  const { escalationTarget, thread, lead, identity } = group
  const target = reason === 'escalated' ? (escalationTarget ?? group.target) : group.target
  delete group.escalationTarget
  const isOver = shown.every(({ state }) => state === 'resolved')
  return {
    target,
    reason,
    thread,
    seq: group.seq++,
    alerts: shown,
    newCount,
    group: identity,
    lead,
    nextRepeatAt: isOver ? undefined : nextRepeatFor(group, shown),
  }
}

/**
 * Returns when the mail repeats if nothing changes. If all its firing alerts are acknowledged, not before the first of
 * the acknowledgements ends.
 */
function nextRepeatFor(group: Group, shown: readonly AlertSnapshot[]): Millis | undefined {
  const at = nextRepeat(group)
  if (at === undefined || group.target.channel === 'alertmanager') return at
  const firing = shown.filter(({ state }) => state === 'firing')
  const until = firing.reduce((min, { ack }) => Math.min(min, ack?.until ?? at), Infinity)
  return Math.max(at, until)
}
