import { type AlertSnapshot, type Notification, worstFirst } from '../../model.ts'
import { formatCount } from '../../text/format.ts'
import { acknowledgeAllAction, investigationLinks } from './actions.ts'
import { renderFooter } from './footer.ts'
import type { MailContent, ContentOptions } from './content.ts'
import { buildLists, listPressable, summarizeHosts } from './rows.ts'
import { gapNotes, groupName, listDeliveryNotes, selectWorstTone, timeWriter } from './phrase.ts'

/** Renders a list of alerts, the most severe first. Every host is named. */
export function renderDigest(notification: Notification, options: ContentOptions): MailContent {
  const alerts = worstFirst(notification.alerts)
  const time = timeWriter(notification)
  const lists = buildLists(notification, [{ alerts }], options)
  const actions = acknowledgeAllAction(notification, options)
  return {
    tone: selectWorstTone(alerts),
    status: 'Digest',
    headline: digestHeadline(alerts),
    paragraphs: [digestLead(notification, options), ...listDeliveryNotes(notification, time)],
    actions,
    facts: [],
    notes: gapNotes(alerts, time),
    lists,
    advice: groupAdvice(alerts, options),
    footer: renderFooter(notification, alerts, time, listPressable(lists, actions)),
  }
}

/**
 * Formats the headline: how many, in which state, and the first few hosts: `12 alerts on 12 hosts: web-1, web-2, web-3
 * and 9 more`.
 */
export function digestHeadline(alerts: readonly AlertSnapshot[]): string {
  const { count, named } = summarizeHosts(alerts)
  return `${groupName(alerts)} on ${count === 1 ? 'one host' : `${count} hosts`}: ${named}`
}

function digestLead({ reason, alerts }: Notification, { mailsPerMinute }: ContentOptions): string {
  const these = formatCount(alerts.length, 'alert')
  if (reason === 'rate_limited') {
    const limit =
      mailsPerMinute === undefined ? 'the mail limit' : `the limit of ${formatCount(mailsPerMinute, 'mail')} per minute`
    return `${these} in one mail: ${limit} was reached. Nothing was dropped.`
  }
  if (reason === 'backlog') {
    return `${these} began and ended in events that arrived long after they happened. Each is listed with its start and end.`
  }
  return `${these} in one mail.`
}

/** Returns advice about several alerts: one host to look at, or hosts to compare. */
export function groupAdvice(alerts: readonly AlertSnapshot[], { apiUrl }: ContentOptions): MailContent['advice'] {
  const firing = alerts.filter(({ state }) => state === 'firing')
  const [first] = firing
  if (first !== undefined && firing.every(({ identity: { host } }) => host === first.identity.host))
    return [...investigationLinks(first, apiUrl), ...allAlerts(apiUrl)]
  const look =
    firing.length > 0
      ? 'Check what these hosts have in common: many alerts at once often have one cause.'
      : 'No action is needed if you know the cause.'
  return [{ text: look }, ...allAlerts(apiUrl)]
}

function allAlerts(apiUrl: string | undefined): MailContent['advice'] {
  return apiUrl === undefined ? [] : [{ text: 'All alerts:', url: `${apiUrl}/api/v1/alerts` }]
}
