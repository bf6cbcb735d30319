import type { AlertView, DeliveryResult, Notification, NotificationReason, SendRecord } from '../../model.ts'
import { describeSent } from '../../text/delivery.ts'
import { describeNotice } from '../../text/notice.ts'
import { isoFields, pickFields } from './fields.ts'

/** Parses the notification in a row of the outbox; empty if it cannot be read, so that the row is still shown. */
export function readNotification({ data }: SendRecord): Partial<Notification> {
  try {
    const parsed: unknown = JSON.parse(data)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}

/** Returns a notification: its delivery, its recipient, its reason, and its alerts. */
export function showNotification(record: SendRecord) {
  const { receiver, to, reason, kind, thread, decidedAt, notice, alerts = [] } = readNotification(record)
  return {
    id: record.id,
    state: record.state,
    attempts: record.attempts,
    ...isoFields(record, ['createdAt', 'finishedAt', 'nextAttemptAt']),
    ...showResult(record),
    ...pickFields(record, ['mergedInto']),
    ...(record.damaged && { damaged: true }),
    ...pickFields({ summary: describeSent(record) }, ['summary']),
    receiver,
    to,
    reason,
    kind,
    thread,
    ...(notice !== undefined && { title: describeNotice(notice, decidedAt ?? record.createdAt).title }),
    alerts: alerts.map(({ episode, code, identity: { rule, host, labels }, state, severity, reason: own }) => ({
      episode,
      code,
      rule,
      host,
      labels,
      state,
      severity,
      ...pickFields({ reason: own }, ['reason']),
    })),
  }
}

/** Returns the result of the last attempt: codes, and the servers' own text. */
function showResult({ response, why, replies }: DeliveryResult): object {
  return {
    ...pickFields({ outcome: why, response }, ['outcome', 'response']),
    ...(replies !== undefined && {
      replies: replies.map(({ server, ...reply }) => ({ server, ...showResult(reply) })),
    }),
  }
}

/** A row of the outbox, and the reason for one of its alerts. In a list each alert has its own. */
interface AlertNotification {
  readonly record: SendRecord
  readonly reason: NotificationReason | undefined
}

/** Finds the notifications about an alert. */
export function findNotifications(
  { episode }: AlertView,
  records: readonly SendRecord[],
): readonly AlertNotification[] {
  if (episode === undefined) return []
  return records.flatMap((record) => {
    const found = readNotification(record).alerts?.find((alert) => alert.episode === episode)
    return found === undefined ? [] : [{ record, reason: found.reason }]
  })
}
