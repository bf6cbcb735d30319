import type { AlertSnapshot, Notification, ChartData } from '../../model.ts'
import { formatDuration } from '../../text/format.ts'
import { formatLimit } from '../../text/limit.ts'
import { chartSvg, type Mark } from './svg.ts'
import { bucketsCsv, fileName } from './csv.ts'
import { formatHeadline } from '../mail/headline.ts'
import type { Chart } from '../mail/content.ts'
import { formatInUnit } from '../mail/phrase.ts'
import { isNumber } from './scale.ts'
import { sparkline, thin } from './sparkline.ts'
import { clean, shorten } from '../../text/sanitise.ts'
import { type WriteInstant, timeWriter } from '../mail/times.ts'
import type { Attachment } from '../notifier.ts'

/** Makes a PNG of an SVG document whose text is Latin; undefined where that does not work. */
export type DrawPng = (svg: string) => Uint8Array | undefined

/** The picture of an alert as a mail shows it: drawn, in letters, in words and as numbers. */
export interface RenderedChart {
  readonly chart: Chart
  readonly attachments: readonly Attachment[]
}

/** Longest row of bars, and longest name before it. */
const BARS = 60
const NAME = 30

/**
 * Shows the picture that came with an alert; undefined without one, or when nothing was measured.
 *
 * @param id unique to the mail, fit for a Content-ID.
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

/** When it began, and the moment that the picture is about, which may be some time before the mail. */
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
