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
 * @param thread what is pending in one thread for one address, oldest first.
 * @returns undefined when each goes out by itself.
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

/** A mail that tells again gives way to each later one, and takes over the news of one before it that nobody got. */
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

/** Only whole: what one alert of a group did must not be said of another. */
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

/** The oldest counts, and what it took the place of itself. */
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

/** Whether the newer one tells of each alert that the older one tells of; nothing may be left out. */
function isCovered(older: Pending, newer: Pending): boolean {
  const newest = new Set(newer.notification.alerts.map(({ episode }) => episode))
  const { alerts } = older.notification
  return alerts.length > 0 && alerts.every(({ episode }) => newest.has(episode))
}
