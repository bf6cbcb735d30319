import { type AlertFacts, type Millis, type Notification, OWN_RULES } from '../model.ts'
import { LINK_LIFE, type LinkAction, signLink } from '../signature.ts'
import { kibanaLink } from './kibana.ts'
import type { Action, Advice, LetterOptions } from './letter.ts'
import { nameOf } from './phrase.ts'

/** Longest host, and longest signed path, in a link: a browser must still take it. */
const LINKED = 500
const LONGEST_PATH = 2000
/** How far the user's own page looks beyond the alert. */
const AROUND: Millis = 15 * 60_000

/** What the reader can do with one press while an alert fires. The same mail has the same links whenever it is made. */
export function actionsOf(notification: Notification, facts: AlertFacts, options: LetterOptions): readonly Action[] {
  return [
    ...actionOf(notification, facts, options, 'ack', 'I look after this'),
    ...actionOf(notification, facts, options, 'silence', 'Silence this'),
  ]
}

/** The link for one alert of a list; undefined where it is over or somebody looks after it. */
export function acknowledgeOf(
  notification: Notification,
  facts: AlertFacts,
  options: LetterOptions,
): Action | undefined {
  if (facts.ack !== undefined && facts.ack.until > notification.at) return undefined
  return actionOf(notification, facts, options, 'ack', 'I look after this')[0]
}

function actionOf(
  { at, to }: Notification,
  { state, episode, rule, host }: AlertFacts,
  { url, linkKey }: LetterOptions,
  what: LinkAction['do'],
  text: string,
): readonly Action[] {
  if (url === undefined || linkKey === undefined || state === 'resolved') return []
  const path = signLink(linkKey, { do: what, episode, rule, host, exp: at + LINK_LIFE, to: to.address })
  return path.length > LONGEST_PATH ? [] : [{ text, url: `${url}${path}` }]
}

/** What to look at, and what to change if this should not have been a mail; nothing that the end has made pointless. */
export function adviceOf(notification: Notification, facts: AlertFacts, options: LetterOptions): readonly Advice[] {
  const isOwn = isOwnRule(facts.rule)
  const life = `/api/v1/alerts/${encodeURIComponent(facts.episode)}`
  const story = { text: 'How this alert came about, step by step:', url: `${options.url ?? ''}${life}` }
  const change: Advice = {
    text:
      `If this should not have been a mail: change the rule ${nameOf(facts.rule)} in the configuration, ` +
      'and try it with "stashwatch check".',
  }
  return [
    ...lookAt(facts, options.url),
    ...(isOwn ? [] : lookAtEvents(notification, facts, options)),
    ...(options.url === undefined ? [] : [story]),
    ...(isOwn || facts.ended !== undefined ? [] : [change]),
  ]
}

/** Whether a rule is one of the product's own, which no configuration holds. */
export function isOwnRule(rule: string): boolean {
  return OWN_ADVICE.has(rule)
}

/** What to do about an alert of the product's own rules. */
const OWN_ADVICE: ReadonlyMap<string, string> = new Map([
  [
    OWN_RULES.source,
    'Look at this Logstash: is it running, does its log say that the http output cannot deliver, is its token still valid?',
  ],
  [
    OWN_RULES.degraded,
    'Look at what lies between these hosts and this Logstash: its beats input, a load balancer, a network. /api/v1/hosts says when each was last heard. ' +
      'If so many hosts are gone on purpose, there is nothing to do: after half an hour, the number that is left counts as usual.',
  ],
  [
    OWN_RULES.mass,
    'Look at what these hosts share: a rack, a switch, a power supply, a job that stopped their senders. Each has an alert of its own in /api/v1/alerts.',
  ],
  [
    OWN_RULES.clock,
    'Look at the clock of this host and its time service (chrony, ntpd), and at the time zone its log lines are read with.',
  ],
  [
    OWN_RULES.cap,
    'Look at /api/v1/hosts: are these hosts yours? If so, raise "limits" in the configuration; if not, find out who makes them up.',
  ],
])

/** Where to look first while an alert fires, and where if its end needs to be understood: not at a host that is gone. */
export function lookAt({ rule, host: name, state, ended }: AlertFacts, url: string | undefined): readonly Advice[] {
  const own = OWN_ADVICE.get(rule)
  const [host, isFiring] = [nameOf(name), state === 'firing']
  if (own !== undefined) return isFiring ? [{ text: own }] : []
  if (ended === 'retired') return []
  if (url === undefined) {
    const firing = `Look at ${host}: what runs there, and since when?`
    return [{ text: isFiring ? firing : `If you do not know what it was: look at ${host}.` }]
  }
  const path = name.length > LINKED ? 'hosts' : `hosts/${encodeURIComponent(name.toWellFormed())}`
  const text = isFiring ? `Look at ${host}, its series and current windows:` : `What ${host} does now:`
  return [{ text, url: `${url}/api/v1/${path}` }]
}

function lookAtEvents({ at }: Notification, { host, since }: AlertFacts, { kibana }: LetterOptions): readonly Advice[] {
  if (kibana === undefined || host.length > LINKED) return []
  const url = kibanaLink(kibana, { host, from: Math.min(since, at) - AROUND, to: at + AROUND })
  return url === undefined ? [] : [{ text: `The events of ${nameOf(host)} around that time:`, url }]
}
