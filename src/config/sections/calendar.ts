import type { MaintenanceWindow, NumberRange } from '../../model.ts'
import { suggest, nearest } from '../../text/suggest.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { DAY } from './durations.ts'

/** A kind of number that a calendar has, and how people write it. */
interface CalendarUnit {
  /** `a weekday`, for sentences. */
  readonly noun: string
  readonly example: string
  readonly min: number
  readonly max: number
  /** Names of the numbers from `least` on; three letters are enough. */
  readonly names?: readonly string[]
  /** Ranges may pass the end: friday to monday. */
  readonly isRound?: true
  /** Negative numbers count from the end. */
  readonly hasEnd?: true
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

export const UNITS = {
  weekdays: { noun: 'weekday', example: 'tue or fri-sun', min: 0, max: 6, names: WEEKDAYS, isRound: true },
  daysOfMonth: { noun: 'day of the month', example: '1, -1 (the last) or 10-15', min: 1, max: 31, hasEnd: true },
  months: { noun: 'month', example: 'jan, 12 or 6-8', min: 1, max: 12, names: MONTHS, isRound: true },
  years: { noun: 'year', example: '2026 or 2027-2030', min: 1970, max: 9999 },
} as const satisfies Readonly<Record<string, CalendarUnit>>

type Written = number | string | readonly (number | string)[]

/** Reads numbers and ranges of one kind; a range that crosses the end becomes two. */
export function readRanges(
  raw: Written | undefined,
  unit: CalendarUnit,
  pointer: string,
  diagnostics: Diagnostics,
): readonly NumberRange[] {
  return [raw ?? []].flat().flatMap((one, index) => {
    const at = Array.isArray(raw) ? below(pointer, index) : pointer
    const ranges = splitRanges(String(one), unit)
    if (typeof ranges !== 'string') return ranges
    const expected = `a ${unit.noun} or a range, such as ${unit.example}`
    const what = describe(`the ${unit.noun} is not valid`, { found: diagnostics.describeValue(at), expected })
    diagnostics.error(at, `${what}${diagnostics.isExpanded(at) ? '' : ranges}`)
    return []
  })
}

/** Returns the ranges, or a guess at what was meant as the end of a sentence. */
function splitRanges(text: string, unit: CalendarUnit): readonly NumberRange[] | string {
  const [, first, last] = /^(-?\w+)(?:\s*[-:]\s*(-?\w+))?$/.exec(text.trim()) ?? []
  if (first === undefined) return ''
  const from = readNumber(first, unit)
  const to = last === undefined ? from : readNumber(last, unit)
  if (typeof from === 'string') return from
  if (typeof to === 'string') return to
  if (from <= to || (unit.hasEnd && from > 0 && to < 0)) return [{ from, to }]
  if (!unit.isRound) return ': did you mean to swap them?'
  return [
    { from, to: unit.max },
    { from: unit.min, to },
  ]
}

function readNumber(word: string, { min, max, names, hasEnd, noun }: CalendarUnit): number | string {
  const lower = word.toLowerCase()
  const named = lower.length < 3 ? -1 : (names?.findIndex((name) => name.startsWith(lower)) ?? -1)
  if (named >= 0) return min + named
  const number = /^-?\d{1,4}$/.test(word) && noun !== 'weekday' ? Number(word) : Number.NaN
  const size = hasEnd ? Math.abs(number) : number
  if (size >= min && size <= max) return number
  const near = names && nearest(lower, [...names, ...names.map((name) => name.slice(0, 3))])
  return near === undefined ? '' : `: did you mean '${near}'?`
}

const MIDNIGHT = 24 * 60

/** Reads time ranges in minutes of the day. A range that ends at 00:00 ends with its day. */
export function readTimes(
  raw: string | readonly string[] | undefined,
  pointer: string,
  diagnostics: Diagnostics,
): readonly NumberRange[] {
  return [raw ?? []].flat().flatMap((text, index) => {
    const at = Array.isArray(raw) ? below(pointer, index) : pointer
    const [, start = '', end = ''] = /^(\d\d:\d\d)\s*-\s*(\d\d:\d\d)$/.exec(text.trim()) ?? []
    const [from, to] = [parseMinutes(start), parseMinutes(end)]
    if (from === undefined || to === undefined || from === MIDNIGHT) {
      const expected = 'a range such as 22:00-23:30'
      diagnostics.error(at, describe('the time range is not valid', { found: diagnostics.describeValue(at), expected }))
      return []
    }
    if (from === to) {
      const fix = 'write a whole day as 00:00-24:00'
      diagnostics.error(at, describe(`the time range ${diagnostics.describeValue(at)} is empty`, { fix }))
      return []
    }
    return [{ from, to: to === 0 ? MIDNIGHT : to }]
  })
}

/** Minutes after midnight of HH:MM, up to 24:00. */
export function parseMinutes(text: string): number | undefined {
  const [, hours, minutes] = /^(\d\d):([0-5]\d)$/.exec(text) ?? []
  const all = Number(hours) * 60 + Number(minutes)
  return all >= 0 && all <= MIDNIGHT ? all : undefined
}

/** The number of a weekday whose name the schema has accepted; 0 is Sunday. */
export function readWeekday(name: string): number {
  return WEEKDAYS.findIndex((weekday) => weekday.startsWith(name.toLowerCase().slice(0, 3)))
}

/** Years that hold every pair of a date and a weekday, leap days among them, unless a century passes without one. */
const MAX_SAMPLE_YEARS = 40

/** Whether there is such a day at all. The 31st of February is none. */
export function occurs(days: Pick<MaintenanceWindow, 'weekdays' | 'daysOfMonth' | 'months' | 'years'>): boolean {
  if (days.daysOfMonth.length === 0) return true
  const ranges = days.years.length === 0 ? [{ from: 2000, to: 2000 + MAX_SAMPLE_YEARS }] : days.years
  return sampleYears(ranges).some((year) => {
    const end = Date.UTC(year + 1, 0, 1)
    for (let day = Date.UTC(year, 0, 1); day < end; day += DAY) if (isDay(days, new Date(day))) return true
    return false
  })
}

/** Years that begin on the same weekday and are equally long have the same days: one of each such kind. */
function sampleYears(ranges: readonly NumberRange[]): readonly number[] {
  const kinds = new Map<string, number>()
  for (const { from, to } of ranges) {
    for (let year = from; year <= Math.min(to, from + MAX_SAMPLE_YEARS); year += 1) {
      const [start, end] = [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)]
      kinds.set(`${new Date(start).getUTCDay()} ${end - start}`, year)
    }
  }
  return [...kinds.values()]
}

