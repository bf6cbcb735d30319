import type { AlertSnapshot, Notification } from '../../model.ts'
import { formatCount } from '../../text/format.ts'
import { actionsOf, adviceOf } from './actions.ts'
import { digestHeadline, listAdvice } from './digest.ts'
import { factsOf, meterOf, notesOf } from './facts.ts'
import { footerOf } from './footer.ts'
import { headlineOf, leadOf, prefaceOf, statusOf } from './headline.ts'
import type { Letter, LetterOptions } from './content.ts'
import { listsOf, pressOf } from './lists.ts'
import { gapNotes, greetingOf, placeNote, tallyOf, toneOf, toneOfAll } from './phrase.ts'
import { worstFirst } from './rows.ts'
import { type Times, timesOf } from './times.ts'

/** What is new in a mail about alerts, and what goes on beside it. */
export function partsOf({ alerts, newCount = alerts.length }: Notification): {
  readonly fresh: readonly AlertSnapshot[]
  readonly others: readonly AlertSnapshot[]
} {
  return { fresh: alerts.slice(0, newCount), others: alerts.slice(newCount) }
}

/**
 * Says what one alert is, where, since when, why, and what to do; beside it, what else of its group fires.
 *
 * @param own the operator's description, which takes the place of the product's.
 */
export function alertLetter(
  notification: Notification,
  facts: AlertSnapshot,
  options: LetterOptions,
  own?: string,
): Letter {
  const time = timesOf(notification)
  const meter = meterOf(facts)
  const { others } = partsOf(notification)
  const actions = actionsOf(notification, facts, options)
  const beside = { title: 'Also firing here', alerts: worstFirst(others) }
  const told =
    own === undefined
      ? [[leadOf(notification, facts, time), besideOf(others)].join(' ')]
      : [prefaceOf(notification, facts, time), own, besideOf(others)]
  return {
    tone: toneOf(facts),
    status: statusOf(notification, facts),
    headline: headlineOf(facts, notification.reason, time),
    greeting: greetingOf(notification),
    paragraphs: [...told.map((text) => text.trim()).filter((text) => text !== ''), ...placeNote(notification, time)],
    actions,
    ...(meter === undefined ? {} : { meter }),
    facts: factsOf(notification, facts, time),
    notes: notesOf(notification, facts, time),
    lists: others.length === 0 ? [] : listsOf(notification, [beside], options),
    advice: adviceOf(notification, facts, options),
    footer: footerOf(notification, notification.alerts, time, actions.length > 0 ? 'buttons' : 'nothing'),
  }
}

/** Lists what is new in a group of alerts first, and then what goes on firing. */
export function groupLetter(notification: Notification, options: LetterOptions): Letter {
  const time = timesOf(notification)
  const { fresh, others } = partsOf(notification)
  const firing = notification.alerts.filter(({ state }) => state === 'firing')
  const news = { alerts: worstFirst(fresh) }
  const beside = { title: 'Also firing here', alerts: worstFirst(others) }
  const shown = others.length === 0 ? [news] : [{ ...news, title: 'New since the last mail' }, beside]
  const lists = listsOf(notification, shown, options)
  return {
    tone: toneOfAll(notification.alerts),
    status: groupStatus(notification, fresh, firing.length),
    headline: `${digestHeadline(fresh)}${others.length === 0 ? '' : `; ${others.length} still firing`}`,
    greeting: greetingOf(notification),
    paragraphs: [groupLead(notification, fresh, others, time), ...placeNote(notification, time)],
    facts: [],
    notes: gapNotes(notification.alerts, time),
    lists,
    advice: listAdvice(notification.alerts, options),
    footer: footerOf(notification, notification.alerts, time, pressOf(lists)),
  }
}

function groupStatus({ reason }: Notification, fresh: readonly AlertSnapshot[], firing: number): string {
  if (firing === 0) return 'All resolved'
  if (reason === 'repeat_interval') return `Still firing: ${firing}`
  const first = reason === 'escalated' ? 'Escalated: ' : reason === 'silence_ended' ? 'Suppressed until now: ' : ''
  return `${first}${tallyOf(fresh)}`
}

function groupLead(
  notification: Notification,
  fresh: readonly AlertSnapshot[],
  others: readonly AlertSnapshot[],
  time: Times,
): string {
  const { reason, decidedAt } = notification
  const over = fresh.filter(({ state }) => state === 'resolved').length
  const firing = fresh.length - over
  if (reason === 'repeat_interval') {
    const since = Math.min(decidedAt, ...fresh.map(({ startsAt }) => startsAt))
    return `${formatCount(firing, 'alert of this group is', 'alerts of this group are')} still firing, the oldest since ${time(since)}. None is new since the last mail.`
  }
  const verb = notification.seq === 0 ? 'fired' : 'fired or changed'
  const parts = [
    ...(firing > 0 ? [`${formatCount(firing, 'alert has', 'alerts have')} ${verb}`] : []),
    ...(over > 0 ? [`${formatCount(over, 'alert is', 'alerts are')} resolved`] : []),
  ]
  return `${parts.join(', and ')}. They belong to one group. ${besideOf(others)}`.trim()
}

function besideOf(others: readonly AlertSnapshot[]): string {
  if (others.length === 0) return ''
  return `${formatCount(others.length, 'other alert of the group is', 'other alerts of the group are')} still firing.`
}
