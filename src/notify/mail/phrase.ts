import {
  type AlertSnapshot,
  type Gap,
  isBeyond,
  type Measure,
  type Notification,
  type Unit,
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

/** Longest name in a sentence. */
export const SHORT = 80
/** The facts have names whole, up to here. */
export const FULL_LENGTH = 16_384

export type Tone = 'warning' | 'critical' | 'good' | 'calm'

export function selectTone(snapshot: AlertSnapshot): Tone {
  if (snapshot.closeReason !== undefined) return 'calm'
  return snapshot.state === 'resolved' ? 'good' : snapshot.severity
}

/** Text of an event or of a person, fit for a sentence. */
export function formatName(text: string, max = SHORT): string {
  return shorten(clean(text), max)
}

/** The host with the labels that tell its series apart: `db-1 /var/lib`. */
export function formatTarget({ identity: { host, labels } }: AlertSnapshot, max = SHORT): string {
  const names = [host, ...Object.values(labels)].filter((name) => name !== '')
  return names.map((name) => formatName(name, max)).join(' ')
}

/** What was measured, in its unit, so that it does not look like a limit that it is beyond. */
export function formatAlertValue({ identity, value, evidence: { limit, clear } }: AlertSnapshot): string {
  const limits = [limit, clear].flatMap((one) => (one === undefined ? [] : [one.value]))
  return clean(formatBeside(value, identity.measure.unit, limits))
}

/** The limits that an alert was beyond: that of now, and that at its worst where it is another one. */
export function formatLimits({ identity, evidence: { limit }, critical }: AlertSnapshot): string {
  const { unit } = identity.measure
  const worst = critical?.limit
  const now = formatLimit(limit, unit)
  if (worst === undefined || (worst.op === limit?.op && worst.value === limit.value)) return now
  return `${now}; critical: ${formatLimit(worst, unit)}`
}

/** The figure in its unit. */
export function formatInUnit(value: number | null, unit: Unit): string {
  return clean(formatValue(value, unit))
}

/** The limit that the value is compared with. */
export function formatAlertLimit({ identity, evidence: { limit } }: AlertSnapshot): string {
  return formatLimit(limit, identity.measure.unit)
}

/** The limit behind its figure, ` (threshold 90%)`; nothing where any value at all is one too many. */
export function formatThresholdNote({ identity: { measure }, evidence: { limit } }: AlertSnapshot): string {
  return limit === undefined || ANY_IS_TOO_MANY.has(measure.metric) ? '' : ` ${formatThreshold(limit, measure.unit)}`
}

/** The limit to name an alert by: of one that is over, that of the worst it was. */
export function formatWorstLimit({ state, identity, evidence: { limit }, critical }: AlertSnapshot): string {
  return formatLimit(state === 'resolved' ? (critical?.limit ?? limit) : limit, identity.measure.unit)
}

/** Why the evaluation came out as it did, for the reader. */
export function formatReason(snapshot: AlertSnapshot, time: WriteInstant, max = FULL_LENGTH): string {
  return formatName(describeReason(snapshot, time), max)
}

/** What was measured: `mean of cpu over 2 min`. */
export function formatMeasured({ identity: { measure } }: AlertSnapshot): string {
  return formatName(formatMeasure(measure))
}

/** The measure with its metric's name fit for a sentence. */
export function cleanMeasure({ identity: { measure } }: AlertSnapshot): Measure {
  return measure.kind === 'aggregate' ? { ...measure, metric: formatName(measure.metric) } : measure
}

/** Whether a state is measured, whose figure of now says nothing once the alert is over. */
export function isState({ identity: { measure } }: AlertSnapshot): boolean {
  return measure.kind === 'state'
}

/** Whether the value is on the wrong side of the limit that it is shown with; true where that cannot be said. */
export function breachesLimit({ value, evidence: { limit } }: AlertSnapshot): boolean {
  return value === null || limit === undefined || isBeyond(limit, value)
}

/** How long the alert lasted, or has lasted at the end of the deciding window. */
export function formatLasted(snapshot: AlertSnapshot): string {
  return formatDuration(Math.max(0, (snapshot.resolvedAt ?? snapshot.evaluatedAt) - snapshot.startsAt))
}

/** How long it has gone on when the mail is written. */
export function formatDurationSoFar(
  { decidedAt }: Pick<Notification, 'decidedAt'>,
  { startsAt }: AlertSnapshot,
): string {
  return formatDuration(Math.max(0, decidedAt - startsAt))
}

/** Over before its reader heard of it. */
export function isUnnotified({ seq }: Pick<Notification, 'seq'>, { state, notifications }: AlertSnapshot): boolean {
  return state === 'resolved' && (notifications ?? seq) === 0
}

/** How many of several alerts are in which state; what was closed without recovery is closed. */
export function countStates(alerts: readonly AlertSnapshot[]): StateCounts {
  const firing = alerts.filter(({ state }) => state === 'firing').length
  const closed = alerts.filter(({ state, closeReason }) => state === 'resolved' && closeReason !== undefined).length
  return { firing, resolved: alerts.length - firing - closed, closed }
}

/** How many of several alerts are in which state: `11 firing, 49 resolved`. */
export function formatTally(alerts: readonly AlertSnapshot[]): string {
  return formatStates(countStates(alerts))
}

/** What several alerts are called: `60 alerts` while all fire, and by their states where some are over. */
export function groupName(alerts: readonly AlertSnapshot[]): string {
  return describeStates(countStates(alerts))
}

/** How bad it is, all in all: green when everything is over and got better. */
export function selectWorstTone(alerts: readonly AlertSnapshot[]): Tone {
  const tones = new Set(alerts.map(selectTone))
  return (['critical', 'warning', 'good'] as const).find((tone) => tones.has(tone)) ?? 'calm'
}

/** What a mail says that took the place of others. */
export function listDeliveryNotes(notification: Notification, time: WriteInstant): readonly string[] {
  return [...insteadNote(notification, time), ...undeliveredNote(notification, time)]
}

/** So many of the mails that never came are named. */
/** Figures of which any value at all is one too many, so that their limit says nothing. */
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

/** The downtimes during alerts, in one note for those that events arrived of later, and one for those that they did not. */
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

/** Writes an instant for the reader of one mail. */
export type WriteInstant = (at: Millis) => string

const DATE = /^\S+ /

/**
 * Instants in UTC; for a receiver with a zone in that zone and in UTC, `14:03:10 CEST (12:03:10 UTC)`: with the date where
 * it is not the day of the mail there, and a second one where the two differ.
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
