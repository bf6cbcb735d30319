import type { MaintenanceWindow, Millis, NumberRange } from '../model.ts'

const MINUTE = 60_000
const DAY = 86_400_000

/**
 * Local date and time. `day` is the UTC midnight of the date, for date arithmetic; `minute` counts from local midnight.
 */
export interface Local {
  readonly day: Millis
  readonly minute: number
}

/** Returns the maintenance windows in force. Their times are local times of their zones. */
export function windowsInForce(
  windows: readonly MaintenanceWindow[],
  now: Millis,
  clocks: Map<string, ZoneClock>,
): readonly MaintenanceWindow[] {
  return windows.filter((window) => isInForce(window, localTime(now, window.timeZone, clocks)))
}

/** Returns true if a window is in force. A range that passes midnight belongs to the day on which it begins. */
function isInForce(window: MaintenanceWindow, { day, minute }: Local): boolean {
  if (window.times.length === 0) return isDay(window, day)
  return window.times.some(({ from, to }) => {
    if (from < to) return minute >= from && minute < to && isDay(window, day)
    return (minute >= from && isDay(window, day)) || (minute < to && isDay(window, day - DAY))
  })
}

function isDay({ weekdays, daysOfMonth, months, years }: MaintenanceWindow, day: Millis): boolean {
  const date = new Date(day)
  const [year, month, dayOfMonth] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const fromEnd = (n: number): number => (n < 0 ? last + 1 + n : n)
  const days = daysOfMonth.map(({ from, to }) => ({ from: fromEnd(from), to: fromEnd(to) }))
  return isIn(weekdays, date.getUTCDay(), 7) && isIn(days, dayOfMonth) && isIn(months, month, 12) && isIn(years, year)
}

/**
 * Returns true if a range contains `n`, or if there are no ranges. With `round`, cyclic ranges such as Friday to Monday
 * may wrap.
 */
function isIn(ranges: readonly NumberRange[], n: number, round?: number): boolean {
  if (ranges.length === 0) return true
  return ranges.some(({ from, to }) =>
    round === undefined || from <= to ? from <= n && n <= to : n >= from || n <= to,
  )
}

/** The clock of a zone, and what it showed in the minute in which it was last read. */
export interface ZoneClock {
  readonly format: Intl.DateTimeFormat
  readAt: number
  shown: Local
}

function createClock(timeZone: string): ZoneClock {
  const numeric = 'numeric'
  const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric } as const
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, ...fields, hourCycle: 'h23' })
  return { format, readAt: NaN, shown: { day: NaN, minute: NaN } }
}

/**
 * Returns the local date and time in a zone.
 *
 * @param clocks by zone, reused and added to: creating one takes longer than reading it, and within a minute all show
 *   the same.
 */
export function localTime(now: Millis, zone: string, clocks: Map<string, ZoneClock>): Local {
  const clock = clocks.get(zone) ?? createClock(zone)
  clocks.set(zone, clock)
  const readAt = Math.floor(now / MINUTE)
  if (clock.readAt !== readAt) {
    clock.shown = readClock(clock.format, now)
    clock.readAt = readAt
  }
  return clock.shown
}

function readClock(format: Intl.DateTimeFormat, now: Millis): Local {
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, Number(value)]))
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0
  return { day: Date.UTC(part('year'), part('month') - 1, part('day')), minute: part('hour') * 60 + part('minute') }
}
