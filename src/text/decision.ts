import type {
  Acknowledgement,
  AlertIdentity,
  NotificationReason,
  Decision,
  PendingNotification,
  HeldBy,
  Millis,
  Suppression,
} from '../model.ts'
import { formatTime, type WriteTime } from './format.ts'
import { describeReason } from './reason.ts'

/**
 * Returns the words before a decision's address; empty if its description is complete. @param isQueued it is not sent
 * yet.
 */
export function labelDecision(kind: Decision['kind'], isQueued: boolean): string {
  if (kind === 'notified') return isQueued ? 'notification queued' : 'notified'
  return kind === 'suppressed' ? 'not notified' : ''
}

/** Describes why a decision about an alert was made, without its instant and address. */
export function describeDecision(
  decision: Decision,
  identity: AlertIdentity,
  time: WriteTime = (at) => formatTime(at),
): string {
  switch (decision.kind) {
    case 'evaluated':
      return `${describeNotificationReason(decision.event)}: ${describeReason({ ...decision, identity }, time)}`
    case 'notified':
      return notified(decision, time)
    case 'suppressed': {
      const what = decision.event === 'all' ? '' : `'${describeNotificationReason(decision.event)}', `
      return `${what}${describeSuppression(decision.why, time)}`
    }
    case 'acknowledged':
      return describeAcknowledgement(decision, time)
    default:
      return `${UNACKNOWLEDGED[decision.reason]}: acknowledged by ${decision.author} until now`
  }
}

function notified({ event, heldBy, list }: Extract<Decision, { kind: 'notified' }>, time: WriteTime): string {
  const why = event === 'beside' ? 'listed beside other alerts of its group' : describeNotificationReason(event)
  const late =
    heldBy === undefined ? '' : `${event === 'silence_ended' ? '' : ', late'}: ${describeSuppression(heldBy, time)}`
  return `${why}${late}${list === undefined ? '' : listed(list)}`
}

function listed({ reason, isAlone }: { readonly reason: NotificationReason; readonly isAlone: boolean }): string {
  return `, ${isAlone ? 'late' : 'in a list'} (${describeNotificationReason(reason)})`
}

const UNACKNOWLEDGED = {
  withdrawn: 'acknowledgement withdrawn',
  expired: 'acknowledgement expired',
  severity_raised: 'acknowledgement ended, severity raised',
} as const

/** Describes an acknowledgement: `acknowledged by Ada until 2026-11-22 14:00:00 UTC: rebooting it`. */
export function describeAcknowledgement(
  { author, until, note }: Pick<Acknowledgement, 'author' | 'until' | 'note'>,
  time: WriteTime = (at) => formatTime(at),
): string {
  return `acknowledged by ${author} until ${time(until)}${note === '' ? '' : `: ${note}`}`
}

const WAITS: Readonly<Record<PendingNotification['reason'], string>> = {
  group_wait: 'waits for its group (group_wait)',
  group_interval: 'waits for its group (group_interval)',
  rate_limit: 'waits for the next list (mail limit)',
  backlog: 'waits for the end of a backlog',
  acknowledgement: 'is suppressed while the alert is acknowledged',
  silence: 'is suppressed by a silence',
  maintenance: 'is suppressed by a maintenance window',
  inhibition: 'is suppressed by another alert',
}

/** Describes what a pending notification waits for: `'fired' waits for its group (group_wait) until ...`. */
export function describeWaiting(
  { event, reason: what, until }: Pick<PendingNotification, 'event' | 'reason' | 'until'>,
  time: WriteTime = (at) => formatTime(at),
): string {
  return `'${describeNotificationReason(event)}' ${WAITS[what]}${until === undefined ? '' : ` until ${time(until)}`}`
}

const REASONS: Readonly<Record<NotificationReason, string>> = {
  fired: 'fired',
  severity_raised: 'severity raised',
  severity_lowered: 'severity lowered',
  resolved: 'resolved',
  flapping_started: 'flapping started',
  flapping_stopped: 'flapping stopped',
  repeat_interval: 'repeat interval elapsed',
  silence_ended: 'no longer suppressed',
  escalated: 'escalated',
  rate_limited: 'mail limit reached',
  backlog: 'found in the backlog',
  hosts_retired: 'hosts retired',
  rules_unmatched: 'rules match nothing',
  undelivered: 'notifications not delivered',
  scheduled: 'scheduled',
}

/** Describes why a receiver is notified: `repeat interval elapsed`. */
export function describeNotificationReason(reason: NotificationReason): string {
  return REASONS[reason]
}

/** Describes why a receiver is not notified. The text may hold names and comments of people. */
export function describeSuppression(why: Suppression, time: WriteTime = (at) => formatTime(at)): string {
  switch (why.by) {
    case 'silence':
      return `silenced by ${why.author} until ${time(why.until)}${why.comment === '' ? '' : `: ${why.comment}`}`
    case 'maintenance':
      return `maintenance window '${why.name}'`
    case 'inhibition':
      return `inhibited by ${why.rule} on ${why.host}`
    case 'acknowledgement':
      return `acknowledged by ${why.author} until ${time(why.until)}`
    case 'receiver_removed':
      return `its receiver was removed from the configuration at ${time(why.at)}`
    default:
      return SUPPRESSIONS[why.by]
  }
}

const SUPPRESSIONS = {
  no_receiver: 'neither its rule nor a route names a receiver',
  not_routed: 'the configuration no longer names it for this alert',
  undone: 'it was over before it could be sent',
  resolved_in_group_wait: 'it resolved before its group was sent',
  never_notified: 'nobody was notified that it fired',
  send_resolved: 'its rule or its receiver has send_resolved: false',
} as const

const HELD: Readonly<Record<HeldBy['by'], string>> = {
  silence: 'silenced',
  maintenance: 'under maintenance',
  inhibition: 'inhibited by another alert',
  acknowledgement: 'acknowledged',
}

/** The same in a word or two, where alerts are counted: `silenced`. */
export function describeHeldBriefly(by: HeldBy['by']): string {
  return HELD[by]
}

/** Returns true if an acknowledgement is in force. */
export function isInForce(ack: Acknowledgement | undefined, now: Millis): ack is Acknowledgement {
  return ack !== undefined && now < ack.until
}
