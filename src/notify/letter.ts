import { type AlertFacts, type Millis, type Notification, OWN_RULES, type Unit } from '../model.ts'
import { formatDuration, formatTime, formatValue } from '../template.ts'
import { clean, shorten } from './text.ts'

/** What a mail says, before it is laid out as text or HTML. All strings are clean; none is escaped. */
export interface Letter {
  readonly tone: Tone
  /** A word or two: `Warning`, `Resolved`. */
  readonly status: string
  /** One sentence that says all. */
  readonly headline: string
  readonly greeting: string
  readonly paragraphs: readonly string[]
  /** The tables of a report. */
  readonly sections?: readonly Section[]
  /** What a notice is about, one by one. */
  readonly items?: readonly string[]
  readonly meter?: Meter
  readonly chart?: Chart
  readonly facts: readonly Fact[]
  /** What the reader should know about the facts: that stashwatch was down, that the events came late. */
  readonly notes: readonly string[]
  /** The alerts of a digest. */
  readonly rows: readonly Row[]
  readonly advice: readonly Advice[]
  readonly footer: readonly string[]
}

export type Tone = 'warning' | 'critical' | 'good' | 'calm'

export interface Fact {
  readonly label: string
  readonly value: string
}

/** A value and its bound on a scale from 0 to 1. */
export interface Meter {
  readonly value: number
  readonly bound: number
}

/** What was measured around the moment of the step. */
export interface Chart {
  /** What the HTML's picture is found by; absent where nothing can be drawn. */
  readonly cid?: string
  /** The picture in words. */
  readonly alt: string
  /** The same in letters, for the text. */
  readonly lines: readonly string[]
}

export interface Row {
  readonly tone: Tone
  /** `critical`, `warning` or `resolved`. */
  readonly status: string
  readonly where: string
  readonly rule: string
  readonly value: string
  readonly when: string
  readonly code: string
}

/** A table of names and figures, with a bar for each that is a share of something. */
export interface Section {
  readonly title: string
  readonly rows: readonly Bar[]
  /** How many there are beyond the rows. */
  readonly more: number
  /** The rows after these are the other end of a list that leaves so many out in between. */
  readonly between?: { readonly after: number; readonly more: number }
  /** All rows belong together, also where there is little room. */
  readonly isWhole?: boolean
  readonly note?: string
}

export interface Bar {
  readonly name: string
  readonly value: string
  readonly detail?: string
  /** From 0 to 1. */
  readonly share?: number
  readonly tone?: Tone
}

export interface Advice {
  readonly text: string
  readonly url?: string
}

export interface LetterOptions {
  /** How stashwatch calls itself in links; without it there are none. */
  readonly url?: string
  /** The budget that a digest explains. */
  readonly mailsPerMinute?: number
}

/** Longest name in a sentence. */
const SHORT = 80
/** The facts have names whole, up to here. */
export const WHOLE = 16_384
/** Longest host in a link: a browser must still take it. */
const LINKED = 500
/** From here on a mail explains why it comes so long after its window. */
const LATE = 5 * 60_000

/** Says what one alert is, where, since when, why, and what to do. */
export function alertLetter(notification: Notification, facts: AlertFacts, options: LetterOptions): Letter {
  const meter = meterOf(facts)
  return {
    tone: toneOf(facts),
    status: statusOf(notification, facts),
    headline: headlineOf(facts),
    greeting: greetingOf(notification),
    paragraphs: [leadOf(notification, facts), ...placeNote(notification)],
    ...(meter === undefined ? {} : { meter }),
    facts: factsOf(facts, notification.at),
    notes: notesOf(notification, facts),
    rows: [],
    advice: adviceOf(facts, options),
    footer: footerOf(notification, facts),
  }
}

export function greetingOf({ to }: Notification): string {
  const name = clean(to.name ?? '').trim()
  return name === '' ? 'Hello,' : `Hello ${name},`
}

export function toneOf(facts: AlertFacts): Tone {
  return facts.state === 'resolved' ? 'good' : facts.severity
}

/** The host with the labels that tell its series apart: `db-1 /var/lib`. */
export function placeOf(facts: AlertFacts, max = SHORT): string {
  const names = [facts.host, ...Object.values(facts.labels)].filter((name) => name !== '')
  return names.map((name) => shorten(clean(name), max)).join(' ')
}

