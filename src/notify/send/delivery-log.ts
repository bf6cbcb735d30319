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
import { subjectOf } from '../mail/message.ts'
import type { Judged } from './retry.ts'
import type { Ways } from '../notifier.ts'

/** Whom the sender tells what became of notifications. */
export interface ReportParts {
  readonly ways: Ways
  readonly clock: Clock
  readonly log: Log
  readonly observer: Observer
}

const HOUR = 3_600_000
/** So many records are looked through for a pending one's last answer. */
const RECORDS = 100

/** What these tell was decided long before. */
const TOLD_AGAIN: readonly NotificationReason[] = ['repeat_interval', 'silence_ended', 'escalated', 'scheduled']

/** What leaves by each way, as the log calls it. */
const NAMES: Readonly<Record<Channel, string>> = { email: 'mail', webhook: 'webhook', alertmanager: 'alertmanager' }

/** Counts and logs how an attempt ended. */
export function report(parts: ReportParts, item: OutboxItem, notification: Notification, delivery: Judged): void {
  const { ways, observer, log, clock } = parts
  const { channel = 'email', reason, receiver } = notification
  const { state, answer } = delivery
  const decided = notification.alerts[0]?.evaluatedAt
  const isNews = state === 'sent' && !TOLD_AGAIN.includes(reason)
  const latency = isNews && decided !== undefined ? Math.max(0, clock.now() - decided) / 1000 : undefined
  observer.notified(ways[channel].type, state, latency)
  const what = NAMES[channel]
  const attempt = state === 'withdrawn' ? {} : { attempt: item.attempts + 1 }
  const fields = { notification: item.id, receiver, ...attempt, answer }
  if (state === 'sent') log.info(fields, `${what} sent`)
  else if (state === 'withdrawn') log.warn({ ...fields, subject: nameOf(notification) }, `${what} withdrawn: not sent`)
  else if (state === 'failed') log.error({ ...fields, subject: nameOf(notification) }, sayFailed(channel, delivery))
  else if (item.attempts === 0) log.warn(fields, `${what} not accepted yet; it is tried again for a day`)
  else log.debug(fields, `${what} not accepted yet`)
}

function sayFailed(channel: Channel, { isTooLate }: Judged): string {
  const what = NAMES[channel]
  if (isTooLate !== true) return `${what} refused for good: ${REFUSED[channel]}`
  return `${what} given up: nobody got it; mend what the answer names, try it with send-test, and see /api/v1/alerts`
}

const REFUSED: Readonly<Record<Channel, string>> = {
  email: 'this recipient does not get it; correct what the answer names',
  webhook: 'this receiver does not get it; correct what the answer names',
  alertmanager: 'see the answer',
}

function nameOf(notification: Notification): string {
  try {
    return subjectOf(notification)
  } catch {
    return 'a notification that cannot be rendered'
  }
}

/** Says once an hour that notifications wait, for as long as they do. */
export async function remind({ outbox, clock, log }: ReportParts & { readonly outbox: Outbox }): Promise<void> {
  try {
    const { pending, oldest } = await outbox.stats()
    if (oldest === undefined || clock.now() - oldest < HOUR) return
    const records = await outbox.list(RECORDS)
    const last = records.find((record) => record.state === 'pending' && record.response !== undefined)
    const minutes = Math.round((clock.now() - oldest) / 60_000)
    const fields = { pending, minutes, answer: last?.response }
    log.error(fields, 'notifications wait to be accepted, the oldest for more than an hour')
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'the outbox cannot be read')
  }
}

/** The words of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
