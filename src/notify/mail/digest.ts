import type { AlertSnapshot, Notification } from '../../model.ts'
import { formatCount } from '../../text/format.ts'
import { lookAt } from './actions.ts'
import { footerOf } from './footer.ts'
import type { Letter, LetterOptions } from './content.ts'
import { listsOf, pressOf } from './lists.ts'
import { gapNotes, greetingOf, groupName, placeNote, toneOfAll } from './phrase.ts'
import { hostsOf, worstFirst } from './rows.ts'
import { timesOf } from './times.ts'

/** Lists several alerts, the worst first; every host is named. */
export function digestLetter(notification: Notification, options: LetterOptions): Letter {
  const alerts = worstFirst(notification.alerts)
  const time = timesOf(notification)
  const lists = listsOf(notification, [{ alerts }], options)
  return {
    tone: toneOfAll(alerts),
    status: `Digest: ${groupName(alerts)}`,
    headline: digestHeadline(alerts),
    greeting: greetingOf(notification),
    paragraphs: [leadOf(notification, options), ...placeNote(notification, time)],
    facts: [],
    notes: gapNotes(alerts, time),
    lists,
    advice: listAdvice(alerts, options),
    footer: footerOf(notification, alerts, time, pressOf(lists)),
  }
}

/** How many, in which state, and the first few hosts: `12 alerts on 12 hosts: web-1, web-2, web-3 and 9 more`. */
export function digestHeadline(alerts: readonly AlertSnapshot[]): string {
  const { count, named } = hostsOf(alerts)
  return `${groupName(alerts)} on ${count === 1 ? 'one host' : `${count} hosts`}: ${named}`
}

function leadOf({ reason, alerts }: Notification, { mailsPerMinute }: LetterOptions): string {
  const these = formatCount(alerts.length, 'alert')
  if (reason === 'rate_limited') {
    const limit =
      mailsPerMinute === undefined ? 'the mail limit' : `the limit of ${formatCount(mailsPerMinute, 'mail')} per minute`
    return `${these} in one mail: ${limit} was reached. Nothing was dropped.`
  }
  if (reason === 'backlog') {
    return `${these} began and ended in events that arrived long after they happened. Each is listed with its beginning and its end.`
  }
  return `${these} in one mail.`
}

/** What to do about several alerts: one host is looked at, many are compared. */
export function listAdvice(alerts: readonly AlertSnapshot[], { url }: LetterOptions): Letter['advice'] {
  const firing = alerts.filter(({ state }) => state === 'firing')
  const [first] = firing
  if (first !== undefined && firing.every(({ identity: { host } }) => host === first.identity.host))
    return [...lookAt(first, url), ...allAlerts(url)]
  const look =
    firing.length > 0
      ? 'Check what these hosts have in common: many alerts at once often have one cause.'
      : 'No action is needed if you know the cause.'
  return [{ text: look }, ...allAlerts(url)]
}

function allAlerts(url: string | undefined): Letter['advice'] {
  return url === undefined ? [] : [{ text: 'All alerts:', url: `${url}/api/v1/alerts` }]
}