/** The figure in its unit. */
export function figureOf(value: number | null, unit: Unit): string {
  return clean(formatValue(value, unit))
}

/** A bound as the rule says it, its number in the metric's unit: `above 0.9` becomes `above 90 %`. */
export function boundOf(bound: string, unit: Unit): string {
  const parts = /^(.*?)(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i.exec(bound)
  const text = parts === null ? bound : `${parts[1] ?? ''}${formatValue(Number(parts[2]), unit)}`
  return shorten(clean(text), SHORT)
}

/** How long the alert lasted, or has lasted at the end of the deciding window. */
export function lastedOf(facts: AlertFacts): string {
  return formatDuration(Math.max(0, (facts.resolvedAt ?? facts.at) - facts.since))
}

function statusOf({ because }: Notification, facts: AlertFacts): string {
  if (facts.state === 'resolved') return 'Resolved'
  if (because === 'severity rose') return 'Worse: critical now'
  return facts.severity === 'critical' ? 'Critical' : 'Warning'
}

/** One sentence that says all. */
export function headlineOf(facts: AlertFacts): string {
  const place = placeOf(facts)
  const what = shorten(clean(facts.what), SHORT)
  const value = figureOf(facts.value, facts.unit)
  if (facts.state === 'firing') {
    if (facts.value === null) return `${place}: ${shorten(clean(facts.reason), 2 * SHORT)}`
    return `${place}: ${what} is ${value}, ${boundOf(facts.bound, facts.unit)}`
  }
  if (facts.value === null) return `${place}: ${shorten(clean(facts.rule), SHORT)} is over, after ${lastedOf(facts)}`
  return `${place}: ${what} is back to ${value}, after ${lastedOf(facts)}`
}

/** A window that is judged before it has closed may end after the mail is written. */
function leadOf({ at, because }: Notification, facts: AlertFacts): string {
  const rule = shorten(clean(facts.rule), SHORT)
  const since = formatTime(Math.min(facts.since, at))
  if (facts.state === 'resolved') {
    return `the alert of the rule ${rule} is over. It began at ${since} and lasted ${lastedOf(facts)}.`
  }
  const isOpen = facts.value === null || facts.clear === ''
  const over = isOpen ? '' : ` It is over once the value is ${boundOf(facts.clear, facts.unit)}.`
  if (because === 'severity rose') {
    return `the rule ${rule} fired as a warning at first and is ${facts.severity} now. It began at ${since}.${over}`
  }
  const subject = facts.value === null ? 'It' : 'The value'
  const state = facts.value === null ? 'so' : 'beyond its bound'
  return `the rule ${rule} has fired. ${subject} has been ${state} since ${since}.${over}`
}

/** What a mail says that took the place of others. */
export function placeNote({ insteadOf, zone }: Notification): readonly string[] {
  if (insteadOf === undefined) return []
  return [`This mail takes the place of the one of ${formatTime(insteadOf.at, zone)}, which could not be sent until now.`]
}

function factsOf(facts: AlertFacts, told: Millis): readonly Fact[] {
  const { unit, value, peak, resolvedAt } = facts
  const window = `in the window that ${facts.at > told ? 'ends' : 'ended'} at ${formatTime(facts.at)}`
  const name = (label: string, text: string): Fact => ({ label, value: shorten(clean(text), WHOLE) })
  const list: (Fact | undefined)[] = [
    name('What', facts.what),
    name('Host', facts.host),
    ...Object.entries(facts.labels).map(([label, text]) => name(shorten(clean(label), SHORT), text)),
    value === null ? undefined : name('Value', `${figureOf(value, unit)} ${window}`),
    facts.bound === '' ? undefined : name('Bound', boundOf(facts.bound, unit)),
    name(resolvedAt === undefined ? 'Since' : 'Began', formatTime(Math.min(facts.since, told))),
    resolvedAt === undefined ? undefined : name('Ended', `${formatTime(resolvedAt)}, after ${lastedOf(facts)}`),
    peak === null || (resolvedAt === undefined && peak === value) ? undefined : name('Peak', figureOf(peak, unit)),
    name('Why', facts.reason),
    name('Source', facts.source),
    name('Rule', facts.rule),
    name('Code', facts.code),
  ]
  return list.filter((fact) => fact !== undefined)
}

/** The gaps in what was watched, each once. */
export function gapNotes(alerts: readonly AlertFacts[]): readonly string[] {
  const notes = alerts
    .flatMap((facts) => facts.gaps)
    .map(({ from, to }) => `${formatTime(from)} to ${formatTime(to)}; nothing was watched then.`)
    .map((span) => `Stashwatch was down from ${span}`)
  return [...new Set(notes)]
}

function notesOf({ at, because }: Notification, facts: AlertFacts): readonly string[] {
  const decided = facts.resolvedAt ?? facts.at
  const late = because === 'found in the backlog' || at - decided > LATE
  const note = `This is told late, at ${formatTime(at)}: the events arrived long after they happened.`
  return [...gapNotes([facts]), ...(late ? [note] : [])]
}

function adviceOf(facts: AlertFacts, options: LetterOptions): readonly Advice[] {
  const own = OWN_ADVICE.get(facts.rule)
  const look = own === undefined ? lookAtHost(facts, options) : { text: own }
  const life = `/api/v1/alerts/${encodeURIComponent(facts.episode)}`
  const story = { text: 'How this alert came about, step by step:', url: `${options.url ?? ''}${life}` }
  const change: Advice = {
    text:
      `If this should not have been a mail: change the rule ${shorten(clean(facts.rule), SHORT)} in the configuration, ` +
      'and try it with "stashwatch check".',
  }
  return [look, ...(options.url === undefined ? [] : [story]), ...(own === undefined ? [change] : [])]
}

/** What to do about an alert of the product's own rules, which no configuration holds. */
const OWN_ADVICE: ReadonlyMap<string, string> = new Map([
  [OWN_RULES.source, 'Look at this Logstash: does it run, does its log say that the http output cannot deliver, does its token still hold?'],
  [
    OWN_RULES.degraded,
    'Look at what lies between these hosts and this Logstash: its beats input, a load balancer, a network. /api/v1/hosts says who was heard last when. ' +
      'If so many hosts are gone on purpose, nothing needs to be done: after half an hour, what is left is taken for the usual number.',
  ],
  [OWN_RULES.mass, 'Look at what these hosts share: a rack, a switch, a power supply, a job that stopped their senders. Each has an alert of its own in /api/v1/alerts.'],
  [OWN_RULES.clock, 'Look at the clock of this host and its time service (chrony, ntpd), and at the time zone its log lines are read with.'],
  [OWN_RULES.cap, 'Look at /api/v1/hosts: are these hosts yours? If so, raise "limits" in the configuration; if not, find who invents them.'],
])

function lookAtHost(facts: AlertFacts, { url }: LetterOptions): Advice {
  const host = shorten(clean(facts.host), SHORT)
  const isOver = facts.state === 'resolved'
  if (url === undefined) {
    return { text: isOver ? `If you do not know what it was: look at ${host}.` : `Look at ${host}: what runs there, and since when?` }
  }
  const path = facts.host.length > LINKED ? 'hosts' : `hosts/${encodeURIComponent(facts.host.toWellFormed())}`
  const text = isOver ? `What ${host} does now:` : `Look at ${host}, its series and current windows:`
  return { text, url: `${url}/api/v1/${path}` }
}

/** Why the reader gets this mail. @param subject who tells the receiver: `the rule cpu-high notifies`. */
export function whyOf({ receiver, to }: Notification, subject: string): string {
  return `You get this mail because ${subject} the receiver ${clean(receiver)}, which lists ${clean(to.address)}.`
}

function footerOf(notification: Notification, facts: AlertFacts): readonly string[] {
  const isOwn = OWN_ADVICE.get(facts.rule) !== undefined
  const rule = shorten(clean(facts.rule), SHORT)
  const why = whyOf(notification, isOwn ? `stashwatch's own rule ${rule} notifies` : `the rule ${rule} notifies`)
  const next = facts.state === 'resolved' ? 'This was the last mail about it.' : 'Another mail follows when it is over.'
  return [why, next]
}

/** Shares of a whole can be drawn, everything else has no natural end. */
function meterOf(facts: AlertFacts): Meter | undefined {
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
