import {
  type AlertSnapshot,
  type NotificationReason,
  type Effect,
  type HeldBy,
  type Millis,
  clampToNow,
} from '../model.ts'
import { resolveTargets } from './routing.ts'
import { charge, takeDeferred } from './rate-limit.ts'
import { composeList } from './compose.ts'
import {
  type AlertLookup,
  updateMember,
  findGroup,
  listGroups,
  addNotified,
  newMember,
  resumeGroup,
  addToGroup,
} from './groups.ts'
import { findHold, suppressPending, NO_RECEIVER, recordSuppressed, muteFor } from './suppress.ts'
import { alertLabels } from '../labels/matcher.ts'
import type { DispatchPlan } from './plan.ts'
import { snapshotFor, recordNotified } from './flush.ts'
import {
  type TrackedAlert,
  countMail,
  type DispatchState,
  type DeferredAlert,
  recordDecision,
  type Backlog,
} from './state.ts'

/** Sends the deferred alerts whose rate limit allows it, in their current state: one list per address. */
export function flushDeferred(
  state: DispatchState,
  plan: DispatchPlan,
  alerts: AlertLookup,
  now: Millis,
): readonly Effect[] {
  return [...state.rateLimits.values()].flatMap((rateLimit) => {
    const items = takeDeferred(
      rateLimit,
      plan.config.mailsPerMinute,
      (item) => refreshDeferred(state, alerts, item, now),
      now,
    )
    return items.length === 0 ? [] : [notifyList(state, plan, items, 'rate_limited', now)]
  })
}

function notifyList(
  state: DispatchState,
  plan: DispatchPlan,
  items: readonly DeferredAlert[],
  reason: NotificationReason,
  now: Millis,
): Effect {
  countMail(
    state,
    items[0]?.target.channel ?? 'email',
    items.map(({ snapshot }) => snapshot.identity.rule),
  )
  for (const { target, snapshot: facts, reason: eventReason } of items) {
    const isAlone = items.length === 1
    const isListed = eventReason !== reason && (!isAlone || facts.heldBy === undefined)
    recordNotified(state, target, [{ ...facts, reason: eventReason }], now, isListed ? { reason, isAlone } : undefined)
  }
  return composeList(state, plan, items, reason, now)
}

/**
 * Returns a deferred alert in its current state, with reason `resolved` if it is over; undefined if it is not sent now.
 */
function refreshDeferred(
  state: DispatchState,
  alerts: AlertLookup,
  item: DeferredAlert,
  now: Millis,
): DeferredAlert | undefined {
  const { episode } = item.snapshot
  const { address } = item.target.to
  const alert = state.alerts.get(episode)
  if (alert === undefined) return item
  const why = findHold(alert, address, item.reason, now)
  if (why !== undefined) return returnToGroup(state, alert, item, why, now)
  const group = findGroup(state, alert, address)
  const { notifications = 0, suppressed = 0 } = group?.members.get(episode) ?? item.snapshot
  const { heldBy, chart, peers, state: was } = item.snapshot
  const snapshot: AlertSnapshot = {
    ...snapshotFor(alert, alerts),
    notifications,
    suppressed,
    ...(heldBy === undefined ? {} : { heldBy }),
    ...(was !== alert.snapshot.state || chart === undefined ? {} : { chart }),
    ...(was !== alert.snapshot.state || peers === undefined ? {} : { peers }),
  }
  if (alert.snapshot.state === 'firing' && !isReverted(item, snapshot)) return { ...item, snapshot }
  if (alert.snapshot.state === 'firing') {
    recordSuppressed(alert, item.reason, { by: 'undone' }, now, address)
    return undefined
  }
  // The list reports the end, so the group must not report it again.
  group?.members.delete(episode)
  return { ...item, reason: alert.lastEvent === 'flapping_stopped' ? alert.lastEvent : 'resolved', snapshot }
}

/** Returns true if the severity changed back before the change was sent. */
function isReverted({ reason }: DeferredAlert, { severity }: AlertSnapshot): boolean {
  return (
    (reason === 'severity_raised' && severity !== 'critical') ||
    (reason === 'severity_lowered' && severity === 'critical')
  )
}

/**
 * Returns an alert that is muted or acknowledged by now to its group, where it is pending until nothing holds it. Drops
 * it if it resolved before the address was ever notified.
 */
