import { createHash } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { type AlertSnapshot, isBuiltinRule, type Notification, type Recipient } from '../../model.ts'
import { compileTemplate, TEMPLATE_NAMES, type TemplateValues, templateValues } from '../../text/template.ts'
import { builtinSubject } from '../../text/builtin.ts'
import { formatMeasure } from '../../text/measure.ts'
import { alertLetter, groupLetter, partsOf } from './alert.ts'
import { digestHeadline, digestLetter } from './digest.ts'
import { htmlPage } from './html.ts'
import { isDescribed } from './headline.ts'
import type { Letter, LetterOptions } from './content.ts'
import { addressesOf } from './addresses.ts'
import { noticeHeadline, noticeLetter } from './notice.ts'
import { groupName, nameOf, placeOf, tallyOf, WHOLE, worstLimitOf } from './phrase.ts'
import { type Draw, showPicture, type Shown } from '../chart/index.ts'
import { plainText } from './plain-text.ts'
import { hostsOf, worstFirst } from './rows.ts'
import { reportLetter, reportSubject } from './report.ts'
import { clean, cleanLines, headerText, shorten } from '../../text/sanitise.ts'
import type { MailMessage } from '../notifier.ts'

export interface MessageOptions extends LetterOptions {
  readonly from: Recipient
  /** Right-hand side of Message-IDs and of the List-Id. */
  readonly domain: string
  /** Left-hand side of the List-Id; `stashwatch` by default. */
  readonly listName?: string
  /** What makes pictures; without it mails show theirs in letters alone. */
  readonly draw?: Draw
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
export function renderMessage(notification: Notification, given: MessageOptions): MailMessage {
  // Ids are ASCII (RFC 5322, RFC 2919), whatever the sender's domain is.
  const options = { ...given, domain: domainToASCII(given.domain) || given.domain }
  const id = messageId(notification, notification.seq, options.domain)
  const facts = onlyNews(notification)
  const shown = facts === undefined ? undefined : showPicture(notification, facts, id.slice(1, -1), options.draw)
  const letter = letterOf(notification, options, shown)
  return {
    messageId: id,
    ...referencesOf(notification, options.domain),
    from: options.from,
    to: notification.to,
    date: notification.decidedAt,
    subject: subjectOf(notification),
    text: plainText(letter),
    html: htmlPage(letter),
    headers: headersOf(notification, options),
    attachments: shown?.attachments ?? [],
  }
}

function letterOf(notification: Notification, options: MessageOptions, shown: Shown | undefined): Letter {
  if (notification.notice !== undefined) return noticeLetter(notification, notification.notice, options)
  if (notification.report !== undefined) return reportLetter(notification, notification.report, options)
  if (notification.kind !== 'alert') return digestLetter(notification, options)
  const facts = onlyNews(notification)
  if (facts === undefined) return groupLetter(notification, options)
  const chart = shown === undefined ? {} : { chart: shown.chart }
  const own = ownBody(notification, facts)
  const links = own === undefined ? {} : { links: own.links }
  return { ...alertLetter(notification, facts, options, own?.text), ...links, ...chart }
}

interface OwnBody {
  readonly text: string
  /** The addresses that its template writes out. */
  readonly links: readonly string[]
}

/** The description by the template of the rule or the receiver, where one says something and is true of such a mail. */
function ownBody(notification: Notification, facts: AlertSnapshot): OwnBody | undefined {
  const template = templateOf(notification, facts, 'body')
  if (template === undefined || !isDescribed(notification, facts)) return undefined
  const text = cleanLines(fill(template, valuesOf(facts), WHOLE, notification.timeZone) ?? '').trim()
  return text === '' ? undefined : { text, links: addressesOf(template) }
}

/** The rule's template counts before the receiver's, which was not written for built-in rules. */
function templateOf({ templates }: Notification, facts: AlertSnapshot, key: 'subject' | 'body'): string | undefined {
  return facts.templates[key] ?? (isBuiltinRule(facts.identity.rule) ? undefined : templates?.[key])
}

/** The one alert that is new in a mail; undefined where there are several, or none. */
function onlyNews(notification: Notification): AlertSnapshot | undefined {
  const { fresh } = partsOf(notification)
  return notification.kind === 'alert' && fresh.length === 1 ? fresh[0] : undefined
}

/** The number of the mail in its thread and a hash of the address make it the same for every attempt. */
function messageId({ thread, to }: Notification, seq: number, domain: string): string {
  return `<${token(thread)}.${seq}.${hashOf(to.address)}@${domain}>`
}

/** The thread's first mail holds it together, also when it was never sent; a reply is to one that was. */
function referencesOf(notification: Notification, domain: string): Pick<MailMessage, 'references' | 'inReplyTo'> {
  const previous = previousOf(notification)
  const numbers = notification.seq === 0 ? [] : [...new Set([0, previous ?? 0])]
  const references = numbers.map((earlier) => messageId(notification, earlier, domain))
  return { references, ...(previous === null ? {} : { inReplyTo: messageId(notification, previous, domain) }) }
}

/**
 * What a notification is about, in one clean line. Behind `Re: ` when one of its thread was sent before it; or, where the
 * receiver wants that, behind the state.
 */
export function subjectOf(notification: Notification): string {
  const { report, subjectMode, kind } = notification
  if (report !== undefined) return headerText(reportSubject(notification, report), SUBJECT_LENGTH)
  const base = headerText(baseOf(notification), SUBJECT_LENGTH)
  if (subjectMode === 'status' && kind === 'alert') return `[${stateOf(notification)}] ${base}`
  return `${previousOf(notification) === null ? '' : 'Re: '}${base}`
}

/** The state of a conversation: `critical`, `warning`, `resolved` or `closed`; of several alerts `2 firing, 1 resolved`. */
function stateOf({ alerts }: Notification): string {
  const firing = alerts.filter(({ state }) => state === 'firing')
  const [only] = alerts
  if (only !== undefined && alerts.length === 1) {
    return firing.length === 1 ? only.severity : only.closeReason === undefined ? 'resolved' : 'closed'
  }
  return tallyOf(alerts)
}

function previousOf({ seq, previousSeq }: Notification): number | null {
  if (seq === 0) return null
  return previousSeq === undefined ? seq - 1 : previousSeq
}

/** What the first mail of a thread was about stays the subject of all, so that mail programs keep them together. */
function baseOf(notification: Notification): string {
  const { kind, alerts, lead, notice } = notification
  const [first] = alerts
  if (notice !== undefined) return noticeHeadline(notification, notice)
  if (first === undefined) return digestHeadline(alerts)
  if (kind !== 'alert') return listSubject(notification, first)
  const { facts, more } = lead ?? { facts: first, more: 0 }
  const others = more === 0 ? '' : ` and ${more} more`
  return (
    ownSubject(notification, facts, others) ??
    `${nameOf(facts.identity.rule, NAME_LENGTH)} on ${placeOf(facts)}${others}: ${clean(formatMeasure(facts.identity.measure))}`
  )
}

/** A list of one rule's alerts is called as its rule calls them: `12 alerts: CPU on web-1 and 11 more is high`, `12 resolved: ...`. */
function listSubject(notification: Notification, first: AlertSnapshot): string {
  const { alerts } = notification
  const [worst = first] = worstFirst(alerts)
  const more = hostsOf(alerts).count - 1
  const isOneRule = alerts.every(({ identity: { rule } }) => rule === first.identity.rule)
  const own = isOneRule ? ownSubject(notification, worst, more === 0 ? '' : ` and ${more} more`) : undefined
  if (own === undefined) return digestHeadline(alerts)
  const isPlain = alerts.length === 1 && first.state === 'firing'
  return isPlain ? own : `${groupName(alerts)}: ${own}`
}

/** The subject by the template of the rule or the receiver, or the usual one of such alerts, if there is one that says something. */
function ownSubject(notification: Notification, facts: AlertSnapshot, others: string): string | undefined {
  const template = templateOf(notification, facts, 'subject') ?? builtinSubject(facts.identity.measure)
  const own =
    template === undefined ? '' : (fill(template, valuesOf(facts, others), NAME_LENGTH, notification.timeZone) ?? '')
  return own.trim() === '' ? undefined : own
}

/** @param others put behind the host: ` and 36 more`. */
function valuesOf(facts: AlertSnapshot, others = ''): TemplateValues {
  const name = facts.identity.host
  const host = {
    kind: 'text',
    text: `${others === '' ? name : nameOf(name, NAME_LENGTH - others.length)}${others}`,
  } as const
  const bound = { kind: 'text', text: worstLimitOf(facts) } as const
  return new Map([...templateValues(facts), ['server', host], ['host', host], ['bound', bound]])
}

/**
 * The operator's own words; undefined when the template cannot be used, so that the mail goes out all the same. A
 * label that this alert does not have leaves nothing behind.
 */
function fill(template: string, values: TemplateValues, max: number, zone: string | undefined): string | undefined {
  const labels = template.match(/label\.[\w.-]+/g) ?? []
  const escape = (value: string): string => shorten(clean(value), max)
  try {
    const compiled = compileTemplate(template, [...TEMPLATE_NAMES, ...labels])
    return compiled.render(values, { escape, ...(zone === undefined ? {} : { zone }) })
  } catch {
    return undefined
  }
}

function headersOf(notification: Notification, options: MessageOptions): Record<string, string> {
  const { domain, listName = 'stashwatch' } = options
  const { alerts, kind, thread } = notification
  const facts = onlyNews(notification)
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
    'X-Stashwatch-Episode': facts?.episode ?? thread,
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
  return /^[A-Za-z0-9][\w-]*(?:\.[\w-]+)*$/.test(id) && id.length <= 100 ? id : hashOf(id)
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
