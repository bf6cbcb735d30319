import { createHash } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { type AlertSnapshot, isBuiltinRule, type Notification, type Recipient, worstFirst } from '../../model.ts'
import { ANY_NAMES, compileTemplate, type TemplateValues, templateValues, findAddresses } from '../../text/template.ts'
import { formatMeasure } from '../../text/format.ts'
import { renderAlert, renderGroup, splitGroup } from './alert.ts'
import { digestHeadline, renderDigest } from './digest.ts'
import { htmlPage } from './html.ts'
import { stateSubject, isDescribed } from './headline.ts'
import type { MailContent, ContentOptions } from './content.ts'
import { noticeHeadline, renderNotice } from './notice.ts'
import { groupName, formatName, formatTarget, formatTally, FULL_LENGTH, formatWorstLimit } from './phrase.ts'
import { type DrawPng, eventAttachments, renderChart, type RenderedChart } from '../chart/index.ts'
import { plainText } from './plain-text.ts'
import { summarizeHosts } from './rows.ts'
import { renderReport, reportSubject } from './report.ts'
import { clean, cleanLines, headerText, shorten } from '../../text/sanitise.ts'
import { instanceId } from '../../links/signature.ts'
import type { MailMessage } from '../notifier.ts'

interface MessageOptions extends ContentOptions {
  readonly from: Recipient
  /** Right-hand side of Message-IDs and of the List-Id. */
  readonly domain: string
  /** Left-hand side of the List-Id; `stashwatch` by default. */
  readonly listName?: string
  /** What makes pictures; without it mails show theirs in letters alone. */
  readonly draw?: DrawPng
}

/** Longest subject, and longest value of another header, in characters. */
const SUBJECT_LENGTH = 160
const HEADER_LENGTH = 120
/** Longest name inside a subject: what it says beside the name must still be read. */
const NAME_LENGTH = 80

/**
 * Turns a notification into a mail: the same mail, byte for byte, whenever and wherever that is done. The subject
 * stays what it was through a thread, behind `Re: `, so that mail programs keep an episode together; the first line
 * of the text says what is new.
 */
export function renderMessage(notification: Notification, onGiven: MessageOptions): MailMessage {
  // Ids are ASCII (RFC 5322, RFC 2919), whatever the sender's domain is.
  const options = { ...onGiven, domain: domainToASCII(onGiven.domain) || onGiven.domain }
  const id = messageId(notification, notification.seq, options)
  const snapshot = onlyNews(notification)
  const shown = snapshot === undefined ? undefined : renderChart(notification, snapshot, id.slice(1, -1), options.draw)
  const content = renderContent(notification, options, shown)
  return {
    messageId: id,
    ...listReferences(notification, options),
    from: options.from,
    to: notification.to,
    date: notification.decidedAt,
    subject: formatSubject(notification),
    text: plainText(content),
    html: htmlPage(content),
    headers: listHeaders(notification, options),
    attachments: [...(shown?.attachments ?? []), ...(snapshot === undefined ? [] : eventAttachments(snapshot))],
  }
}

function renderContent(
  notification: Notification,
  options: MessageOptions,
  shown: RenderedChart | undefined,
): MailContent {
  if (notification.notice !== undefined) return renderNotice(notification, notification.notice, options)
  if (notification.report !== undefined) return renderReport(notification, notification.report, options)
  if (notification.kind !== 'alert') return renderDigest(notification, options)
  const snapshot = onlyNews(notification)
  if (snapshot === undefined) return renderGroup(notification, options)
  const chart = shown === undefined ? {} : { chart: shown.chart }
  const custom = renderCustomBody(notification, snapshot)
  const links = custom === undefined ? {} : { links: custom.links }
  return { ...renderAlert(notification, snapshot, options, custom?.text), ...links, ...chart }
}

interface CustomBody {
  readonly text: string
  /** The addresses that its template writes out. */
  readonly links: readonly string[]
}

