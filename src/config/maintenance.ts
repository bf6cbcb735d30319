import type * as Raw from '../generated/config.ts'
import type { MaintenanceWindow } from '../model.ts'
import { occurs, readRanges, readTimes, readZone, UNITS } from './calendar.ts'
import { readMatchers } from './matchers.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import type { Vocabulary } from './names.ts'

/** The maintenance windows that are in order. */
export function readMaintenance(
  raw: readonly Raw.MaintenanceWindow[],
  words: Vocabulary,
  report: Report,
): readonly MaintenanceWindow[] {
  const taken = new Map<string, number>()
  return [...raw.entries()].flatMap(([index, window]) => {
    const pointer = below('/maintenance', index)
    if (!report.clean(pointer)) return []
    const at = `${pointer}/name`
    const other = taken.get(window.name)
    if (other !== undefined) {
      report.mistake(
        at,
        `two windows are named ${report.written(at)}, the other one in line ${other}; a name is one window's only`,
      )
    }
    taken.set(window.name, other ?? report.line(at))
    return [readWindow(window, pointer, words, report)]
  })
}

function readWindow(raw: Raw.MaintenanceWindow, pointer: string, words: Vocabulary, report: Report): MaintenanceWindow {
  const window = {
    name: raw.name,
    matchers: readMatchers(raw.match, `${pointer}/match`, words, report),
    zone: readZone(raw.zone ?? 'UTC', `${pointer}/zone`, report),
    times: readTimes(raw.times, `${pointer}/times`, report),
    weekdays: readRanges(raw.weekdays, UNITS.weekdays, `${pointer}/weekdays`, report),
    daysOfMonth: readRanges(raw.days_of_month, UNITS.daysOfMonth, `${pointer}/days_of_month`, report),
    months: readRanges(raw.months, UNITS.months, `${pointer}/months`, report),
    years: readRanges(raw.years, UNITS.years, `${pointer}/years`, report),
  }
  if (!report.clean(pointer)) return window
  const { times, weekdays, daysOfMonth, months, years } = window
  if ([times, weekdays, daysOfMonth, months, years].every((spans) => spans.length === 0)) {
    report.mistake(
      pointer,
      "a window without times or days would never end: add 'times', 'weekdays' or such; " +
        'to stop a rule for good, set its enabled: false',
    )
  }
  if (!occurs(window)) {
    report.mistake(
      `${pointer}/days_of_month`,
      'there is no such day in these months, weekdays and years: the window would never begin',
    )
  }
  return window
}
