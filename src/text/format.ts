import type { Millis, Unit } from '../model.ts'

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const

/** Writes a value as people read it: 0.95 as a ratio is "95%", bytes are "1.5 GiB", null is "no data". */
export function formatValue(value: number | null, unit: Unit): string {
  if (value === null || Number.isNaN(value)) return 'no data'
  if (unit === 'ratio') return `${formatNumber(value * 100)}%`
  if (unit === 'percent') return `${formatNumber(value)}%`
  if (unit === 'bytes') return formatBytes(value)
  if (unit === 'seconds') return Math.abs(value) < 60 ? formatShort(value) : formatDuration(value * 1000)
  return formatNumber(value)
}

/** Writes a value beside its limits: with all its digits where fewer would make it look like one of them. */
export function formatBeside(value: number | null, unit: Unit, limits: readonly number[]): string {
  const short = formatValue(value, unit)
  const isClose = limits.some((limit) => limit !== value && formatValue(limit, unit) === short)
  return isClose && value !== null ? formatExact(value, unit) : short
}

/** With all digits that it was measured with, but not those that reckoning with it added. */
function formatExact(value: number, unit: Unit): string {
  const exact = (number: number): string => String(Number(number.toPrecision(12)))
  if (unit === 'ratio') return `${exact(value * 100)}%`
  if (unit === 'percent') return `${exact(value)}%`
  return `${exact(value)}${unit === 'bytes' ? ' B' : unit === 'seconds' ? ' s' : ''}`
}

/** Two decimals, or three significant digits where that would leave too little. */
function formatNumber(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value)) return value > 0 ? 'infinite' : '-infinite'
  const rounded = size >= 1 ? Math.round(value * 100) / 100 : Number(value.toPrecision(3))
  return String(size > 1e15 ? value : rounded + 0)
}

function formatBytes(value: number): string {
  let size = value
  let step = 0
  while (Math.abs(size) >= 1023.95 && step < BYTES.length - 1) {
    size /= 1024
    step += 1
  }
  return `${formatNumber(step === 0 ? size : Math.round(size * 10) / 10)} ${BYTES[step]}`
}

function formatShort(seconds: number): string {
  return Math.abs(seconds) < 1 && seconds !== 0 ? `${formatNumber(seconds * 1000)} ms` : `${formatNumber(seconds)} s`
}

const STEPS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** A span in its two largest units: "2 min 10 s", "3 d 4 h", "350 ms". */
export function formatDuration(span: Millis): string {
  if (!Number.isFinite(span)) return 'an unknown time'
  if (span < 0) return `-${formatDuration(-span)}`
  if (span > 0 && span < 1000) return `${formatNumber(span)} ms`
  if (span < 9950) return `${Math.round(span / 100) / 10} s`
  const first = STEPS.findIndex(([, length]) => span >= length)
  const [large, small] = [STEPS[first], STEPS[first + 1]]
  if (!large) return '0 s'
  const unit = small?.[1] ?? 1000
  const rounded = Math.round(span / unit) * unit
  if (rounded >= (STEPS[first - 1]?.[1] ?? Infinity)) return formatDuration(rounded)
  const rest = (rounded % large[1]) / unit
  const whole = `${Math.floor(rounded / large[1])} ${large[0]}`
  return small && rest > 0 ? `${whole} ${rest} ${small[0]}` : whole
}

/** Writes an instant for one reader. */
export type WriteTime = (at: Millis) => string

/** Writes an instant to the second with its zone: "2026-11-22 12:03:10 UTC". */
export function formatTime(at: Millis, zone = 'UTC'): string {
  return timeFormat(zone)(at)
}

/** Writes instants as `formatTime` does; to make it takes longer than to use it. @throws {RangeError} for an unknown zone. */
export function timeFormat(zone: string): WriteTime {
  const partsOf = zone === 'UTC' ? undefined : zoneParts(zone)
  return (at) => {
    if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) return 'an unknown time'
    if (partsOf === undefined) return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
    const part = partsOf(at)
    const date = [part('year'), part('month'), part('day')]
    const time = [part('hour'), part('minute'), part('second')]
    return `${date.join('-')} ${time.join(':')} ${part('timeZoneName')}`
  }
}

function zoneParts(timeZone: string): (at: Millis) => (type: Intl.DateTimeFormatPartTypes) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  })
  return (at) => {
    const parts = new Map(format.formatToParts(new Date(at)).map(({ type, value }) => [type, value]))
    return (type) => parts.get(type) ?? ''
  }
}

/** `1 alert`, `3 alerts`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
