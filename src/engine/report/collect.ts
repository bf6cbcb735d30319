import { dueReports } from '../../dispatch/schedule.ts'
import type { Millis, ReportShare } from '../../model.ts'
import { type Judged, SLICE } from '../evaluate/window.ts'
import type { Loads } from './utilization-rows.ts'
import { emptyShare, shareOf, takeHost } from './utilization.ts'
import type { Making, Usage } from './periods.ts'
import type { Fold } from '../state.ts'

/** What it costs to look at one host, and at what it used in one slice. As of judging. */
const COST = { host: 0.2, part: 0.05 }

/**
 * Begins to sum up the shares of all hosts, once a report is due. There are many hosts, and it happens so seldom that
 * the code is cold: so the report is told when as many slices of the tick as it takes are done. Samples that come
 * meanwhile are of the next stretch of time.
 */
export function beginMaking({ state, plan, dispatchPlan }: Fold): void {
  const { usage } = state
  if (usage === undefined || usage.making !== undefined) return
  const froms = new Set(dueReports(state.dispatch, dispatchPlan, state.now))
  if (froms.size === 0) return
  const metrics = plan.config.metrics.map(({ name }) => name)
  const shares = [...froms].flatMap((from) => metrics.map((metric) => ({ from, metric, sum: emptyShare() })))
  usage.making = { loads: usage.open.loads, shares, at: 0, row: 0 }
  usage.open = { ...usage.open, loads: new Map() }
}

/** Goes on with it. @returns whether it was done before: what is told of it has a slice of its own. */
export function goMaking({ state }: Fold, work: Judged): boolean {
  const making = state.usage?.making
  if (state.usage === undefined || making === undefined) return true
  const names = [...state.usage.rows]
  const { cost } = work
  for (; making.at < making.shares.length; making.at++, making.row = 0) {
    const share = making.shares[making.at] as Making['shares'][number]
    const parts = partsOf(state.usage, share.from, share.metric)
    if (parts.length === 0) continue
    for (; making.row < names.length; making.row++) {
      if (work.cost >= SLICE) return false
      work.cost += COST.host + COST.part * parts.length
      const [host, row] = names[making.row] as (typeof names)[number]
      takeHost(share.sum, parts, host, row)
    }
  }
  return work.cost === cost
}

/** What was used of a metric since an instant: what was summed up for the report, else what is known now. */
export function usedSince(usage: Usage, from: Millis, metric: string): readonly ReportShare[] {
  const made = usage.making?.shares.find((share) => share.from === from && share.metric === metric)
  if (made !== undefined) return shareOf(metric, made.sum)
  const parts = partsOf(usage, from, metric)
  const sum = emptyShare()
  for (const [host, row] of parts.length === 0 ? [] : usage.rows) takeHost(sum, parts, host, row)
  return shareOf(metric, sum)
}

function partsOf({ slices, open, making }: Usage, from: Millis, metric: string): readonly Loads[] {
  const closed = slices.filter(({ to }) => to > from).map(({ loads }) => loads)
  return [...closed, making?.loads ?? open.loads].flatMap((loads) => loads.get(metric) ?? [])
}
