import {
  type AlertSnapshot,
  type NotificationReason,
  clampToNow,
  type Decision,
  type Millis,
  type Suppression,
} from '../model.ts'
import { type AlertLookup, findGroup } from './groups.ts'
import { findHold, isAcknowledged, recordSuppressed } from './suppress.ts'
import { isStep, withoutChart } from './chart-data.ts'
import {
  type TrackedAlert,
  type DispatchState,
  type Group,
  type Target,
  type Mail,
  type Member,
  recordDecision,
} from './state.ts'

/** Alerts beside the news that one mail lists. */
const MOST_OTHERS = 500
/** What several news of one mail are called: the first of these. */
const RANK: readonly NotificationReason[] = [
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
 * What an address is to hear of a conversation now, in the order of Alertmanager's questions: is something new, is it
 * over, has it gone on for long?
 */
export function flush(state: DispatchState, group: Group, alerts: AlertLookup, now: Millis): Mail | undefined {
  clampGroup(group, now)
  dropUnnotified(state, group, now)
  const told = [...group.members].flatMap(([episode, member]) => {
    const alert = state.alerts.get(episode)
    if (alert === undefined || member.pending === undefined || findHold(alert, member.pending, now) !== undefined)
      return []
    return [{ one: alert, member, news: member.pending }]
  })
  if (told.length > 0) return isFlushDue(group, told, now) ? notifyEvents(state, group, told, alerts, now) : undefined
  const again = isRepeatDue(group, now) ? listFiring(state, group, now) : []
  return again.length === 0 ? undefined : notifyRepeat(group, again, alerts, now)
}

/** Nothing that is remembered lies ahead of the present: the service's clock may have been set back. */
function clampGroup(group: Group, now: Millis): void {
  clampToNow(group, now, 'startedAt', 'lastNotifiedAt')
}

/** What came and went before anybody was told is not told, unless nothing but the moment kept it from being told. */
function dropUnnotified(state: DispatchState, group: Group, now: Millis): void {
  for (const [episode, member] of group.members) {
    const alert = state.alerts.get(episode)
    if (alert !== undefined && (alert.snapshot.state === 'firing' || member.isNotified)) continue
    const why: Suppression | undefined = member.heldBy ?? (group.target.grouping.wait > 0 ? TOO_EARLY : undefined)
    if (alert !== undefined && why === undefined) continue
    group.members.delete(episode)
    if (alert === undefined || why === undefined) continue
    recordSuppressed(alert, 'all', why, now, group.target.to.address)
  }
}

const TOO_EARLY: Suppression = { by: 'resolved_in_group_wait' }

interface News {
  readonly one: TrackedAlert
  readonly member: Member
  readonly news: NotificationReason
}

function isFlushDue(group: Group, told: readonly News[], now: Millis): boolean {
  return told.some(({ news }) => news === 'severity_raised') || now >= nextFlush(group)
}

/** When something new may be told. */
export function nextFlush({ target: { grouping }, startedAt, lastNotifiedAt }: Group): Millis {
  return lastNotifiedAt === undefined ? startedAt + grouping.wait : lastNotifiedAt + grouping.interval
}

/** Until when nothing is to be told of a conversation if nothing changes. */
export function computeNextFlush(group: Group): Millis {
  const hasNews = [...group.members.values()].some(({ pending }) => pending !== undefined)
  return Math.min(hasNews ? nextFlush(group) : Infinity, nextRepeat(group) ?? Infinity)
}

/** When an unchanged conversation is gone on with; undefined for never. */
function nextRepeat({ target: { repeat }, lastNotifiedAt, repeatCount }: Group): Millis | undefined {
  if (lastNotifiedAt === undefined || repeat.first === 0) return undefined
  return lastNotifiedAt + Math.min(repeat.most, repeat.first * 2 ** repeatCount)
}

function isRepeatDue(group: Group, now: Millis): boolean {
  const at = nextRepeat(group)
  return at !== undefined && now >= at
}

/** What still fires and was told, and nobody looks after. */
function listFiring(state: DispatchState, group: Group, now: Millis): readonly TrackedAlert[] {
  return [...group.members].flatMap(([episode, member]) => {
    const alert = state.alerts.get(episode)
    if (alert === undefined || !member.isNotified || alert.snapshot.state !== 'firing' || alert.muted !== undefined)
      return []
    return isAcknowledged(alert, now) && group.target.channel !== 'alertmanager' ? [] : [alert]
  })
}

function notifyEvents(
  state: DispatchState,
  group: Group,
  told: readonly News[],
  alerts: AlertLookup,
  now: Millis,
): Mail {
  const because = RANK.find((reason) => told.some(({ news }) => news === reason)) ?? 'fired'
  const ordered = told.toSorted((a, b) => RANK.indexOf(a.news) - RANK.indexOf(b.news))
  const news = ordered.map(({ one, member, news: reason }): AlertSnapshot => ({
    ...snapshotFor(one, alerts, member),
    reason,
  }))
  const fresh = new Set(told.map(({ one: alert }) => alert))
  const notifiedBefore = listNotified(told)
  for (const { one, member } of told) {
    member.isNotified = true
    member.pending = undefined
    member.heldBy = undefined
    delete member.suppressionKey
    if (one.snapshot.state === 'resolved') group.members.delete(one.snapshot.episode)
  }
  if (because !== 'resolved') group.repeatCount = 0
  const others =
    group.target.channel === 'alertmanager' ? [] : listFiring(state, group, now).filter((alert) => !fresh.has(alert))
  const rest = others.slice(0, MOST_OTHERS).map((alert) => snapshotFor(alert, alerts))
  return { ...buildMail(group, because, [...news, ...rest], news.length, now), notifiedBefore }
}

function listNotified(told: readonly News[]): ReadonlySet<string> {
  return new Set(told.flatMap(({ one: alert, member }) => (member.isNotified ? [alert.snapshot.episode] : [])))
}

function notifyRepeat(group: Group, again: readonly TrackedAlert[], alerts: AlertLookup, now: Millis): Mail {
  const reason = 'repeat_interval'
  const snapshots = again.map((alert): AlertSnapshot => ({
    ...snapshotFor(alert, alerts, group.members.get(alert.snapshot.episode)),
    reason,
  }))
  group.repeatCount++
  const notifiedBefore = new Set(again.map((alert) => alert.snapshot.episode))
  return { ...buildMail(group, reason, snapshots, snapshots.length, now), notifiedBefore }
}

/** A mail is on its way: each of its alerts remembers to whom it was told, and for which reason of its own. */
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

/** What is told of an alert now; of a step that is told at once also what was measured around it. */
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

function buildMail(
  group: Group,
  reason: NotificationReason,
  alerts: readonly AlertSnapshot[],
  newCount: number,
  now: Millis,
): Omit<Mail, 'notifiedBefore'> {
  const isPictured = newCount === 1 && group.target.channel === 'email'
  const shown = isPictured ? alerts : alerts.map(withoutChart)
  const hosts = new Set(shown.slice(0, newCount).map(({ identity }) => identity.host))
  group.lead ??= { facts: withoutChart(shown[0] as AlertSnapshot), more: hosts.size - 1 }
  group.lastNotifiedAt = now
  const { target, thread, lead, identity } = group
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

/** When the conversation is gone on with if nothing changes: not while somebody looks after all that it tells of. */
function nextRepeatFor(group: Group, shown: readonly AlertSnapshot[]): Millis | undefined {
  const at = nextRepeat(group)
  if (at === undefined || group.target.channel === 'alertmanager') return at
  const firing = shown.filter(({ state }) => state === 'firing')
  const until = firing.reduce((least, { ack }) => Math.min(least, ack?.until ?? at), Infinity)
  return Math.max(at, until)
}
