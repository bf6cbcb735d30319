import type { AlertView, DeliveryResult, Notification, NotificationReason, SendRecord } from '../../model.ts'
import { describeSent } from '../../text/delivery.ts'
import { describeNotice } from '../../text/notice.ts'
import { isoFields, pickFields } from './fields.ts'

/** The notification in a row of the outbox; empty for one that cannot be read, whose row is shown all the same. */
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

/** Returns what came of the last attempt: codes, and the servers' own words. */
function showResult({ response, why, replies }: DeliveryResult): object {
  return {
    ...pickFields({ outcome: why, response }, ['outcome', 'response']),
    ...(replies !== undefined && {
      replies: replies.map(({ server, ...reply }) => ({ server, ...showResult(reply) })),
    }),
  }
}

/** A row of the outbox, and its reason as far as one alert is concerned: of a list, each alert has its own. */
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
