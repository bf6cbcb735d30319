import type {
  Acknowledgement,
  AlertView,
  Decision,
  HeldBy,
  MatchedEvent,
  Mute,
  PendingNotification,
  SendRecord,
  Suppression,
  Transition,
} from '../../model.ts'
import { describeDecision, describeWaiting, describeSuppression } from '../../text/decision.ts'
import { describeReason } from '../../text/reason.ts'
import { iso, isoFields, pickFields, showEvidence, showMeasure } from './fields.ts'
import { findNotifications, showNotification } from './notification.ts'

const INSTANTS = ['startsAt', 'firedAt', 'resolvedAt', 'evaluatedAt', 'noDataSince'] as const
const PLAIN = ['closeReason', 'flapping', 'evaluations', 'breaches', 'refirings', 'notificationCount'] as const

/** Returns an alert as a flat object, with sentences beside the codes. */
export function showAlert(alert: AlertView) {
  const { identity, state, severity, value, peak, evidence, suppressed, muted, ack } = alert
  const { decisions, pending, events } = alert
  return {
    rule: identity.rule,
    host: identity.host,
    labels: identity.labels,
    ...showMeasure(identity.measure),
    state,
    severity,
    ...pickFields(alert, ['episode', 'code']),
    ...isoFields(alert, INSTANTS),
    value,
    peak,
    ...showEvidence(evidence),
    summary: describeReason(alert),
    ...pickFields(alert, PLAIN),
    ...(suppressed !== undefined && { suppressedCount: suppressed }),
    ...(muted !== undefined && { muted: { ...showSuppression(muted), summary: describeSuppression(muted) } }),
    ...(ack !== undefined && { ack: showAck(ack) }),
    ...(events !== undefined && { events: events.map(showEvent) }),
    ...(decisions !== undefined && { decisions: decisions.map((one) => showDecision(one, alert)) }),
    ...(pending !== undefined && { pending: pending.map(showPending) }),
    transitions: alert.transitions.map((one) => showTransition(one, alert)),
  }
}

/** Returns an alert with the notifications that were sent about it. */
export const showEpisode = (alert: AlertView, records: readonly SendRecord[]) => ({
  ...showAlert(alert),
  notifications: findNotifications(alert, records).map(({ record, reason }) => ({
    ...showNotification(record),
    ...pickFields({ reason }, ['reason']),
  })),
})

const showEvent = ({ ts, fields }: MatchedEvent) => ({ timestamp: iso(ts), fields: Object.fromEntries(fields) })

const showTransition = ({ to, at, value, evidence }: Transition, { identity }: AlertView) => ({
  state: to,
  changedAt: iso(at),
  value,
  reason: evidence.why,
  summary: describeReason({ identity, value, evidence }),
})

const showAck = ({ at, until, author, note }: Acknowledgement) => ({
  createdAt: iso(at),
  until: iso(until),
  author,
  note,
})

const showPending = (pending: PendingNotification) => ({
  event: pending.event,
  reason: pending.reason,
  ...isoFields(pending, ['until']),
  ...pickFields(pending, ['to']),
  summary: describeWaiting(pending),
})

const showDecision = (decision: Decision, { identity }: AlertView) => ({
  decidedAt: iso(decision.at),
  kind: decision.kind,
  ...decisionFields(decision),
  summary: describeDecision(decision, identity),
})

function decisionFields(decision: Decision): object {
  switch (decision.kind) {
    case 'evaluated':
      return { event: decision.event, value: decision.value, ...showEvidence(decision.evidence) }
    case 'notified': {
      const { event, to, heldBy, list } = decision
      return {
        event,
        to,
        ...(heldBy !== undefined && { heldBy: showSuppression(heldBy) }),
        ...(list !== undefined && { list: { reason: list.reason, isAlone: list.isAlone } }),
      }
    }
    case 'suppressed':
      return { event: decision.event, suppression: showSuppression(decision.why), ...pickFields(decision, ['to']) }
    case 'acknowledged':
      return { author: decision.author, until: iso(decision.until), note: decision.note }
    default:
      return { author: decision.author, reason: decision.reason }
  }
}

/** Returns what suppresses a notification. A silence has the field names of `/api/v1/silences`. */
function showSuppression(suppression: Mute | HeldBy | Suppression) {
  switch (suppression.by) {
    case 'silence': {
      const { by, id, until, author, comment } = suppression
      return { by, id, endsAt: iso(until), createdBy: author, comment }
    }
    case 'acknowledgement':
      return { by: suppression.by, author: suppression.author, until: iso(suppression.until) }
    case 'receiver_removed':
      return { by: suppression.by, removedAt: iso(suppression.at) }
    default:
      return suppression
  }
}
