import {
  type AlertSnapshot,
  type Gap,
  isBeyond,
  type Measure,
  type Notification,
  type MeasureUnit,
  type Millis,
} from '../../model.ts'
import {
  formatBeside,
  formatDuration,
  formatValue,
  timeFormat,
  formatLimit,
  formatThreshold,
  formatMeasure,
} from '../../text/format.ts'
import { describeReason } from '../../text/reason.ts'
import { describeNotificationSubject, describeStates, formatStates, type StateCounts } from '../../text/notice.ts'
import { clean, shorten } from '../../text/sanitise.ts'

/** Maximum length of a name in a sentence. */
export const SHORT = 80
/** Maximum length of a name among the facts. */
export const FULL_LENGTH = 16_384

export type Tone = 'warning' | 'critical' | 'good' | 'calm'

export function selectTone(snapshot: AlertSnapshot): Tone {
  if (snapshot.closeReason !== undefined) return 'calm'
  return snapshot.state === 'resolved' ? 'good' : snapshot.severity
}

/** Sanitises and shortens text of an event or a person for use in a sentence. */
export function formatName(text: string, max = SHORT): string {
  return shorten(clean(text), max)
}

/** Formats the host with the labels of the series: `db-1 /var/lib`. */
export function formatTarget({ identity: { host, labels } }: AlertSnapshot, max = SHORT): string {
  const names = [host, ...Object.values(labels)].filter((name) => name !== '')
  return names.map((name) => formatName(name, max)).join(' ')
}

/** Formats the value in its unit, with enough digits to differ from the thresholds. */
export function formatAlertValue({ identity, value, evidence: { limit, clear } }: AlertSnapshot): string {
  const limits = [limit, clear].flatMap((one) => (one === undefined ? [] : [one.value]))
  return clean(formatBeside(value, identity.measure.unit, limits))
}

/** Formats the thresholds that were breached: the present one, and the critical one if it differs. */
export function formatLimits({ identity, evidence: { limit }, critical }: AlertSnapshot): string {
  const { unit } = identity.measure
  const worst = critical?.limit
  const now = formatLimit(limit, unit)
  if (worst === undefined || (worst.op === limit?.op && worst.value === limit.value)) return now
  return `${now}; critical: ${formatLimit(worst, unit)}`
}

/** Formats a value in its unit. */
export function formatInUnit(value: number | null, unit: MeasureUnit): string {
  return clean(formatValue(value, unit))
}

/** Formats the threshold that the value is compared with. */
export function formatAlertLimit({ identity, evidence: { limit } }: AlertSnapshot): string {
  return formatLimit(limit, identity.measure.unit)
}

/** Formats the threshold after a value, ` (threshold 90%)`; empty where any value breaches it. */
export function formatThresholdNote({ identity: { measure }, evidence: { limit } }: AlertSnapshot): string {
  return limit === undefined || ANY_IS_TOO_MANY.has(measure.metric) ? '' : ` ${formatThreshold(limit, measure.unit)}`
}

/** Formats the threshold that names the alert: for a resolved one, the highest severity's. */
export function formatWorstLimit({ state, identity, evidence: { limit }, critical }: AlertSnapshot): string {
  return formatLimit(state === 'resolved' ? (critical?.limit ?? limit) : limit, identity.measure.unit)
}

/** Describes the result of the evaluation. */
export function formatReason(snapshot: AlertSnapshot, time: WriteInstant, max = FULL_LENGTH): string {
  return formatName(describeReason(snapshot, time), max)
}

/** Formats what was measured: `mean of cpu over 2 min`. */
export function formatMeasured({ identity: { measure } }: AlertSnapshot): string {
  return formatName(formatMeasure(measure))
}

/** Returns the measure with a metric name that is safe in a sentence. */
export function cleanMeasure({ identity: { measure } }: AlertSnapshot): Measure {
  return measure.kind === 'aggregate' ? { ...measure, metric: formatName(measure.metric) } : measure
}

/** Returns true if a state is measured. Its present value means nothing once the alert has resolved. */
export function isState({ identity: { measure } }: AlertSnapshot): boolean {
  return measure.kind === 'state'
}

/** Returns true if the value breaches the threshold that it is shown with, or if that is unknown. */
export function breachesLimit({ value, evidence: { limit } }: AlertSnapshot): boolean {
  return value === null || limit === undefined || isBeyond(limit, value)
}

/** Formats how long the alert lasted, until its end or the end of the evaluated window. */
export function formatLasted(snapshot: AlertSnapshot): string {
  return formatDuration(Math.max(0, (snapshot.resolvedAt ?? snapshot.evaluatedAt) - snapshot.startsAt))
}

/** Formats how long the alert has lasted when the mail is written. */
export function formatDurationSoFar(
  { decidedAt }: Pick<Notification, 'decidedAt'>,
  { startsAt }: AlertSnapshot,
): string {
  return formatDuration(Math.max(0, decidedAt - startsAt))
}

