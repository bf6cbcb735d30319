import type * as Raw from '../generated/config.ts'
import { ALERTING } from '../model.ts'
import type { Alerting, Inhibition, Route } from '../model.ts'
import { readMaintenance } from './maintenance.ts'
import { readEscalate, readGrouping, readRepeat } from './manner.ts'
import { readMatchers } from './matchers.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import { checkReceivers, warnOfLabel } from './names.ts'
import type { Vocabulary } from './names.ts'

/** What routes and the like may refer to. */
export interface AlertingContext {
  readonly report: Report
  readonly receivers: readonly string[]
  readonly words: Vocabulary
}

type RawAlerting = Pick<Raw.Configuration, 'alerting' | 'routes' | 'maintenance' | 'inhibit'>

/** What people hear of alerts, and when; of routes, windows and inhibitions those that are in order. */
export function readAlerting(raw: RawAlerting, context: AlertingContext): Alerting {
  const { report, words } = context
  const { alerting = {}, routes = [], maintenance = [], inhibit = [] } = raw
  warnOfLabels(alerting.group_by ?? [], '/alerting/group_by', context)
  return {
    grouping: readGrouping(alerting, {}, '/alerting', report),
    repeat: alerting.repeat === undefined ? ALERTING.repeat : readRepeat(alerting.repeat, '/alerting/repeat', report),
    routes: readRoutes(routes, alerting, context),
    maintenance: readMaintenance(maintenance, words, report),
    inhibit: inhibit.flatMap((one, index) => readInhibition(one, below('/inhibit', index), context)),
    totalPerMinute: alerting.mails_per_minute ?? ALERTING.totalPerMinute,
    flapping: alerting.flapping ?? ALERTING.flapping,
  }
}

function warnOfLabels(labels: readonly string[], pointer: string, { report, words }: AlertingContext): void {
  for (const [index, label] of labels.entries()) warnOfLabel(label, below(pointer, index), words, report)
}

function readRoutes(raw: readonly Raw.Route[], general: Raw.Alerting, context: AlertingContext): readonly Route[] {
  const { report } = context
  const routes = raw.flatMap((route, index) => {
    const pointer = below('/routes', index)
    return report.clean(pointer) ? [readRoute(route, general, pointer, context)] : []
  })
  const last = raw.findIndex(({ match, continue: goesOn }) => match === undefined && goesOn !== true)
  if (last >= 0 && last < raw.length - 1) {
    const what = "every alert fits a route without 'match', and no route after it is reached"
    report.mistake(below('/routes', last), `${what}: give it a 'match', continue: true, or the last place`)
  }
  return routes
}

function readRoute(raw: Raw.Route, general: Raw.Alerting, pointer: string, context: AlertingContext): Route {
  const { report, receivers, words } = context
  checkReceivers(raw.notify, `${pointer}/notify`, receivers, report)
  warnOfLabels(raw.group_by ?? [], `${pointer}/group_by`, context)
  const hasGrouping = (['group_by', 'group_wait', 'group_interval'] as const).some((key) => raw[key] !== undefined)
  return {
    matchers: raw.match === undefined ? [] : readMatchers(raw.match, `${pointer}/match`, words, report),
    notify: raw.notify,
    continue: raw.continue ?? false,
    ...(hasGrouping ? { grouping: readGrouping(raw, general, pointer, report) } : {}),
    ...(raw.repeat === undefined ? {} : { repeat: readRepeat(raw.repeat, `${pointer}/repeat`, report) }),
    ...(raw.escalate === undefined
      ? {}
      : { escalate: readEscalate(raw.escalate, `${pointer}/escalate`, { receivers, told: raw.notify, report }) }),
  }
}

function readInhibition(raw: Raw.Inhibition, pointer: string, context: AlertingContext): readonly Inhibition[] {
  const { report, words } = context
  if (!report.clean(pointer)) return []
  const { equal = [] } = raw
  warnOfLabels(equal, `${pointer}/equal`, context)
  const source = readMatchers(raw.source, `${pointer}/source`, words, report)
  const target = readMatchers(raw.target, `${pointer}/target`, words, report)
  return [{ source, target, equal }]
}
