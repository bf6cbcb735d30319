import type { AlertSnapshot, NotificationReason, Millis, NotificationGroup, Pulse, Report } from '../model.ts'
import { mayReceive, supersede, recordSuppressed, receiverRemoved } from './suppress.ts'
import { type Labels, alertLabels, joinValues } from '../labels/labels.ts'
import {
  type TrackedAlert,
  type DispatchState,
  type Group,
  type DeferredAlert,
  type Target,
  type Member,
} from './state.ts'

/** How the first fold sees an alert now. */
export interface AlertLookup {
  /** Undefined when it is not open any more. */
  snapshot(alert: TrackedAlert): AlertSnapshot | undefined
  /** Whether it still fires, on data of the last minutes. */
  isCurrent(alert: TrackedAlert): boolean
  /** Sums up what happened since an instant, and what is heard now. */
  report(wish: ReportRequest): Report
  pulse(): Pulse
}

/** What a report is to be about; its days are those of the zone. */
export interface ReportRequest {
  readonly every: Report['every']
  readonly from: Millis
  readonly zone: string
}

/** Lets an address hear something of an alert: where it has heard of it before, else in the conversation that it belongs to. */
export function addToGroup(
  state: DispatchState,
  target: Target,
  alert: TrackedAlert,
  labels: Labels,
  news: NotificationReason,
  now: Millis,
): void {
  const { episode } = alert.snapshot
  const key = groupKey(target, labels)
  const heard = findGroup(state, alert, target.to.address)
  const group = heard ?? state.groups.get(key) ?? newGroup(key, target, labels, episode, now)
  state.groups.set(group.key, group)
  alert.groups.add(group.key)
  if (group.key === key) group.target = target
  delete group.removedAt
  const member = group.members.get(episode) ?? newMember(false)
  group.members.set(episode, member)
  queueEvent(alert, member, news)
}

/** Something new happened to an alert that a conversation is about. */
export function updateMember(group: Group, alert: TrackedAlert, reason: NotificationReason, now: Millis): void {
  const member = group.members.get(alert.snapshot.episode)
  if (member === undefined) return
  if (group.removedAt === undefined || mayReceive(group, alert)) return queueEvent(alert, member, reason)
  recordSuppressed(alert, reason, receiverRemoved(group.removedAt), now, group.target.to.address)
  if (alert.snapshot.state === 'resolved') group.members.delete(alert.snapshot.episode)
}

/** Whoever has not heard yet that it fired, hears that first of all; a rise that fell again unheard is no news. */
function queueEvent(alert: TrackedAlert, member: Member, news: NotificationReason): void {
  const isFirst = !member.isNotified && member.pending !== undefined && SEVERITY.includes(news)
  if (isFirst) return
  const isUndone =
    SEVERITY.includes(news) &&
    member.pending !== undefined &&
    member.pending !== news &&
    SEVERITY.includes(member.pending)
  if (member.pending !== news) supersede(alert, member)
  member.pending = isUndone ? undefined : news
}

const SEVERITY: readonly NotificationReason[] = ['severity_raised', 'severity_lowered']

/** An address has heard of an alert in a list: its conversation goes on from there. */
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

/** The conversation that an item was taken from; where it has ended since, it goes on. */
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
    identity: identityOf(target, labels),
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

/** What a group is to machines that get its notifications, episode after episode. */
function identityOf({ receiver, grouping }: Target, all: Labels): NotificationGroup {
  const labels = Object.fromEntries(grouping.by.map((name) => [name, all[name] ?? '']))
  const named = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return { key: `${receiver}:{${named.join(',')}}`, labels }
}

/** What an address knows of an alert that it heard nothing of yet, or of which it is told already. */
export function newMember(isNotified: boolean): Member {
  return { isNotified, pending: undefined, heldBy: undefined, notifications: 0, suppressed: 0 }
}

/** The conversations in which an address has heard of an alert, or is to hear of it. */
export function listGroups(state: DispatchState, alert: TrackedAlert): readonly Group[] {
  const groups = [...alert.groups].flatMap((key) => state.groups.get(key) ?? [])
  return groups.filter((group) => group.members.has(alert.snapshot.episode))
}

/** The conversation in which one address hears of an alert. */
export function findGroup(state: DispatchState, alert: TrackedAlert, address: string): Group | undefined {
  return listGroups(state, alert).find(({ target }) => target.to.address === address)
}
