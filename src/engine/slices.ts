import type { Millis, RejectCount, Severity, Unit } from '../model.ts'
import { addReject } from '../model.ts'
import { copyLoads, emptyLoads, type Loads, mergeLoads } from './loads.ts'

/** What reports will be made of, gathered as it happens; there is none while no receiver wants a report. */
export interface Usage {
  /** The row of each host in the loads of all slices. */
  rows: Map<string, number>
  /** Stretches of the service's time that are over, oldest first, and the one that is gathered. */
  slices: Slice[]
  open: Slice
  /** The episodes of the time that some report will cover, by id. */
  readonly spells: Map<string, Spell>
  /** How many of them there may be before the next look for some to let go. */
  room: number
}

/** What arrived from one report to the next. */
export interface Slice {
  from: Millis
  to: Millis
  /** By metric. */
  readonly loads: Map<string, Loads>
  /** Alerts that began, by rule and by the hour of the epoch, and the hosts that they were about. */
  readonly began: Map<string, number>
  readonly hours: Map<number, number>
  readonly hosts: Set<string>
  /** Alerts that got critical. */
  critical: number
  /** Mails, by the rules that they tell of. */
  readonly mails: Map<string, number>
  readonly counts: Record<Counted, number>
  /** Events that ingest refused, by source and reason. */
  readonly rejects: Map<string, RejectCount>
}

/** So many sources and reasons of a slice are told apart. */
export const MOST_REJECTS = 200

export type Counted = 'merged' | 'dropped' | 'future' | 'refused' | 'stops' | 'down'

/** One episode. */
export interface Spell {
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
export function emptySlice(from: Millis): Slice {
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

/** The sum of two slices that follow each other. */
export function mergeSlices(a: Slice, b: Slice): Slice {
  const merged = { ...emptySlice(a.from), to: b.to, critical: a.critical + b.critical }
  for (const slice of [a, b]) {
    for (const [metric, loads] of slice.loads) {
      merged.loads.set(metric, mergeLoads(merged.loads.get(metric) ?? emptyLoads(), loads))
    }
    for (const [rule, count] of slice.began) add(merged.began, rule, count)
    for (const [hour, count] of slice.hours) add(merged.hours, hour, count)
    for (const [rule, count] of slice.mails) add(merged.mails, rule, count)
    for (const host of slice.hosts) merged.hosts.add(host)
    for (const one of slice.rejects.values()) addReject(merged.rejects, one, MOST_REJECTS)
    for (const what of Object.keys(merged.counts) as Counted[]) merged.counts[what] += slice.counts[what]
  }
  return merged
}

/** What came out of a snapshot, with memory of its own. What an older one does not know begins empty. */
export function copyUsage(usage: Usage | undefined): Usage | undefined {
  if (usage === undefined) return undefined
  return { ...usage, slices: usage.slices.map(copySlice), open: copySlice(usage.open) }
}

function copySlice(slice: Slice): Slice {
  const loads = new Map([...slice.loads].map(([metric, one]) => [metric, copyLoads(one)]))
  return { ...emptySlice(slice.from), ...slice, loads }
}

/** Counts something under a name. */
export function add<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}
