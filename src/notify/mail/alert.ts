import { type AlertSnapshot, type Notification, worstFirst } from '../../model.ts'
import { formatCount } from '../../text/format.ts'
import { acknowledgeAllAction, listActions, listAdvice } from './actions.ts'
import { digestHeadline, groupAdvice } from './digest.ts'
import { listEvents, listFacts, readMeter, listNotes } from './facts.ts'
import { renderFooter } from './footer.ts'
import { formatHeadline, formatLead, formatPreface, formatStatus } from './headline.ts'
import type { MailContent, ContentOptions } from './content.ts'
import { buildLists, listPressable } from './rows.ts'
import {
  countStates,
  gapNotes,
  listDeliveryNotes,
  formatTally,
  selectTone,
  selectWorstTone,
  type WriteInstant,
  timeWriter,
} from './phrase.ts'

/** Renders a mail about alerts: what is new, and what is still firing. */
export function splitGroup({ alerts, newCount = alerts.length }: Notification): {
  readonly fresh: readonly AlertSnapshot[]
  readonly others: readonly AlertSnapshot[]
} {
  return { fresh: alerts.slice(0, newCount), others: alerts.slice(newCount) }
}

/**
 * Describes one alert: what, where, since when, why, and what to do; then the other firing alerts of its group.
 *
 * @param own the operator's description, which replaces the default one.
 */
export function renderAlert(
  notification: Notification,
  snapshot: AlertSnapshot,
  options: ContentOptions,
  own?: string,
): MailContent {
  const time = timeWriter(notification)
  const meter = readMeter(snapshot)
  const { others } = splitGroup(notification)
  const buttons = listActions(notification, snapshot, options)
  const actions = [...buttons, ...acknowledgeAllAction(notification, options)]
  const beside = { title: 'Also firing in this group', alerts: worstFirst(others) }
  const paragraphs =
    own === undefined
      ? [[formatLead(notification, snapshot, time), listBeside(others)].join(' ')]
      : [formatPreface(notification, snapshot, time), own, listBeside(others)]
  return {
    tone: selectTone(snapshot),
    status: formatStatus(notification, snapshot),
    headline: formatHeadline(snapshot, notification.reason, time),
    paragraphs: [
      ...paragraphs.map((text) => text.trim()).filter((text) => text !== ''),
      ...listDeliveryNotes(notification, time),
    ],
    actions,
    ...(meter === undefined ? {} : { meter }),
    events: listEvents(snapshot, time),
    facts: listFacts(notification, snapshot, time),
    notes: listNotes(notification, snapshot, time),
    lists: others.length === 0 ? [] : buildLists(notification, [beside], options),
    advice: listAdvice(notification, snapshot, options),
    footer: renderFooter(notification, notification.alerts, time, buttons.length > 0 ? 'buttons' : 'nothing'),
  }
}

/** Lists the new alerts of a group first, then those that are still firing. */
export function renderGroup(notification: Notification, options: ContentOptions): MailContent {
  const time = timeWriter(notification)
  const { fresh, others } = splitGroup(notification)
  const firing = notification.alerts.filter(({ state }) => state === 'firing')
  const freshList = { alerts: worstFirst(fresh) }
  const beside = { title: 'Also firing in this group', alerts: worstFirst(others) }
  const shown = others.length === 0 ? [freshList] : [{ ...freshList, title: 'New since the last mail' }, beside]
  const lists = buildLists(notification, shown, options)
  const actions = acknowledgeAllAction(notification, options)
  return {
    tone: selectWorstTone(notification.alerts),
    status: groupStatus(notification, fresh, firing.length),
    headline: `${digestHeadline(fresh)}${others.length === 0 ? '' : `; ${formatCount(others.length, 'other')} still firing`}`,
    paragraphs: [groupLead(notification, fresh, others, time), ...listDeliveryNotes(notification, time)],
    actions,
    facts: [],
    notes: gapNotes(notification.alerts, time),
    lists,
    advice: groupAdvice(notification.alerts, options),
    footer: renderFooter(notification, notification.alerts, time, listPressable(lists, actions)),
  }
}

function groupStatus({ reason }: Notification, fresh: readonly AlertSnapshot[], firing: number): string {
  if (firing === 0) return overStatus(fresh)
  if (reason === 'repeat_interval') return `Still firing: ${firing}`
  const first = reason === 'escalated' ? 'Escalated: ' : reason === 'silence_ended' ? 'Suppressed until now: ' : ''
  return `${first}${formatTally(fresh)}`
}

/** Returns the status of alerts that are all over: those that were closed have not recovered. */
function overStatus(alerts: readonly AlertSnapshot[]): string {
  const { resolved, closed } = countStates(alerts)
  if (closed === 0) return 'All resolved'
  return resolved === 0 ? 'All closed' : formatTally(alerts)
}

function groupLead(
  notification: Notification,
  fresh: readonly AlertSnapshot[],
  others: readonly AlertSnapshot[],
  time: WriteInstant,
): string {
  const { reason, decidedAt } = notification
  const { firing, resolved, closed } = countStates(fresh)
  if (reason === 'repeat_interval') {
    const since = Math.min(decidedAt, ...fresh.map(({ startsAt }) => startsAt))
    return `${formatCount(firing, 'alert in this group is', 'alerts in this group are')} still firing, the oldest since ${time(since)}. Nothing is new since the last mail.`
  }
  const verb = notification.seq === 0 ? 'fired' : 'fired or changed'
  const parts = [
    ...(firing > 0 ? [`${formatCount(firing, 'alert has', 'alerts have')} ${verb}`] : []),
    ...(resolved > 0 ? [`${formatCount(resolved, 'alert is', 'alerts are')} resolved`] : []),
    ...(closed > 0 ? [`${formatCount(closed, 'alert was', 'alerts were')} closed without recovery`] : []),
  ]
  return `${parts.join(parts.length > 2 ? '; ' : ', and ')}${others.length === 0 ? ' in this group' : ''}. ${listBeside(others)}`.trim()
}

function listBeside(others: readonly AlertSnapshot[]): string {
  if (others.length === 0) return ''
  return `${formatCount(others.length, 'other alert in this group is', 'other alerts in this group are')} still firing.`
}
