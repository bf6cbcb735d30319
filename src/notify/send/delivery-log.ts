import type {
  NotificationReason,
  Clock,
  Log,
  Notification,
  Observer,
  Outbox,
  OutboxItem,
  Channel,
} from '../../model.ts'
import { formatSubject } from '../mail/message.ts'
import { describeResult } from '../../text/delivery.ts'
import type { CheckedDelivery } from './retry.ts'
import type { Notifiers } from '../notifier.ts'

/** Whom the sender tells what became of notifications. */
interface DeliveryLogParts {
  readonly notifiers: Notifiers
  readonly clock: Clock
  readonly log: Log
  readonly observer: Observer
}

const HOUR = 3_600_000
/** So many records are looked through for a pending one's last answer. */
const RECORDS = 100

/** What these tell was decided long before. */
const NOT_NEW: readonly NotificationReason[] = ['repeat_interval', 'silence_ended', 'escalated', 'scheduled']

/** What leaves by each way, as the log calls it. */
const NAMES: Readonly<Record<Channel, string>> = { email: 'mail', webhook: 'webhook', alertmanager: 'alertmanager' }

/** Counts and logs how an attempt ended. */
export function logDelivery(
  parts: DeliveryLogParts,
  item: OutboxItem,
  notification: Notification,
  delivery: CheckedDelivery,
): void {
  const { notifiers, observer, log, clock } = parts
  const { channel, reason, receiver } = notification
  const { state } = delivery
  const decided = notification.alerts[0]?.evaluatedAt
  const isNews = state === 'sent' && !NOT_NEW.includes(reason)
  const latency = isNews && decided !== undefined ? Math.max(0, clock.now() - decided) / 1000 : undefined
  observer.notified(notifiers[channel].type, state, latency)
  const what = NAMES[channel]
  const attempt = state === 'withdrawn' ? {} : { attempt: item.attempts + 1 }
  const fields = { notification: item.id, receiver, ...attempt, response: describeResult(delivery) }
  if (state === 'sent') log.info(fields, `${what} sent`)
  else if (state === 'withdrawn')
    log.warn({ ...fields, subject: describeNotification(notification) }, `${what} withdrawn: not sent`)
  else if (state === 'failed')
    log.error({ ...fields, subject: describeNotification(notification) }, logFailure(channel, delivery))
  else if (item.attempts === 0) log.warn(fields, `${what} not accepted; retrying for up to 24 h`)
  else log.debug(fields, `${what} not accepted yet`)
}

function logFailure(channel: Channel, { isTooLate }: CheckedDelivery): string {
  const what = NAMES[channel]
  if (isTooLate !== true) return `${what} failed permanently: ${REFUSED[channel]}`
  return `${what} given up, not delivered: fix the error in the response and verify with send-test; /api/v1/alerts lists the alerts`
}

const REFUSED: Readonly<Record<Channel, string>> = {
  email: 'the recipient is not notified; fix the error in the response',
  webhook: 'the receiver is not notified; fix the error in the response',
  alertmanager: 'see the response',
}

function describeNotification(notification: Notification): string {
  try {
    return formatSubject(notification)
  } catch {
    return 'a notification that cannot be rendered'
  }
}

/** Says once an hour that notifications wait, for as long as they do. */
export async function logPending({
  outbox,
  clock,
  log,
}: DeliveryLogParts & { readonly outbox: Outbox }): Promise<void> {
  try {
    const { pending, oldest } = await outbox.stats()
    if (oldest === undefined || clock.now() - oldest < HOUR) return
    const records = await outbox.list(RECORDS)
    const last = records.find((record) => record.state === 'pending' && record.attempts > 0)
    const minutes = Math.round((clock.now() - oldest) / 60_000)
    const fields = { pending, minutes, response: last && describeResult(last) }
    log.error(fields, 'notifications are pending, the oldest for more than an hour')
  } catch (error) {
    log.warn({ error: errorMessage(error) }, 'the outbox cannot be read')
  }
}

/** The words of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
