import type {
  AlertView,
  HostDetail,
  HostView,
  Millis,
  Notification,
  RuleView,
  SendRecord,
} from '../model.ts'

/** An instant as the API writes it: ISO 8601 in UTC with milliseconds; null when there is none. */
export function iso(at: Millis | null | undefined): string | null {
  const date = new Date(at ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/** The fields of `names` that are present, as ISO 8601. Absent fields stay absent. */
function isoFields<N extends string>(row: Readonly<Partial<Record<N, Millis>>>, names: readonly N[]) {
  const present = names.filter((name) => row[name] !== undefined)
  return Object.fromEntries(present.map((name) => [name, iso(row[name])]))
}

export const showHost = (host: HostView) => ({ ...host, lastSeen: iso(host.lastSeen) })

export const showHostDetail = (host: HostDetail) => ({
  ...host,
  lastSeen: iso(host.lastSeen),
  series: host.series.map((series) => ({ ...series, newest: iso(series.newest) })),
})

export const showAlert = (alert: AlertView) => ({
  ...alert,
  ...isoFields(alert, ['since', 'firedAt', 'resolvedAt', 'at', 'noDataSince']),
  transitions: alert.transitions.map((step) => ({ ...step, at: iso(step.at) })),
})

export const showRule = (rule: RuleView) => ({
  ...rule,
  last: rule.last.map((verdict) => ({ ...verdict, at: iso(verdict.at) })),
})

/** The notification in a row of the registry. One that cannot be read says nothing, and its row is still shown. */
function readNotification({ data }: SendRecord): Partial<Notification> {
  try {
    const parsed: unknown = JSON.parse(data)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}

/** One row of the registry: what became of it, who was told, why, and of which alerts. */
export function showSend(record: SendRecord) {
  const { receiver, to, because, kind, thread, notice, alerts = [] } = readNotification(record)
  return {
    id: record.id,
    state: record.state,
    attempts: record.attempts,
    ...isoFields(record, ['createdAt', 'doneAt', 'nextAt']),
    ...(record.answer !== undefined && { answer: record.answer }),
    receiver,
    to,
    because,
    kind,
    thread,
    ...(notice !== undefined && { title: notice.title }),
    alerts: alerts.map(({ episode, code, rule, host, labels, state, severity }) => ({
      episode,
      code,
      rule,
      host,
      labels,
      state,
      severity,
    })),
  }
}

/** Whether a row of the registry tells of an episode. */
export function tellsOf(episode: string, record: SendRecord): boolean {
  return (readNotification(record).alerts ?? []).some((alert) => alert.episode === episode)
}
