import {
  type AlertSnapshot,
  type NotificationReason,
  type FiringContext,
  type Millis,
  type Notification,
  type Peers,
  isAboutSource,
} from '../../model.ts'
import { formatCount, formatDuration, formatEvent, formatReach } from '../../text/format.ts'
import { describeSuppression } from '../../text/decision.ts'
import { clean } from '../../text/sanitise.ts'
import type { EventLine, Fact, Meter } from './content.ts'
import {
  breachesLimit,
  formatInUnit,
  gapNotes,
  formatDurationSoFar,
  isState,
  isUnnotified,
  formatLasted,
  formatLimits,
  formatMeasured,
  formatName,
  formatReason,
  formatAlertValue,
  FULL_LENGTH,
  type WriteInstant,
} from './phrase.ts'

/** A longer delay between the window and the mail is explained. */
const LATE_AFTER = 5 * 60_000

/** Lists the facts about an alert. */
export function listFacts(notification: Notification, snapshot: AlertSnapshot, time: WriteInstant): readonly Fact[] {
  const { rule, host, labels } = snapshot.identity
  const isOfSource = isAboutSource(rule)
  const list: readonly (Fact | undefined)[] = [
    fact('Metric', formatMeasured(snapshot)),
    fact(isOfSource ? 'Source' : 'Host', host),
    ...Object.entries(labels).map(([label, text]) => fact(formatName(label), text)),
    ...measured(snapshot, notification.decidedAt, time),
    ...lived(notification, snapshot, time),
    fact('Reason', formatReason(snapshot, time)),
    ...notified(notification, snapshot, time),
    ...beside(snapshot, notification.context, time),
    isOfSource ? undefined : fact('Source', snapshot.source),
    fact('Rule', rule),
    fact('Code', snapshot.code),
  ]
  return list.filter((one) => one !== undefined)
}

/** Lists some of the matching events. */
export function listEvents({ events = [] }: AlertSnapshot, time: WriteInstant): readonly EventLine[] {
  return events.map((event) => ({ when: time(event.ts), text: clean(formatEvent(event)) }))
}

function fact(label: string, text: string): Fact | undefined {
  return text === '' ? undefined : { label, value: formatName(text, FULL_LENGTH) }
}

function measured(snapshot: AlertSnapshot, decidedAt: Millis, time: WriteInstant): readonly (Fact | undefined)[] {
  const { identity, value, peers } = snapshot
  return [
    value === null ? undefined : fact('Value', measuredAt(snapshot, decidedAt, time)),
    fact('Threshold', `${formatLimits(snapshot)}${formatClear(snapshot)}`),
    peers === undefined
      ? undefined
      : fact('Other hosts', `median ${formatInUnit(peers.median, identity.measure.unit)} of ${formatPeers(peers)}`),
  ]
}

/** Says how many hosts the median is of; with many hosts it is that of a sample. */
function formatPeers({ hosts, known }: Peers): string {
  return known === undefined ? formatCount(hosts, 'host') : `${hosts} of the ${known} other hosts`
}

/** Formats the value; a resolved state has none. */
function measuredAt(snapshot: AlertSnapshot, decidedAt: Millis, time: WriteInstant): string {
  const { state, evaluatedAt } = snapshot
  if (isState(snapshot)) return state === 'resolved' ? '' : `${formatAlertValue(snapshot)} at ${time(evaluatedAt)}`
  return `${formatAlertValue(snapshot)} in the window that ${evaluatedAt > decidedAt ? 'ends' : 'ended'} at ${time(evaluatedAt)}`
}

/** Says what resolves the alert, if its value is within the threshold and does not resolve it. */
function formatClear(snapshot: AlertSnapshot): string {
  const { clear } = snapshot.evidence
  if (snapshot.state === 'resolved' || clear === undefined || breachesLimit(snapshot)) return ''
  return `; resolves ${formatReach(clear, snapshot.identity.measure.unit)}`
}

function lived(notification: Notification, snapshot: AlertSnapshot, time: WriteInstant): readonly (Fact | undefined)[] {
  const {
    identity,
    value,
    peak,
    resolvedAt,
    startsAt,
    breaches = 0,
    evaluations = breaches,
    refirings = 0,
    noDataSince,
  } = snapshot
  const began = time(Math.min(startsAt, notification.decidedAt))
  const isPlain = peak === null || (resolvedAt === undefined && peak === value)
  const course = [
    ...(evaluations > 0 ? [formatWindows(evaluations, breaches)] : []),
    ...(refirings > 0 ? [`re-fired ${timesText(refirings)}`] : []),
  ]
  return [
    resolvedAt === undefined
      ? fact('Since', `${began}, ${formatDurationSoFar(notification, snapshot)} so far`)
      : fact('Began', began),
    resolvedAt === undefined ? undefined : fact('Ended', `${time(resolvedAt)}, after ${formatLasted(snapshot)}`),
    isPlain ? undefined : fact('Peak', formatInUnit(peak, identity.measure.unit)),
    critical(snapshot, time),
    evaluations > 1 || refirings > 0 || resolvedAt !== undefined ? fact('History', course.join('; ')) : undefined,
    noDataSince === undefined ? undefined : fact('Data', `none since ${time(noDataSince)} (the alert keeps firing)`),
  ]
}

