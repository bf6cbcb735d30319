import type { AlertView, Millis } from '../../model.ts'
import type { ListAction } from '../../links/signature.ts'
import { formatCount } from '../../text/format.ts'
import { alertItem, isOpenAcknowledged, itemList } from './detail.ts'
import { describeDone, durationForm } from './link.ts'
import { page } from './html.ts'

/** The alerts of a link to a list of alerts, as they are now. */
export interface ListSubject {
  readonly action: ListAction
  readonly now: Millis
  /** Those of the mail that are still kept; missing when the mail's own record is not. */
  readonly alerts: readonly AlertView[] | undefined
}

/** Returns the alerts that the link acknowledges. */
export function findUnacknowledged({ alerts = [], now }: ListSubject): readonly AlertView[] {
  return alerts.filter((alert) => alert.state !== 'resolved' && !isOpenAcknowledged(alert, now))
}

/** The page of a link that acknowledges all alerts of a mail. */
export function listLinkPage(subject: ListSubject): string {
  const { action, now, alerts } = subject
  const left = findUnacknowledged(subject).length
  const title = left === 0 ? 'Acknowledge alerts' : `Acknowledge ${formatCount(left, 'alert')}`
  return page(
    title,
    `<h1>${title}</h1>
${describeAcks(alerts ?? [], now)}
${left === 0 ? `<p>${explainNothing(alerts)}</p>` : durationForm(action, title)}
<h2>Alerts of the mail</h2>
${itemList(
  (alerts ?? []).map((alert) => alertItem(alert, now, undefined)),
  'None of them is kept any more.',
)}`,
  )
}

function explainNothing(alerts: readonly AlertView[] | undefined): string {
  if (alerts === undefined)
    return 'The record of this mail was deleted. Use the link in the latest mail, or "stashwatch alerts ack".'
  return 'There is nothing to acknowledge: all alerts of the mail are acknowledged or resolved.'
}

/** What was acknowledged together is shown together, with one way back. */
function describeAcks(alerts: readonly AlertView[], now: Millis): string {
  const acks = alerts
    .filter((alert) => isOpenAcknowledged(alert, now))
    .map(({ ack }) => ack)
    .filter((ack) => ack !== undefined)
  const groups = Map.groupBy(acks, ({ at }) => at)
  return [...groups]
    .map(([at, [first, ...others]]) =>
      first === undefined
        ? ''
        : describeDone(
            {
              what: `Acknowledged ${formatCount(others.length + 1, 'alert')}`,
              author: first.author,
              until: first.until,
              text: first.note,
              undo: String(at),
            },
            now,
          ),
    )
    .join('\n')
}
