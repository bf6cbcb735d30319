import type { FastifyRequest } from 'fastify'
import type { Acknowledgement, AlertView, Decision, HostDetail, Millis, SendRecord, SeriesView } from '../model.ts'
import { formatDuration, formatTime, formatValue } from '../format.ts'
import { escapeHtml, foreign, page } from './html.ts'
import { alertNow } from './link-page.ts'
import { sendsOf, showSend } from './views.ts'

/** Whether a person's browser asks, as for a link in a mail; scripts that take anything get JSON. */
export function prefersPage({ headers: { accept = '' } }: FastifyRequest): boolean {
  return /(?:^|,)\s*text\/html\b/i.test(accept) && !/json/i.test(accept)
}

/** One host for people: what is heard of it, what is the matter with it, and what was measured last. */
export function hostPage(host: HostDetail, alerts: readonly AlertView[], now: Millis): string {
  const { host: name, state, lastSeen, source, series } = host
  const heard = lastSeen === null ? 'never' : `${formatTime(lastSeen)}, ${formatDuration(now - lastSeen)} ago`
  return page(
    `${name}: stashwatch`,
    `<h1>${foreign(name)}</h1>
<p class="state ${state === 'live' ? 'good' : 'bad'}">${escapeHtml(state)}</p>
${facts([
  ['Last event', heard],
  ['Source', source ?? 'none yet'],
])}
<h2>Alerts</h2>
${alerts.length === 0 ? '<p>None open, and none lately.</p>' : `<ul class="card">${alerts.map((alert) => alertItem(alert, now)).join('\n')}</ul>`}
<h2>Measured last</h2>
${series.length === 0 ? '<p>Nothing is kept of it.</p>' : `<ul class="card">${series.map((one) => seriesItem(one, now)).join('\n')}</ul>`}`,
  )
}

/** One episode for people: how it is now, and how it came about, in the order of time. */
export function episodePage(alert: AlertView, sends: readonly SendRecord[], now: Millis): string {
  const { rule, host, code = 'none yet', since, firedAt, resolvedAt, peak, unit, ack } = alert
  const title = `${rule} on ${host}`
  const ended =
    resolvedAt === undefined
      ? []
      : [['Ended', `${formatTime(resolvedAt)}, after ${formatDuration(resolvedAt - since)}`] as const]
  return page(
    `${title}: stashwatch`,
    `<h1>${foreign(rule)} on ${foreign(host)}</h1>
${alertNow(alert, now)}
<h2>Its life</h2>
${facts([
  ['Began', formatTime(since)],
  ...(firedAt === undefined ? [] : [['Fired', formatTime(firedAt)] as const]),
  ...ended,
  ['Peak', formatValue(peak, unit)],
  ...(ack === undefined ? [] : [['Taken on', takenOn(ack)] as const]),
  ['Code', code],
])}
<h2>Step by step</h2>
<ul class="card">${storyOf(alert, sends).map(momentItem).join('\n')}</ul>
<p><a href="../hosts/${linkTo(host)}">What ${foreign(host)} does now</a></p>`,
  )
}

function facts(rows: readonly (readonly [name: string, text: string])[]): string {
  const cells = rows.map(([name, text]) => `<div><dt>${escapeHtml(name)}</dt><dd>${foreign(text)}</dd></div>`)
  return `<dl class="card">${cells.join('')}</dl>`
}

function alertItem(
  { rule, labels, state, severity, since, episode, reason, resolvedAt }: AlertView,
  now: Millis,
): string {
  const name = foreign([rule, ...Object.values(labels)].join(' '))
  const place = episode === undefined ? name : `<a href="../alerts/${linkTo(episode)}">${name}</a>`
  const when =
    resolvedAt === undefined ? `for ${formatDuration(now - since)}` : `${formatDuration(now - resolvedAt)} ago`
  return `<li>${place}: ${state}, ${severity}, ${when}<span class="soft">${foreign(reason)}</span></li>`
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
      ['highest', max],
    ] as const
  ).filter(([, value]) => value !== null)
  const figures = known.map(([what, value]) => `${what} ${formatValue(value, unit)}`)
  const of = `${count} ${count === 1 ? 'sample' : 'samples'}, the newest ${formatDuration(now - newest)} ago`
  return `<li>${foreign(name)}: ${escapeHtml(figures.join(', ') || 'counted only')}<span class="soft">${escapeHtml(of)}</span></li>`
}

function takenOn({ author, at, until, note }: Acknowledgement): string {
  return `by ${author} from ${formatTime(at)} to ${formatTime(until)}${note === '' ? '' : `: ${note}`}`
}

interface Moment {
  readonly at: Millis
  readonly what: string
  readonly says: string
}

const TOLD: Readonly<Record<Decision['kind'], string>> = {
  judged: 'judged',
  notified: 'told',
  suppressed: 'not told',
  acknowledged: 'acknowledged',
}

/** The sort is stable: of one moment, what was found comes before what was decided, and that before what was sent. */
function storyOf(alert: AlertView, sends: readonly SendRecord[]): readonly Moment[] {
  const { transitions, decisions = [] } = alert
  const steps = transitions.map(({ to, at, reason }): Moment => ({ at, what: to, says: reason }))
  const rows = sendsOf(alert, sends)
    .toReversed()
    .map(({ record, because }) => ({ record, because, shown: showSend(record) }))
  const decided = decisions.map(({ at, kind, reason, to }): Moment => {
    const row = rows.find(({ record, shown }) => record.createdAt >= at && shown.to?.address === to)
    const isUnsent = kind === 'notified' && row !== undefined && row.record.state !== 'sent'
    const word = isUnsent ? 'to be told' : TOLD[kind]
    return { at, what: to === undefined ? word : `${word} ${to}`, says: reason }
  })
  const sent = rows.map(({ record, because, shown }): Moment => {
    const { state, to, because: whole, answer } = shown
    const says = [because ?? whole, answer].filter((text) => text !== undefined).join(': ')
    return { at: record.doneAt ?? record.createdAt, what: `mail to ${to?.address ?? 'somebody'} ${state}`, says }
  })
  return [...steps, ...decided, ...sent].toSorted((a, b) => a.at - b.at)
}

function momentItem({ at, what, says }: Moment): string {
  return `<li>${foreign(what)}<span class="soft">${formatTime(at)}: ${foreign(says)}</span></li>`
}

/** A name as one piece of a path. */
const linkTo = (name: string): string => encodeURIComponent(name.toWellFormed())
