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

/** Maximum length of a host and of a signed path in a link that every browser accepts. */
const LINKED = 500
const MAX_PATH_LENGTH = 2000
/** How far the link to the user's page extends before and after the alert. */
const EVENTS_MARGIN: Millis = 15 * 60_000

const ACKNOWLEDGE = 'Acknowledge'

/** Returns the buttons of a firing alert. The same mail always has the same links. */
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

/** Returns the link that acknowledges one alert of a list; undefined if it is resolved or acknowledged. */
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

/**
 * Returns links to investigate, and what to change if the alert was not useful. Leaves out what no longer applies after
 * the end.
 */
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

/** Returns advice about an alert of a built-in rule. */
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
  [BUILTIN_RULES.range]:
    'Check what sends these readings: the agent, its unit, the sensor. /api/v1/rejects shows examples. If they are right, set "min" or "max" of the metric in the configuration, or another "unit".',
}

/** Returns where to look first while an alert fires, or to understand its end; no link for a host that is gone. */
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

/** The values for a link to the user's page. */
interface KibanaQuery {
  readonly host: string
  readonly from: Millis
  readonly to: Millis
}

const PLACEHOLDER = /\{\{\s*(host|from|to)\s*(?:\|\s*(upper|lower)\s*)?\}\}/g

/**
 * Fills in the user's URL for events. Each value is percent-encoded as a whole, so that it cannot change the structure
 * of the URL. Inside quotes of Kibana's notations it is first escaped for these: `"` of a query, `'` of rison.
 *
 * @returns undefined if a value is at a position of the URL that cannot contain it.
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
  // Characters that browsers accept but that end a URL in mail programs.
  const url = filled.replace(/[\s"<>\\^`{|}]/g, encodeURIComponent)
  return URL.canParse(url) ? url : undefined
}

function formed(value: string, form: string | undefined): string {
  if (form === undefined) return value
  return form === 'upper' ? value.toUpperCase() : value.toLowerCase()
}

/** @param before the URL up to the placeholder. */
function quoted(value: string, before: string): string {
  const inQuery = isOpen(before, /"|%22/gi) ? value.replace(/["\\]/g, '\\$&') : value
  return isOpen(before, /'|%27/gi) ? inQuery.replace(/['!]/g, '!$&') : inQuery
}

function isOpen(before: string, quote: RegExp): boolean {
  return (before.match(quote)?.length ?? 0) % 2 === 1
}

/** Also encodes characters that `encodeURIComponent` keeps and that rison interprets. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
