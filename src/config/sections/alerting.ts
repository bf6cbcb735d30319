import type * as Raw from '../../generated/config.ts'
import {
  ALERTING,
  type Alerting,
  type Inhibition,
  type Route,
  type MaintenanceWindow,
  type Matcher,
} from '../../model.ts'
import { readEscalation, readGrouping, readRepeatInterval } from './policy.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { checkLabelName, checkReceivers, type Vocabulary, checkMatcherLabel } from './references.ts'
import { occurs, readRanges, readTimes, readZone, UNITS } from './calendar.ts'
import { checkMatchers, parseMatcher } from '../../labels/matcher.ts'

/** What routes, maintenance windows and inhibition rules may refer to. */
interface AlertingContext {
  readonly diagnostics: Diagnostics
  readonly receivers: readonly string[]
  readonly vocabulary: Vocabulary
}

type RawAlerting = Pick<Raw.Configuration, 'alerting' | 'routes' | 'maintenance_windows' | 'inhibit_rules'>

/** Reads how alerts are routed, grouped and suppressed; routes, windows and inhibition rules with errors are left out. */
export function readAlerting(raw: RawAlerting, context: AlertingContext): Alerting {
  const { diagnostics, vocabulary } = context
  const { alerting = {}, routes = [], maintenance_windows: windows = [], inhibit_rules: inhibitRules = [] } = raw
  const { repeat_interval: repeat, rate_limit: rateLimit } = alerting
  checkLabelNames(alerting.group_by ?? [], '/alerting/group_by', context)
  return {
    grouping: readGrouping(alerting, {}, '/alerting', diagnostics),
    repeat:
      repeat === undefined ? ALERTING.repeat : readRepeatInterval(repeat, '/alerting/repeat_interval', diagnostics),
    routes: readRoutes(routes, alerting, context),
    maintenanceWindows: readMaintenanceWindows(windows, vocabulary, diagnostics),
    inhibitRules: inhibitRules.flatMap((one, index) => readInhibitRule(one, below('/inhibit_rules', index), context)),
    totalPerMinute: rateLimit?.total ?? ALERTING.totalPerMinute,
    flapping: alerting.flapping ?? ALERTING.flapping,
  }
}

function checkLabelNames(
  labels: readonly string[],
  pointer: string,
  { diagnostics, vocabulary }: AlertingContext,
): void {
  for (const [index, label] of labels.entries()) checkLabelName(label, below(pointer, index), vocabulary, diagnostics)
}

function readRoutes(raw: readonly Raw.Route[], general: Raw.Alerting, context: AlertingContext): readonly Route[] {
  const { diagnostics } = context
  const routes = raw.flatMap((route, index) => {
    const pointer = below('/routes', index)
    return diagnostics.isClean(pointer) ? [readRoute(route, general, pointer, context)] : []
  })
  const last = raw.findIndex(({ matchers, continue: goesOn }) => matchers === undefined && goesOn !== true)
  if (last >= 0 && last < raw.length - 1) {
    const fix = "add 'matchers' or continue: true, or move this route to the end"
    const what = "a route without 'matchers' matches every alert, so the routes after it are unreachable"
    diagnostics.error(below('/routes', last), describe(what, { fix }))
  }
  return routes
}

function readRoute(raw: Raw.Route, general: Raw.Alerting, pointer: string, context: AlertingContext): Route {
  const { diagnostics, receivers, vocabulary } = context
  const { matchers, notify, repeat_interval: repeat, escalation } = raw
  checkReceivers(notify, `${pointer}/notify`, receivers, diagnostics)
  checkLabelNames(raw.group_by ?? [], `${pointer}/group_by`, context)
  const hasGrouping = (['group_by', 'group_wait', 'group_interval'] as const).some((key) => raw[key] !== undefined)
  return {
    matchers: matchers === undefined ? [] : readMatchers(matchers, `${pointer}/matchers`, vocabulary, diagnostics),
    notify,
    continue: raw.continue ?? false,
    ...(hasGrouping ? { grouping: readGrouping(raw, general, pointer, diagnostics) } : {}),
    ...(repeat === undefined ? {} : { repeat: readRepeatInterval(repeat, `${pointer}/repeat_interval`, diagnostics) }),
    ...(escalation === undefined
      ? {}
      : {
          escalation: readEscalation(escalation, `${pointer}/escalation`, {
            receivers,
            initialReceivers: notify,
            diagnostics,
          }),
        }),
  }
}

function readInhibitRule(raw: Raw.InhibitionRule, pointer: string, context: AlertingContext): readonly Inhibition[] {
  const { diagnostics, vocabulary } = context
  if (!diagnostics.isClean(pointer)) return []
  const { equal = [] } = raw
  checkLabelNames(equal, `${pointer}/equal`, context)
  const sourceMatchers = readMatchers(raw.source_matchers, `${pointer}/source_matchers`, vocabulary, diagnostics)
  const targetMatchers = readMatchers(raw.target_matchers, `${pointer}/target_matchers`, vocabulary, diagnostics)
  return [{ sourceMatchers, targetMatchers, equal }]
}

/** Reads a matcher or a list of matchers; those with errors are left out. */
function readMatchers(
  raw: string | readonly string[],
  pointer: string,
  words: Vocabulary,
  diagnostics: Diagnostics,
): readonly Matcher[] {
  const matchers = [raw].flat().flatMap((text, index) => {
    const at = Array.isArray(raw) ? below(pointer, index) : pointer
    const matcher = parseMatcher(text)
    if (!('reason' in matcher)) {
      checkMatcherLabel(matcher, at, words, diagnostics)
      return [matcher]
    }
    const rest = text.slice(matcher.at)
    diagnostics.error(at, matcher.reason, diagnostics.isExpanded(at) || rest === '' ? undefined : { text: rest })
    return []
  })
  if (!diagnostics.isClean(pointer)) return matchers
  const wrong = checkMatchers(matchers)
  if (wrong !== undefined) diagnostics.error(pointer, wrong)
  return matchers
}

/** Reads the maintenance windows; those with errors are left out. */
function readMaintenanceWindows(
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
