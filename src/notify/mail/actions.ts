import {
  type AlertSnapshot,
  type BuiltinRule,
  isBuiltinRule,
  type Millis,
  type Notification,
  BUILTIN_RULES,
} from '../../model.ts'
import { LINK_LIFE, type AlertAction, signLink } from '../../links/signature.ts'
import type { Action, Advice, ContentOptions } from './content.ts'
import { formatName } from './phrase.ts'
import { formatInstant } from '../../text/format.ts'

/** Longest host, and longest signed path, in a link: a browser must still take it. */
const LINKED = 500
const MAX_PATH_LENGTH = 2000
/** How far the user's own page looks beyond the alert. */
const EVENTS_MARGIN: Millis = 15 * 60_000

const ACKNOWLEDGE = 'Acknowledge'

/** What the reader can do with one press while an alert fires. The same mail has the same links whenever it is made. */
export function listActions(
  notification: Notification,
  snapshot: AlertSnapshot,
  options: ContentOptions,
): readonly Action[] {
  return [
    ...createAction(notification, snapshot, options, 'ack', ACKNOWLEDGE),
    ...createAction(notification, snapshot, options, 'silence', 'Silence'),
  ]
}

/** The link for one alert of a list; undefined where it is over or acknowledged. */
export function acknowledgeAction(
  notification: Notification,
  snapshot: AlertSnapshot,
  options: ContentOptions,
): Action | undefined {
  if (isAcknowledged(snapshot, notification)) return undefined
  return createAction(notification, snapshot, options, 'ack', ACKNOWLEDGE)[0]
}

const isAcknowledged = ({ ack }: AlertSnapshot, { decidedAt }: Pick<Notification, 'decidedAt'>): boolean =>
  ack !== undefined && ack.until > decidedAt

/** The link for all alerts of a list at once, where several are firing and not acknowledged. */
export function acknowledgeAllAction(
  { id, decidedAt, to, alerts }: Notification,
  { url, linkKey }: ContentOptions,
): readonly Action[] {
  const open = alerts.filter((one) => one.state === 'firing' && !isAcknowledged(one, { decidedAt }))
  if (url === undefined || linkKey === undefined || open.length < 2) return []
  const path = signLink(linkKey, { do: 'ack_all', notification: id, exp: decidedAt + LINK_LIFE, to: to.address })
  return path.length > MAX_PATH_LENGTH ? [] : [{ label: `Acknowledge all (${open.length})`, url: `${url}${path}` }]
}

function createAction(
  { decidedAt, to }: Notification,
  { state, episode, identity: { rule, host } }: AlertSnapshot,
  { url, linkKey }: ContentOptions,
  what: AlertAction['do'],
  label: string,
): readonly Action[] {
  if (url === undefined || linkKey === undefined || state === 'resolved') return []
  const path = signLink(linkKey, { do: what, episode, rule, host, exp: decidedAt + LINK_LIFE, to: to.address })
  return path.length > MAX_PATH_LENGTH ? [] : [{ label, url: `${url}${path}` }]
}

/** What to look at, and what to change if this should not have been a mail; nothing that the end has made pointless. */
export function listAdvice(
  notification: Notification,
  snapshot: AlertSnapshot,
  options: ContentOptions,
): readonly Advice[] {
  const { rule } = snapshot.identity
  const isBuiltin = isBuiltinRule(rule)
  const life = `/api/v1/alerts/${encodeURIComponent(snapshot.episode)}`
  const timeline = { text: 'Alert timeline:', url: `${options.apiUrl ?? ''}${life}` }
  const change: Advice = {
    text: `Too noisy? Adjust rule ${formatName(rule)} in the configuration and verify it with "stashwatch check".`,
  }
  return [
    ...investigationLinks(snapshot, options.apiUrl),
    ...(isBuiltin ? [] : eventLinks(notification, snapshot, options)),
    ...(options.apiUrl === undefined ? [] : [timeline]),
    ...(isBuiltin || snapshot.closeReason !== undefined ? [] : [change]),
  ]
}

