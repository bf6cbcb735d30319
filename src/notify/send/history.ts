import type { AlertFacts, Because, Earlier, Notification, NotificationSubject } from '../../model.ts'
import { countStates } from '../mail/phrase.ts'

/**
 * Lets a notification count, and go on from, only what was sent of its thread; what its reader never heard of an alert, it
 * tells for the first time. Equal records give equal results.
 */
export function afterEarlier(notification: Notification, { sent, untold, failed = [] }: Earlier): Notification {
  const missed = undeliveredOf(failed)
  const { seq } = notification
  if (seq === 0 && untold.length === 0) return { ...notification, ...missed }
  const counts = new Map<string, number>()
  for (const data of untold) {
    for (const { episode } of alertsOf(read(data))) counts.set(episode, (counts.get(episode) ?? 0) + 1)
  }
  const previous = sent === undefined ? null : read(sent).seq
  const heard = (facts: AlertFacts): AlertFacts => {
    const count = counts.get(facts.episode)
    return count === undefined ? facts : { ...facts, sent: Math.max(0, (facts.sent ?? seq) - count) }
  }
  const told = tellLost(notification, lostOf(untold, previous ?? -1))
  return { ...told, alerts: told.alerts.map(heard), ...(previous === undefined ? {} : { previous }), ...missed }
}

const AGAIN: Because = 'repeat_interval'
const SEVERITY: readonly Because[] = ['severity_raised', 'severity_lowered']

/** By episode the oldest news that came to nobody since the newest mail that was sent. */
function lostOf(untold: readonly string[], since: number): ReadonlyMap<string, Because> {
  const lost = new Map<string, Because>()
  for (const data of untold) {
    const mail = read(data)
    const { seq = 0, because = AGAIN } = mail
    if (seq <= since) continue
    for (const { episode, because: own = because } of alertsOf(mail).slice(0, mail.news)) {
      if (own !== AGAIN && own !== 'resolved' && !lost.has(episode)) lost.set(episode, own)
    }
  }
  return lost
}

/** What goes on firing and was never heard of is news, before what is known and goes on firing beside it. */
function tellLost(notification: Notification, lost: ReadonlyMap<string, Because>): Notification {
  const { alerts, because, news = alerts.length } = notification
  const isLost = ({ episode, state }: AlertFacts): boolean => state === 'firing' && lost.has(episode)
  if (!alerts.some(isLost)) return notification
  const isNews = (facts: AlertFacts, i: number): boolean => isLost(facts) || (because !== AGAIN && i < news)
  const told = alerts.filter(isNews).map((facts): AlertFacts => {
    const own = alerts.indexOf(facts) < news ? (facts.because ?? because) : AGAIN
    return { ...facts, because: isLost(facts) ? heardNow(own, lost.get(facts.episode)) : own }
  })
  const others = alerts.filter((facts, i) => !isNews(facts, i))
  const reasons = told.map((facts) => facts.because ?? because)
  const { news: _, ...rest } = notification
  return {
    ...rest,
    because: reasons.includes(because) ? because : (reasons[0] ?? because),
    alerts: [...told, ...others],
    ...(others.length === 0 ? {} : { news: told.length }),
  }
}

/** Whoever has not heard that it fires, hears that it fired, not that it still does or got worse. */
function heardNow(own: Because, lost: Because = own): Because {
  return own === AGAIN || (lost === 'fired' && SEVERITY.includes(own)) ? lost : own
}

function undeliveredOf(failed: readonly string[]): Pick<Notification, 'undelivered'> {
  if (failed.length === 0) return {}
  return {
    undelivered: failed.map((data) => ({ at: read(data).at ?? Number.NaN, about: notificationSubject(read(data)) })),
  }
}

/** What a notification is about, in short. */
export function notificationSubject(notification: Partial<Notification>): NotificationSubject {
  const { kind, notice } = notification
  const alerts = alertsOf(notification)
  const [first] = alerts
  if (notice !== undefined) return { kind: 'notice', notice: notice.kind }
  if (first === undefined) return { kind: kind === 'report' ? 'report' : 'unknown' }
  if (alerts.length > 1) return { kind: 'list', ...countStates(alerts) }
  const { identity, state } = first
  return { kind: 'alert', rule: identity.rule, host: identity.host, state }
}

function alertsOf({ alerts }: Partial<Notification>): readonly AlertFacts[] {
  return Array.isArray(alerts) ? alerts : []
}

/** What cannot be read was no notification, and nobody got it. */
function read(data: string): Partial<Notification> {
  try {
    return (JSON.parse(data) as Partial<Notification> | null) ?? {}
  } catch {
    return {}
  }
}
