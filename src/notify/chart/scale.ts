import type { Millis, MeasureUnit } from '../../model.ts'
import { splitUnit, formatValue } from '../../text/format.ts'

/** The range of values on an axis: finite, `low` below `high`. */
export interface AxisRange {
  readonly low: number
  readonly high: number
}

interface AxisTick {
  readonly value: number
  readonly label: string
}

/** Larger values are not drawn: sums of two would not be finite. */
const FAR = 1e300
/** Bounds may extend the axis to this many times the range of the values. */
const STRETCH = 6
/** Maximum length of a label beside a line, in characters. */
const LABEL = 11

/**
 * Returns the range that shows all values and the bounds near them; a distant bound would flatten the curve. It starts
 * at zero if that takes at most half of the height.
 */
export function valueRange(values: readonly number[], bounds: readonly number[]): AxisRange {
  const near = (value: number): number => Math.max(-FAR, Math.min(FAR, value))
  const shown = values.map(near)
  const start = shown.length > 0 ? shown : bounds.slice(0, 1).map(near)
  let low = start.reduce((a, b) => Math.min(a, b), Infinity)
  let high = start.reduce((a, b) => Math.max(a, b), -Infinity)
  if (start.length === 0) return { low: 0, high: 1 }
  const distance = (bound: number): number => Math.max(low - bound, bound - high)
  const [first = low, ...others] = bounds.map(near).toSorted((a, b) => distance(a) - distance(b))
  const extent = Math.max(high - low, distance(first)) || Math.min(...others.map(distance).filter((far) => far > 0))
  const max = STRETCH * extent
  for (const bound of [first, ...others]) {
    if (bound !== first && Math.max(high, bound) - Math.min(low, bound) > max) continue
    low = Math.min(low, bound)
    high = Math.max(high, bound)
  }
  return padded(low, high)
}

function padded(low: number, high: number): AxisRange {
  if (low >= 0 && low <= high / 2 && high > 0) return { low: 0, high: high * 1.06 }
  if (high <= 0 && high >= low / 2 && low < 0) return { low: low * 1.06, high: 0 }
  const size = Math.max(Math.abs(low), Math.abs(high))
  const pad = Math.max((high - low) * 0.08, size * 1e-9)
  const room = high > low ? pad : size / 10 || 1
  return { low: low - room, high: high + room }
}

/** Returns true for a value that can be drawn: present, finite and not too large. */
export function isNumber(value: number | null): value is number {
  return value !== null && Number.isFinite(value)
}

/** Returns the position of a value in a range, from 0 to 1, clamped. */
export function placeIn({ low, high }: AxisRange, value: number): number {
  const share = (value - low) / (high - low)
  return Math.max(0, Math.min(1, Number.isNaN(share) ? 0 : share))
}

/** Returns two to five round values within a range. */
export function valueTicks(range: AxisRange, unit: MeasureUnit): readonly AxisTick[] {
  const step = stepFor(range.high - range.low, unit)
  const first = Math.ceil(range.low / step)
  const count = Math.floor(range.high / step) - first + 1
  if (!(step > 0) || !(count <= 6)) return []
  const ticks = Array.from({ length: Math.max(0, count) }, (_, i) => {
    const value = (first + i) * step
    return { value, label: valueLabel(value, unit) }
  })
  return ticks.filter(({ label }, i) => label !== ticks[i - 1]?.label)
}

/** Formats a value with its unit, short enough for an axis label. */
export function valueLabel(value: number, unit: MeasureUnit): string {
  const label = formatValue(value, unit)
  return label.length > LABEL ? Number(value.toPrecision(3)).toExponential() : label
}

function stepFor(size: number, of: MeasureUnit): number {
  const [unit] = splitUnit(of)
  const rough = size / 4
  if (unit === 'bytes') return 2 ** Math.ceil(Math.log2(rough))
  if (unit === 'seconds' && rough > 10) return (TIME_STEPS.find((step) => step >= rough * 1000) ?? rough * 1000) / 1000
  const magnitude = unit === 'count' && rough < 1 ? 1 : 10 ** Math.floor(Math.log10(rough))
  return magnitude * ([1, 2, 5].find((factor) => factor * magnitude >= rough) ?? 10)
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const TIME_STEPS: readonly Millis[] = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 28, 84].map((n) => n * DAY),
]

/** Returns two to five round instants in local time of the zone. Midnight is labelled with its date. */
export function timeTicks(from: Millis, to: Millis, zone = 'UTC'): readonly AxisTick[] {
  const step = TIME_STEPS.find((one) => one >= (to - from) / 4) ?? (to - from) / 4
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const offset = offsetAt(format, from)
  const ticks: AxisTick[] = []
  for (let at = Math.ceil((from + offset) / step) * step - offset; at <= to; at += step) {
    ticks.push({ value: at, label: timeLabel(format, at, step) })
  }
  return ticks
}

type Parts = Readonly<Partial<Record<Intl.DateTimeFormatPartTypes, string>>>

function partsAt(format: Intl.DateTimeFormat, at: Millis): Parts {
  return Object.fromEntries(format.formatToParts(new Date(at)).map(({ type, value }) => [type, value]))
}

function timeLabel(format: Intl.DateTimeFormat, at: Millis, step: Millis): string {
  const { day, month, hour, minute, second } = partsAt(format, at)
  if (step >= DAY || (step >= HOUR && hour === '00' && minute === '00')) return `${day} ${month}`
  return step < MINUTE ? `${hour}:${minute}:${second}` : `${hour}:${minute}`
}

/** Returns the zone's offset from UTC. */
function offsetAt(format: Intl.DateTimeFormat, at: Millis): Millis {
  const { day, month, year, hour, minute, second } = partsAt(format, at)
  const shown = Date.parse(`${day} ${month} ${year} ${hour}:${minute}:${second} UTC`)
  return shown - Math.floor(at / SECOND) * SECOND
}
