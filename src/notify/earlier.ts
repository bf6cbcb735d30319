import type { AlertFacts, Earlier, Notification } from '../model.ts'

/** Lets a notification count, and go on from, only what was sent of its thread. Equal records give equal results. */
export function afterEarlier(notification: Notification, { sent, untold }: Earlier): Notification {
  const { seq, alerts } = notification
  if (seq === 0 && untold.length === 0) return notification
  const missed = new Map<string, number>()
  for (const data of untold) {
    for (const episode of episodesOf(data)) missed.set(episode, (missed.get(episode) ?? 0) + 1)
  }
  const previous = sent === undefined ? null : read(sent).seq
  const heard = (facts: AlertFacts): AlertFacts => {
    const count = missed.get(facts.episode)
    return count === undefined ? facts : { ...facts, sent: Math.max(0, (facts.sent ?? seq) - count) }
  }
  return { ...notification, alerts: alerts.map(heard), ...(previous === undefined ? {} : { previous }) }
}

function episodesOf(data: string): ReadonlySet<string> {
  const { alerts } = read(data)
  return new Set(Array.isArray(alerts) ? alerts.map(({ episode }) => episode) : [])
}

/** What cannot be read was no notification, and nobody got it. */
function read(data: string): Partial<Notification> {
  try {
    return (JSON.parse(data) as Partial<Notification> | null) ?? {}
  } catch {
    return {}
  }
}