/** Says when it was critical, unless it was from beginning to end. */
function critical({ critical, startsAt }: AlertSnapshot, time: WriteInstant): Fact | undefined {
  if (critical === undefined) return undefined
  const { from, until, count, lastFrom = from } = critical
  if (until === undefined && count > 1)
    return fact('Critical', `since ${time(lastFrom)} (${count} times in all, first at ${time(from)})`)
  if (until === undefined) return from > startsAt ? fact('Critical', `since ${time(from)}`) : undefined
  if (count > 1) return fact('Critical', `${count} times between ${time(from)} and ${time(until)}`)
  return fact('Critical', `from ${time(from)} to ${time(until)}, for ${formatDuration(until - from)}`)
}

function formatWindows(all: number, bad: number): string {
  const windows = formatCount(all, 'window')
  return all === bad ? `${windows} breached` : `${bad} of ${windows} breached`
}

function timesText(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`
}

/** Says how the recipient was notified, and who acknowledged or silenced it. */
function notified(
  notification: Notification,
  snapshot: AlertSnapshot,
  time: WriteInstant,
): readonly (Fact | undefined)[] {
  const { notifications = 0, suppressed = 0, ack, heldBy } = snapshot
  const parts = [
    ...(notifications > 0 ? [`${notifications} before this one`] : []),
    ...(suppressed > 0 ? [`${formatCount(suppressed, 'update')} suppressed`] : []),
  ]
  return [
    ack === undefined ? undefined : fact('Acknowledged', acknowledged(ack, snapshot, notification.decidedAt, time)),
    heldBy === undefined || isUnnotified(notification, snapshot)
      ? undefined
      : fact('Suppressed', describeSuppression(heldBy, time)),
    fact('Notifications', parts.join('; ')),
  ]
}

function acknowledged(
  { author, at, until, note }: NonNullable<AlertSnapshot['ack']>,
  { state }: AlertSnapshot,
  decidedAt: Millis,
  time: WriteInstant,
): string {
  const words = note === '' ? '' : `: ${note}`
  if (state === 'resolved') {
    return `by ${author} ${until <= decidedAt ? `from ${time(at)} to ${time(until)}` : `since ${time(at)}`}${words}`
  }
  return `by ${author}, until ${time(until)}${until <= decidedAt ? ' (expired)' : ''}${words}`
}

/** Says what else is firing. */
function beside(
  { identity: { host } }: AlertSnapshot,
  context: FiringContext | undefined,
  time: WriteInstant,
): readonly (Fact | undefined)[] {
  if (context === undefined) return []
  const { onHost, firing, muted, hosts } = context
  const rules = onHost.map(
    ({ identity, severity, startsAt, code, muted }) =>
      `${formatName(identity.rule)} (${severity}${muted === true ? ', muted' : ''}, since ${time(startsAt)}, ${formatName(code)})`,
  )
  const isElsewhere = firing > onHost.length
  const all = `${formatCount(firing, 'other alert is firing', 'other alerts are firing')} on ${formatCount(hosts, 'host')}`
  const kept = muted === 0 ? '' : firing === 1 ? ', muted' : `, ${muted === firing ? 'all' : muted} of them muted`
  return [
    host === '' || rules.length === 0 ? undefined : fact('Also firing', rules.join('; ')),
    isElsewhere ? fact('In total', `${all}${kept}`) : undefined,
  ]
}

const STEPS: readonly NotificationReason[] = ['fired', 'severity_raised', 'severity_lowered', 'resolved']

/** Lists notes about the facts. */
export function listNotes(
  { decidedAt, reason, undelivered }: Notification,
  snapshot: AlertSnapshot,
  time: WriteInstant,
): readonly string[] {
  const decided = snapshot.resolvedAt ?? snapshot.evaluatedAt
  // An earlier mail that could not be delivered explains the delay of this one.
  const isStep = STEPS.includes(reason) && undelivered === undefined
  const isLate = reason === 'backlog' || (isStep && snapshot.heldBy === undefined && decidedAt - decided > LATE_AFTER)
  const late = `This mail was sent late, at ${time(decidedAt)}: the events arrived long after they happened.`
  return [...gapNotes([snapshot], time), ...(isLate ? [late] : [])]
}

/** Returns a meter for shares of a whole. Other values have no natural maximum. */
export function readMeter(snapshot: AlertSnapshot): Meter | undefined {
  const { unit } = snapshot.identity.measure
  const { limit } = snapshot.evidence
  if ((unit !== 'ratio' && unit !== 'percent') || snapshot.value === null || limit === undefined) return undefined
  const whole = unit === 'ratio' ? 1 : 100
  const meter = { value: snapshot.value / whole, limit: limit.value / whole }
  return isRatio(meter.value) && isRatio(meter.limit) ? meter : undefined
}

function isRatio(number: number): boolean {
  return number >= 0 && number <= 1
}
