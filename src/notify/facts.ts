import { type AlertFacts, type Context, type Millis, type Notification, OWN_RULES, type Peers } from '../model.ts'
import type { Fact, Meter } from './letter.ts'
import {
  boundOf,
  boundsOf,
  counted,
  figureOf,
  gapNotes,
  goneOnFor,
  isBeyond,
  isUntold,
  lastedOf,
  mutedOf,
  nameOf,
  valueOf,
  WHOLE,
} from './phrase.ts'
import type { Times } from './times.ts'
import { formatDuration } from '../format.ts'

/** From here on a mail explains why it comes so long after its window. */
const LATE = 5 * 60_000

/** Rules whose alerts are about a source, not about a host. */
const OF_SOURCES: readonly string[] = [OWN_RULES.source, OWN_RULES.degraded, OWN_RULES.mass]

/** What is known of an alert, one by one. */
export function factsOf(notification: Notification, facts: AlertFacts, time: Times): readonly Fact[] {
  const isOfSource = OF_SOURCES.includes(facts.rule)
  const list: readonly (Fact | undefined)[] = [
    fact('What', facts.what),
    fact(isOfSource ? 'Source' : 'Host', facts.host),
    ...Object.entries(facts.labels).map(([label, text]) => fact(nameOf(label), text)),
    ...measured(facts, notification.at, time),
    ...lived(notification, facts, time),
    fact('Why', facts.reason),
    ...told(notification, facts, time),
    ...beside(facts, notification.context, time),
    isOfSource ? undefined : fact('Source', facts.source),
    fact('Rule', facts.rule),
    fact('Code', facts.code),
  ]
  return list.filter((one) => one !== undefined)
}

function fact(label: string, text: string): Fact | undefined {
  return text === '' ? undefined : { label, value: nameOf(text, WHOLE) }
}

function measured(facts: AlertFacts, told: Millis, time: Times): readonly (Fact | undefined)[] {
  const { unit, value, peers } = facts
  return [
    value === null ? undefined : fact('Value', measuredAt(facts, told, time)),
    fact('Bound', `${boundsOf(facts)}${endOf(facts)}`),
    peers === undefined
      ? undefined
      : fact('Other hosts', `median ${figureOf(peers.median, unit)} of ${peersOf(peers)}`),
  ]
}

/** Of many hosts a sample is looked at. */
function peersOf({ hosts, known }: Peers): string {
  return known === undefined ? counted(hosts, 'host') : `${hosts} of the ${known} other hosts`
}

/** A silence that is over is no figure any more. */
function measuredAt(facts: AlertFacts, told: Millis, time: Times): string {
  const { isWindowless, state, at } = facts
  if (isWindowless === true) return state === 'resolved' ? '' : `${valueOf(facts)} at ${time(at)}`
  return `${valueOf(facts)} in the window that ${at > told ? 'ends' : 'ended'} at ${time(at)}`
}

/** What ends an alert, where its value is within the bound and does not end it. */
function endOf(facts: AlertFacts): string {
  const { state, clear, unit } = facts
  return state === 'resolved' || clear === '' || isBeyond(facts) ? '' : `; over once it is ${boundOf(clear, unit)}`
}

function lived(notification: Notification, facts: AlertFacts, time: Times): readonly (Fact | undefined)[] {
  const { unit, value, peak, resolvedAt, since, bad = 0, windows = bad, flaps = 0, noDataSince } = facts
  const began = time(Math.min(since, notification.at))
  const isPlain = peak === null || (resolvedAt === undefined && peak === value)
  const course = [
    ...(windows > 0 ? [windowsOf(windows, bad)] : []),
    ...(flaps > 0
      ? [`came back ${counted(flaps, 'time')}${resolvedAt === undefined ? '' : ' before it was over'}`]
      : []),
  ]
  return [
    resolvedAt === undefined
      ? fact('Since', `${began}, ${goneOnFor(notification, facts)} so far`)
      : fact('Began', began),
    resolvedAt === undefined ? undefined : fact('Ended', `${time(resolvedAt)}, after ${lastedOf(facts)}`),
    isPlain ? undefined : fact('Peak', figureOf(peak, unit)),
    critical(facts, time),
    windows > 1 || flaps > 0 || resolvedAt !== undefined ? fact('Course', course.join('; ')) : undefined,
    noDataSince === undefined
      ? undefined
      : fact('Data', `none since ${time(noDataSince)}; it counts as firing until data comes again`),
  ]
}

