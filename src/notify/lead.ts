import type { AlertFacts, Because, Notification } from '../model.ts'
import { formatDuration } from '../format.ts'
import { boundOf, goneOnFor, isBeyond, isUntold, lastedOf, mutedOf, nameOf, placeOf, SHORT, valueOf } from './phrase.ts'
import type { Times } from './times.ts'

/** What is new about an alert, in a word or two. */
export function statusOf(notification: Notification, facts: AlertFacts): string {
  const { because } = notification
  if (facts.ended !== undefined) return 'Closed'
  if (facts.state === 'resolved') {
    if (isUntold(notification, facts)) return 'Fired and resolved'
    return because === 'flapping stopped' ? 'Settled: resolved' : 'Resolved'
  }
  const severity = facts.severity === 'critical' ? 'Critical' : 'Warning'
  return STATUS[because]?.replace('{severity}', severity) ?? severity
}

const STATUS: Partial<Readonly<Record<Because, string>>> = {
  'severity rose': 'Worse: critical now',
  'severity fell': 'Better: a warning now',
  'flapping started': '{severity}: keeps changing',
  'flapping stopped': '{severity}: settled, still firing',
  'repeat interval elapsed': '{severity}: still firing',
  'silence ended': '{severity}: silenced until now',
  escalated: '{severity}: escalated',
}

/** One sentence that says all. */
export function headlineOf(facts: AlertFacts, because?: Because): string {
  const place = placeOf(facts)
  const what = nameOf(facts.what)
  const value = valueOf(facts)
  const bound = boundOf(facts.bound, facts.unit)
  if (facts.ended !== undefined) return `${place}: ${nameOf(facts.rule)} is closed: ${nameOf(facts.reason, 2 * SHORT)}`
  if (facts.state === 'resolved') {
    const isQuiet = facts.value === null || facts.isWindowless === true
    if (isQuiet) return `${place}: ${nameOf(facts.rule)} is over, after ${lastedOf(facts)}`
    return `${place}: ${what} is back to ${value}, after ${lastedOf(facts)}`
  }
  if (because === 'flapping started') {
    return `${place}: ${facts.value === null ? nameOf(facts.rule) : what} keeps changing${facts.value === null ? '' : `, ${value} now`}`
  }
  if (facts.value === null) return `${place}: ${nameOf(facts.reason, 2 * SHORT)}`
  const figure = `${what} ${facts.noDataSince === undefined ? 'is' : 'was'} ${value}`
  return isBeyond(facts) ? `${place}: ${figure}, ${bound}` : `${place}: ${figure} (bound: ${bound})`
}

/** What happened, in full sentences. The first word goes on after a greeting. */
export function leadOf(notification: Notification, facts: AlertFacts, time: Times): string {
  const words = facts.state === 'resolved' ? overOf(notification, facts, time) : newsOf(notification, facts, time)
  return words.join(' ')
}

/** Whether the operator's own words may describe an alert: they are written for one that fires, and of no other are they true. */
export function isDescribed({ because }: Notification, { state }: AlertFacts): boolean {
  return state === 'firing' && because !== 'flapping started' && because !== 'flapping stopped'
}

/** What is said before the operator's own words: why the mail comes, and that the data has stopped; empty for plain news. */
export function prefaceOf(notification: Notification, facts: AlertFacts, time: Times): string {
  const why = notification.because === 'fired' ? [] : whyNow(notification, facts, time)
  return [...why, ...unsettled(notification, facts), ...stoppedOf(facts, time)].join(' ')
}

function overOf(notification: Notification, facts: AlertFacts, time: Times): readonly string[] {
  const { since, firedAt = since, at, resolvedAt = at } = facts
  const rule = nameOf(facts.rule)
  if (facts.ended !== undefined) {
    return [
      `the alert of the rule ${rule} was closed; nothing got better.`,
      `It began at ${time(since)} and had lasted ${lastedOf(facts)}.`,
    ]
  }
  if (isUntold(notification, facts)) {
    return [
      `the rule ${rule} fired at ${time(firedAt)} and was over at ${time(resolvedAt)}, before anybody could be told.`,
      `${spanOf(facts, time)} This is the only mail about it.`,
    ]
  }
  const span = spanOf(facts, time)
  if (notification.because === 'flapping stopped') {
    return [`the alert of the rule ${rule} kept changing and has settled: it is over.`, span]
  }
  return [`the alert of the rule ${rule} is over.`, span]
}

