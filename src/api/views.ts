import type {
  Acknowledgement,
  AlertView,
  NotificationReason,
  Decision,
  Evaluation,
  Evidence,
  HostDetail,
  HostView,
  Millis,
  Mute,
  NextEvaluation,
  Notification,
  RuleView,
  SendRecord,
  Silence,
  SilenceView,
  Suppression,
  WhyView,
} from '../model.ts'
import { describeDecision, describeWaiting } from '../text/decision.ts'
import { describeHint, describeNextEvaluation, describeNotApplicable } from '../text/next-evaluation.ts'
import { describeNotice } from '../text/notice.ts'
import { describeReason } from '../text/reason.ts'
import { describeSuppression } from '../text/suppression.ts'

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

export const showHost = (host: HostView) => ({ ...host, lastSeenAt: iso(host.lastSeenAt) })

export const showHostDetail = (host: HostDetail) => ({
  ...host,
  lastSeenAt: iso(host.lastSeenAt),
  series: host.series.map((series) => ({ ...series, newest: iso(series.newest) })),
})

/** An alert as users see it: flat, its instants in ISO 8601, and with sentences beside the codes. */
export function showAlert(alert: AlertView) {
  const { identity, evidence, muted, ack, decisions, pending, transitions, ...rest } = alert
  const { rule, host, labels, measure } = identity
  return {
    rule,
    host,
    labels,
    metric: measure.metric,
    unit: measure.unit,
    ...rest,
    ...isoFields(alert, ['startsAt', 'firedAt', 'resolvedAt', 'evaluatedAt', 'noDataSince']),
    ...showEvidence(evidence),
    summary: describeReason(alert),
    ...(muted !== undefined && { muted: showMuted(muted) }),
    ...(ack !== undefined && { ack: showAck(ack) }),
    ...(decisions !== undefined && { decisions: decisions.map((one) => showDecision(one, alert)) }),
    ...(pending !== undefined && {
      pending: pending.map((one) => ({ ...one, ...isoFields(one, ['until']), summary: describeWaiting(one) })),
    }),
    transitions: transitions.map(({ to, at, value, evidence: found }) => ({
      to,
      at: iso(at),
      value,
      reason: found.why,
      summary: describeReason({ identity, value, evidence: found }),
    })),
  }
}

const showEvidence = ({ why, ...numbers }: Evidence) => ({ ...numbers, reason: why })

/** What was decided, with its instants in ISO 8601. */
function showDecision(decision: Decision, { identity }: AlertView) {
  return { ...decisionFields(decision), at: iso(decision.at), summary: describeDecision(decision, identity) }
}

function decisionFields(decision: Decision): object {
  switch (decision.kind) {
    case 'evaluated': {
      const { evidence, ...rest } = decision
      return { ...rest, ...showEvidence(evidence) }
    }
    case 'notified':
      return { ...decision, ...(decision.heldBy !== undefined && { heldBy: showInstants(decision.heldBy) }) }
    case 'suppressed':
      return { ...decision, why: showInstants(decision.why) }
    case 'acknowledged':
      return { ...decision, until: iso(decision.until) }
    default:
      return decision
  }
}

function showInstants(why: Suppression): object {
  if (why.by === 'receiver_removed') return { ...why, at: iso(why.at) }
  return 'until' in why ? { ...why, until: iso(why.until) } : why
}

const showMuted = (muted: Mute) => ({
  ...(muted.by === 'silence' ? { ...muted, until: iso(muted.until) } : muted),
  summary: describeSuppression(muted),
})

const showAck = (ack: Acknowledgement) => ({ ...ack, at: iso(ack.at), until: iso(ack.until) })

/** A silence, and what it is at this moment: the engine's own is as old as its last tick. */
export const showSilence = (silence: Silence | SilenceView, now: Millis) => ({
  ...silence,
  ...isoFields(silence, ['startsAt', 'endsAt', 'createdAt']),
  state: silenceState(silence, now),
})

function silenceState({ startsAt, endsAt }: Silence, now: Millis): SilenceView['state'] {
  // One that was ended before it began holds for no time.
  if (endsAt <= now || endsAt <= startsAt) return 'expired'
  return startsAt > now ? 'pending' : 'active'
}

/** What is known of a rule and a host; `sends` are the rows of the registry in which their episodes may be. */
export const showWhy = ({ rule, host, evaluations, alerts }: WhyView, asked: string, sends: readonly SendRecord[]) => ({
  rule: showRule(rule, asked),
  host: host === null ? null : showHost(host),
  evaluations: evaluations.map((one) => showEvaluation(one, rule.name)),
  alerts: alerts.map((alert) => showEpisode(alert, sends)),
})

/** An alert with what was sent about it. */
export const showEpisode = (alert: AlertView, sends: readonly SendRecord[]) => ({
  ...showAlert(alert),
  notifications: findSends(alert, sends).map(({ record, because }) => ({
    ...showSend(record),
    ...(because !== undefined && { reason: because }),
  })),
})

/** A rule with its last evaluations. @param host the only one that was asked for. */
export function showRule({ nextEvaluation, evaluations, ...rule }: RuleView, host?: string) {
  return {
    ...rule,
    ...isoFields(rule, ['removedAt']),
    evaluations: evaluations.map((one) => showEvaluation(one, rule.name)),
    nextEvaluation: { ...showNext(nextEvaluation), summary: describeNextEvaluation(nextEvaluation, rule.name, host) },
    ...(nextEvaluation.kind === 'not_applicable' && {
      notApplicable: describeNotApplicable(nextEvaluation.hosts, rule.name, host),
    }),
  }
}

function showNext(next: NextEvaluation) {
  if (next.kind === 'rule_removed') return { ...next, ...isoFields(next, ['at']) }
  if (next.kind !== 'window') return next
  return { ...next, end: iso(next.end), sources: next.sources.map((one) => ({ ...one, clock: iso(one.clock) })) }
}

/** What an evaluation said, flat as an alert is. */
function showEvaluation(evaluation: Evaluation, rule: string) {
  const { host, labels, measure, value, evidence, evaluatedAt, hint } = evaluation
  return {
    host,
    labels,
    metric: measure.metric,
    unit: measure.unit,
    value,
    evaluatedAt: iso(evaluatedAt),
    ...showEvidence(evidence),
    summary: describeReason({ identity: { rule, host, measure }, value, evidence }),
    ...(hint !== undefined && { hint: { code: hint, summary: describeHint(evaluation) } }),
  }
}

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
  const { receiver, to, reason, kind, thread, decidedAt, notice, alerts = [] } = readNotification(record)
  return {
    id: record.id,
    state: record.state,
    attempts: record.attempts,
    ...isoFields(record, ['createdAt', 'finishedAt', 'nextAttemptAt']),
    ...(record.response !== undefined && { response: record.response }),
    ...(record.mergedInto !== undefined && { mergedInto: record.mergedInto }),
    ...(record.damaged && { damaged: true }),
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
      ...(own !== undefined && { reason: own }),
    })),
  }
}

/** A row of the registry, and why it tells of one alert; a mail of several has one reason, each of them its own. */
interface SendOf {
  readonly record: SendRecord
  readonly because: NotificationReason | undefined
}

/** The rows of the registry that tell of an alert. */
export function findSends({ episode }: AlertView, sends: readonly SendRecord[]): readonly SendOf[] {
  if (episode === undefined) return []
  return sends.flatMap((record) => {
    const told = readNotification(record).alerts?.find((alert) => alert.episode === episode)
    return told === undefined ? [] : [{ record, because: told.reason }]
  })
}