/** When it was at its worst, where that was not from its beginning until now. */
function critical({ critical, since }: AlertFacts, time: Times): Fact | undefined {
  if (critical === undefined) return undefined
  const { from, until, spells, again = from } = critical
  if (until === undefined && spells > 1)
    return fact('Critical', `since ${time(again)} (${spells} times in all, first at ${time(from)})`)
  if (until === undefined) return from > since ? fact('Critical', `since ${time(from)}`) : undefined
  if (spells > 1) return fact('Critical', `${spells} times between ${time(from)} and ${time(until)}`)
  return fact('Critical', `from ${time(from)} to ${time(until)}, for ${formatDuration(until - from)}`)
}

function windowsOf(all: number, bad: number): string {
  const windows = counted(all, 'window')
  return all === bad ? `${windows} out of bounds` : `${windows} since it began, ${bad} of them out of bounds`
}

/** What its reader and others have heard of it, and done about it. */
function told(notification: Notification, facts: AlertFacts, time: Times): readonly (Fact | undefined)[] {
  const { sent = 0, suppressed = 0, ack, wasMuted } = facts
  const parts = [
    ...(sent > 0 ? [`${sent} before this one`] : []),
    ...(suppressed > 0 ? [`${counted(suppressed, 'update')} held back`] : []),
  ]
  return [
    ack === undefined ? undefined : fact('Looked after', lookedAfter(ack, facts, notification.at, time)),
    wasMuted === undefined || isUntold(notification, facts) ? undefined : fact('Held back', mutedOf(wasMuted, time)),
    fact('Mails', parts.join('; ')),
  ]
}

function lookedAfter(
  { author, at, until, note }: NonNullable<AlertFacts['ack']>,
  { state }: AlertFacts,
  told: Millis,
  time: Times,
): string {
  const words = note === '' ? '' : `: ${note}`
  if (state === 'resolved') {
    return `by ${author} ${until <= told ? `from ${time(at)} to ${time(until)}` : `since ${time(at)}`}${words}`
  }
  return `by ${author}, until ${time(until)}${until <= told ? ' (now past)' : ''}${words}`
}

/** What else fires. */
function beside({ host }: AlertFacts, context: Context | undefined, time: Times): readonly (Fact | undefined)[] {
  if (context === undefined) return []
  const { onHost, firing, muted, hosts } = context
  const rules = onHost.map(
    ({ rule, severity, since, code, muted }) =>
      `${nameOf(rule)} (${severity}${muted === true ? ', muted' : ''}, since ${time(since)}, ${nameOf(code)})`,
  )
  const isElsewhere = firing > onHost.length
  const all = `${counted(firing, 'other alert is firing', 'other alerts are firing')} on ${counted(hosts, 'host')}`
  const kept = muted === 0 ? '' : firing === 1 ? ', muted' : `, ${muted === firing ? 'all' : muted} of them muted`
  return [
    host === '' || rules.length === 0
      ? undefined
      : fact('Same host', `${rules.join('; ')} ${rules.length === 1 ? 'is' : 'are'} firing too`),
    isElsewhere ? fact('In all', `${all}${kept}`) : undefined,
  ]
}

/** What the reader should know about the facts. */
export function notesOf({ at, because }: Notification, facts: AlertFacts, time: Times): readonly string[] {
  const decided = facts.resolvedAt ?? facts.at
  const isStep =
    because === 'fired' || because === 'severity rose' || because === 'severity fell' || because === 'resolved'
  const isLate = because === 'found in the backlog' || (isStep && facts.wasMuted === undefined && at - decided > LATE)
  const late = `This mail comes late, at ${time(at)}: the events arrived long after they happened.`
  return [...gapNotes([facts], time), ...(isLate ? [late] : [])]
}

/** Shares of a whole can be drawn, everything else has no natural end. */
export function meterOf(facts: AlertFacts): Meter | undefined {
  const whole = facts.unit === 'ratio' ? 1 : 100
  const bound = Number(/-?\d+(?:\.\d+)?$/.exec(facts.bound)?.[0])
  const isShareUnit = facts.unit === 'ratio' || facts.unit === 'percent'
  if (!isShareUnit || facts.value === null || Number.isNaN(bound)) return undefined
  const meter = { value: facts.value / whole, bound: bound / whole }
  return isShare(meter.value) && isShare(meter.bound) ? meter : undefined
}

function isShare(number: number): boolean {
  return number >= 0 && number <= 1
}
