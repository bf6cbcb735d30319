import type { AlertSnapshot, NotificationReason, Millis, NotificationGroup, Pulse, Report } from '../model.ts'
import { mayReceive, supersede, recordSuppressed, receiverRemoved } from './suppress.ts'
import { type Labels, alertLabels, joinValues } from '../labels/matcher.ts'
import type { TrackedAlert, DispatchState, Group, DeferredAlert, Target, Member } from './state.ts'

/** Access to the engine's current view of alerts. */
export interface AlertLookup {
  /** Returns the current snapshot; undefined if the alert is closed. */
  snapshot(alert: TrackedAlert): AlertSnapshot | undefined
  /** Returns the chart and the peers of a firing alert as of its newest window, where it has any. */
  surroundings(alert: TrackedAlert): Pick<AlertSnapshot, 'chart' | 'peers'>
  /** Returns true if the alert still fires, on data of the last minutes. */
  isCurrent(alert: TrackedAlert): boolean
  /** Builds the report of the time since `from`, and the heartbeat's view of current traffic. */
  report(request: ReportRequest): Report
  pulse(): Pulse
}

/** The period of a report. Its days are days of `zone`. */
export interface ReportRequest {
  readonly every: Report['every']
  readonly from: Millis
  readonly zone: string
}

/**
 * Adds an alert to a target's group and queues the event. A group in which the address was notified of the alert before
 * takes precedence over the group that its labels lead to now.
 */
export function addToGroup(
  state: DispatchState,
  target: Target,
  alert: TrackedAlert,
  labels: Labels,
  event: NotificationReason,
  now: Millis,
): void {
  const { episode } = alert.snapshot
  const key = groupKey(target, labels)
  const current = findGroup(state, alert, target.to.address)
  const group = current ?? state.groups.get(key) ?? newGroup(key, target, labels, episode, now)
  state.groups.set(group.key, group)
  alert.groups.add(group.key)
  if (group.key === key) chooseTarget(group, target)
  delete group.removedAt
  const member = group.members.get(episode) ?? newMember(false)
  group.members.set(episode, member)
  queueEvent(alert, member, event)
}

/** Sets how the group's address is notified. An escalation to one that is notified anyway is for one mail only. */
function chooseTarget(group: Group, target: Target): void {
  const isExtra = target.namedBy === 'escalation' && group.target.namedBy !== 'escalation' && group.members.size > 0
  if (isExtra) group.escalationTarget = target
  else group.target = target
}

/** Queues an event of an alert in a group that has it. A removed receiver gets the end of the alert at most. */
export function updateMember(group: Group, alert: TrackedAlert, reason: NotificationReason, now: Millis): void {
  const member = group.members.get(alert.snapshot.episode)
  if (member === undefined) return
  if (group.removedAt === undefined || mayReceive(group, alert)) return queueEvent(alert, member, reason)
  recordSuppressed(alert, reason, receiverRemoved(group.removedAt), now, group.target.to.address)
  if (alert.snapshot.state === 'resolved') group.members.delete(alert.snapshot.episode)
}

/**
 * Sets a member's pending event. Before the first notification, a change of severity keeps `fired` pending. Opposite
 * changes of severity cancel each other.
 */
function queueEvent(alert: TrackedAlert, member: Member, event: NotificationReason): void {
  const isFirst = !member.isNotified && member.pending !== undefined && SEVERITY.includes(event)
  if (isFirst) return
  const isUndone =
    SEVERITY.includes(event) &&
    member.pending !== undefined &&
    member.pending !== event &&
    SEVERITY.includes(member.pending)
  if (member.pending !== event) supersede(alert, member)
  member.pending = isUndone ? undefined : event
}

const SEVERITY: readonly NotificationReason[] = ['severity_raised', 'severity_lowered']

/** Marks an address as notified of an alert that a list reported, so later events continue in its group. */
export function addNotified(
  state: DispatchState,
  target: Target,
  alert: TrackedAlert,
  labels: Labels,
  now: Millis,
): void {
  addToGroup(state, target, alert, labels, 'fired', now)
  for (const group of listGroups(state, alert)) {
    const member = group.members.get(alert.snapshot.episode)
    if (group.target.to.address !== target.to.address || member === undefined) continue
    member.isNotified = true
    member.pending = undefined
    delete member.suppressionKey
    group.lastNotifiedAt ??= now
  }
}

/** Returns the group that a deferred alert came from, created again with its thread if it has ended since. */
export function resumeGroup(
  state: DispatchState,
  { target, thread, seq, lead, snapshot }: DeferredAlert,
  alert: TrackedAlert,
  now: Millis,
): Group {
  const known = findGroup(state, alert, target.to.address)
  if (known !== undefined) return known
  const labels = alertLabels(snapshot)
  const key = groupKey(target, labels)
  const fresh = { ...newGroup(key, target, labels, thread, now), seq: seq + 1, lead, lastSent: now }
  const group = state.groups.get(key) ?? fresh
  state.groups.set(key, group)
  alert.groups.add(key)
  return group
}

function groupKey({ to, grouping }: Target, labels: Labels): string {
  return `${to.address}\n${joinValues(labels, grouping.by)}\n${grouping.by.join(' ')}`
}

function newGroup(key: string, target: Target, labels: Labels, thread: string, now: Millis): Group {
  return {
    key,
    identity: groupIdentity(target, labels),
    target,
    thread,
    seq: 0,
    lead: undefined,
    members: new Map(),
    startedAt: now,
    lastNotifiedAt: undefined,
    repeatCount: 0,
    nextFlushAt: 0,
  }
}

/** Returns the group's identity in webhooks: the same for all episodes. */
function groupIdentity({ receiver, grouping }: Target, all: Labels): NotificationGroup {
  const labels = Object.fromEntries(grouping.by.map((name) => [name, all[name] ?? '']))
  const named = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return { key: `${receiver}:{${named.join(',')}}`, labels }
}

export function newMember(isNotified: boolean): Member {
  return { isNotified, pending: undefined, heldBy: undefined, notifications: 0, suppressed: 0 }
}

/** Lists the groups that have the alert as a member. */
export function listGroups(state: DispatchState, alert: TrackedAlert): readonly Group[] {
  const groups = [...alert.groups].flatMap((key) => state.groups.get(key) ?? [])
  return groups.filter((group) => group.members.has(alert.snapshot.episode))
}

/** Finds the group in which an address is notified of the alert. */
export function findGroup(state: DispatchState, alert: TrackedAlert, address: string): Group | undefined {
  return listGroups(state, alert).find(({ target }) => target.to.address === address)
}