function isDay({ weekdays, daysOfMonth, months }: Parameters<typeof occurs>[0], date: Date): boolean {
  const isIn = (ranges: readonly NumberRange[], number: number): boolean =>
    ranges.length === 0 || ranges.some(({ from, to }) => number >= from && number <= to)
  if (!isIn(weekdays, date.getUTCDay()) || !isIn(months, date.getUTCMonth() + 1)) return false
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  const fromStart = (number: number): number => (number < 0 ? last + 1 + number : number)
  const spans = daysOfMonth.map(({ from, to }) => ({ from: fromStart(from), to: fromStart(to) }))
  return isIn(spans, date.getUTCDate())
}

/** Reads the name of a time zone that this system knows. Offsets such as +01:00 are not names. */
export function readZone(raw: string, pointer: string, diagnostics: Diagnostics): string {
  if (/^[A-Za-z]/.test(raw) && isZone(raw)) return raw
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')]
  const city = raw.trim().replaceAll(/\s+/g, '_').toLowerCase()
  const configured = zones.find((zone) => zone.split('/').at(-1)?.toLowerCase() === city) ?? nearest(raw, zones)
  const guess =
    diagnostics.isExpanded(pointer) || configured === undefined ? undefined : suggest(configured, [configured])
  const expected = 'an IANA name such as Europe/Berlin or UTC'
  diagnostics.error(
    pointer,
    guess === undefined
      ? describe('unknown time zone', { found: diagnostics.describeValue(pointer), expected })
      : `unknown time zone ${diagnostics.describeValue(pointer)}${guess}`,
  )
  return raw
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
