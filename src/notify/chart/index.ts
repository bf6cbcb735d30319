import type { AlertSnapshot, ChartData, MatchedEvent, Notification } from '../../model.ts'
import { formatDuration, formatLimit } from '../../text/format.ts'
import { chartSvg, type Mark } from './svg.ts'
import { formatHeadline } from '../mail/headline.ts'
import type { Chart } from '../mail/content.ts'
import { formatInUnit, type WriteInstant, timeWriter } from '../mail/phrase.ts'
import { isNumber } from './scale.ts'
import { clean, shorten } from '../../text/sanitise.ts'
import type { Attachment } from '../notifier.ts'

/** Renders an SVG document with Latin text as PNG; undefined if that is not possible. */
export type DrawPng = (svg: string) => Uint8Array | undefined

/** The chart of an alert in a mail: as an image, as text bars, as a sentence and as CSV. */
export interface RenderedChart {
  readonly chart: Chart
  readonly attachments: readonly Attachment[]
}

/** Maximum length of a row of bars, and of the name before it. */
const BARS = 60
const NAME = 30

/**
 * Renders the chart of an alert; undefined if it has no chart data or no values.
 *
 * @param id unique within the mail, valid in a Content-ID.
 */
export function renderChart(
  notification: Notification,
  snapshot: AlertSnapshot,
  id: string,
  draw: DrawPng | undefined,
): RenderedChart | undefined {
  const { chart: picture } = snapshot
  const means = picture?.buckets.map(({ mean }) => mean).filter(isNumber) ?? []
  if (picture === undefined || means.length === 0) return undefined
  const zone = notification.timeZone === undefined ? {} : { zone: notification.timeZone }
  const { metric, unit } = snapshot.identity.measure
  const svg = { title: metric, unit, marks: listMarks(notification, snapshot, picture), ...zone }
  const png = draw?.(chartSvg(picture, svg))
  const name = fileName(snapshot)
  const time = timeWriter(notification)
  const words = describeChart(snapshot, picture, means, time)
  const chart = { alt: `${formatHeadline(snapshot, notification.reason, time)}. ${words.alt}`, lines: words.lines }
  const csv: Attachment = { name: `${name}.csv`, type: 'text/csv; charset=utf-8', content: bucketsCsv(picture) }
  if (png === undefined) return { chart, attachments: [csv] }
  const cid = `chart.${id}`
  return { chart: { ...chart, cid }, attachments: [{ name: `${name}.png`, type: 'image/png', content: png, cid }, csv] }
}

/** Returns the marks: when it began, and the instant of the evaluation, which may be some time before the mail. */
function listMarks(
  { reason }: Notification,
  { state, startsAt, evaluatedAt: judged, resolvedAt = judged }: AlertSnapshot,
  { window: { to: at } }: ChartData,
): readonly Mark[] {
  const step =
    reason === 'fired'
      ? 'fired'
      : reason === 'severity_raised'
        ? 'raised'
        : reason === 'severity_lowered'
          ? 'lowered'
          : 'now'
  const last = state === 'resolved' ? { at: resolvedAt, label: 'resolved' } : { at, label: step }
  return startsAt < last.at ? [{ at: startsAt, label: 'began' }, last] : [last]
}

function describeChart(
  snapshot: AlertSnapshot,
  chart: ChartData,
  means: readonly number[],
  time: WriteInstant,
): Pick<Chart, 'alt' | 'lines'> {
  const { identity, severity } = snapshot
  const { unit } = identity.measure
  const { buckets, from, width, limits } = chart
  const limit = (limits.find((one) => one.severity === severity) ?? limits[0])?.limit
  const row = sparkline(
    thin(
      buckets.map(({ mean }) => mean),
      BARS,
    ),
    limit === undefined ? [] : [limit.value],
  )
  const lowest = formatInUnit(
    means.reduce((a, b) => Math.min(a, b)),
    unit,
  )
  const highest = formatInUnit(
    means.reduce((a, b) => Math.max(a, b)),
    unit,
  )
  const beside = limit === undefined ? '' : `  ${formatLimit(limit, unit)} ${row.bar(limit.value)}`
  const span = `${time(from)} to ${time(from + width * buckets.length)}`
  const metric = shorten(clean(identity.measure.metric), NAME)
  return {
    alt: `Chart of ${metric} from ${span}: lowest ${lowest}, highest ${highest}.`,
    lines: [
      `${metric}  ${row.bars}  ${lowest} to ${highest}${beside}`,
      `${span}, in steps of ${formatDuration(width)}`,
    ],
  }
}

