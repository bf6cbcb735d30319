import type { AlertFacts, Notification, Unit } from '../model.ts'
import { formatBeside, formatBound, formatDuration, formatValue } from '../format.ts'
import type { Times } from './times.ts'
import { clean, shorten } from './text.ts'

/** Longest name in a sentence. */
export const SHORT = 80
/** The facts have names whole, up to here. */
export const WHOLE = 16_384

export type Tone = 'warning' | 'critical' | 'good' | 'calm'

export function toneOf(facts: AlertFacts): Tone {
  if (facts.ended !== undefined) return 'calm'
  return facts.state === 'resolved' ? 'good' : facts.severity
}

/** Text of an event or of a person, fit for a sentence. */
export function nameOf(text: string, max = SHORT): string {
  return shorten(clean(text), max)
}

/** The host with the labels that tell its series apart: `db-1 /var/lib`. */
export function placeOf(facts: AlertFacts, max = SHORT): string {
  const names = [facts.host, ...Object.values(facts.labels)].filter((name) => name !== '')
  return names.map((name) => nameOf(name, max)).join(' ')
}

/** What was measured, in its unit, so that it does not look like a bound that it is beyond. */
export function valueOf({ value, unit, bound, clear }: AlertFacts): string {
  const bounds = [bound, clear].map((text) => Number(/\S+$/.exec(text)?.[0])).filter((number) => !Number.isNaN(number))
  return clean(formatBeside(value, unit, bounds))
}

/** What kept an alert from being told, in words. */
export function mutedOf(muted: NonNullable<AlertFacts['wasMuted']>, time: Times): string {
  if (typeof muted === 'string') return muted
  if (muted.by === 'maintenance') return `maintenance '${muted.name}'`
  if (muted.by === 'inhibition') return `${muted.rule} was firing on ${muted.host}`
  return `silenced by ${muted.author} until ${time(muted.until)}: ${muted.comment}`
}

/** The bounds that an alert was beyond: that of now, and that at its worst where it is another one. */
export function boundsOf({ bound, unit, critical }: AlertFacts): string {
  const now = boundOf(bound, unit)
  if (critical === undefined || critical.bound === '' || critical.bound === bound) return now
  return `${now}; critical: ${boundOf(critical.bound, unit)}`
}

/** The figure in its unit. */
export function figureOf(value: number | null, unit: Unit): string {
  return clean(formatValue(value, unit))
}

/** A bound as the rule says it, its number in the metric's unit. */
export function boundOf(bound: string, unit: Unit): string {
  return nameOf(formatBound(bound, unit))
}

/** The bound to tell an alert by: of one that is over, that of the worst it was. */
export function limitOf({ state, critical, bound, unit }: AlertFacts): string {
  const worst = critical === undefined || critical.bound === '' ? bound : critical.bound
  return boundOf(state === 'resolved' ? worst : bound, unit)
}

/** Whether the value is on the wrong side of the bound that it is told with; true where that cannot be said. */
export function isBeyond({ value, bound }: Pick<AlertFacts, 'value' | 'bound'>): boolean {
  const [, op, number] = /^(above|at least|below|at most) (\S+)$/.exec(bound) ?? []
  const limit = Number(number)
  if (value === null || op === undefined || Number.isNaN(limit)) return true
  if (op === 'above') return value > limit
  if (op === 'below') return value < limit
  return op === 'at least' ? value >= limit : value <= limit
}

/** How long the alert lasted, or has lasted at the end of the deciding window. */
export function lastedOf(facts: AlertFacts): string {
  return formatDuration(Math.max(0, (facts.resolvedAt ?? facts.at) - facts.since))
}

/** How long it has gone on when the mail is written. */
export function goneOnFor({ at }: Pick<Notification, 'at'>, { since }: AlertFacts): string {
  return formatDuration(Math.max(0, at - since))
}

/** Over before its reader heard of it. */
export function isUntold({ seq }: Pick<Notification, 'seq'>, { state, sent }: AlertFacts): boolean {
  return state === 'resolved' && (sent ?? seq) === 0
}

/** `1 alert`, `3 alerts`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** How many of several alerts are in which state: `11 firing, 49 resolved`; what nothing got better about is closed. */
export function tallyOf(alerts: readonly AlertFacts[]): string {
  const firing = alerts.filter(({ state }) => state === 'firing').length
  const closed = alerts.filter(({ state, ended }) => state === 'resolved' && ended !== undefined).length
  const counts = { firing, resolved: alerts.length - firing - closed, closed }
  const parts = Object.entries(counts).filter(([, count]) => count > 0)
  return parts.map(([state, count]) => `${count} ${state}`).join(', ')
}

/** What several alerts are called: `60 alerts` while all fire, and by their states where some are over. */
export function groupName(alerts: readonly AlertFacts[]): string {
  return alerts.some(({ state }) => state === 'resolved') ? tallyOf(alerts) : counted(alerts.length, 'alert')
}

/** How bad it is, all in all: green when everything is over and got better. */
export function toneOfAll(alerts: readonly AlertFacts[]): Tone {
  const tones = new Set(alerts.map(toneOf))
  return (['critical', 'warning', 'good'] as const).find((tone) => tones.has(tone)) ?? 'calm'
}

export function greetingOf({ to }: Pick<Notification, 'to'>): string {
  const name = clean(to.name ?? '').trim()
  return name === '' ? 'Hello,' : `Hello ${name},`
}

/** What a mail says that took the place of others. */
export function placeNote(notification: Notification, time: Times): readonly string[] {
  return [...insteadNote(notification, time), ...undeliveredNote(notification, time)]
}

/** So many of the mails that never came are named. */
const NAMED = 5

function undeliveredNote({ undelivered = [] }: Notification, time: Times): readonly string[] {
  if (undelivered.length === 0) return []
  const named = undelivered.slice(-NAMED).map(({ at, what }) => `${nameOf(what)} (${time(at)})`)
  const [first] = undelivered
  if (undelivered.length === 1 || first === undefined)
    return [`An earlier mail to you could not be delivered: ${named.join('')}.`]
  const more = undelivered.length - named.length
  const before = more === 0 ? '' : `${more} more since ${time(first.at)}, and `
  return [`${undelivered.length} earlier mails to you could not be delivered: ${before}${named.join(', ')}.`]
}

function insteadNote({ insteadOf }: Notification, time: Times): readonly string[] {
  if (insteadOf === undefined) return []
  const { at, count = 1, last = at } = insteadOf
  if (count === 1) return [`This mail replaces the one of ${time(at)}, which could not be sent.`]
  const span = count === 2 ? `of ${time(at)} and ${time(last)}` : `from ${time(at)} to ${time(last)}`
  return [`This mail replaces the ${count} mails ${span}, which could not be sent.`]
}

/** The gaps in what was watched, each once. */
export function gapNotes(alerts: readonly AlertFacts[], time: Times): readonly string[] {
  const notes = alerts
    .flatMap((facts) => facts.gaps)
    .map(({ from, to }) => `Stashwatch was down from ${time(from)} to ${time(to)}; nothing was watched then.`)
  return [...new Set(notes)]
}
