import type { Millis, ChartData, ChartBucket, MeasureUnit } from '../../model.ts'
import { formatDuration, formatTime } from '../../text/format.ts'
import { isNumber, placeIn, type AxisRange, timeTicks, valueLabel, valueRange, valueTicks } from './scale.ts'
import { clean, escapeHtml, shorten } from '../../text/sanitise.ts'

export interface ChartOptions {
  /** Name of the metric: `cpu`. */
  readonly title: string
  readonly unit: MeasureUnit
  /** IANA time zone of the axis; UTC by default. */
  readonly zone?: string
  /** Instants to mark, oldest first: when it began, when it fired. */
  readonly marks: readonly Mark[]
}

export interface Mark {
  readonly at: Millis
  readonly label: string
}

/** In units of the drawing; phones show them at five sixths. */
export const WIDTH = 420
export const HEIGHT = 228
const TOP = 48
/** Where the legend of the shade starts. */
const KEY = WIDTH - 60
const BOTTOM = HEIGHT - 32
const SIZE = 14
/** Width of a letter as a share of the font size; few labels are wider. */
const LETTER = 0.56

/**
 * The palette. The chart has its own background, so that it is readable in light and dark mails. All text has a
 * contrast of at least 4.5:1.
 */
export const PAPER = '#f4f6f9'
export const INK = {
  text: '#1f2733',
  soft: '#4f5a68',
  critical: '#b3261e',
  warning: '#8a5100',
  line: '#1a5699',
} as const
const EDGE = '#d5dae1'
const GRID = '#d3dae3'
const SHADE = '#dbe4ef'
const EXPECTED_COLOUR = '#dcefe3'
const AXIS = '#8792a0'

/** Characters that the font lacks. */
const UNDRAWN = /[^ -~\u00a0-\u017f\u2010-\u2015\u2018-\u201e\u2026\u20ac\u2212\u221e\u03bc]/gu

/** A horizontal line with its label. */
interface Level {
  readonly kind: 'critical' | 'warning' | 'clear' | 'expected'
  readonly value: number
  readonly label: string
}

/** The layout: the plot between `left` and `right`, and the position of instants and values. */
interface Frame {
  readonly left: number
  readonly right: number
  readonly range: AxisRange
  readonly from: Millis
  readonly to: Millis
  readonly x: (at: Millis) => number
  readonly y: (value: number) => number
}

/** Draws the buckets around the evaluation as an SVG document. */
export function chartSvg(chart: ChartData, options: ChartOptions): string {
  const levels = listLevels(chart, options.unit)
  const frame = computeFrame(chart, levels, options.unit)
  const shown = levels.filter(({ value }) => value >= frame.range.low && value <= frame.range.high)
  const parts = [
    `<rect x=".5" y=".5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="7" fill="${PAPER}" stroke="${EDGE}"/>`,
    text(12, 21, formatCaption(chart, options), INK.text),
    windowKey(KEY),
    windowShade(chart, frame),
    expectedBand(chart, frame),
    valueAxis(frame, options.unit),
    timeAxis(frame, options.zone),
    ...shown.map((level) => levelLine(frame, level)),
    ...bandPaths(chart, frame),
    ...linePaths(chart, frame),
    drawMarks(frame, options.marks),
    levelLabels(frame, shown),
  ]
  const size = `width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}"`
  const open = `<svg xmlns="http://www.w3.org/2000/svg" ${size}`
  return `${open} font-family="DejaVu Sans Condensed, sans-serif" font-size="${SIZE}">\n${parts.join('\n')}\n</svg>\n`
}

function formatCaption({ width, from }: ChartData, { title, zone }: ChartOptions): string {
  const rest = ` in steps of ${formatDuration(width)}, ${formatTime(from, zone).split(' ').at(-1)}`
  const room = Math.floor((KEY - 40 - textWidth(rest)) / (SIZE * LETTER))
  return `${shorten(clean(title), Math.max(3, room))}${rest}`
}

function listLevels({ limits, expected }: ChartData, unit: MeasureUnit): readonly Level[] {
  const level = (kind: Level['kind'], value: number): Level => ({
    kind,
    value,
    label: `${kind} ${valueLabel(value, unit)}`,
  })
  const ends = limits.filter(({ limit, clear }) => clear.value !== limit.value)
  const all = [
    ...limits.map(({ severity, limit }) => level(severity, limit.value)),
    ...ends.map(({ clear }) => level('clear', clear.value)),
    ...(expected === undefined ? [] : [level('expected', expected)]),
  ]
  return all.filter(({ label }, i) => all.findIndex((other) => other.label === label) === i)
}

