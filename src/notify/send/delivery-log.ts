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

/** Where the sender reports the results of attempts. */
interface DeliveryLogParts {
  readonly notifiers: Notifiers
  readonly clock: Clock
  readonly log: Log
  readonly observer: Observer
}

const HOUR = 3_600_000
/** How many records are searched for the last response of a pending one. */
const RECORDS = 100

/** Reasons whose notifications were not triggered by a new evaluation. */
const NOT_NEW: readonly NotificationReason[] = ['repeat_interval', 'silence_ended', 'escalated', 'scheduled']

/** Names of the channels in log messages. */
const NAMES: Readonly<Record<Channel, string>> = { email: 'mail', webhook: 'webhook', alertmanager: 'alertmanager' }

/** Counts and logs the result of an attempt. */
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

/** Logs once an hour that notifications are pending, as long as they are. */
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

/** Returns the message of an error, or of any other thrown value. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