/** Returns true if it resolved before the recipient was notified. */
export function isUnnotified({ seq }: Pick<Notification, 'seq'>, { state, notifications }: AlertSnapshot): boolean {
  return state === 'resolved' && (notifications ?? seq) === 0
}

/** Counts alerts by state. Alerts that were closed without recovery count as closed. */
export function countStates(alerts: readonly AlertSnapshot[]): StateCounts {
  const firing = alerts.filter(({ state }) => state === 'firing').length
  const closed = alerts.filter(({ state, closeReason }) => state === 'resolved' && closeReason !== undefined).length
  return { firing, resolved: alerts.length - firing - closed, closed }
}

/** Formats how many alerts are in which state: `11 firing, 49 resolved`. */
export function formatTally(alerts: readonly AlertSnapshot[]): string {
  return formatStates(countStates(alerts))
}

/** Describes several alerts: `60 alerts` while all fire, else by state. */
export function groupName(alerts: readonly AlertSnapshot[]): string {
  return describeStates(countStates(alerts))
}

/** Returns the colour of a mail: green if all alerts have recovered. */
export function selectWorstTone(alerts: readonly AlertSnapshot[]): Tone {
  const tones = new Set(alerts.map(selectTone))
  return (['critical', 'warning', 'good'] as const).find((tone) => tones.has(tone)) ?? 'calm'
}

/** Describes the mails that this one replaces, and those that could not be delivered. */
export function listDeliveryNotes(notification: Notification, time: WriteInstant): readonly string[] {
  return [...insteadNote(notification, time), ...undeliveredNote(notification, time)]
}

/** How many of the undelivered mails are named. */
/** States whose threshold is not shown, because any value breaches it. */
const ANY_IS_TOO_MANY: ReadonlySet<string> = new Set(['refused', 'unmatched_events'])
const MAX_NAMED = 5

function undeliveredNote({ undelivered = [] }: Notification, time: WriteInstant): readonly string[] {
  if (undelivered.length === 0) return []
  const named = undelivered
    .slice(-MAX_NAMED)
    .map(({ at, subject }) => `${formatName(describeNotificationSubject(subject))} (${time(at)})`)
  const [first] = undelivered
  if (undelivered.length === 1 || first === undefined)
    return [`An earlier mail to you could not be delivered: ${named.join('')}.`]
  const more = undelivered.length - named.length
  const before = more === 0 ? '' : `${more} more since ${time(first.at)}, and `
  return [`${undelivered.length} earlier mails to you could not be delivered: ${before}${named.join(', ')}.`]
}

function insteadNote({ replaces }: Notification, time: WriteInstant): readonly string[] {
  if (replaces === undefined) return []
  const { at, count = 1, last = at } = replaces
  if (count === 1) return [`This mail replaces the one from ${time(at)}, which could not be sent.`]
  const span = count === 2 ? `from ${time(at)} and ${time(last)}` : `from ${time(at)} to ${time(last)}`
  return [`This mail replaces the ${count} mails ${span}, which could not be sent.`]
}

/** Describes downtimes during alerts: one note for those whose events arrived later, one for the others. */
export function gapNotes(alerts: readonly AlertSnapshot[], time: WriteInstant): readonly string[] {
  const gaps = new Map<string, Gap>()
  for (const gap of alerts.flatMap((snapshot) => snapshot.gaps)) {
    const key = `${gap.from} ${gap.to}`
    if (gaps.get(key)?.isRecovered !== true) gaps.set(key, gap)
  }
  const note = (isRecovered: boolean, consequence: string): readonly string[] => {
    const spans = [...gaps.values()]
      .filter((gap) => (gap.isRecovered === true) === isRecovered)
      .toSorted((a, b) => a.from - b.from)
      .map(({ from, to }) => `from ${time(from)} to ${time(to)}`)
    return spans.length === 0 ? [] : [`Stashwatch was down ${spans.join(', and ')}; ${consequence}.`]
  }
  return [
    ...note(false, 'no rules were evaluated'),
    ...note(true, 'events of that time arrived later and were evaluated then'),
  ]
}

/** Formats an instant for the reader of one mail. */
export type WriteInstant = (at: Millis) => string

const DATE = /^\S+ /

/**
 * Returns a function that formats instants: in UTC, or for a receiver with a time zone in both, `14:03:10 CEST
 * (12:03:10 UTC)`. The date is added if it differs from that of the mail, and a second one if the two zones have
 * different dates.
 */
export function timeWriter({
  decidedAt,
  timeZone = 'UTC',
}: Pick<Notification, 'decidedAt' | 'timeZone'>): WriteInstant {
  const inUtc = timeFormat('UTC')
  if (timeZone === 'UTC') return inUtc
  const inZone = timeFormat(timeZone)
  const today = datePart(inZone(decidedAt))
  return (at) => {
    const [here, there] = [inZone(at), inUtc(at)]
    if (here === there) return here
    const local = datePart(here) === today ? here.replace(DATE, '') : here
    return `${local} (${datePart(here) === datePart(there) ? there.replace(DATE, '') : there})`
  }
}

function datePart(text: string): string {
  return DATE.exec(text)?.[0] ?? ''
}
