import type { FastifyRequest } from 'fastify'
import type { Acknowledgement, AlertView, HostDetail, HostView, Millis, SendRecord, SeriesView } from '../../model.ts'
import { describeDecision, labelDecision, describeNotificationReason } from '../../text/decision.ts'
import { describeSent } from '../../text/delivery.ts'
import { formatCount, formatDuration, formatEvent, formatTime, formatValue } from '../../text/format.ts'
import { describeHostState } from '../../text/builtin.ts'
import { describeReason } from '../../text/reason.ts'
import { foreign, page } from './html.ts'
import { alertNow } from './link.ts'
import { findNotifications, showNotification } from '../views/notification.ts'
import { clean, escapeHtml } from '../../text/sanitise.ts'

/** Returns true for a browser, as after following a link in a mail. Scripts that accept any type get JSON. */
export function prefersPage({ headers: { accept = '' } }: FastifyRequest): boolean {
  return /(?:^|,)\s*text\/html\b/i.test(accept) && !/json/i.test(accept)
}

/** Maximum number of entries in a list; the JSON has all. */
const MAX_LISTED = 1000

/** Renders all alerts: open ones, and recently resolved ones. */
export function alertsPage(alerts: readonly AlertView[], now: Millis): string {
  const open = alerts.filter(({ state }) => state !== 'resolved')
  const over = alerts.filter(({ state }) => state === 'resolved')
  const items = (some: readonly AlertView[]): readonly string[] => some.map((alert) => alertItem(alert, now, ''))
  return page(
    'Alerts: stashwatch',
    `<h1>Alerts</h1>
<h2>Open</h2>
${itemList(items(open), 'No alerts are open.')}
<h2>Recently resolved</h2>
${itemList(items(over), 'None.')}`,
  )
}

/** Renders all hosts, those that are not live first. */
export function hostsPage(hosts: readonly HostView[], now: Millis): string {
  const isLive = ({ state }: HostView): number => Number(state === 'live')
  const items = hosts
    .toSorted((a, b) => isLive(a) - isLive(b) || (a.host < b.host ? -1 : 1))
    .map(({ host, state, lastSeenAt, source }) => {
      const seen = lastSeenAt === null ? 'never seen' : `last event ${formatDuration(now - lastSeenAt)} ago`
      const details = source === null ? seen : `${seen}, source ${source}`
      return `<li><a href="hosts/${linkTo(host)}">${foreign(host)}</a>: ${escapeHtml(describeHostState(state))}<span class="soft">${foreign(details)}</span></li>`
    })
  return page('Hosts: stashwatch', `<h1>Hosts</h1>\n${itemList(items, 'No host has sent events yet.')}`)
}

export function itemList(items: readonly string[], none: string): string {
  if (items.length === 0) return `<p>${none}</p>`
  const rest = items.length - MAX_LISTED
  const more = rest > 0 ? `\n<p class="soft">And ${rest} more. The API lists all of them as JSON.</p>` : ''
  return `<ul class="card">${items.slice(0, MAX_LISTED).join('\n')}</ul>${more}`
}

/** Renders one host: its last event, its alerts, and its newest values. */
export function hostPage(host: HostDetail, alerts: readonly AlertView[], now: Millis): string {
  const { host: name, state, lastSeenAt, source, series } = host
  const seen = lastSeenAt === null ? 'never' : `${formatTime(lastSeenAt)}, ${formatDuration(now - lastSeenAt)} ago`
  return page(
    `${name}: stashwatch`,
    `<h1>${foreign(name)}</h1>
<p class="state ${state === 'live' ? 'good' : 'bad'}">${escapeHtml(describeHostState(state))}</p>
${factList([
  ['Last event', seen],
  ['Source', source ?? 'none yet'],
])}
<h2>Alerts</h2>
${itemList(
  alerts.map((alert) => alertItem(alert, now, '../')),
  'No open or recent alerts.',
)}
<h2>Latest values</h2>
${itemList(
  series.map((one) => seriesItem(one, now)),
  'No series.',
)}`,
  )
}

/** Renders one episode: its present state, and its timeline. */
export function episodePage(alert: AlertView, sends: readonly SendRecord[], now: Millis): string {
  const { identity, code = 'none yet', startsAt, firedAt, resolvedAt, peak, ack } = alert
  const { rule, host, measure } = identity
  const title = `${rule} on ${host}`
  const ended =
    resolvedAt === undefined
      ? []
      : [['Ended', `${formatTime(resolvedAt)}, after ${formatDuration(resolvedAt - startsAt)}`] as const]
  return page(
    `${title}: stashwatch`,
    `<h1>${foreign(rule)} on ${foreign(host)}</h1>
${alertNow(alert, now)}
<h2>Episode</h2>
${factList([
  ['Began', formatTime(startsAt)],
  ...(firedAt === undefined ? [] : [['Fired', formatTime(firedAt)] as const]),
  ...ended,
  ['Peak', formatValue(peak, measure.unit)],
  ...(ack === undefined ? [] : [['Acknowledged', acknowledged(ack)] as const]),
  ['Code', code],
])}
${eventsSection(alert)}<h2>Timeline</h2>
<ul class="card">${buildTimeline(alert, sends).map(timelineItem).join('\n')}</ul>
<p><a href="../hosts/${linkTo(host)}">${foreign(host)} now</a></p>`,
  )
}

