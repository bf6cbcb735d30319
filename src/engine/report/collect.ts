import { dueReports } from '../../dispatch/schedule.ts'
import type { Millis, ReportUtilization } from '../../model.ts'
import { type WorkBudget, SLICE } from '../evaluate/due-windows.ts'
import type { UtilizationRows } from './utilization-rows.ts'
import { emptyUtilization, summarize, addHost } from './utilization.ts'
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
  if (reportStats === undefined || reportStats.making !== undefined) return
  const froms = new Set(dueReports(state.dispatch, dispatchPlan, state.now))
  if (froms.size === 0) return
  const metrics = plan.config.metrics.map(({ name }) => name)
  const shares = [...froms].flatMap((from) => metrics.map((metric) => ({ from, metric, sum: emptyUtilization() })))
  reportStats.making = { loads: reportStats.open.loads, shares, at: 0, row: 0 }
  reportStats.open = { ...reportStats.open, loads: new Map() }
}

/**
 * Continues the sum.
 * @returns true if it was complete before this call: sending the report gets a slice of work of its own.
 */
export function continueReport({ state }: Fold, work: WorkBudget): boolean {
  const making = state.reportStats?.making
  if (state.reportStats === undefined || making === undefined) return true
  const names = [...state.reportStats.rows]
  const { spent } = work
  for (; making.at < making.shares.length; making.at++, making.row = 0) {
    const share = making.shares[making.at] as ReportBuild['shares'][number]
    const parts = partsOf(state.reportStats, share.from, share.metric)
    if (parts.length === 0) continue
    for (; making.row < names.length; making.row++) {
      if (work.spent >= SLICE) return false
      work.spent += COST.host + COST.part * parts.length
      const [host, row] = names[making.row] as (typeof names)[number]
      addHost(share.sum, parts, host, row)
    }
  }
  return work.spent === spent
}

/** Returns the utilization of a metric since an instant: the finished sum of a due report, else the current figures. */
export function usedSince(usage: ReportStats, from: Millis, metric: string): readonly ReportUtilization[] {
  const made = usage.making?.shares.find((share) => share.from === from && share.metric === metric)
  if (made !== undefined) return summarize(metric, made.sum)
  const parts = partsOf(usage, from, metric)
  const sum = emptyUtilization()
  for (const [host, row] of parts.length === 0 ? [] : usage.rows) addHost(sum, parts, host, row)
  return summarize(metric, sum)
}

function partsOf({ slices, open, making }: ReportStats, from: Millis, metric: string): readonly UtilizationRows[] {
  const closed = slices.filter(({ to }) => to > from).map(({ loads }) => loads)
  return [...closed, making?.loads ?? open.loads].flatMap((loads) => loads.get(metric) ?? [])
}