/** How long it lasted, and when it was at its worst. */
function spanOf(facts: AlertFacts, time: Times): string {
  const { since, critical, at, resolvedAt = at } = facts
  const [began, lasted] = [`It began at ${time(since)}`, `lasted ${lastedOf(facts)}`]
  if (critical === undefined) return `${began} and ${lasted}.`
  const { from, until = resolvedAt, spells } = critical
  const isAll = spells === 1 && from <= since && until >= resolvedAt
  const when =
    spells > 1 ? `${spells} times between ${time(from)} and ${time(until)}` : `from ${time(from)} to ${time(until)}`
  return `${began}, ${lasted}, and was critical ${isAll ? 'all the time' : when}.`
}

function newsOf(notification: Notification, facts: AlertFacts, time: Times): readonly string[] {
  const why = whyNow(notification, facts, time)
  if (notification.because === 'flapping started') return why
  const began = beganOf(notification, facts, time)
  return [...why, ...unsettled(notification, facts), ...began, ...stoppedOf(facts, time), ...endOf(facts)]
}

/** Why the mail comes. */
function whyNow(notification: Notification, facts: AlertFacts, time: Times): readonly string[] {
  const { because } = notification
  const rule = nameOf(facts.rule)
  const lasted = goneOnFor(notification, facts)
  if (because === 'severity rose') return [`the rule ${rule} first fired as a warning and is ${facts.severity} now.`]
  if (because === 'severity fell') return [`the rule ${rule} was critical and is still firing, as a ${facts.severity}.`]
  if (because === 'flapping started') return changing(facts, rule)
  if (because === 'flapping stopped')
    return [`the alert of the rule ${rule} kept changing and has settled: it is still firing.`]
  if (because === 'repeat interval elapsed') return [`the rule ${rule} is still firing, after ${lasted}.`]
  if (because === 'silence ended') return [`the rule ${rule} has been firing for ${lasted}.`, ...heldBack(facts, time)]
  if (because === 'escalated')
    return [`nobody has looked after this for ${waited(notification, facts)}: the rule ${rule} is still firing.`]
  return [`the rule ${rule} has fired.`]
}

/** Mails that say for how long it fires need no more. It may have begun in the middle of a window, so that none is named. */
function beganOf({ at, because }: Notification, facts: AlertFacts, time: Times): readonly string[] {
  if (because === 'repeat interval elapsed' || because === 'silence ended' || because === 'escalated') return []
  const since = time(Math.min(facts.since, at))
  const isChange = because === 'severity rose' || because === 'severity fell' || because === 'flapping stopped'
  return isChange || facts.isWindowless === true || facts.value === null || facts.bound === '' || facts.clear === ''
    ? [`It began at ${since}.`]
    : [`The value has been beyond its bound since ${since}.`]
}

/** An alert whose data has stopped is neither better nor over. */
function stoppedOf({ noDataSince }: AlertFacts, time: Times): readonly string[] {
  if (noDataSince === undefined) return []
  return [`No data has come since ${time(noDataSince)}. The figures are those of the last window that had any.`]
}

function endOf(facts: AlertFacts): readonly string[] {
  if (facts.value === null || facts.clear === '') return []
  return [`It is over once the value is ${boundOf(facts.clear, facts.unit)}.`]
}

/** What is told of an alert that keeps changing is no news of a lasting state. */
function unsettled({ because }: Notification, { flapping }: AlertFacts): readonly string[] {
  return flapping === undefined || because === 'flapping started'
    ? []
    : ['It keeps changing between firing and resolved.']
}

function changing(facts: AlertFacts, rule: string): readonly string[] {
  const { flapping } = facts
  const share =
    flapping === undefined ? '' : `: ${flapping} % of its last judgements were changes, newer ones counting more`
  return [
    `the alert of the rule ${rule} keeps changing between firing and resolved${share}.`,
    ...(isBeyond(facts) ? [] : ['Just now its value is within the bound.']),
    'It counts as firing until it has settled; its changes are not told one by one.',
  ]
}

function heldBack({ wasMuted }: AlertFacts, time: Times): readonly string[] {
  return wasMuted === undefined ? [] : [`Held back until now: ${nameOf(mutedOf(wasMuted, time), 1000)}.`]
}

/** An acknowledgement that has ended counts as looking after it. */
function waited({ at }: Notification, { ack, since, firedAt = since }: AlertFacts): string {
  return formatDuration(Math.max(0, at - Math.min(at, Math.max(firedAt, ack?.until ?? firedAt))))
}
