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
import {
  countStates,
  groupName,
  formatName,
  formatTarget,
  formatTally,
  FULL_LENGTH,
  formatWorstLimit,
} from './phrase.ts'
import { type DrawPng, eventAttachments, renderChart, type RenderedChart } from '../chart/index.ts'
import { plainText } from './plain-text.ts'
import { summarizeHosts } from './rows.ts'
import { renderReport, reportSubject } from './report.ts'
import { clean, cleanLines, headerText, shorten } from '../../text/sanitise.ts'
import { instanceId } from '../../links/signature.ts'
import type { MailMessage } from '../notifier.ts'

interface MessageOptions extends ContentOptions {
  readonly from: Recipient
  /** Domain of Message-IDs and of the List-Id. */
  readonly domain: string
  /** First part of the List-Id; `stashwatch` by default. */
  readonly listName?: string
  /** Renders images; without it charts are shown as text only. */
  readonly draw?: DrawPng
}

/** Maximum length of the subject, and of the value of another header, in characters. */
const SUBJECT_LENGTH = 160
const HEADER_LENGTH = 120
/** Maximum length of a name in a subject, so that the rest remains visible. */
const NAME_LENGTH = 80

/**
 * Renders a notification as a mail. Equal notifications give equal bytes. The subject stays the same in a thread, after
 * `Re: `, so that mail programs keep an episode together; the first line of the text says what is new.
 */
export function renderMessage(notification: Notification, onGiven: MessageOptions): MailMessage {
  // Ids are ASCII (RFC 5322, RFC 2919), even if the sender's domain is not.
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
  /** URLs that the template contains. */
  readonly links: readonly string[]
}

/** Renders the template of the rule or the receiver, if there is one and it applies to such a mail. */
function renderCustomBody(notification: Notification, snapshot: AlertSnapshot): CustomBody | undefined {
  const template = selectTemplate(notification, snapshot, 'body')
  if (template === undefined || !isDescribed(notification, snapshot)) return undefined
  const text = cleanLines(fill(template, subjectValues(snapshot), FULL_LENGTH, notification.timeZone) ?? '').trim()
  return text === '' ? undefined : { text, links: findAddresses(template) }
}

/** Selects the rule's template before the receiver's, which does not apply to built-in rules. */
function selectTemplate(
  { templates }: Notification,
  snapshot: AlertSnapshot,
  key: 'subject' | 'body',
): string | undefined {
  return snapshot.templates[key] ?? (isBuiltinRule(snapshot.identity.rule) ? undefined : templates?.[key])
}

/** Returns the only new alert of a mail; undefined if there are several, or none. */
function onlyNews(notification: Notification): AlertSnapshot | undefined {
  const { fresh } = splitGroup(notification)
  return notification.kind === 'alert' && fresh.length === 1 ? fresh[0] : undefined
}

/**
 * Returns the Message-ID. It has the number of the mail in its thread, and a hash of the instance and the address, so
 * it is equal for all attempts and different in another stashwatch with the same rules.
 */
function messageId({ thread, to }: Notification, seq: number, { domain, linkKey }: MessageOptions): string {
  const whose = linkKey === undefined ? to.address : `${instanceId(linkKey)}\n${to.address}`
  return `<${token(thread)}.${seq}.${shortHash(whose)}@${domain}>`
}

/**
 * Returns the references. The first mail of the thread comes first, even if it was never sent; In-Reply-To names only a
 * mail that was sent.
 */
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
 * Returns the subject, in one clean line: after `Re: ` if an earlier mail of the thread was sent, or after the state if
 * the receiver is configured so.
 */
export function formatSubject(notification: Notification): string {
  const { report, subjectMode, kind } = notification
  if (report !== undefined) return headerText(reportSubject(notification, report), SUBJECT_LENGTH)
  const base = headerText(subjectBase(notification), SUBJECT_LENGTH)
  if (subjectMode === 'status' && kind === 'alert') return `[${formatState(notification)}] ${base}`
  return `${previousMessageId(notification) === null ? '' : 'Re: '}${base}`
}

/**
 * Returns the state of a thread: `critical`, `warning`, `resolved` or `closed`; of several alerts `2 firing, 1
 * resolved`.
 */
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

/** Returns the subject of a thread: that of its first mail, so that mail programs keep it together. */
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

/**
 * Returns the subject of a list of alerts of one rule, from the rule's template: `12 alerts: CPU on web-1 and 11 more
 * is high`, `12 resolved: ...`.
 */
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

/**
 * Returns the subject from the template of the rule or the receiver, or from the default of such alerts; undefined if
 * it is empty.
 */
function customSubject(notification: Notification, snapshot: AlertSnapshot, others: string): string | undefined {
  const template = selectTemplate(notification, snapshot, 'subject') ?? stateSubject(snapshot.identity.measure)
  const custom =
    template === undefined
      ? ''
      : (fill(template, subjectValues(snapshot, others), NAME_LENGTH, notification.timeZone) ?? '')
  return custom.trim() === '' ? undefined : custom
}

/** @param others is appended to the host: ` and 36 more`. */
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
 * Fills a template; undefined if the template cannot be used, so that the mail is sent anyway. A label that the alert
 * does not have is empty.
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
  const worst = alerts.some(({ severity }) => severity === 'critical') ? 'critical' : 'warning'
  const headers = {
    'List-Id': `<${token(listName)}.${domain}>`,
    'Auto-Submitted': 'auto-generated',
    'X-Auto-Response-Suppress': 'All',
    'X-Stashwatch-Rule': common(alerts.map(({ identity }) => identity.rule)),
    'X-Stashwatch-Host': common(alerts.map(({ identity }) => identity.host)),
    'X-Stashwatch-State': kind === 'alert' ? overallState(alerts) : kind,
    'X-Stashwatch-Severity': kind === 'notice' || kind === 'report' ? '' : worst,
    'X-Stashwatch-Episode': snapshot?.episode ?? thread,
  }
  const entries = Object.entries(headers).map(([name, value]) => [name, headerText(value, HEADER_LENGTH) || 'none'])
  return Object.fromEntries(entries)
}

/** Returns `firing` while an alert fires, `resolved` if one of them recovered, `closed` if all were closed. */
function overallState(alerts: readonly AlertSnapshot[]): string {
  const { firing, resolved } = countStates(alerts)
  return firing > 0 ? 'firing' : resolved > 0 ? 'resolved' : 'closed'
}

/** Returns what all alerts of a mail have in common, or the number of different values. */
function common(names: readonly string[]): string {
  const different = [...new Set(names)]
  return different.length < 2 ? (different[0] ?? '') : `${different.length} different`
}

/** Returns an id for a header. Ids are plain; should one not be, its hash is used. */
function token(id: string): string {
  return /^[A-Za-z0-9][\w-]*(?:\.[\w-]+)*$/.test(id) && id.length <= 100 ? id : shortHash(id)
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
