import type { MaintenanceWindow, Millis, NumberRange } from '../model.ts'
import type { DispatchPlan } from './plan.ts'

const DAY = 86_400_000

/** What a calendar and a clock on the wall show. `day` is the UTC midnight of the date, for reckoning with dates. */
export interface Local {
  readonly day: Millis
  readonly minute: number
}

/** The windows that are in force; their times are those of the clock on the wall in their zones. */
export function windowsInForce({ config, clocks }: DispatchPlan, now: Millis): readonly MaintenanceWindow[] {
  const locals = new Map<string, Local>()
  return config.alerting.maintenance.filter((window) => {
    const local = locals.get(window.zone) ?? localTime(now, window.zone, clocks)
    locals.set(window.zone, local)
    return isInForce(window, local)
  })
}

/** A span that passes midnight belongs to the day on which it begins. */
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

/** Whether one of the ranges holds the number. Ranges of what comes round, such as friday to monday, may pass its end. */
function isIn(ranges: readonly NumberRange[], n: number, round?: number): boolean {
  if (ranges.length === 0) return true
  return ranges.some(({ from, to }) =>
    round === undefined || from <= to ? from <= n && n <= to : n >= from || n <= to,
  )
}

/** A clock on the wall of a zone. */
function minuteOfDay(zone: string): Intl.DateTimeFormat {
  const numeric = 'numeric'
  const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric } as const
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...fields, hourCycle: 'h23' })
}

/**
 * What the clock on the wall shows in a zone.
 *
 * @param clocks those that were made before.
 */
export function localTime(now: Millis, zone: string, clocks: Map<string, Intl.DateTimeFormat>): Local {
  const clock = clocks.get(zone) ?? minuteOfDay(zone)
  clocks.set(zone, clock)
  const parts = new Map(clock.formatToParts(now).map(({ type, value }) => [type, Number(value)]))
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0
  return { day: Date.UTC(part('year'), part('month') - 1, part('day')), minute: part('hour') * 60 + part('minute') }
}
