import type { ReportUtilizationRow, ReportUtilization } from '../../model.ts'
import { UNKNOWN_HOST } from '../../model.ts'
import { type UtilizationRows, mergeRow } from './utilization-rows.ts'

/** Partial result of summing host by host: plain data, so that another slice of work can continue it. */
export interface UtilizationSum {
  hosts: number
  mean: number
  unused: number
  readonly busiest: ReportUtilizationRow[]
  readonly idlest: ReportUtilizationRow[]
  idle: number
  readonly idleFirst: ReportUtilizationRow[]
}

/** The most hosts that a report names at either end, and the most idle ones. */
const EXTREMES = 5
const MAX_IDLE_LISTED = 10
/** A host that never used more than this share is idle. */
const IDLE = 0.1

export function emptyUtilization(): UtilizationSum {
  return { hosts: 0, mean: 0, unused: 0, busiest: [], idlest: [], idle: 0, idleFirst: [] }
}

/** Adds the utilization of one host over these periods. */
export function addHostUtilization(
  sum: UtilizationSum,
  parts: readonly UtilizationRows[],
  host: string,
  row: number,
): void {
  const { n, sum: used, max } = mergeRow(parts, row)
  if (n === 0 || host === UNKNOWN_HOST) return
  const one = { host, mean: used / n, max }
  sum.hosts++
  sum.mean += one.mean
  sum.unused += Math.max(0, 1 - one.mean)
  keepFirst(sum.busiest, EXTREMES, one, byUse)
  keepFirst(sum.idlest, EXTREMES, one, byIdleness)
  if (max >= IDLE) return
  sum.idle++
  keepFirst(sum.idleFirst, MAX_IDLE_LISTED, one, byIdleness)
}

/** Returns the report's figures, or an empty list if nothing was measured. No host appears at both ends. */
export function summarize(metric: string, sum: UtilizationSum): readonly ReportUtilization[] {
  const { hosts, mean, unused, busiest, idlest, idle, idleFirst } = sum
  if (hosts === 0) return []
  const half = Math.min(EXTREMES, Math.ceil(hosts / 2))
  return [
    {
      metric,
      hosts,
      mean: mean / hosts,
      unused: unused / hosts,
      busiest: busiest.slice(0, half),
      idlest: idlest.slice(0, Math.min(EXTREMES, hosts - half)),
      idle: { total: idle, first: idleFirst.map(({ host }) => host) },
    },
  ]
}

type Order = (a: ReportUtilizationRow, b: ReportUtilizationRow) => number

const byUse: Order = (a, b) => b.mean - a.mean || compare(a.host, b.host)
const byIdleness: Order = (a, b) => a.mean - b.mean || compare(b.host, a.host)

/** Inserts an entry into a sorted list of the first `most`, if it is one of them. */
function keepFirst(first: ReportUtilizationRow[], max: number, one: ReportUtilizationRow, order: Order): void {
  const last = first[max - 1]
  if (last !== undefined && order(one, last) >= 0) return
  const at = first.findIndex((other) => order(one, other) < 0)
  first.splice(at < 0 ? first.length : at, 0, one)
  if (first.length > max) first.pop()
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
