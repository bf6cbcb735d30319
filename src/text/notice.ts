import type {
  Acknowledgement,
  HeartbeatAlert,
  HeartbeatItems,
  HeldBy,
  Millis,
  Notice,
  NotificationSubject,
  Pulse,
  RetiredItem,
} from '../model.ts'
import { describeAcknowledgement, describeHeldBriefly, describeSuppression, isInForce } from './decision.ts'
import { describeResult } from './delivery.ts'
import { formatCount, formatTime, type WriteTime } from './format.ts'
import { readParams } from './params.ts'
import { describeMismatch, describeRetired } from './reason.ts'

/** A notice in words: a title, and one line for each item. */
interface NoticeText {
  readonly title: string
  readonly lines: readonly string[]
}

/** Without events for this long, nothing is clear. */
const NO_EVENTS_AFTER = 3_600_000

/**
 * Describes a notice. The texts may hold unsanitised names of events.
 *
 * @param at when it was written. @param time formats instants for the reader.
 */
export function describeNotice(notice: Notice, at: Millis, time: WriteTime = (at) => formatTime(at)): NoticeText {
  if (notice.kind === 'hosts_retired') return retiredText(notice, time)
  if (notice.kind === 'rules_unmatched') return unmatchedText(notice)
  return notice.kind === 'undelivered' ? undeliveredText(notice, time) : heartbeatText(notice.items, at, time)
}

function undeliveredText({ items, count }: Extract<Notice, { kind: 'undelivered' }>, time: WriteTime): NoticeText {
  const lines = items.map(
    ({ subject, at, address, receiver, result }) =>
      `${describeNotificationSubject(subject)}, of ${time(at)}, to ${address} (${receiver}): ${describeResult(result, time)}`,
  )
  const rest = count - items.length
  const noun = items.every(({ address }) => address.includes('@')) ? 'mail' : 'notification'
  return {
    title: `${formatCount(count, noun)} ${count === 1 ? 'was' : 'were'} not delivered`,
    lines: rest <= 0 ? lines : [...lines, `and ${rest} more (see /api/v1/notifications)`],
  }
}

const NOTICES: Readonly<Record<Notice['kind'], string>> = {
  hosts_retired: 'notice about retired hosts',
  rules_unmatched: 'notice about rules that match nothing',
  heartbeat: 'heartbeat',
  undelivered: 'notice about undelivered mails',
}

/** Describes what a notification is about, in a few words. */
export function describeNotificationSubject(about: NotificationSubject): string {
  if (about.kind === 'alert')
    return `${about.rule} on ${about.host}${about.state === 'firing' ? '' : `, ${about.state}`}`
  if (about.kind === 'list') return `a list (${describeStates(about)})`
  if (about.kind === 'notice') return `the ${NOTICES[about.notice]}`
  return about.kind === 'report' ? 'a report' : 'a mail'
}

export interface StateCounts {
  readonly firing: number
  readonly resolved: number
  readonly closed: number
}

/** Describes alerts by state: `11 firing, 49 resolved`; `60 alerts` while all fire. */
export function describeStates(counts: StateCounts): string {
  return counts.resolved + counts.closed === 0 ? formatCount(counts.firing, 'alert') : formatStates(counts)
}

/** Formats how many alerts are in which state: `11 firing, 49 resolved`. */
export function formatStates({ firing, resolved, closed }: StateCounts): string {
  const parts = Object.entries({ firing, resolved, closed }).filter(([, count]) => count > 0)
  return parts.map(([state, count]) => `${count} ${state}`).join(', ')
}

function retiredText({ items, counts }: Extract<Notice, { kind: 'hosts_retired' }>, time: WriteTime): NoticeText {
  const kinds = (['host', 'source'] as const).filter((kind) => counts[kind] > 0)
  const lines = items.map((item) => retiredLine(item, time))
  const rest = counts.host + counts.source + counts.mass_absence - items.length
  return {
    title: `${kinds.map((kind) => formatCount(counts[kind], kind)).join(' and ')} retired`,
    lines: rest <= 0 ? lines : [...lines, `and ${rest} more (/api/v1/hosts lists the remaining hosts)`],
  }
}

