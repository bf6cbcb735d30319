import type * as Raw from '../../generated/config.ts'
import type { MaintenanceWindow } from '../../model.ts'
import { occurs, readRanges, readTimes, readZone, UNITS } from './calendar.ts'
import { readMatchers } from './matchers.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import type { Vocabulary } from './references.ts'

/** Reads the maintenance windows; those with errors are left out. */
export function readMaintenanceWindows(
  raw: readonly Raw.MaintenanceWindow[],
  words: Vocabulary,
  diagnostics: Diagnostics,
): readonly MaintenanceWindow[] {
  const taken = new Map<string, number>()
  return [...raw.entries()].flatMap(([index, window]) => {
    const pointer = below('/maintenance_windows', index)
    if (!diagnostics.isClean(pointer)) return []
    const at = `${pointer}/name`
    const other = taken.get(window.name)
    if (other !== undefined) {
      const what = `duplicate maintenance window name ${diagnostics.describeValue(at)}, first used in line ${other}`
      diagnostics.error(at, describe(what, { fix: 'choose another name' }))
    }
    taken.set(window.name, other ?? diagnostics.line(at))
    return [readWindow(window, pointer, words, diagnostics)]
  })
}

function readWindow(
  raw: Raw.MaintenanceWindow,
  pointer: string,
  words: Vocabulary,
  diagnostics: Diagnostics,
): MaintenanceWindow {
  const window = {
    name: raw.name,
    matchers: readMatchers(raw.matchers, `${pointer}/matchers`, words, diagnostics),
    timeZone: readZone(raw.time_zone ?? 'UTC', `${pointer}/time_zone`, diagnostics),
    times: readTimes(raw.times, `${pointer}/times`, diagnostics),
    weekdays: readRanges(raw.weekdays, UNITS.weekdays, `${pointer}/weekdays`, diagnostics),
    daysOfMonth: readRanges(raw.days_of_month, UNITS.daysOfMonth, `${pointer}/days_of_month`, diagnostics),
    months: readRanges(raw.months, UNITS.months, `${pointer}/months`, diagnostics),
    years: readRanges(raw.years, UNITS.years, `${pointer}/years`, diagnostics),
  }
  if (!diagnostics.isClean(pointer)) return window
  const { times, weekdays, daysOfMonth, months, years } = window
  if ([times, weekdays, daysOfMonth, months, years].every((spans) => spans.length === 0)) {
    const fix = "add 'times', 'weekdays' or other days; to disable a rule permanently, set its enabled: false"
    diagnostics.error(pointer, describe('a maintenance window without times or days never ends', { fix }))
  }
  if (!occurs(window)) {
    const what = 'no such day exists in these months, weekdays and years, so the window never begins'
    diagnostics.error(`${pointer}/days_of_month`, describe(what, { fix: 'change the days, months or years' }))
  }
  return window
}