/** The description by the template of the rule or the receiver, where one says something and is true of such a mail. */
function renderCustomBody(notification: Notification, snapshot: AlertSnapshot): CustomBody | undefined {
  const template = selectTemplate(notification, snapshot, 'body')
  if (template === undefined || !isDescribed(notification, snapshot)) return undefined
  const text = cleanLines(fill(template, subjectValues(snapshot), FULL_LENGTH, notification.timeZone) ?? '').trim()
  return text === '' ? undefined : { text, links: findAddresses(template) }
}

/** The rule's template counts before the receiver's, which was not written for built-in rules. */
function selectTemplate(
  { templates }: Notification,
  snapshot: AlertSnapshot,
  key: 'subject' | 'body',
): string | undefined {
  return snapshot.templates[key] ?? (isBuiltinRule(snapshot.identity.rule) ? undefined : templates?.[key])
}

/** The one alert that is new in a mail; undefined where there are several, or none. */
function onlyNews(notification: Notification): AlertSnapshot | undefined {
  const { fresh } = splitGroup(notification)
  return notification.kind === 'alert' && fresh.length === 1 ? fresh[0] : undefined
}

/**
 * The number of the mail in its thread, and a hash of the instance and the address, make it the same for every attempt, and
 * another one for another stashwatch with the same rules.
 */
function messageId({ thread, to }: Notification, seq: number, { domain, linkKey }: MessageOptions): string {
  const whose = linkKey === undefined ? to.address : `${instanceId(linkKey)}\n${to.address}`
  return `<${token(thread)}.${seq}.${shortHash(whose)}@${domain}>`
}

/** The thread's first mail holds it together, also when it was never sent; a reply is to one that was. */
function listReferences(
  notification: Notification,
  options: MessageOptions,
): Pick<MailMessage, 'references' | 'inReplyTo'> {
  const previous = previousMessageId(notification)
  const numbers = notification.seq === 0 ? [] : [...new Set([0, previous ?? 0])]
  const references = numbers.map((earlier) => messageId(notification, earlier, options))
  return { references, ...(previous === null ? {} : { inReplyTo: messageId(notification, previous, options) }) }
}

/**
 * What a notification is about, in one clean line. Behind `Re: ` when one of its thread was sent before it; or, where the
 * receiver wants that, behind the state.
 */
export function formatSubject(notification: Notification): string {
  const { report, subjectMode, kind } = notification
  if (report !== undefined) return headerText(reportSubject(notification, report), SUBJECT_LENGTH)
  const base = headerText(subjectBase(notification), SUBJECT_LENGTH)
  if (subjectMode === 'status' && kind === 'alert') return `[${formatState(notification)}] ${base}`
  return `${previousMessageId(notification) === null ? '' : 'Re: '}${base}`
}

/** The state of a conversation: `critical`, `warning`, `resolved` or `closed`; of several alerts `2 firing, 1 resolved`. */
function formatState({ alerts }: Notification): string {
  const firing = alerts.filter(({ state }) => state === 'firing')
  const [only] = alerts
  if (only !== undefined && alerts.length === 1) {
    return firing.length === 1 ? only.severity : only.closeReason === undefined ? 'resolved' : 'closed'
  }
  return formatTally(alerts)
}

function previousMessageId({ seq, previousSeq }: Notification): number | null {
  if (seq === 0) return null
  return previousSeq === undefined ? seq - 1 : previousSeq
}

/** What the first mail of a thread was about stays the subject of all, so that mail programs keep them together. */
function subjectBase(notification: Notification): string {
  const { kind, alerts, lead, notice } = notification
  const [first] = alerts
  if (notice !== undefined) return noticeHeadline(notification, notice)
  if (first === undefined) return digestHeadline(alerts)
  if (kind !== 'alert') return listSubject(notification, first)
  const { alert: snapshot, more } = lead ?? { alert: first, more: 0 }
  const others = more === 0 ? '' : ` and ${more} more`
  return (
    customSubject(notification, snapshot, others) ??
    `${formatName(snapshot.identity.rule, NAME_LENGTH)} on ${formatTarget(snapshot)}${others}: ${clean(formatMeasure(snapshot.identity.measure))}`
  )
}