function returnToGroup(
  state: DispatchState,
  alert: TrackedAlert,
  item: DeferredAlert,
  why: HeldBy,
  now: Millis,
): undefined {
  const { address } = item.target.to
  const isOver = alert.snapshot.state === 'resolved'
  if (isOver && !item.isNotified) {
    findGroup(state, alert, address)?.members.delete(alert.snapshot.episode)
    recordSuppressed(alert, 'all', why, now, address)
    return
  }
  const group = resumeGroup(state, item, alert, now)
  const member = group.members.get(alert.snapshot.episode) ?? newMember(true)
  group.members.set(alert.snapshot.episode, member)
  if (item.reason === 'repeat_interval' && !isOver) {
    recordDecision(alert, { at: now, kind: 'suppressed', event: item.reason, why, to: address })
    return
  }
  member.isNotified = item.isNotified
  member.pending = isOver ? 'resolved' : (member.pending ?? item.reason)
  group.nextFlushAt = 0
  suppressPending(group, alert, member, why, now)
}

/**
 * Sends the backlog once it has ended. Addresses that were notified of an alert before get its latest change. For the
 * other addresses, alerts that still fire on current data are notified as usual, and the rest is sent as one list per
 * address.
 *
 * @param tellAll notifies the targets of an alert that still fires.
 */
export function flushBacklog(
  state: DispatchState,
  plan: DispatchPlan,
  alerts: AlertLookup,
  now: Millis,
  tellAll: (alert: TrackedAlert) => void,
): Effect[] {
  const lists = new Map<string, DeferredAlert[]>()
  for (const episode of takeBacklog(state.backlog, now)) {
    const one = state.alerts.get(episode)
    if (one === undefined) continue
    state.isDirty = true
    const groups = listGroups(state, one)
    const goesOn = one.snapshot.state === 'firing' && (one.muted !== undefined || alerts.isCurrent(one))
    if (goesOn) tellAll(one)
    else addToLists(state, plan, one, lists, now)
    for (const group of groups)
      if (group.members.get(episode)?.isNotified === true) updateMember(group, one, one.lastEvent, now)
  }
  return [...lists.values()].map((items) => {
    const [first] = items
    if (first !== undefined) charge(state, first.target, now)
    return notifyList(state, plan, items, 'backlog', now)
  })
}

/** Adds an alert to the list of each target whose groups do not include it yet. */
function addToLists(
  state: DispatchState,
  plan: DispatchPlan,
  alert: TrackedAlert,
  lists: Map<string, DeferredAlert[]>,
  now: Millis,
): void {
  const { snapshot } = alert
  const groups = new Set(listGroups(state, alert).map(({ target }) => target.to.address))
  const labels = alertLabels(snapshot)
  const targets = resolveTargets(plan, alert, labels)
  if (targets.length === 0 && groups.size === 0) recordSuppressed(alert, 'all', alert.muted ?? NO_RECEIVER, now)
  for (const line of targets) {
    if (groups.has(line.to.address)) continue
    const muted = muteFor(alert, line.to.address)
    if (muted !== undefined) {
      if (snapshot.state === 'firing') addToGroup(state, line, alert, labels, 'fired', now)
      else recordSuppressed(alert, 'all', muted, now, line.to.address)
      continue
    }
    const items = lists.get(line.to.address) ?? []
    lists.set(line.to.address, items)
    items.push({
      target: line,
      reason: 'backlog',
      thread: snapshot.episode,
      seq: 0,
      snapshot,
      lead: undefined,
      isNotified: false,
    })
    if (snapshot.state === 'firing') addNotified(state, line, alert, labels, now)
  }
}

/** A change found this long after its window ended belongs to the backlog. */
const BACKLOG_AGE = 15 * 60_000
/** The backlog ends when nothing old was found for `QUIET`, or `PATIENCE` after it began, whichever comes first. */
const BACKLOG_QUIET = 60_000
const MAX_BACKLOG = 10 * 60_000

/**
 * Adds an episode to the backlog if its change is old, or if it is there already. Returns true if it is in the backlog.
 */
export function deferToBacklog(backlog: Backlog, episode: string, at: Millis, found: Millis): boolean {
  const isOld = found - at > BACKLOG_AGE
  if (!isOld && !backlog.episodes.has(episode)) return false
  if (backlog.episodes.size === 0) backlog.startedAt = found
  if (isOld) backlog.lastFoundAt = found
  backlog.episodes.add(episode)
  return true
}

/** Returns when the backlog ends if nothing more is added. */
export function backlogEnd({ startedAt, lastFoundAt }: Backlog): Millis {
  return Math.min(lastFoundAt + BACKLOG_QUIET, startedAt + MAX_BACKLOG)
}

/** Returns the episodes of the backlog and empties it, once it has ended; before that an empty list. */
function takeBacklog(backlog: Backlog, now: Millis): readonly string[] {
  clampToNow(backlog, now, 'startedAt', 'lastFoundAt')
  if (backlog.episodes.size === 0 || now < backlogEnd(backlog)) return []
  const episodes = [...backlog.episodes]
  backlog.episodes.clear()
  return episodes
}