function unmatchedText({ items }: Extract<Notice, { kind: 'rules_unmatched' }>): NoticeText {
  return {
    title: `${formatCount(items.length, 'rule')} matched nothing for 24 h`,
    lines: items.map(({ rule, reason }) => `${rule}: ${describeMismatch(reason.code, readParams(reason))}`),
  }
}

const WHAT: Readonly<Record<RetiredItem['kind'], (name: string) => string>> = {
  host: (name) => name,
  source: (name) => `source ${name}`,
  mass_absence: (name) => `mass absence of ${name}`,
}

function retiredLine({ kind, name, reason: why, lastSeenAt, closed }: RetiredItem, time: WriteTime): string {
  const seen = kind === 'host' ? `${lastSeenAt === null ? 'never seen' : `last event at ${time(lastSeenAt)}`}; ` : ''
  const reason = describeRetired(why.code, readParams(why), time)
  const closes = closed.map(({ rule, code }) => `${rule} (${code})`)
  return `${WHAT[kind](name)}: ${seen}${reason}${closes.length === 0 ? '' : `; closes ${closes.join(', ')}`}`
}

function heartbeatText(items: HeartbeatItems, at: Millis, time: WriteTime): NoticeText {
  const { pulse, firing, mails, since } = items
  const lines = firing.first.map((one) => firingLine(one, at, time))
  const rest = firing.total - firing.first.length
  return {
    title: heartbeatTitle(items, at),
    lines: [
      ...pulseLines(pulse, time),
      `Mails since ${time(since)}: ${mails}`,
      ...lines,
      ...(rest > 0 ? [`and ${rest} more`] : []),
    ],
  }
}

function heartbeatTitle(
  { firing: { total }, suppressed, pulse: { lastEvent = -Infinity, gap } }: HeartbeatItems,
  at: Millis,
): string {
  if (total === 0)
    return at - Math.max(lastEvent, gap?.to ?? -Infinity) > NO_EVENTS_AFTER ? 'No events received' : 'All clear'
  const kept = HELD.filter((by) => suppressed[by] > 0)
  if (total === 1) return ['1 alert is firing', ...kept.map(describeHeldBriefly)].join(', ')
  const counts = kept.map((by, i) => `${suppressed[by]}${i === 0 ? ' of them' : ''} ${describeHeldBriefly(by)}`)
  return [`${total} alerts are firing`, ...counts].join(', ')
}

const HELD: readonly HeldBy['by'][] = ['silence', 'maintenance', 'inhibition', 'acknowledgement']

function pulseLines({ hosts, hostsSeen, sources, lastEvent, gap }: Pulse, time: WriteTime): readonly string[] {
  const named = sources.first.map(({ source, lastSeenAt: last }) => `${source} at ${time(last)}`)
  const more = sources.total > named.length ? [`${sources.total - named.length} more`] : []
  return [
    `Hosts: events from ${hostsSeen} of ${hosts} within the last 15 min`,
    `Sources (last request): ${named.length === 0 ? 'none' : [...named, ...more].join(', ')}`,
    `Last event: ${lastEvent === undefined ? 'none yet' : time(lastEvent)}`,
    ...(gap === undefined
      ? []
      : [
          `Stashwatch was down from ${time(gap.from)} to ${time(gap.to)}; ${gap.isRecovered === true ? 'events of that time arrived later' : 'no rules were evaluated'}`,
        ]),
  ]
}

function firingLine(
  { identity, severity, startsAt, code, muted, ack }: HeartbeatAlert,
  at: Millis,
  time: WriteTime,
): string {
  const place = [identity.host, ...Object.values(identity.labels)].join(' ')
  const why = muted === undefined ? '' : `; ${describeSuppression(muted, time)}`
  const who = isInForce(ack, at) ? `; ${describeAck(ack, time)}` : ''
  return `Firing: ${identity.rule} on ${place}, ${severity}, since ${time(startsAt)} [${code}]${why}${who}`
}

function describeAck(ack: Acknowledgement, time: WriteTime): string {
  return describeAcknowledgement({ ...ack, note: '' }, time)
}
