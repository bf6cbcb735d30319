import type { AlertFacts, Notification } from '../model.ts'
import { formatTime } from '../template.ts'
import { boundOf, figureOf, gapNotes, greetingOf, lastedOf, placeNote, placeOf, toneOf, whyOf } from './letter.ts'
import type { Letter, LetterOptions, Row, Tone } from './letter.ts'
import { clean, shorten } from './text.ts'

/** Longest name in a list of many. */
const LISTED = 255
/** Hosts that a headline names before it counts. */
const NAMED = 3
const SHORT = 40

/** Lists several alerts, the worst first; every host is named. */
export function digestLetter(notification: Notification, options: LetterOptions): Letter {
  const alerts = worstFirst(notification.alerts)
  const count = `${alerts.length} ${alerts.length === 1 ? 'alert' : 'alerts'}`
  return {
    tone: alerts.some((facts) => facts.state === 'firing') ? toneOf(alerts[0] as AlertFacts) : 'calm',
    status: `Digest of ${count}`,
    headline: digestHeadline(alerts),
    greeting: greetingOf(notification),
    paragraphs: [leadOf(notification, options), ...placeNote(notification)],
    facts: [],
    notes: gapNotes(alerts),
    rows: alerts.map(rowOf),
    advice: adviceOf(alerts, options),
    footer: [whyOf(notification, 'the rules named above notify')],
  }
}

/** How many, and the first few hosts: `12 alerts on 12 hosts: web-1, web-2, web-3 and 9 more`. */
export function digestHeadline(alerts: readonly AlertFacts[]): string {
  const hosts = [...new Set(worstFirst(alerts).map((facts) => facts.host))]
  const named = hosts.slice(0, NAMED).map((host) => shorten(clean(host), SHORT))
  const more = hosts.length > NAMED ? ` and ${hosts.length - NAMED} more` : ''
  const on = hosts.length === 1 ? 'one host' : `${hosts.length} hosts`
  return `${alerts.length} ${alerts.length === 1 ? 'alert' : 'alerts'} on ${on}: ${named.join(', ')}${more}`
}

function worstFirst(alerts: readonly AlertFacts[]): readonly AlertFacts[] {
  return [...alerts].sort((a, b) => RANK[toneOf(a)] - RANK[toneOf(b)])
}

const RANK: Readonly<Record<Tone, number>> = { critical: 0, warning: 1, calm: 2, good: 3 }

function leadOf({ because, alerts }: Notification, { mailsPerMinute }: LetterOptions): string {
  const these = alerts.length === 1 ? 'this alert' : `these ${alerts.length} alerts`
  if (because === 'mail budget') {
    const budget = mailsPerMinute === undefined ? 'the mails' : `the ${mailsPerMinute} mails`
    const why = `${these} did not fit into ${budget} a minute that one address gets`
    return `${why}. So here they are together; none is left out.`
  }
  if (because === 'found in the backlog') {
    const why = `${these} began and ended in events that arrived long after they happened`
    return `${why}. For each, the time in which it held is told.`
  }
  return `${these} are told together.`
}

function rowOf(facts: AlertFacts): Row {
  const over = facts.state === 'resolved'
  return {
    tone: toneOf(facts),
    status: over ? 'resolved' : facts.severity,
    where: placeOf(facts, LISTED),
    rule: shorten(clean(facts.rule), LISTED),
    value: valueOf(facts),
    when: over
      ? `held ${formatTime(facts.since)} to ${formatTime(facts.resolvedAt ?? facts.at)} (${lastedOf(facts)})`
      : `since ${formatTime(facts.since)}`,
    code: clean(facts.code),
  }
}

function valueOf({ state, value, peak, unit, bound, reason }: AlertFacts): string {
  if (value === null) return shorten(clean(reason), LISTED)
  const isOver = state === 'resolved' && peak !== null
  return `${figureOf(value, unit)}${isOver ? `, peak ${figureOf(peak, unit)}` : ''}, ${boundOf(bound, unit)}`
}

function adviceOf(alerts: readonly AlertFacts[], { url }: LetterOptions): Letter['advice'] {
  const firing = alerts.some((facts) => facts.state === 'firing')
  const look = firing
    ? 'Look for what these hosts have in common: many alerts at once often have one cause'
    : 'Nothing, if you know what it was'
  return [url === undefined ? { text: `${look}.` } : { text: `${look}. All alerts:`, url: `${url}/api/v1/alerts` }]
}