function computeFrame(chart: ChartData, levels: readonly Level[], unit: MeasureUnit): Frame {
  const { buckets, from, width } = chart
  const values = [...buckets.flatMap(({ mean, min, max }) => [mean, min, max]), ...(chart.range ?? [])].filter(isNumber)
  const range = valueRange(
    values,
    levels.map(({ value }) => value),
  )
  const widest = (labels: readonly string[]): number => Math.max(0, ...labels.map(textWidth))
  const left = 18 + widest(valueTicks(range, unit).map(({ label }) => label))
  const right = WIDTH - (levels.length === 0 ? 20 : 24 + widest(levels.map(({ label }) => label)))
  const to = from + width * buckets.length
  return {
    left,
    right,
    range,
    from,
    to,
    x: (at) => round(left + ((right - left) * (at - from)) / (to - from)),
    y: (value) => round(BOTTOM - (BOTTOM - TOP) * placeIn(range, value)),
  }
}

/** Draws the legend of the shade, in the upper right corner. */
function windowKey(left: number): string {
  const label = 'window'
  return `<rect x="${left - 18}" y="10" width="13" height="13" fill="${SHADE}"/>${text(left, 21, label, INK.soft)}`
}

function windowShade({ window }: ChartData, { from, to, x }: Frame): string {
  const [start, end] = [x(Math.max(from, window.from)), x(Math.min(to, window.to))]
  if (end <= start) return ''
  return `<rect x="${start}" y="${TOP}" width="${round(end - start)}" height="${BOTTOM - TOP}" fill="${SHADE}"/>`
}

/** Draws the range that counts as normal, if the detector has one. */
function expectedBand({ range }: ChartData, { left, right, range: shown, y }: Frame): string {
  if (range === undefined) return ''
  const [low, high] = [Math.max(shown.low, range[0]), Math.min(shown.high, range[1])]
  if (!(high > low)) return ''
  return `<rect x="${left}" y="${y(high)}" width="${round(right - left)}" height="${round(y(low) - y(high))}" fill="${EXPECTED_COLOUR}"/>`
}

function valueAxis({ range, left, right, y }: Frame, unit: MeasureUnit): string {
  return valueTicks(range, unit)
    .map(({ value, label }) => {
      const line = `<path d="M${left} ${y(value)}H${right}" stroke="${GRID}"/>`
      return `${line}${text(left - 7, y(value) + 5, label, INK.soft, 'end')}`
    })
    .join('')
}

function timeAxis({ from, to, left, right, x }: Frame, zone: string | undefined): string {
  const parts = [`<path d="M${left} ${BOTTOM}H${right}" stroke="${AXIS}"/>`]
  let free = 4
  for (const { value, label } of timeTicks(from, to, zone)) {
    parts.push(`<path d="M${x(value)} ${BOTTOM}v5" stroke="${AXIS}"/>`)
    const half = textWidth(label) / 2
    if (x(value) - half < free || x(value) + half > WIDTH - 4) continue
    parts.push(text(x(value), BOTTOM + 20, label, INK.soft, 'middle'))
    free = x(value) + half + 3
  }
  return parts.join('')
}

const LEVEL_LINE: Readonly<Record<Level['kind'], string>> = {
  critical: `stroke="${INK.critical}" stroke-width="1.6"`,
  warning: `stroke="#c47a08" stroke-width="1.6"`,
  clear: `stroke="#6a7685" stroke-width="1.2" stroke-dasharray="5 4"`,
  expected: `stroke="#2b7a4b" stroke-width="1.2" stroke-dasharray="2 3"`,
}

function levelLine({ left, right, y }: Frame, { kind, value }: Level): string {
  return `<path d="M${left} ${y(value)}H${right}" ${LEVEL_LINE[kind]}/>`
}

/** Draws the labels apart from each other, each with a short line to its level. */
function levelLabels({ right, y }: Frame, levels: readonly Level[]): string {
  const sorted = levels.toSorted((a, b) => y(a.value) - y(b.value))
  const places = apart(
    sorted.map(({ value }) => y(value)),
    SIZE + 2,
    TOP,
    BOTTOM,
  )
  return sorted
    .map(({ kind, value, label }, i) => {
      const place = places[i] as number
      const colour = kind === 'critical' || kind === 'warning' ? INK[kind] : INK.soft
      const lead = `<path d="M${right} ${y(value)}L${right + 9} ${place}" fill="none" stroke="${colour}"/>`
      return `${lead}${text(right + 13, place + 5, label, colour)}`
    })
    .join('')
}

