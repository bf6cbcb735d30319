import type { AlertSnapshot, NotificationReason, Merge, Notification } from '../../model.ts'

/** A pending notification, with its id in the outbox. */
interface Pending {
  readonly id: string
  readonly notification: Notification
}

/**
 * Replaces pending notifications of one thread by one. If the newest says that everything has resolved, earlier ones that
 * were never delivered would only alarm; of repeats, only the newest is current. An Alertmanager receives the current
 * state, so there the newest always replaces the others.
 *
 * @param thread the pending notifications of one thread to one address, oldest first.
 * @returns undefined if each is sent on its own.
 */
export function coalesce(thread: readonly Pending[]): Merge | undefined {
  const newest = thread.at(-1)
  if (newest === undefined) return undefined
  const before = thread.slice(0, -1)
  const isLast = isOver(newest) || newest.notification.channel === 'alertmanager'
  const all = { merged: newest.notification, older: before.filter((one) => isCovered(one, newest)) }
  const { merged, older } = isLast ? all : coalesceRepeats(newest, before)
  if (older.length === 0) return undefined
  const data = JSON.stringify({ ...merged, replaces: replacedBy(older.map(({ notification }) => notification)) })
  return { into: newest.id, data, of: older.map(({ id }) => id) }
}

const REPEAT: NotificationReason = 'repeat_interval'

/** Replaces a repeat by any later notification, which takes over undelivered news from one before it. */
function coalesceRepeats(
  newest: Pending,
  before: readonly Pending[],
): { merged: Notification; older: readonly Pending[] } {
  let merged = newest.notification
  let first = before.length
  for (const one of before.toReversed()) {
    const older = one.notification
    if (!isCovered(one, newest)) break
    if (older.reason !== REPEAT && !canTakeOver(merged, older)) break
    if (older.reason !== REPEAT) merged = takeOverEvents(merged, older)
    first -= 1
  }
  return { merged, older: before.slice(first) }
}

/** Merges only whole groups: the history of one alert must not be attributed to another. */
function canTakeOver(newer: Notification, older: Notification): boolean {
  const news = new Set(older.alerts.slice(0, older.newCount).map(({ episode }) => episode))
  return newer.reason === REPEAT && newer.alerts.every(({ episode }) => news.has(episode))
}

function takeOverEvents(newer: Notification, older: Notification): Notification {
  const alerts = newer.alerts.map((snapshot): AlertSnapshot => {
    const { reason = older.reason, heldBy } = older.alerts.find(({ episode }) => episode === snapshot.episode) ?? {}
    return { ...snapshot, reason, ...(heldBy === undefined ? {} : { heldBy }) }
  })
  return { ...newer, reason: older.reason, alerts }
}

/** Returns the oldest replaced notification, including what the older one had replaced itself. */
function replacedBy(older: readonly Notification[]): Notification['replaces'] {
  const [oldest] = older
  if (oldest === undefined) return undefined
  const { at, reason } = oldest.replaces ?? { at: oldest.decidedAt, reason: oldest.reason }
  const count = older.reduce((sum, one) => sum + 1 + (one.replaces?.count ?? (one.replaces ? 1 : 0)), 0)
  return {
    at,
    reason,
    ...(count === 1 ? {} : { count, last: older.at(-1)?.decidedAt ?? at }),
  }
}

function isOver({ notification: { alerts } }: Pending): boolean {
  return alerts.length > 0 && alerts.every(({ state }) => state === 'resolved')
}

/** Returns true if the newer notification covers every alert of the older one. */
function isCovered(older: Pending, newer: Pending): boolean {
  const newest = new Set(newer.notification.alerts.map(({ episode }) => episode))
  const { alerts } = older.notification
  return alerts.length > 0 && alerts.every(({ episode }) => newest.has(episode))
}
