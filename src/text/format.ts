import {
  type MatchedEvent,
  type Millis,
  type MeasureUnit,
  type Unit,
  type Limit,
  type Op,
  type Measure,
  type Of,
  type Percentile,
  readPercentile,
  type StateMetric,
} from '../model.ts'

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const

/** Formats a value for people: 0.95 as a ratio is "95%", bytes are "1.5 GiB", null is "no data". */
export function formatValue(value: number | null, unit: MeasureUnit): string {
  if (value === null || Number.isNaN(value)) return 'no data'
  const [base, per] = splitUnit(unit)
  return `${formatPlain(value, base)}${per}`
}

/** Splits a unit into that of the metric, and `/s` for a rate. */
export function splitUnit(unit: MeasureUnit): readonly [Unit, '' | '/s'] {
  return unit.endsWith('/s') ? [unit.slice(0, -2) as Unit, '/s'] : [unit as Unit, '']
}

function formatPlain(value: number, unit: Unit): string {
  if (unit === 'ratio') return `${formatNumber(value * 100)}%`
  if (unit === 'percent') return `${formatNumber(value)}%`
  if (unit === 'celsius') return `${formatNumber(value)} °C`
  if (unit === 'bytes') return formatBytes(value)
  if (unit === 'seconds') return Math.abs(value) < 60 ? formatShort(value) : formatDuration(value * 1000)
  return formatNumber(value)
}

/** Formats a value beside its limits: with all digits if fewer would make it look equal to one of them. */
export function formatBeside(value: number | null, unit: MeasureUnit, limits: readonly number[]): string {
  const short = formatValue(value, unit)
  const isClose = limits.some((limit) => limit !== value && formatValue(limit, unit) === short)
  return isClose && value !== null ? formatExact(value, unit) : short
}

const EXACT_UNITS: Partial<Readonly<Record<Unit, string>>> = { bytes: ' B', seconds: ' s', celsius: ' °C' }

/** Formats all measured digits, without those that floating-point arithmetic added. */
function formatExact(value: number, of: MeasureUnit): string {
  const [unit, per] = splitUnit(of)
  const exact = (number: number): string => String(Number(number.toPrecision(12)))
  if (unit === 'ratio') return `${exact(value * 100)}%${per}`
  if (unit === 'percent') return `${exact(value)}%${per}`
  return `${exact(value)}${EXACT_UNITS[unit] ?? ''}${per}`
}

/** Formats two decimals, or three significant digits if that would be too few. */
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

/** Formats a duration in its two largest units: "2 min 10 s", "3 d 4 h", "350 ms". */
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

/** Formats an instant for one reader. */
export type WriteTime = (at: Millis) => string

/** Formats an instant to the second with its zone: "2026-11-22 12:03:10 UTC". */
export function formatTime(at: Millis, zone = 'UTC'): string {
  return timeFormat(zone)(at)
}

/**
 * Returns a function like `formatTime`. Creating it is more expensive than calling it. @throws {RangeError} for an
 * unknown zone.
 */
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

/** Formats a number with its noun: `1 alert`, `3 alerts`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** Maximum length of a list of names in a sentence. A mail shows 16,384 characters of it. */
const MAX_LENGTH = 16_000

/** Lists names up to a maximum length; `count` is the number of all names. */
export function listNames(names: readonly string[], count = names.length): string {
  let length = 0
  const shown = names.filter((name) => (length += name.length + 2) <= MAX_LENGTH)
  const rest = count - shown.length
  return rest <= 0 ? shown.join(', ') : `${shown.join(', ')} and ${rest} more`
}

const OPERATORS: Readonly<Record<Op, string>> = {
  above: 'above',
  at_least: 'at least',
  below: 'below',
  at_most: 'at most',
}

/** Formats a limit in the metric's unit: `above 90%`; empty if there is none. */
export function formatLimit(limit: Limit | undefined, unit: MeasureUnit): string {
  return limit === undefined ? '' : `${OPERATORS[limit.op]} ${formatValue(limit.value, unit)}`
}

const AT: Readonly<Record<Op, string>> = {
  above: 'above',
  at_least: 'at or above',
  below: 'below',
  at_most: 'at or below',
}

/** Formats a limit that a value reaches: `at or below 85%`. */
export function formatReach({ op, value }: Limit, unit: MeasureUnit): string {
  return `${AT[op]} ${formatValue(value, unit)}`
}

/** Formats a limit after a value, which shows the direction: `(threshold 90%)`. */
export function formatThreshold({ value }: Limit, unit: MeasureUnit): string {
  return `(threshold ${formatValue(value, unit)})`
}

const STATES: Readonly<Record<StateMetric, string>> = {
  absence: 'time since the last event',
  expected: 'time since the host became expected',
  source_silence: 'time since the last request',
  source_hosts: 'hosts that the source delivers',
  absent_hosts: 'hosts that became absent together',
  missing_hosts: 'expected hosts that no source delivers',
  clock_offset: 'clock offset',
  refused: 'refused by a limit',
  unmatched_events: 'events that could not be matched',
  out_of_range: 'share of readings out of range',
}