/**
 * Formats the buckets as CSV (RFC 4180). Cells are instants and numbers only, so none can be read as a formula. Missing
 * values are empty.
 */
export function bucketsCsv({ buckets, from, width }: ChartData): string {
  const rows = buckets.map(({ n, mean, min, max, last }, i) => {
    const start = new Date(from + i * width).toISOString()
    return [start, n, ...[mean, min, max, last].map((value) => (isNumber(value) ? value : ''))].join(',')
  })
  return `${['bucket_start,count,mean,min,max,last', ...rows].join('\r\n')}\r\n`
}

/** Returns the events of an alert with all fields, as an attachment; none if there are no events. */
export function eventAttachments(snapshot: AlertSnapshot): readonly Attachment[] {
  const { events = [] } = snapshot
  if (events.length === 0) return []
  const content = eventsCsv(events)
  return [{ name: `${fileName(snapshot)}-events.csv`, type: 'text/csv; charset=utf-8', content }]
}

function eventsCsv(events: readonly MatchedEvent[]): string {
  const names = [...new Set(events.flatMap(({ fields }) => fields.map(([field]) => field)))]
  const rows = events.map(({ ts, fields }) => {
    const texts = new Map(fields)
    return [new Date(ts).toISOString(), ...names.map((name) => cell(texts.get(name) ?? ''))]
  })
  const head = ['timestamp', ...names.map(cell)]
  return `${[head, ...rows].map((row) => row.join(',')).join('\r\n')}\r\n`
}

/**
 * Formats text of an event as a CSV cell: quoted, and with an apostrophe before anything a spreadsheet could read as a
 * formula.
 */
function cell(text: string): string {
  const shown = clean(text)
  return `"${/^\s*[=+\-@]/.test(shown) ? "'" : ''}${shown.replaceAll('"', '""')}"`
}

/** Returns the base name of an alert's files: `cpu-high_web-1_20261122T120300Z`. */
export function fileName({ identity: { rule, host }, evaluatedAt }: AlertSnapshot): string {
  const time = new Date(evaluatedAt).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
  return `${plain(rule)}_${plain(host)}_${time}Z`
}

/** Replaces all characters that are not safe in file names and shells. */
function plain(name: string): string {
  const letters = shorten(name, 120).normalize('NFKD').replaceAll(/\p{M}/gu, '')
  const words = letters.replaceAll(/[^\w.-]+/g, '-').replaceAll(/\.{2,}/g, '.')
  return words.slice(0, 60).replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '') || 'unnamed'
}

const LEVELS = '▁▂▃▄▅▆▇█'

/** A row of bars, one for each value, scaled from the smallest to the largest of all values and bounds. */
interface Sparkline {
  /** One character for each value; a space for a missing one. */
  readonly bars: string
  /** Returns the bar of a value on the same scale. */
  readonly bar: (value: number) => string
}

/** @param more values that extend the scale but are not drawn, such as bounds. */
export function sparkline(values: readonly (number | null)[], more: readonly number[] = []): Sparkline {
  const all = [...values, ...more].filter(isNumber)
  const low = all.reduce((a, b) => Math.min(a, b), Infinity)
  const high = all.reduce((a, b) => Math.max(a, b), -Infinity)
  const bar = (value: number): string => LEVELS[findLevel(value, low, high)] as string
  return { bars: values.map((value) => (isNumber(value) ? bar(value) : ' ')).join(''), bar }
}

/**
 * Computes with halves, because the difference of two finite numbers may be infinite. A constant is drawn at half
 * height.
 */
function findLevel(value: number, low: number, high: number): number {
  if (low >= high) return value > high ? 7 : value < low ? 0 : 3
  const share = (value / 2 - low / 2) / (high / 2 - low / 2)
  return Math.max(0, Math.min(7, Math.floor(share * 8)))
}

/** Returns the mean of each `size` neighbours; null if all of them are. */
export function thin(values: readonly (number | null)[], max: number): readonly (number | null)[] {
  const size = Math.ceil(values.length / max)
  return Array.from({ length: Math.ceil(values.length / Math.max(1, size)) }, (_, i) => {
    const some = values.slice(i * size, (i + 1) * size).filter(isNumber)
    return some.length === 0 ? null : some.reduce((sum, value) => sum + value / some.length, 0)
  })
}