/** A list of one rule's alerts is called as its rule calls them: `12 alerts: CPU on web-1 and 11 more is high`, `12 resolved: ...`. */
function listSubject(notification: Notification, first: AlertSnapshot): string {
  const { alerts } = notification
  const [worst = first] = worstFirst(alerts)
  const more = summarizeHosts(alerts).count - 1
  const isOneRule = alerts.every(({ identity: { rule } }) => rule === first.identity.rule)
  const custom = isOneRule ? customSubject(notification, worst, more === 0 ? '' : ` and ${more} more`) : undefined
  if (custom === undefined) return digestHeadline(alerts)
  const isPlain = alerts.length === 1 && first.state === 'firing'
  return isPlain ? custom : `${groupName(alerts)}: ${custom}`
}

/** The subject by the template of the rule or the receiver, or the usual one of such alerts, if there is one that says something. */
function customSubject(notification: Notification, snapshot: AlertSnapshot, others: string): string | undefined {
  const template = selectTemplate(notification, snapshot, 'subject') ?? stateSubject(snapshot.identity.measure)
  const custom =
    template === undefined
      ? ''
      : (fill(template, subjectValues(snapshot, others), NAME_LENGTH, notification.timeZone) ?? '')
  return custom.trim() === '' ? undefined : custom
}

/** @param others put behind the host: ` and 36 more`. */
function subjectValues(snapshot: AlertSnapshot, others = ''): TemplateValues {
  const name = snapshot.identity.host
  const host = {
    kind: 'text',
    text: `${others === '' ? name : formatName(name, NAME_LENGTH - others.length)}${others}`,
  } as const
  const threshold = { kind: 'text', text: formatWorstLimit(snapshot) } as const
  return new Map([...templateValues(snapshot), ['server', host], ['host', host], ['threshold', threshold]])
}

/**
 * The operator's own words; undefined when the template cannot be used, so that the mail goes out all the same. A
 * label that this alert does not have leaves nothing behind.
 */
function fill(template: string, values: TemplateValues, max: number, zone: string | undefined): string | undefined {
  const escape = (value: string): string => shorten(clean(value), max)
  try {
    const compiled = compileTemplate(template, ANY_NAMES)
    return compiled.render(values, { escape, ...(zone === undefined ? {} : { zone }) })
  } catch {
    return undefined
  }
}

function listHeaders(notification: Notification, options: MessageOptions): Record<string, string> {
  const { domain, listName = 'stashwatch' } = options
  const { alerts, kind, thread } = notification
  const snapshot = onlyNews(notification)
  const isFiring = alerts.some(({ state }) => state === 'firing')
  const worst = alerts.some(({ severity }) => severity === 'critical') ? 'critical' : 'warning'
  const headers = {
    'List-Id': `<${token(listName)}.${domain}>`,
    'Auto-Submitted': 'auto-generated',
    'X-Auto-Response-Suppress': 'All',
    'X-Stashwatch-Rule': common(alerts.map(({ identity }) => identity.rule)),
    'X-Stashwatch-Host': common(alerts.map(({ identity }) => identity.host)),
    'X-Stashwatch-State': kind === 'alert' ? (isFiring ? 'firing' : 'resolved') : kind,
    'X-Stashwatch-Severity': kind === 'notice' || kind === 'report' ? '' : worst,
    'X-Stashwatch-Episode': snapshot?.episode ?? thread,
  }
  const entries = Object.entries(headers).map(([name, value]) => [name, headerText(value, HEADER_LENGTH) || 'none'])
  return Object.fromEntries(entries)
}

/** What all alerts of a mail have in common, or how many different ones there are. */
function common(names: readonly string[]): string {
  const different = [...new Set(names)]
  return different.length < 2 ? (different[0] ?? '') : `${different.length} different`
}

/** Ids are ours and plain; should one ever not be, its hash stands for it. */
function token(id: string): string {
  return /^[A-Za-z0-9][\w-]*(?:\.[\w-]+)*$/.test(id) && id.length <= 100 ? id : shortHash(id)
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
