import type { AlertSnapshot, NotificationReason, Notification, StateMetric, Measure } from '../../model.ts'
import { formatDuration, formatReach, formatFigure, formatMetricTitle } from '../../text/format.ts'
import { describeSuppression } from '../../text/decision.ts'
import {
  breachesLimit,
  cleanMeasure,
  formatDurationSoFar,
  isState,
  isUnnotified,
  formatLasted,
  formatName,
  formatTarget,
  formatThresholdNote,
  formatReason,
  SHORT,
  formatAlertValue,
  type WriteInstant,
} from './phrase.ts'

/** Returns the status of an alert in a word or two. */
export function formatStatus(notification: Notification, snapshot: AlertSnapshot): string {
  const { reason } = notification
  if (snapshot.closeReason !== undefined) return isUnnotified(notification, snapshot) ? 'Fired and closed' : 'Closed'
  if (snapshot.state === 'resolved') {
    if (isUnnotified(notification, snapshot)) return 'Fired and resolved'
    return reason === 'flapping_stopped' ? 'Stopped flapping: resolved' : 'Resolved'
  }
  const severity = snapshot.severity === 'critical' ? 'Critical' : 'Warning'
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

/** States the fact in one line: `CPU averaged 97% over 2 min on web-1 (threshold 90%)`. */
export function formatHeadline(
  snapshot: AlertSnapshot,
  reason: NotificationReason | undefined,
  time: WriteInstant,
): string {
  const place = formatTarget(snapshot)
  const rule = formatName(snapshot.identity.rule)
  const { value } = snapshot
  if (snapshot.closeReason !== undefined)
    return `${rule} closed on ${place}: ${formatReason(snapshot, time, 2 * SHORT)}`
  if (snapshot.state === 'resolved') {
    const isFigure = value !== null && !isState(snapshot)
    if (!isFigure) return `${rule} resolved on ${place} after ${formatLasted(snapshot)}`
    const metric = formatMetricTitle(cleanMeasure(snapshot))
    return `${metric} back to ${formatAlertValue(snapshot)} on ${place} after ${formatLasted(snapshot)}`
  }
  if (reason === 'flapping_started') {
    return `${rule} is flapping on ${place}${value === null ? '' : `, ${formatAlertValue(snapshot)} now`}`
  }
  if (value === null) return `${place}: ${formatReason(snapshot, time, 2 * SHORT)}`
  return `${formatFigure(cleanMeasure(snapshot), formatAlertValue(snapshot), place)}${formatThresholdNote(snapshot)}`
}

/** Describes what happened, in full sentences. */
export function formatLead(notification: Notification, snapshot: AlertSnapshot, time: WriteInstant): string {
  const words =
    snapshot.state === 'resolved' ? formatEnd(notification, snapshot, time) : formatEvent(notification, snapshot, time)
  return words.join(' ')
}

/** Returns true if the operator's own text may describe the alert. It is written for a firing alert. */
export function isDescribed({ reason }: Notification, { state }: AlertSnapshot): boolean {
  return state === 'firing' && reason !== 'flapping_started' && reason !== 'flapping_stopped'
}

/**
 * Returns the sentences before the operator's own text: why the mail was sent, and that data stopped; empty for a new
 * alert.
 */
export function formatPreface(notification: Notification, snapshot: AlertSnapshot, time: WriteInstant): string {
  const why = notification.reason === 'fired' ? [] : whyNow(notification, snapshot, time)
  return [...why, ...flapping(notification, snapshot), ...formatStopped(snapshot, time)].join(' ')
}

function formatEnd(notification: Notification, snapshot: AlertSnapshot, time: WriteInstant): readonly string[] {
  const { identity, startsAt, firedAt = startsAt, evaluatedAt, resolvedAt = evaluatedAt } = snapshot
  const rule = formatName(identity.rule)
  const isClosed = snapshot.closeReason !== undefined
  const span = formatSpan(snapshot, time)
  if (isUnnotified(notification, snapshot)) {
    const end = `${isClosed ? 'was closed without recovery' : 'resolved'} at ${time(resolvedAt)}`
    return [
      `Rule ${rule} fired at ${time(firedAt)} and ${end}, before you were notified.`,
      `${span} This is the only mail about it.`,
    ]
  }
  if (isClosed) return [`The alert of rule ${rule} was closed without recovery.`, span]
  if (notification.reason === 'flapping_stopped') {
    return [`The alert of rule ${rule} stopped flapping and is resolved.`, span]
  }
  return [`The alert of rule ${rule} is resolved.`, span]
}

/** Says how long it lasted, and when it was critical. */
function formatSpan(snapshot: AlertSnapshot, time: WriteInstant): string {
  const { startsAt, critical, evaluatedAt, resolvedAt = evaluatedAt } = snapshot
  const [began, lasted] = [`It began at ${time(startsAt)}`, `lasted ${formatLasted(snapshot)}`]
  if (critical === undefined) return `${began} and ${lasted}.`
  const { from, until = resolvedAt, count } = critical
  const isAll = count === 1 && from <= startsAt && until >= resolvedAt
  const when =
    count > 1 ? `${count} times between ${time(from)} and ${time(until)}` : `from ${time(from)} to ${time(until)}`
  return `${began}, ${lasted}, and was critical ${isAll ? 'all the time' : when}.`
}

function formatEvent(notification: Notification, snapshot: AlertSnapshot, time: WriteInstant): readonly string[] {
  const why = whyNow(notification, snapshot, time)
  if (notification.reason === 'flapping_started') return why
  const began = formatBegin(notification, snapshot, time)
  return [
    ...why,
    ...flapping(notification, snapshot),
    ...began,
    ...formatStopped(snapshot, time),
    ...formatResolution(snapshot),
  ]
}

/** Says why the mail was sent. */
function whyNow(notification: Notification, snapshot: AlertSnapshot, time: WriteInstant): readonly string[] {
  const rule = formatName(snapshot.identity.rule)
  const lasted = formatDurationSoFar(notification, snapshot)
  switch (notification.reason) {
    case 'severity_raised':
      return [`Rule ${rule} first fired as warning and is now ${snapshot.severity}.`]
    case 'severity_lowered':
      return [`Rule ${rule} was critical and is still firing as ${snapshot.severity}.`]
    case 'flapping_started':
      return flapsNow(snapshot, rule)
    case 'flapping_stopped':
      return [`The alert of rule ${rule} stopped flapping and is still firing.`]
    case 'repeat_interval':
      return [`Rule ${rule} is still firing after ${lasted}.`]
    case 'silence_ended':
      return [`Rule ${rule} has been firing for ${lasted}.`, ...suppressedUntilNow(snapshot, time)]
    case 'escalated':
      return [`Not acknowledged for ${waited(notification, snapshot)}: rule ${rule} is still firing.`]
    default:
      return [`Rule ${rule} fired.`]
  }
}

/**
 * Says since when it fires, unless the mail says for how long. It may have begun within a window, so no window is
 * named.
 */
function formatBegin(
  { decidedAt, reason }: Notification,
  snapshot: AlertSnapshot,
  time: WriteInstant,
): readonly string[] {
  if (reason === 'repeat_interval' || reason === 'silence_ended' || reason === 'escalated') return []
  const since = time(Math.min(snapshot.startsAt, decidedAt))
  const isChange = reason === 'severity_raised' || reason === 'severity_lowered' || reason === 'flapping_stopped'
  const { limit, clear } = snapshot.evidence
  const isPlain =
    !isChange && !isState(snapshot) && snapshot.value !== null && limit !== undefined && clear !== undefined
  return [isPlain ? `The value has been beyond its threshold since ${since}.` : `It began at ${since}.`]
}

/** Says that an alert has no data, so it neither improves nor resolves. */
function formatStopped({ noDataSince }: AlertSnapshot, time: WriteInstant): readonly string[] {
  if (noDataSince === undefined) return []
  return [`No data since ${time(noDataSince)}. The values are from the last window with data.`]
}

function formatResolution({ identity, value, evidence: { clear } }: AlertSnapshot): readonly string[] {
  if (value === null || clear === undefined) return []
  return [`Resolves ${formatReach(clear, identity.measure.unit)}.`]
}

/** Says that an alert is flapping, and that its present state may not last. */
function flapping({ reason }: Notification, snapshot: AlertSnapshot): readonly string[] {
  return snapshot.flapping === undefined || reason === 'flapping_started'
    ? []
    : ['It is flapping between firing and resolved.']
}

function flapsNow(snapshot: AlertSnapshot, rule: string): readonly string[] {
  const share =
    snapshot.flapping === undefined ? '' : ` (${snapshot.flapping}% state change, recent evaluations weighted higher)`
  return [
    `The alert of rule ${rule} is flapping between firing and resolved${share}.`,
    ...(breachesLimit(snapshot) ? [] : ['Its value is within the threshold right now.']),
    'It counts as firing until it stops flapping. Single state changes are not notified.',
  ]
}

function suppressedUntilNow({ heldBy }: AlertSnapshot, time: WriteInstant): readonly string[] {
  return heldBy === undefined ? [] : [`Suppressed until now: ${formatName(describeSuppression(heldBy, time), 1000)}.`]
}

/** Returns true if it was acknowledged, even if the acknowledgement ended. */
function waited({ decidedAt }: Notification, { ack, startsAt, firedAt = startsAt }: AlertSnapshot): string {
  return formatDuration(Math.max(0, decidedAt - Math.min(decidedAt, Math.max(firedAt, ack?.until ?? firedAt))))
}

const SUBJECTS: Readonly<Record<StateMetric, string>> = {
  absence: '{{server}} is absent',
  expected: 'No events received from {{server}} yet',
  source_silence: 'Source {{server}} is down',
  source_hosts: 'Source {{server}} delivers less than half of its hosts',
  absent_hosts: 'Many hosts of {{server}} are absent',
  missing_hosts: 'Many expected hosts are absent',
  clock_offset: 'The clock of {{server}} is wrong',
  refused: 'A limit of stashwatch is reached',
  out_of_range: 'Readings of {{server}} are out of range',
  unmatched_events: 'Events could not be matched with a rule',
}

/** Returns the default subject template of mails about a state; undefined for values of windows. */
export function stateSubject(measure: Measure): string | undefined {
  return measure.kind === 'state' ? SUBJECTS[measure.metric] : undefined
}
