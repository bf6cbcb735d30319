import type { Merge, Notification } from '../model.ts'

/** A pending notification, with its id in the outbox. */
export interface Pending {
  readonly id: string
  readonly notification: Notification
}

/**
 * Tells in one what could not be told in its time: where the newest says that all is over, the earlier ones of which
 * nobody has heard would only alarm. An Alertmanager is told how things are, so that there the newest always counts.
 *
 * @param thread what is pending in one thread for one address, oldest first.
 * @returns undefined when each goes out by itself.
 */
export function combine(thread: readonly Pending[]): Merge | undefined {
  const newest = thread.at(-1)
  if (newest === undefined || !(isOver(newest) || newest.notification.via === 'alertmanager')) return undefined
  const older = thread.slice(0, -1).filter((one) => isCovered(one, newest))
  const oldest = older[0]?.notification
  if (oldest === undefined) return undefined
  const insteadOf = oldest.insteadOf ?? { at: oldest.at, because: oldest.because }
  const data = JSON.stringify({ ...newest.notification, insteadOf })
  return { into: newest.id, data, of: older.map(({ id }) => id) }
}

function isOver({ notification: { alerts } }: Pending): boolean {
  return alerts.length > 0 && alerts.every(({ state }) => state === 'resolved')
}

/** Whether the newer one tells of each alert that the older one tells of; nothing may be left out. */
function isCovered(older: Pending, newer: Pending): boolean {
  const told = new Set(newer.notification.alerts.map(({ episode }) => episode))
  const { alerts } = older.notification
  return alerts.length > 0 && alerts.every(({ episode }) => told.has(episode))
}