/** Describes what is measured: `mean of cpu over 2 min`. */
export function formatMeasure(measure: Measure): string {
  if (measure.kind === 'state') return STATES[measure.metric]
  const over = formatDuration(measure.over)
  return measure.kind === 'count'
    ? `matching events in ${over}`
    : `${formatAggregate(measure.of)} of ${measure.metric} over ${over}`
}

/** Writes an aggregation as a noun: `mean`, `95th percentile`. */
function formatAggregate(of: Of): string {
  const percent = readPercentile(of)
  return percent === undefined ? of : `${percent}${ordinalSuffix(percent)} percentile`
}

function ordinalSuffix(number: number): string {
  const isTeen = number > 10 && number < 20
  return (Number.isInteger(number) && !isTeen ? ['', 'st', 'nd', 'rd'][number % 10] : undefined) || 'th'
}

/** Acronyms among metric names. */
const ACRONYMS: readonly string[] = ['cpu', 'gpu', 'ram', 'io']

/** Formats a metric at the start of a sentence. Names that are not plain words are unchanged. */
export function formatMetricTitle(measure: Measure): string {
  if (measure.kind === 'count') return 'Matching events'
  const { metric } = measure
  if (ACRONYMS.includes(metric)) return metric.toUpperCase()
  return /^[a-z]+$/.test(metric) ? `${metric.slice(0, 1).toUpperCase()}${metric.slice(1)}` : metric
}

type Figure = (metric: string, value: string, over: string) => string

const AGGREGATES: Readonly<Record<Exclude<Of, Percentile>, Figure>> = {
  mean: (metric, value, over) => `${metric} averaged ${value} over ${over}`,
  sum: (metric, value, over) => `${metric} totaled ${value} over ${over}`,
  min: (metric, value, over) => `${metric} minimum was ${value} over ${over}`,
  max: (metric, value, over) => `${metric} maximum was ${value} over ${over}`,
  range: (metric, value, over) => `${metric} varied by ${value} in ${over}`,
  last: (metric, value) => `${metric} last read ${value}`,
  stddev: (metric, value, over) => `${metric} standard deviation was ${value} over ${over}`,
  count: (metric, value, over) => `${metric} was sampled ${value === '1' ? 'once' : `${value} times`} in ${over}`,
  increase: (metric, value, over) => `${metric} increased by ${value} in ${over}`,
  rate: (metric, value, over) => `${metric} rate was ${value} over ${over}`,
}

const STATE_FIGURES: Readonly<Record<StateMetric, (place: string, value: string) => string>> = {
  absence: (place, value) => `No events from ${place} for ${value}`,
  expected: (place, value) => `No events from expected host ${place} for ${value}`,
  source_silence: (place, value) => `No requests from ${place} for ${value}`,
  source_hosts: (place, value) => `${place} delivers ${hosts(value)}`,
  absent_hosts: (place, value) => `${hosts(value)} of ${place} became absent together`,
  missing_hosts: (_, value) => `No events from ${value} expected ${value === '1' ? 'host' : 'hosts'}`,
  clock_offset: (place, value) => `Clock of ${place} is off by ${value}`,
  refused: (place, value) => `${value} refused by a limit of ${place}`,
  out_of_range: (place, value) => `${value} of the readings of a metric are out of range on ${place}`,
  unmatched_events: (_, value) => `${value} ${value === '1' ? 'event' : 'events'} could not be matched with a rule`,
}

function hosts(value: string): string {
  return `${value} ${value === '1' ? 'host' : 'hosts'}`
}

/** Describes a measured value with its target: `CPU averaged 95% over 2 min on web-1`. */
export function formatFigure(measure: Measure, value: string, place: string): string {
  if (measure.kind === 'state') return STATE_FIGURES[measure.metric](place, value)
  return `${windowFigure(measure, formatMetricTitle(measure), value)} on ${place}`
}

/** Describes a measured value within a sentence: `cpu averaged 95% over 2 min`. */
export function formatMeasurement(measure: Measure, value: string): string {
  if (measure.kind === 'state') return `${formatMeasure(measure)} was ${value}`
  return windowFigure(measure, measure.metric, value)
}

function windowFigure(measure: Exclude<Measure, { kind: 'state' }>, metric: string, value: string): string {
  const over = formatDuration(measure.over)
  if (measure.kind === 'count') return `${value} matching ${value === '1' ? 'event' : 'events'} in ${over}`
  return formatAggregated(measure.of, metric, value, over)
}

function formatAggregated(of: Of, metric: string, value: string, over: string): string {
  return of in AGGREGATES
    ? AGGREGATES[of as keyof typeof AGGREGATES](metric, value, over)
    : `${metric} ${formatAggregate(of)} was ${value} over ${over}`
}

/** Formats an instant as RFC 3339; an invalid one as Go's zero time. */
export function formatInstant(at: Millis): string {
  return Number.isFinite(at) && Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : NO_INSTANT
}

export const NO_INSTANT = '0001-01-01T00:00:00Z'

/** Returns an event in one line: its message, or else the fields that are known of it. */
export function formatEvent({ fields }: MatchedEvent): string {
  const [first] = fields
  if (first?.[0] === 'message') return first[1]
  return fields.map(([field, text]) => `${field}: ${text}`).join(', ')
}
