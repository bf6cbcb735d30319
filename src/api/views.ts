import type {
  Acknowledgement,
  AlertView,
  Because,
  HostDetail,
  HostView,
  Millis,
  Muted,
  Notification,
  RuleView,
  SendRecord,
  Silence,
  SilenceView,
  WhyView,
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
  ...(alert.muted !== undefined && { muted: showMuted(alert.muted) }),
  ...(alert.ack !== undefined && { ack: showAck(alert.ack) }),
  ...(alert.decisions !== undefined && { decisions: alert.decisions.map((one) => ({ ...one, at: iso(one.at) })) }),
  ...(alert.waits !== undefined && { waits: alert.waits.map((one) => ({ ...one, ...isoFields(one, ['until']) })) }),
  transitions: alert.transitions.map((step) => ({ ...step, at: iso(step.at) })),
})

const showMuted = (muted: Muted) => (muted.by === 'silence' ? { ...muted, until: iso(muted.until) } : muted)

const showAck = (ack: Acknowledgement) => ({ ...ack, at: iso(ack.at), until: iso(ack.until) })

/** A silence, and what it is at this moment: the engine's own is as old as its last tick. */
export const showSilence = (silence: Silence | SilenceView, now: Millis) => ({
  ...silence,
  ...isoFields(silence, ['from', 'until', 'createdAt']),
  state: stateOf(silence, now),
})

function stateOf({ from, until }: Silence, now: Millis): SilenceView['state'] {
  // One that was ended before it began holds for no time.
  if (until <= now || until <= from) return 'expired'
  return from > now ? 'pending' : 'active'
}

/** What is known of a rule and a host; `sends` are the rows of the registry in which their episodes may be. */
export const showWhy = ({ rule, host, verdicts, alerts }: WhyView, sends: readonly SendRecord[]) => ({
  rule: showRule(rule),
  host: host === null ? null : showHost(host),
  verdicts: verdicts.map((verdict) => ({ ...verdict, at: iso(verdict.at) })),
  alerts: alerts.map((alert) => showEpisode(alert, sends)),
})

/** An alert with what was sent about it. */
export const showEpisode = (alert: AlertView, sends: readonly SendRecord[]) => ({
  ...showAlert(alert),
  notifications: sendsOf(alert, sends).map(({ record, because }) => ({
    ...showSend(record),
    ...(because !== undefined && { because }),
  })),
})

export const showRule = (rule: RuleView) => ({
  ...rule,
  ...isoFields(rule, ['left']),
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
    alerts: alerts.map(({ episode, code, rule, host, labels, state, severity, because: own }) => ({
      episode,
      code,
      rule,
      host,
      labels,
      state,
      severity,
      ...(own !== undefined && { because: own }),
    })),
  }
}

/** A row of the registry, and why it tells of one alert; a mail of several has one reason, each of them its own. */
interface SendOf {
  readonly record: SendRecord
  readonly because: Because | undefined
}

/** The rows of the registry that tell of an alert. */
export function sendsOf({ episode }: AlertView, sends: readonly SendRecord[]): readonly SendOf[] {
  if (episode === undefined) return []
  return sends.flatMap((record) => {
    const told = readNotification(record).alerts?.find((alert) => alert.episode === episode)
    return told === undefined ? [] : [{ record, because: told.because }]
  })
}
