import { dueReports } from '../../dispatch/schedule.ts'
import type { Millis, ReportUtilization } from '../../model.ts'
import { type WorkBudget, SLICE } from '../evaluate/due-windows.ts'
import type { UtilizationRows } from './utilization-rows.ts'
import { emptyUtilization, summarize, addHostUtilization } from './utilization.ts'
import type { ReportBuild, ReportStats } from './periods.ts'
import type { Fold } from '../state.ts'

/** Cost of one host, and of its utilization in one period, in the unit of the evaluation costs. */
const COST = { host: 0.2, part: 0.05 }

/**
 * Starts summing the utilization of all hosts once a report is due. There are many hosts, and reports are so rare that
 * the code is cold: the sum is spread over as many slices of work as it takes, and the report is sent after the last.
 * Samples that arrive meanwhile belong to the next period.
 */
export function startReport({ state, plan, dispatchPlan }: Fold): void {
  const { reportStats } = state
  if (reportStats === undefined || reportStats.build !== undefined) return
  const froms = new Set(dueReports(state.dispatch, dispatchPlan, state.now))
  if (froms.size === 0) return
  const metrics = plan.config.metrics.map(({ name }) => name)
  const sums = [...froms].flatMap((from) => metrics.map((metric) => ({ from, metric, sum: emptyUtilization() })))
  reportStats.build = { utilization: reportStats.open.utilization, sums, position: 0, row: 0 }
  reportStats.open = { ...reportStats.open, utilization: new Map() }
}

/**
 * Continues the sum.
 * @returns true if it was complete before this call: sending the report gets a slice of work of its own.
 */
export function continueReport({ state }: Fold, work: WorkBudget): boolean {
  const build = state.reportStats?.build
  if (state.reportStats === undefined || build === undefined) return true
  const names = [...state.reportStats.rows]
  const { spent } = work
  for (; build.position < build.sums.length; build.position++, build.row = 0) {
    const share = build.sums[build.position] as ReportBuild['sums'][number]
    const parts = listParts(state.reportStats, share.from, share.metric)
    if (parts.length === 0) continue
    for (; build.row < names.length; build.row++) {
      if (work.spent >= SLICE) return false
      work.spent += COST.host + COST.part * parts.length
      const [host, row] = names[build.row] as (typeof names)[number]
      addHostUtilization(share.sum, parts, host, row)
    }
  }
  return work.spent === spent
}

/** Returns the utilization of a metric since an instant: the finished sum of a due report, else the current figures. */
export function usedSince(stats: ReportStats, from: Millis, metric: string): readonly ReportUtilization[] {
  const made = stats.build?.sums.find((share) => share.from === from && share.metric === metric)
  if (made !== undefined) return summarize(metric, made.sum)
  const parts = listParts(stats, from, metric)
  const sum = emptyUtilization()
  for (const [host, row] of parts.length === 0 ? [] : stats.rows) addHostUtilization(sum, parts, host, row)
  return summarize(metric, sum)
}

function listParts({ periods, open, build }: ReportStats, from: Millis, metric: string): readonly UtilizationRows[] {
  const closed = periods.filter(({ to }) => to > from).map(({ utilization }) => utilization)
  return [...closed, build?.utilization ?? open.utilization].flatMap((utilization) => utilization.get(metric) ?? [])
}
