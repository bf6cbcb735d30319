import type { AlertIdentity, Millis, RejectCount, Severity } from '../../model.ts'
import { countReject } from '../../model.ts'
import { copyRows, emptyRows, type UtilizationRows, mergeRows } from './utilization-rows.ts'
import type { UtilizationSum } from './utilization.ts'

/** Data for the reports, gathered as it happens. Absent while no receiver has reports enabled. */
export interface ReportStats {
  /** Row of each host in the columns of all periods. */
  rows: Map<string, number>
  /** Finished periods, oldest first, and the current one. They follow the service's clock. */
  periods: Period[]
  open: Period
  /** Episodes in the time that some report will cover, by id. */
  readonly episodes: Map<string, EpisodeSummary>
  /** True after periods were dropped: some hosts may be in none of the rest, so that their rows can be reused. */
  mayCompact: boolean
  /** Sums for the reports that are due. */
  build?: ReportBuild
  /** The most episodes before the next pruning. */
  pruneAt: number
}

/** Sums of the utilization of all hosts, by metric and by start of the report. */
export interface ReportBuild {
  /** Utilization of the open period until the build began. */
  readonly utilization: Map<string, UtilizationRows>
  readonly sums: readonly { readonly from: Millis; readonly metric: string; readonly sum: UtilizationSum }[]
  /** Position in `sums`, and the next row of that sum. */
  position: number
  row: number
}

/** Figures of the time between two reports. */
export interface Period {
  from: Millis
  to: Millis
  /** By metric. */
  readonly utilization: Map<string, UtilizationRows>
  /** Alerts that began, by rule and by hour since the epoch, and the hosts concerned. */
  readonly started: Map<string, number>
  readonly startedByHour: Map<number, number>
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
export const MAX_REJECTS = 200

export type PeriodCounter = 'merged' | 'dropped' | 'future' | 'refused' | 'stops' | 'down'

export interface EpisodeSummary {
  readonly identity: AlertIdentity
  severity: Severity
  /** When it became critical, by the service's clock; -Infinity if that was before gathering began. */
  criticalAt: Millis | undefined
  startsAt: Millis
  /** Undefined while it is open. */
  endsAt: Millis | undefined
  peak: number | null
}

/** Returns an empty period that starts at `from`. */
export function emptyPeriod(from: Millis): Period {
  return {
    from,
    to: from,
    utilization: new Map(),
    started: new Map(),
    startedByHour: new Map(),
    hosts: new Set(),
    critical: 0,
    mails: new Map(),
    counts: { merged: 0, dropped: 0, future: 0, refused: 0, stops: 0, down: 0 },
    rejects: new Map(),
  }
}

/** Returns the sum of consecutive periods, without the utilization of hosts. */
export function mergeCounts(periods: readonly Period[]): Period {
  const merged = { ...emptyPeriod(periods[0]?.from ?? 0), to: periods.at(-1)?.to ?? 0 }
  for (const period of periods) {
    merged.critical += period.critical
    for (const [rule, count] of period.started) add(merged.started, rule, count)
    for (const [hour, count] of period.startedByHour) add(merged.startedByHour, hour, count)
    for (const [rule, count] of period.mails) add(merged.mails, rule, count)
    for (const host of period.hosts) merged.hosts.add(host)
    for (const one of period.rejects.values()) countReject(merged.rejects, one, MAX_REJECTS)
    for (const what of Object.keys(merged.counts) as PeriodCounter[]) merged.counts[what] += period.counts[what]
  }
  return merged
}

/** Returns the sum of consecutive periods. */
export function mergePeriods(periods: readonly Period[]): Period {
  const merged = mergeCounts(periods)
  for (const { utilization } of periods) addUtilization(merged.utilization, utilization)
  return merged
}

/** Adds the utilization of one period to that of another. */
export function addUtilization(into: Map<string, UtilizationRows>, from: ReadonlyMap<string, UtilizationRows>): void {
  for (const [metric, one] of from) into.set(metric, mergeRows(into.get(metric) ?? emptyRows(), one))
}

/** Returns a copy with its own memory of what was read from a snapshot. */
export function copyStats(stats: ReportStats | undefined): ReportStats | undefined {
  if (stats === undefined) return undefined
  const { build } = stats
  const rest = build === undefined ? {} : { build: { ...build, utilization: copyAll(build.utilization) } }
  return { ...stats, periods: stats.periods.map(copyPeriod), open: copyPeriod(stats.open), ...rest }
}

function copyPeriod(period: Period): Period {
  return { ...period, utilization: copyAll(period.utilization) }
}

function copyAll(utilization: ReadonlyMap<string, UtilizationRows>): Map<string, UtilizationRows> {
  return new Map([...utilization].map(([metric, one]) => [metric, copyRows(one)]))
}

/** Adds `by` to the count of a key. */
export function add<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}
