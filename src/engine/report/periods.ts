import type { AlertIdentity, Millis, RejectCount, Severity } from '../../model.ts'
import { addReject } from '../../model.ts'
import { copyRows, emptyRows, type UtilizationRows, mergeRows } from './utilization-rows.ts'
import type { UtilizationSum } from './utilization.ts'

/** Data for the reports, gathered as it happens. Absent while no receiver has reports enabled. */
export interface ReportStats {
  /** Row of each host in the columns of all periods. */
  rows: Map<string, number>
  /** Finished periods, oldest first, and the current one. They follow the service's clock. */
  slices: Period[]
  open: Period
  /** Episodes in the time that some report will cover, by id. */
  readonly spells: Map<string, EpisodeSummary>
  /** True after periods were dropped: some hosts may be in none of the rest, so that their rows can be reused. */
  isCut: boolean
  /** Sums for the reports that are due. */
  making?: ReportBuild
  /** The most episodes before the next pruning. */
  room: number
}

/** Sums of the utilization of all hosts, by metric and by start of the report. */
export interface ReportBuild {
  /** Utilization of the open period until the build began. */
  readonly loads: Map<string, UtilizationRows>
  readonly shares: readonly { readonly from: Millis; readonly metric: string; readonly sum: UtilizationSum }[]
  /** Position in `shares`, and the next row of that sum. */
  at: number
  row: number
}

/** Figures of the time between two reports. */
export interface Period {
  from: Millis
  to: Millis
  /** By metric. */
  readonly loads: Map<string, UtilizationRows>
  /** Alerts that began, by rule and by hour since the epoch, and the hosts concerned. */
  readonly began: Map<string, number>
  readonly hours: Map<number, number>
  readonly hosts: Set<string>
  /** Alerts that became critical. */
  critical: number
  /** Mails by rule. */
  readonly mails: Map<string, number>
  readonly counts: Record<PeriodCounter, number>
  /** Events that ingest rejected, by source and reason. */
  readonly rejects: Map<string, RejectCount>
}

/** The most combinations of source and reason counted separately in a period. */
export const MOST_REJECTS = 200

export type PeriodCounter = 'merged' | 'dropped' | 'future' | 'refused' | 'stops' | 'down'

export interface EpisodeSummary {
  readonly identity: AlertIdentity
  severity: Severity
  /** When it became critical, by the service's clock; -Infinity if that was before gathering began. */
  criticalAt: Millis | undefined
  since: Millis
  /** Undefined while it is open. */
  until: Millis | undefined
  peak: number | null
}

/** Returns an empty period that starts at `from`. */
export function emptyPeriod(from: Millis): Period {
  return {
    from,
    to: from,
    loads: new Map(),
    began: new Map(),
    hours: new Map(),
    hosts: new Set(),
    critical: 0,
    mails: new Map(),
    counts: { merged: 0, dropped: 0, future: 0, refused: 0, stops: 0, down: 0 },
    rejects: new Map(),
  }
}

/** Returns the sum of consecutive periods, without the utilization of hosts. */
export function mergeCounts(slices: readonly Period[]): Period {
  const merged = { ...emptyPeriod(slices[0]?.from ?? 0), to: slices.at(-1)?.to ?? 0 }
  for (const slice of slices) {
    merged.critical += slice.critical
    for (const [rule, count] of slice.began) add(merged.began, rule, count)
    for (const [hour, count] of slice.hours) add(merged.hours, hour, count)
    for (const [rule, count] of slice.mails) add(merged.mails, rule, count)
    for (const host of slice.hosts) merged.hosts.add(host)
    for (const one of slice.rejects.values()) addReject(merged.rejects, one, MOST_REJECTS)
    for (const what of Object.keys(merged.counts) as PeriodCounter[]) merged.counts[what] += slice.counts[what]
  }
  return merged
}

/** Returns the sum of consecutive periods. */
export function mergePeriods(slices: readonly Period[]): Period {
  const merged = mergeCounts(slices)
  for (const { loads } of slices) addUtilization(merged.loads, loads)
  return merged
}

/** Adds the utilization of one period to that of another. */
export function addUtilization(into: Map<string, UtilizationRows>, from: ReadonlyMap<string, UtilizationRows>): void {
  for (const [metric, one] of from) into.set(metric, mergeRows(into.get(metric) ?? emptyRows(), one))
}

/** Returns a copy with its own memory of what was read from a snapshot. */
export function copyStats(usage: ReportStats | undefined): ReportStats | undefined {
  if (usage === undefined) return undefined
  const { making } = usage
  const rest = making === undefined ? {} : { making: { ...making, loads: copyAll(making.loads) } }
  return { ...usage, slices: usage.slices.map(copyPeriod), open: copyPeriod(usage.open), ...rest }
}

function copyPeriod(slice: Period): Period {
  return { ...slice, loads: copyAll(slice.loads) }
}

function copyAll(loads: ReadonlyMap<string, UtilizationRows>): Map<string, UtilizationRows> {
  return new Map([...loads].map(([metric, one]) => [metric, copyRows(one)]))
}

/** Adds `by` to the count of a key. */
export function add<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}
