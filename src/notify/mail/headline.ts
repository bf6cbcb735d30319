import type { AlertSnapshot, NotificationReason, Notification } from '../../model.ts'
import { formatDuration } from '../../text/format.ts'
import { formatReach } from '../../text/limit.ts'
import { formatFigure } from '../../text/measure.ts'
import { describeSuppression } from '../../text/suppression.ts'
import {
  breachesLimit,
  goneOnFor,
  isState,
  isUntold,
  lastedOf,
  limitOf,
  measureOf,
  nameOf,
  placeOf,
  reasonOf,
  SHORT,
  valueOf,
} from './phrase.ts'
import type { Times } from './times.ts'

/** What is new about an alert, in a word or two. */
export function statusOf(notification: Notification, facts: AlertSnapshot): string {
  const { reason } = notification
  if (facts.closeReason !== undefined) return 'Closed'
  if (facts.state === 'resolved') {
    if (isUntold(notification, facts)) return 'Fired and resolved'
    return reason === 'flapping_stopped' ? 'Stopped flapping: resolved' : 'Resolved'
  }
  const severity = facts.severity === 'critical' ? 'Critical' : 'Warning'
  return STATUS[reason]?.replace('{severity}', severity) ?? severity
}

const STATUS: Partial<Readonly<Record<NotificationReason, string>>> = {
  severity_raised: 'Escalated to critical',
  severity_lowered: 'Downgraded to warning',
  flapping_started: '{severity}: flapping',
  flapping_stopped: '{severity}: stopped flapping, still firing',
  repeat_interval: '{severity}: still firing',
  silence_ended: '{severity}: suppressed until now',
  escalated: '{severity}: escalated',
}

/** One sentence that says all. */
export function headlineOf(facts: AlertSnapshot, because: NotificationReason | undefined, time: Times): string {
  const place = placeOf(facts)
  const rule = nameOf(facts.identity.rule)
  if (facts.closeReason !== undefined) return `${place}: ${rule} was closed: ${reasonOf(facts, time, 2 * SHORT)}`
  if (facts.state === 'resolved') {
    const hasFigure = facts.value !== null && !isState(facts)
    if (!hasFigure) return `${place}: ${rule} resolved after ${lastedOf(facts)}`
    return `${place}: ${measureOf(facts)} is back to ${valueOf(facts)}, after ${lastedOf(facts)}`
  }
  if (because === 'flapping_started') {
    if (facts.value === null) return `${place}: ${rule} is flapping`
    return `${place}: ${measureOf(facts)} is flapping, ${valueOf(facts)} now`
  }
  if (facts.value === null) return `${place}: ${reasonOf(facts, time, 2 * SHORT)}`
  const verb = facts.noDataSince === undefined ? 'is' : 'was'
  const figure = nameOf(formatFigure(facts.identity.measure, valueOf(facts), verb), 2 * SHORT)
  if (facts.evidence.limit === undefined) return `${place}: ${figure}`
  return breachesLimit(facts)
    ? `${place}: ${figure}, ${limitOf(facts)}`
    : `${place}: ${figure} (limit: ${limitOf(facts)})`
}

/** What happened, in full sentences. */
export function leadOf(notification: Notification, facts: AlertSnapshot, time: Times): string {
  const words = facts.state === 'resolved' ? overOf(notification, facts, time) : newsOf(notification, facts, time)
  return words.join(' ')
}

/** Whether the operator's own words may describe an alert: they are written for one that fires, and of no other are they true. */
export function isDescribed({ reason }: Notification, { state }: AlertSnapshot): boolean {
  return state === 'firing' && reason !== 'flapping_started' && reason !== 'flapping_stopped'
}

/** What is said before the operator's own words: why the mail comes, and that the data has stopped; empty for plain news. */
export function prefaceOf(notification: Notification, facts: AlertSnapshot, time: Times): string {
  const why = notification.reason === 'fired' ? [] : whyNow(notification, facts, time)
  return [...why, ...flapping(notification, facts), ...stoppedOf(facts, time)].join(' ')
}

function overOf(notification: Notification, facts: AlertSnapshot, time: Times): readonly string[] {
  const { identity, startsAt, firedAt = startsAt, evaluatedAt, resolvedAt = evaluatedAt } = facts
  const rule = nameOf(identity.rule)
  if (facts.closeReason !== undefined) {
    return [
      `The alert of rule ${rule} was closed without recovery.`,
      `It began at ${time(startsAt)} and had lasted ${lastedOf(facts)}.`,
    ]
  }
  if (isUntold(notification, facts)) {
    return [
      `Rule ${rule} fired at ${time(firedAt)} and resolved at ${time(resolvedAt)}, before anybody was notified.`,
      `${spanOf(facts, time)} This is the only mail about it.`,
    ]
  }
  const span = spanOf(facts, time)
  if (notification.reason === 'flapping_stopped') {
    return [`The alert of rule ${rule} stopped flapping and is resolved.`, span]
  }
  return [`The alert of rule ${rule} is resolved.`, span]
}

