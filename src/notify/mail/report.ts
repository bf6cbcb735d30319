import type {
  Millis,
  Notification,
  Report,
  ReportEpisode,
  ReportUtilizationRow,
  ReportUtilization,
} from '../../model.ts'
import { formatCount, formatDuration, formatTime, formatValue } from '../../text/format.ts'
import { describeHeldBriefly } from '../../text/decision.ts'
import { explainRecipient } from './footer.ts'
import type { MailContent, ContentOptions, Section } from './content.ts'
import { listDeliveryNotes, type Tone, timeWriter } from './phrase.ts'
import { MAX_NAME_LENGTH, NAME, qualitySection, formatRefused, rest } from './report-quality.ts'
import { clean, shorten } from '../../text/sanitise.ts'

/** Length of an instant to the minute, without its zone, which is in the title. */
const MINUTE = '2026-11-22 08:00'.length
const DATE = '2026-11-22'.length
/** Up to this many alerts need no table of days. */
const DATED = 5
/** Alerts on up to this share of the hosts, or on up to this many hosts, count as quiet. */
const SECTION_MINIMUM = { share: 0.05, alerts: 3 }

/** Renders a daily or weekly report: the summary first, then the tables. */
export function renderReport(notification: Notification, report: Report, { apiUrl }: ContentOptions): MailContent {
  const { timeZone } = notification
  return {
    tone: selectTone(report),
    status: formatStatus(report),
    headline: formatHeadline(report, formatPeriod(notification, report)),
    paragraphs: [
      reportLead(report, timeZone, isFirst(notification, report)),
      ...listDeliveryNotes(notification, timeWriter(notification)),
    ],
    sections: [
      ...daysSection(report),
      ...episodesSection(report, timeZone),
      ...rulesSection(report),
      ...outsideSection(report),
      ...report.utilization.map(utilizationSection),
      ...formatRefused(report.quality),
    ],
    facts: [],
    notes: qualitySection(report.quality),
    lists: [],
    advice:
      apiUrl === undefined
        ? []
        : [
            { text: 'Open and recent alerts:', url: `${apiUrl}/api/v1/alerts` },
            { text: 'All hosts:', url: `${apiUrl}/api/v1/hosts` },
          ],
    footer: [explainRecipient(notification, `the configuration sets a ${formatPeriodAdjective(report)} report for`)],
  }
}

/** Returns the subject, which is equal for all reports of a receiver, so that they are one thread. */
export function reportSubject({ receiver }: Notification, report: Report): string {
  return `${formatStatus(report)}: ${clean(receiver)}`
}

function formatPeriodAdjective({ every }: Report): string {
  return every === 'day' ? 'daily' : 'weekly'
}

function formatStatus({ every }: Report): string {
  return every === 'day' ? 'Daily report' : 'Weekly report'
}

function isUneventful({ alerts, hosts }: Report): boolean {
  return (
    alerts.critical === 0 &&
    alerts.started + alerts.alreadyOpen <= Math.max(SECTION_MINIMUM.alerts, SECTION_MINIMUM.share * hosts)
  )
}

function selectTone(report: Report): Tone {
  const { alerts } = report
  if (alerts.open > 0) return 'warning'
  return isUneventful(report) ? 'good' : 'calm'
}

/** A report covers at least this share of its period, unless it is the first one after the setup. */
const WHOLE = 0.9

function isFirst({ seq }: Notification, { every, from, to }: Report): boolean {
  return seq === 0 && to - from < WHOLE * (every === 'day' ? 1 : 7) * 86_400_000
}

/** Returns the period of a first report, `since 14:53`; undefined if it is a full day or week. */
function formatPeriod(notification: Notification, report: Report): string | undefined {
  if (!isFirst(notification, report)) return undefined
  const [since, now] = [report.from, report.to].map((at) => formatMinute(at, notification.timeZone)) as [string, string]
  const isToday = since.slice(0, DATE) === now.slice(0, DATE)
  return `since ${isToday ? since.slice(DATE, MINUTE).trim() : since.slice(0, MINUTE)}`
}

/** Summarises the report in one sentence: `Quiet week: 3 alerts on 2 of 412 hosts; 61% of the CPU was unused`. */
function formatHeadline(report: Report, period: string | undefined): string {
  const { alerts, every } = report
  const total = alerts.started + alerts.alreadyOpen
  const hosts = Math.max(report.hosts, alerts.hosts)
  if (hosts === 0) return `No events received ${period ?? `this ${every}`}`
  const where = `${alerts.hosts} of ${formatCount(hosts, 'host')}`
  const what = total === 0 ? `no alerts on ${formatCount(hosts, 'host')}` : `${formatCount(total, 'alert')} on ${where}`
  const [share] = report.utilization
  const unused = share === undefined ? '' : `; ${percent(share.unused)} of ${formatWhole(share.metric)} was unused`
  return `${formatVerdict(report, period)}: ${what}${unused}`
}

function formatVerdict(report: Report, period: string | undefined): string {
  const { every, alerts } = report
  if (isUneventful(report)) return `Quiet ${period ?? every}`
  if (alerts.critical === 0) return `Busy ${period ?? every}`
  const critical = formatCount(alerts.critical, 'critical alert')
  return period === undefined ? `A ${every} with ${critical}` : `${critical} ${period}`
}

