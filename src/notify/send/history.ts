import type { AlertSnapshot, NotificationReason, History, Notification, NotificationSubject } from '../../model.ts'
import { countStates } from '../mail/phrase.ts'

/**
 * Bases a notification on what was delivered of its thread: events of an alert that the recipient was never notified of
 * are reported as new. Equal records give equal results.
 */
export function applyHistory(notification: Notification, { sent, undelivered, failed = [] }: History): Notification {
  const missed = listUndelivered(failed)
  const { seq } = notification
  if (seq === 0 && undelivered.length === 0) return { ...notification, ...missed }
  const counts = new Map<string, number>()
  for (const data of undelivered) {
    for (const { episode } of readAlerts(read(data))) counts.set(episode, (counts.get(episode) ?? 0) + 1)
  }
  const previousSeq = sent === undefined ? null : read(sent).seq
  const countSent = (snapshot: AlertSnapshot): AlertSnapshot => {
    const count = counts.get(snapshot.episode)
    return count === undefined
      ? snapshot
      : { ...snapshot, notifications: Math.max(0, (snapshot.notifications ?? seq) - count) }
  }
  const updated = addLostEvents(notification, lostEvents(undelivered, previousSeq ?? -1))
  return {
    ...updated,
    alerts: updated.alerts.map(countSent),
    ...(previousSeq === undefined ? {} : { previousSeq }),
    ...missed,
  }
}

const REPEAT: NotificationReason = 'repeat_interval'
const SEVERITY: readonly NotificationReason[] = ['severity_raised', 'severity_lowered']

/** Returns, by episode, the oldest undelivered event since the newest mail that was sent. */
function lostEvents(undelivered: readonly string[], since: number): ReadonlyMap<string, NotificationReason> {
  const lost = new Map<string, NotificationReason>()
  for (const data of undelivered) {
    const mail = read(data)
    const { seq = 0, reason = REPEAT } = mail
    if (seq <= since) continue
    for (const { episode, reason: eventReason = reason } of readAlerts(mail).slice(0, mail.newCount)) {
      if (eventReason !== REPEAT && eventReason !== 'resolved' && !lost.has(episode)) lost.set(episode, eventReason)
    }
  }
  return lost
}

/** Lists alerts that were never notified as news, before those that are known and still firing. */
function addLostEvents(notification: Notification, lost: ReadonlyMap<string, NotificationReason>): Notification {
  const { alerts, reason, newCount = alerts.length } = notification
  const isLost = ({ episode, state }: AlertSnapshot): boolean => state === 'firing' && lost.has(episode)
  if (!alerts.some(isLost)) return notification
  const isNews = (snapshot: AlertSnapshot, i: number): boolean =>
    isLost(snapshot) || (reason !== REPEAT && i < newCount)
  const updated = alerts.filter(isNews).map((snapshot): AlertSnapshot => {
    const eventReason = alerts.indexOf(snapshot) < newCount ? (snapshot.reason ?? reason) : REPEAT
    return {
      ...snapshot,
      reason: isLost(snapshot) ? effectiveReason(eventReason, lost.get(snapshot.episode)) : eventReason,
    }
  })
  const others = alerts.filter((snapshot, i) => !isNews(snapshot, i))
  const reasons = updated.map((snapshot) => snapshot.reason ?? reason)
  const { newCount: _, ...rest } = notification
  return {
    ...rest,
    reason: reasons.includes(reason) ? reason : (reasons[0] ?? reason),
    alerts: [...updated, ...others],
    ...(others.length === 0 ? {} : { newCount: updated.length }),
  }
}

/** Returns the reason to show: a receiver that was never notified gets `fired`, not a repeat or a rise. */
function effectiveReason(eventReason: NotificationReason, lost: NotificationReason = eventReason): NotificationReason {
  return eventReason === REPEAT || (lost === 'fired' && SEVERITY.includes(eventReason)) ? lost : eventReason
}

function listUndelivered(failed: readonly string[]): Pick<Notification, 'undelivered'> {
  if (failed.length === 0) return {}
  return {
    undelivered: failed.map((data) => ({
      at: read(data).decidedAt ?? Number.NaN,
      subject: notificationSubject(read(data)),
    })),
  }
}

/** Returns what a notification is about, in short. */
export function notificationSubject(notification: Partial<Notification>): NotificationSubject {
  const { kind, notice } = notification
  const alerts = readAlerts(notification)
  const [first] = alerts
  if (notice !== undefined) return { kind: 'notice', notice: notice.kind }
  if (first === undefined) return { kind: kind === 'report' ? 'report' : 'unknown' }
  if (alerts.length > 1) return { kind: 'list', ...countStates(alerts) }
  const { identity, closeReason } = first
  const state = closeReason === undefined ? first.state : 'closed'
  return { kind: 'alert', rule: identity.rule, host: identity.host, state }
}

function readAlerts({ alerts }: Partial<Notification>): readonly AlertSnapshot[] {
  return Array.isArray(alerts) ? alerts : []
}

/** Data that cannot be read was no notification, and was not delivered. */
function read(data: string): Partial<Notification> {
  try {
    return (JSON.parse(data) as Partial<Notification> | null) ?? {}
  } catch {
    return {}
  }
}
