import type { Millis, RejectCount, Severity, Unit } from '../../model.ts'
import { addReject } from '../../model.ts'
import { copyRows, emptyRows, type UtilizationRows, mergeRows } from './utilization-rows.ts'
import type { UtilizationSum } from './utilization.ts'

/** What reports will be made of, gathered as it happens; there is none while no receiver wants a report. */
export interface ReportStats {
  /** The row of each host in the loads of all slices. */
  rows: Map<string, number>
  /** Stretches of the service's time that are over, oldest first, and the one that is gathered. */
  slices: Period[]
  open: Period
  /** The episodes of the time that some report will cover, by id. */
  readonly spells: Map<string, EpisodeSummary>
  /** Slices were let go, and with them perhaps the last that is known of some hosts. */
  isCut: boolean
  /** What is summed up for the reports that are due. */
  making?: ReportBuild
  /** How many of them there may be before the next look for some to let go. */
  room: number
}

/** The shares of all hosts, metric by metric for each beginning of a period. */
export interface ReportBuild {
  /** What the open slice had until it began. */
  readonly loads: Map<string, UtilizationRows>
  readonly shares: readonly { readonly from: Millis; readonly metric: string; readonly sum: UtilizationSum }[]
  /** The next of these, and the next row of it. */
  at: number
  row: number
}

/** What arrived from one report to the next. */
export interface Period {
  from: Millis
  to: Millis
  /** By metric. */
  readonly loads: Map<string, UtilizationRows>
  /** Alerts that began, by rule and by the hour of the epoch, and the hosts that they were about. */
  readonly began: Map<string, number>
  readonly hours: Map<number, number>
  readonly hosts: Set<string>
  /** Alerts that got critical. */
  critical: number
  /** Mails, by the rules that they tell of. */
  readonly mails: Map<string, number>
  readonly counts: Record<PeriodCounter, number>
  /** Events that ingest refused, by source and reason. */
  readonly rejects: Map<string, RejectCount>
}

/** A period distinguishes at most this many sources and reasons. */
export const MOST_REJECTS = 200

export type PeriodCounter = 'merged' | 'dropped' | 'future' | 'refused' | 'stops' | 'down'

/** One episode. */
export interface EpisodeSummary {
  readonly rule: string
  readonly host: string
  readonly labels: Readonly<Record<string, string>>
  severity: Severity
  /** When it got critical, on the service's clock; -Infinity where that was before anything was gathered. */
  criticalAt: Millis | undefined
  since: Millis
  /** Undefined while it goes on. */
  until: Millis | undefined
  peak: number | null
  readonly unit: Unit
}

/** @param from when it begins. */
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

/** The sum of slices that follow each other, the loads of their hosts left out. */
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

/** The sum of slices that follow each other. */
export function mergePeriods(slices: readonly Period[]): Period {
  const merged = mergeCounts(slices)
  for (const { loads } of slices) addUtilization(merged.loads, loads)
  return merged
}

/** Adds the loads of one stretch of time to those of another. */
export function addUtilization(into: Map<string, UtilizationRows>, from: ReadonlyMap<string, UtilizationRows>): void {
  for (const [metric, one] of from) into.set(metric, mergeRows(into.get(metric) ?? emptyRows(), one))
}

/** What came out of a snapshot, with memory of its own. */
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

/** Counts something under a name. */
export function add<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}