/** Returns the name of a metric for use in a sentence. */
function formatWhole(metric: string): string {
  const name = shorten(clean(metric), MAX_NAME_LENGTH)
  return name === 'cpu' ? 'the CPU' : name === 'memory' ? 'the memory' : name
}

function reportLead({ from, to, alerts }: Report, zone: string | undefined, isFirst: boolean): string {
  const began = `${formatMinute(from, zone)}${isFirst ? ', when this report was set up,' : ''}`
  const span = `This report covers ${began} to ${formatMinute(to, zone)}.`
  if (alerts.open === 0) return alerts.started + alerts.alreadyOpen === 0 ? span : `${span} No alerts are open.`
  return `${span} ${alerts.open === 1 ? 'One alert is' : `${alerts.open} alerts are`} still open.`
}

function daysSection({ alerts, from, to }: Report): readonly Section[] {
  if (alerts.days.length < 3 || alerts.started <= DATED) return []
  const max = Math.max(...alerts.days.map(({ started }) => started))
  const rows = alerts.days.map(({ day, started }) => ({
    name: new Date(day).toUTCString().slice(0, 11).replace(',', ''),
    value: String(started),
    share: started / max,
  }))
  const title = to - from > 10 * 86_400_000 ? 'Alerts by day (last 10 days)' : 'Alerts by day'
  return [{ title, rows, more: 0, isWhole: true }]
}

function episodesSection({ alerts: { longest }, to }: Report, zone: string | undefined): readonly Section[] {
  if (longest.first.length === 0) return []
  const rows = longest.first.map(
    ({ identity: { rule, host, labels, measure }, severity, startsAt, endsAt, peak, muted, ack }) => {
      const place = [host, ...Object.values(labels)].map((name) => shorten(clean(name), NAME)).join(' ')
      const extreme = peak === null ? '' : `, peak ${clean(formatValue(peak, measure.unit))}`
      return {
        name: place,
        detail: `${shorten(clean(rule), NAME)}${extreme}, since ${formatMinute(startsAt, zone).slice(0, MINUTE)}${formatHeld(muted, ack)}`,
        tone: severity,
        value: endsAt === undefined ? `${lasted(startsAt, to)}, still open` : lasted(startsAt, endsAt),
      }
    },
  )
  return [{ title: 'Longest alerts', rows, more: rest(longest) }]
}

function formatHeld(muted: ReportEpisode['muted'], ack: ReportEpisode['ack']): string {
  const parts = [
    ...(muted === undefined ? [] : [describeHeldBriefly(muted)]),
    ...(ack === undefined ? [] : [`acknowledged by ${shorten(clean(ack), MAX_NAME_LENGTH)}`]),
  ]
  return parts.map((part) => `, ${part}`).join('')
}

function lasted(since: Millis, until: Millis): string {
  return formatDuration(Math.max(0, until - since))
}

function rulesSection({ rules }: Report): readonly Section[] {
  if (rules.first.length === 0) return []
  const max = Math.max(1, ...rules.first.map(({ mails }) => mails))
  const rows = rules.first.map(({ rule, started, mails }) => ({
    name: shorten(clean(rule), NAME),
    detail: formatCount(started, 'alert'),
    value: formatCount(mails, 'mail'),
    share: mails / max,
  }))
  return [{ title: 'Noisiest rules', rows, more: rest(rules) }]
}

function outsideSection({ outside, from, to }: Report): readonly Section[] {
  if (outside.first.length === 0) return []
  const rows = outside.first.map(({ host, span }) => ({
    name: shorten(clean(host), NAME),
    value: formatDuration(span),
    share: span / Math.max(1, to - from),
  }))
  return [{ title: 'Hosts with the most time in breach', rows, more: rest(outside) }]
}

function utilizationSection({ metric, hosts, mean, unused, busiest, idlest, idle }: ReportUtilization): Section {
  const row = ({ host, mean, max }: ReportUtilizationRow): Section['rows'][number] => ({
    name: shorten(clean(host), NAME),
    value: `${percent(mean)}, peak ${percent(max)}`,
    share: Math.max(0, Math.min(1, mean)),
  })
  const names = idle.first.map((host) => shorten(clean(host), MAX_NAME_LENGTH)).join(', ')
  const more = rest(idle) === 0 ? '' : ` and ${rest(idle)} more`
  return {
    title: `${capital(formatWhole(metric).replace(/^the /, ''))}: ${percent(mean)} used, ${percent(unused)} unused`,
    rows: [...busiest, ...idlest.toReversed()].map(row),
    more: 0,
    between: { after: busiest.length, more: Math.max(0, hosts - busiest.length - idlest.length) },
    ...(idle.total === 0 ? {} : { note: `Never above 10%: ${formatCount(idle.total, 'host')} (${names}${more}).` }),
  }
}

/** Formats an instant to the minute. */
function formatMinute(at: Millis, zone: string | undefined): string {
  return formatTime(at, zone).replace(/(\d\d:\d\d):\d\d/, '$1')
}

/** Formats whole percents; a positive value below 1% is not shown as 0%. */
function percent(share: number): string {
  return share > 0 && share < 0.005 ? '<1%' : `${Math.round(share * 100)}%`
}

function capital(text: string): string {
  return text === 'CPU' ? text : `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