/** How long it lasted, and when it was at its worst. */
function spanOf(facts: AlertSnapshot, time: Times): string {
  const { startsAt, critical, evaluatedAt, resolvedAt = evaluatedAt } = facts
  const [began, lasted] = [`It began at ${time(startsAt)}`, `lasted ${lastedOf(facts)}`]
  if (critical === undefined) return `${began} and ${lasted}.`
  const { from, until = resolvedAt, count } = critical
  const isAll = count === 1 && from <= startsAt && until >= resolvedAt
  const when =
    count > 1 ? `${count} times between ${time(from)} and ${time(until)}` : `from ${time(from)} to ${time(until)}`
  return `${began}, ${lasted}, and was critical ${isAll ? 'all the time' : when}.`
}

function newsOf(notification: Notification, facts: AlertSnapshot, time: Times): readonly string[] {
  const why = whyNow(notification, facts, time)
  if (notification.reason === 'flapping_started') return why
  const began = beganOf(notification, facts, time)
  return [...why, ...flapping(notification, facts), ...began, ...stoppedOf(facts, time), ...endOf(facts)]
}

/** Why the mail comes. */
function whyNow(notification: Notification, facts: AlertSnapshot, time: Times): readonly string[] {
  const rule = nameOf(facts.identity.rule)
  const lasted = goneOnFor(notification, facts)
  switch (notification.reason) {
    case 'severity_raised':
      return [`Rule ${rule} first fired as a warning and is ${facts.severity} now.`]
    case 'severity_lowered':
      return [`Rule ${rule} was critical and is still firing as a ${facts.severity}.`]
    case 'flapping_started':
      return flapsNow(facts, rule)
    case 'flapping_stopped':
      return [`The alert of rule ${rule} stopped flapping and is still firing.`]
    case 'repeat_interval':
      return [`Rule ${rule} is still firing after ${lasted}.`]
    case 'silence_ended':
      return [`Rule ${rule} has been firing for ${lasted}.`, ...suppressedUntilNow(facts, time)]
    case 'escalated':
      return [`Not acknowledged for ${waited(notification, facts)}: rule ${rule} is still firing.`]
    default:
      return [`Rule ${rule} fired.`]
  }
}

/** Mails that say for how long it fires need no more. It may have begun in the middle of a window, so that none is named. */
function beganOf({ decidedAt, reason }: Notification, facts: AlertSnapshot, time: Times): readonly string[] {
  if (reason === 'repeat_interval' || reason === 'silence_ended' || reason === 'escalated') return []
  const since = time(Math.min(facts.startsAt, decidedAt))
  const isChange = reason === 'severity_raised' || reason === 'severity_lowered' || reason === 'flapping_stopped'
  const { limit, clear } = facts.evidence
  const isPlain = !isChange && !isState(facts) && facts.value !== null && limit !== undefined && clear !== undefined
  return [isPlain ? `The value has been beyond its limit since ${since}.` : `It began at ${since}.`]
}

/** An alert whose data has stopped is neither better nor over. */
function stoppedOf({ noDataSince }: AlertSnapshot, time: Times): readonly string[] {
  if (noDataSince === undefined) return []
  return [`No data since ${time(noDataSince)}. The figures are those of the last window with data.`]
}

function endOf({ identity, value, evidence: { clear } }: AlertSnapshot): readonly string[] {
  if (value === null || clear === undefined) return []
  return [`Resolves ${formatReach(clear, identity.measure.unit)}.`]
}

/** What is said of an alert that flaps is no news of a lasting state. */
function flapping({ reason }: Notification, facts: AlertSnapshot): readonly string[] {
  return facts.flapping === undefined || reason === 'flapping_started'
    ? []
    : ['It is flapping between firing and resolved.']
}

function flapsNow(facts: AlertSnapshot, rule: string): readonly string[] {
  const share =
    facts.flapping === undefined
      ? ''
      : `: ${facts.flapping}% of its last evaluations were changes, newer ones counting more`
  return [
    `The alert of rule ${rule} is flapping between firing and resolved${share}.`,
    ...(breachesLimit(facts) ? [] : ['Its value is within the limit right now.']),
    'It counts as firing until it stops flapping; its changes are not notified one by one.',
  ]
}

function suppressedUntilNow({ heldBy }: AlertSnapshot, time: Times): readonly string[] {
  return heldBy === undefined ? [] : [`Suppressed until now: ${nameOf(describeSuppression(heldBy, time), 1000)}.`]
}

/** An acknowledgement that has ended counts as having been looked at. */
function waited({ decidedAt }: Notification, { ack, startsAt, firedAt = startsAt }: AlertSnapshot): string {
  return formatDuration(Math.max(0, decidedAt - Math.min(decidedAt, Math.max(firedAt, ack?.until ?? firedAt))))
}