/** Moves sorted positions until neighbours are at least `gap` apart, within the bounds if possible. */
export function apart(places: readonly number[], gap: number, low: number, high: number): readonly number[] {
  const down: number[] = []
  for (const place of places) down.push(Math.max(low, place, (down.at(-1) ?? -Infinity) + gap))
  let limit = high
  return down
    .toReversed()
    .map((place) => {
      const moved = Math.min(place, limit)
      limit = moved - gap
      return round(moved)
    })
    .toReversed()
}

/** Draws a line through the buckets; gaps longer than usual interrupt it. */
function splitRuns(buckets: readonly ChartBucket[], isShown: (bucket: ChartBucket) => boolean): readonly number[][] {
  const filled = [...buckets.keys()].filter((i) => isShown(buckets[i] as ChartBucket))
  const gaps = filled.slice(1).map((at, i) => at - (filled[i] as number))
  const usual = gaps.toSorted((a, b) => a - b)[(gaps.length - 1) >> 1] ?? 1
  const runs: number[][] = []
  for (const at of filled) {
    const run = runs.at(-1)
    const before = run?.at(-1)
    if (run !== undefined && before !== undefined && at - before <= 1.5 * usual) run.push(at)
    else runs.push([at])
  }
  return runs
}

function linePaths({ buckets, width }: ChartData, { from, x, y }: Frame): readonly string[] {
  const point = (i: number): string => `${x(from + (i + 0.5) * width)} ${y(buckets[i]?.mean as number)}`
  return splitRuns(buckets, ({ mean }) => isNumber(mean)).map((run) => {
    if (run.length > 1) {
      const style = `fill="none" stroke="${INK.line}" stroke-width="2.4" stroke-linejoin="round" stroke-linecap="round"`
      return `<path d="M${run.map(point).join('L')}" ${style}/>`
    }
    const [cx, cy] = point(run[0] as number).split(' ')
    return `<circle cx="${cx}" cy="${cy}" r="2.6" fill="${INK.line}"/>`
  })
}

/** Draws the range from the minimum to the maximum of each bucket, where known. */
function bandPaths({ buckets, width }: ChartData, { from, x, y }: Frame): readonly string[] {
  const at = (i: number, value: number | null | undefined): string =>
    `${x(from + (i + 0.5) * width)} ${y(value as number)}`
  const style = `fill="${INK.line}" fill-opacity=".16" stroke="${INK.line}" stroke-opacity=".3"`
  return splitRuns(buckets, ({ min, max }) => isNumber(min) && isNumber(max)).map((run) => {
    const over = run.map((i) => at(i, buckets[i]?.max))
    const under = run.toReversed().map((i) => at(i, buckets[i]?.min))
    return `<path d="M${[...over, ...under].join('L')}Z" ${style}/>`
  })
}

const MARK_LINE = `stroke="${INK.text}" stroke-width="1.2" stroke-dasharray="2 3"`

/** Draws the labels of marks above the plot. Labels that would overlap are placed on the outer sides of their lines. */
function drawMarks({ from, to, left, right, x }: Frame, marks: readonly Mark[]): string {
  const inside = marks.filter(({ at }) => at >= from && at <= to)
  const width = Math.max(0, ...inside.map(({ label }) => textWidth(label)))
  const meets = (i: number): boolean => {
    const [a, b] = [inside[i], inside[i + 1]]
    return a !== undefined && b !== undefined && x(b.at) - x(a.at) < width + 6
  }
  const wanted = inside.map(({ at }, i) => x(at) + (meets(i) ? -width / 2 - 3 : meets(i - 1) ? width / 2 + 3 : 0))
  const places = apart(wanted, width + 6, left + width / 2, right + 20 - width / 2)
  return inside
    .map(({ at, label }, i) => {
      const line = `<path d="M${x(at)} ${TOP - 4}V${BOTTOM}" ${MARK_LINE}/>`
      return `${line}${text(places[i] as number, TOP - 8, label, INK.text, 'middle')}`
    })
    .join('')
}

function text(x: number, y: number, content: string, colour: string, anchor = 'start'): string {
  const letters = escapeHtml(content.replaceAll(UNDRAWN, '?'))
  return `<text x="${x}" y="${y}" fill="${colour}" text-anchor="${anchor}">${letters}</text>`
}

function textWidth(label: string): number {
  return Math.ceil(label.length * SIZE * LETTER)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