function eventsSection({ events = [] }: AlertView): string {
  if (events.length === 0) return ''
  const items = events.map(
    (event) =>
      `<li><span class="soft">${formatTime(event.ts)}</span><code>${foreign(clean(formatEvent(event)))}</code></li>`,
  )
  return `<h2>Matching events</h2>
<ul class="card">${items.join('\n')}</ul>
`
}

function factList(rows: readonly (readonly [name: string, text: string])[]): string {
  const cells = rows.map(([name, text]) => `<div><dt>${escapeHtml(name)}</dt><dd>${foreign(text)}</dd></div>`)
  return `<dl class="card">${cells.join('')}</dl>`
}

/** Returns true if an alert is open and acknowledged. */
export const isOpenAcknowledged = ({ state, ack }: AlertView, now: Millis): boolean =>
  state !== 'resolved' && ack !== undefined && ack.until > now

/**
 * @param up path from the page to the folder of `alerts`, or undefined if the reader has no access to them; pages other
 *   than a host's name the host.
 */
export function alertItem(alert: AlertView, now: Millis, up: '' | '../' | undefined): string {
  const { identity, state, severity, startsAt, episode, resolvedAt } = alert
  const rule = [identity.rule, ...Object.values(identity.labels)].join(' ')
  const name = foreign(up === '../' ? rule : `${rule} on ${identity.host}`)
  const place =
    episode === undefined || up === undefined ? name : `<a href="${up}alerts/${linkTo(episode)}">${name}</a>`
  const when =
    resolvedAt === undefined ? `for ${formatDuration(now - startsAt)}` : `${formatDuration(now - resolvedAt)} ago`
  const acked = isOpenAcknowledged(alert, now) ? ', acknowledged' : ''
  return `<li>${place}: ${state}, ${severity}, ${when}${acked}<span class="soft">${foreign(describeReason(alert))}</span></li>`
}

function seriesItem(
  { metric, labels, unit, newest, window: { count, mean, max, last } }: SeriesView,
  now: Millis,
): string {
  const name = [metric, ...Object.values(labels)].join(' ')
  const known = (
    [
      ['last', last],
      ['mean', mean],
      ['max', max],
    ] as const
  ).filter(([, value]) => value !== null)
  const figures = known.map(([what, value]) => `${what} ${formatValue(value, unit)}`)
  const of = `${formatCount(count, 'sample')}, latest ${formatDuration(now - newest)} ago`
  return `<li>${foreign(name)}: ${escapeHtml(figures.join(', ') || 'count only')}<span class="soft">${escapeHtml(of)}</span></li>`
}

function acknowledged({ author, at, until, note }: Acknowledgement): string {
  return `by ${author} from ${formatTime(at)} to ${formatTime(until)}${note === '' ? '' : `: ${note}`}`
}

interface TimelineEntry {
  readonly at: Millis
  readonly title: string
  readonly summary: string
}

/** The sort is stable: at the same instant, evaluations come before decisions, and decisions before deliveries. */
function buildTimeline(alert: AlertView, sends: readonly SendRecord[]): readonly TimelineEntry[] {
  const { identity, transitions, decisions = [] } = alert
  const steps = transitions.map((step): TimelineEntry => ({
    at: step.at,
    title: step.to,
    summary: describeReason({ identity, ...step }),
  }))
  const rows = findNotifications(alert, sends)
    .toReversed()
    .map(({ record, reason }) => ({ record, reason, shown: showNotification(record) }))
  const decided = decisions.map((decision): TimelineEntry => {
    const { at, kind } = decision
    const to = 'to' in decision ? decision.to : undefined
    const row = rows.find(({ record, shown }) => record.createdAt >= at && shown.to?.address === to)
    const summary = describeDecision(decision, identity)
    const label = labelDecision(kind, row !== undefined && row.record.state !== 'sent')
    if (label === '') return { at, title: kind === 'evaluated' ? 'evaluated' : 'acknowledgement', summary }
    return { at, title: to === undefined ? label : `${label} ${to}`, summary }
  })
  const sent = rows.map(({ record, reason, shown }): TimelineEntry => {
    const { state, to } = shown
    const why = reason ?? shown.reason
    const summary = [why === undefined ? undefined : describeNotificationReason(why), describeSent(record)]
    return {
      at: record.finishedAt ?? record.createdAt,
      title: `mail to ${to?.address ?? 'unknown'}: ${state}`,
      summary: summary.filter((text) => text !== undefined).join(': '),
    }
  })
  return [...steps, ...decided, ...sent].toSorted((a, b) => a.at - b.at)
}

function timelineItem({ at, title, summary }: TimelineEntry): string {
  return `<li>${foreign(title)}<span class="soft">${formatTime(at)}: ${foreign(summary)}</span></li>`
}

/** Encodes a name as one path segment. */
const linkTo = (name: string): string => encodeURIComponent(name.toWellFormed())