/** What to do about an alert of a built-in rule. */
const BUILTIN_ADVICE: Readonly<Record<BuiltinRule, string>> = {
  [BUILTIN_RULES.source]:
    'Check this Logstash: is it running, does its log report errors of the http output, is its token still valid?',
  [BUILTIN_RULES.degraded]:
    'Check what is between these hosts and this Logstash: its beats input, a load balancer, the network. /api/v1/hosts shows when each host was last seen. ' +
    'If the hosts were removed on purpose, no action is needed: after 30 min the remaining number of hosts is the new normal.',
  [BUILTIN_RULES.mass]:
    'Check what these hosts share: a rack, a switch, a power supply, a job that stopped their agents. Each host has its own alert in /api/v1/alerts.',
  [BUILTIN_RULES.clock]:
    'Check the clock of this host and its time service (chrony, ntpd), and the time zone used to parse its log lines.',
  [BUILTIN_RULES.cap]:
    'Check /api/v1/hosts: do you know these hosts? If so, raise "limits" in the configuration; if not, find out what creates these names.',
  [BUILTIN_RULES.unmatched]:
    '/api/v1/rejects shows such events. Look at them: they may hide what the rule watches for. Then make the expression under "matches" cheaper: "stashwatch check" names those that are expensive.',
}

/** Where to look first while an alert fires, and where if its end needs to be understood: not at a host that is gone. */
export function investigationLinks(
  { identity: { rule, host: name }, state, closeReason }: AlertSnapshot,
  apiUrl: string | undefined,
): readonly Advice[] {
  const [host, isFiring] = [formatName(name), state === 'firing']
  if (isBuiltinRule(rule)) return isFiring ? [{ text: BUILTIN_ADVICE[rule] }] : []
  if (closeReason === 'host_retired') return []
  if (apiUrl === undefined) {
    return [
      {
        text: isFiring
          ? `Check what is running on ${host}, and since when.`
          : `If the cause is unknown, check ${host}.`,
      },
    ]
  }
  const path = name.length > LINKED ? 'hosts' : `hosts/${encodeURIComponent(name.toWellFormed())}`
  return [{ text: `Series and current windows of ${host}:`, url: `${apiUrl}/api/v1/${path}` }]
}

function eventLinks(
  { decidedAt }: Notification,
  { identity: { host }, startsAt }: AlertSnapshot,
  { kibana }: ContentOptions,
): readonly Advice[] {
  if (kibana === undefined || host.length > LINKED) return []
  const url = kibanaLink(kibana, {
    host,
    from: Math.min(startsAt, decidedAt) - EVENTS_MARGIN,
    to: decidedAt + EVENTS_MARGIN,
  })
  return url === undefined ? [] : [{ text: `Events from ${formatName(host)} around that time:`, url }]
}

/** What a link to the user's own page is about. */
interface KibanaQuery {
  readonly host: string
  readonly from: Millis
  readonly to: Millis
}

const PLACEHOLDER = /\{\{\s*(host|from|to)\s*(?:\|\s*(upper|lower)\s*)?\}\}/g

/**
 * Fills in the address where the user looks at events. Each value is percent-encoded whole, so that it stays the piece of
 * the address that it stands for. Inside the quotes of Kibana's own notations it is escaped for these before: `"` of a
 * query, `'` of rison.
 *
 * @returns undefined where a value stands in a place of the address that cannot hold it.
 */
export function kibanaLink(template: string, { host, from, to }: KibanaQuery): string | undefined {
  const values: Readonly<Record<string, string>> = {
    host: host.toWellFormed(),
    from: formatInstant(from),
    to: formatInstant(to),
  }
  const filled = template.replace(PLACEHOLDER, (_, name: string, form: string | undefined, offset: number) =>
    encode(quoted(formed(values[name] ?? '', form), template.slice(0, offset))),
  )
  // What no browser minds but mail programs take for the end of an address.
  const url = filled.replace(/[\s"<>\\^`{|}]/g, encodeURIComponent)
  return URL.canParse(url) ? url : undefined
}

function formed(value: string, form: string | undefined): string {
  if (form === undefined) return value
  return form === 'upper' ? value.toUpperCase() : value.toLowerCase()
}

/** @param before the address up to the place. */
function quoted(value: string, before: string): string {
  const inQuery = isOpen(before, /"|%22/gi) ? value.replace(/["\\]/g, '\\$&') : value
  return isOpen(before, /'|%27/gi) ? inQuery.replace(/['!]/g, '!$&') : inQuery
}

function isOpen(before: string, quote: RegExp): boolean {
  return (before.match(quote)?.length ?? 0) % 2 === 1
}

/** Also what `encodeURIComponent` leaves alone and rison reads as its own. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
