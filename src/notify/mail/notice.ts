import type { Notice, Notification } from '../../model.ts'
import { describeNotice } from '../../text/notice.ts'
import { explainRecipient } from './footer.ts'
import type { MailContent, ContentOptions } from './content.ts'
import { listDeliveryNotes, timeWriter } from './phrase.ts'
import { clean, shorten } from '../../text/sanitise.ts'

/** Maximum length of a line: a complete host name and its description. */
const MAX_LENGTH = 1000

interface NoticeWording {
  /** The sentence before the lines. */
  readonly lead: string
  readonly advice: readonly string[]
  /** Who notifies the receiver, for the footer. */
  readonly origin: string
}

/** The text around the lines. */
const WORDING: Readonly<Record<Notice['kind'], NoticeWording>> = {
  hosts_retired: {
    lead:
      'These hosts and sources are no longer monitored, and their data is deleted. Their open alerts are closed ' +
      'without a notification, because nothing recovered.',
    advice: [
      'To keep a host, add it to hosts.expected in the configuration. An expected host is never retired; it is absent until it sends again.',
      'A retired host that sends again is monitored again immediately. hosts.retire_after sets how long an absent host is kept.',
    ],
    origin: 'self_monitoring.notify names',
  },
  rules_unmatched: {
    lead: 'Events arrived for 24 hours, but these rules had nothing to evaluate, so they cannot fire.',
    advice: [
      'Check the spelling of the metric\'s field and of the hosts of the rule. "stashwatch check --events FILE" shows what a configuration makes of real events.',
      'A rule is reported once. If it is meant for hosts that do not exist yet, no action is needed.',
    ],
    origin: 'self_monitoring.notify names',
  },
  undelivered: {
    lead:
      'These notifications were not delivered: the server refused the recipient, or no server accepted them for a day. ' +
      'If one is about an alert that is still firing, its receiver may not know.',
    advice: [
      'Inform the receiver, or acknowledge the alert yourself: "stashwatch alerts --state firing" lists the alerts.',
      'Fix the error that the response reports, then verify with "stashwatch send-test".',
    ],
    origin: 'self_monitoring.notify names',
  },
  heartbeat: {
    lead: 'This mail is sent every day at this time. If it does not arrive, check stashwatch and its mail server.',
    advice: [],
    origin: 'the configuration sets a heartbeat for',
  },
}

/** Renders a mail that is not about alerts: what happened, one line for each item, and what to do. */
export function renderNotice(notification: Notification, notice: Notice, { apiUrl }: ContentOptions): MailContent {
  const { lead, advice, origin } = WORDING[notice.kind]
  const time = timeWriter(notification)
  const { title, lines } = describeNotice(notice, notification.decidedAt, time)
  const what = advice.map((text) => ({ text }))
  return {
    tone: 'calm',
    status: 'Notice',
    headline: clean(title),
    paragraphs: [lead, ...listDeliveryNotes(notification, time)],
    items: lines.map((line) => shorten(clean(line), MAX_LENGTH)),
    facts: [],
    notes: [],
    lists: [],
    advice: apiUrl === undefined ? what : [...what, { text: 'All known hosts:', url: `${apiUrl}/api/v1/hosts` }],
    footer: [explainRecipient(notification, origin)],
  }
}

export function noticeHeadline(notification: Notification, notice: Notice): string {
  return clean(describeNotice(notice, notification.decidedAt, timeWriter(notification)).title)
}
