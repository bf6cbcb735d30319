import { watermarkAt, EXTRA_LATENESS, type Source } from '../../aggregate/watermark.ts'
import type { Millis } from '../../model.ts'
import { evaluateClosed, evaluateEarly, type WorkBudget, evaluateFlush, evaluateLate, SLICE } from './due-windows.ts'
import type { Fold, Host } from '../state.ts'
import { watchedSeries } from './window.ts'

/** Sources that a host was heard from within this time have a say in when its windows close. */
const RECENT = 60_000

/**
 * Judges what is due: hosts with late or early samples, then all hosts if a source's clock passed a bucket.
 *
 * @returns whether something is left for another tick.
 */
export function evaluateDue(fold: Fold, judged: WorkBudget): boolean {
  for (const name of fold.state.pendingHosts) {
    if (judged.spent >= SLICE) return true
    fold.state.pendingHosts.delete(name)
    const host = fold.state.hosts.get(name)
    if (host !== undefined) evaluateMarked(fold, host, judged)
  }
  const clocks = readClocks(fold)
  beginSweep(fold, clocks)
  return sweep(fold, clocks, judged)
}

function evaluateMarked(fold: Fold, host: Host, judged: WorkBudget): void {
  for (const [id, bucket] of host.late ?? []) {
    for (const watched of watchedSeries(fold, host, id)) evaluateLate(fold, watched, bucket, judged)
  }
  for (const id of host.early ?? []) {
    for (const watched of watchedSeries(fold, host, id)) evaluateEarly(fold, watched, judged)
  }
  host.late = undefined
  host.early = undefined
  if (!host.flush) return
  host.flush = false
  const source = fold.state.sources.get(host.source)
  if (source === undefined || source.watermark === -Infinity) return
  const bucket = Math.floor(source.watermark / fold.plan.config.bucket)
  for (const id of host.series.keys()) {
    for (const watched of watchedSeries(fold, host, id)) evaluateFlush(fold, watched, bucket, judged)
  }
}

/** A sweep begins when the closed bucket of any source is another one than when the last began. */
function beginSweep(fold: Fold, clocks: SourceClocks): void {
  const { state } = fold
  if (state.sweep !== undefined) return
  const closed = [...clocks.values()].map((clock) => `${clock.closedTo} ${clock.closedLateTo}`).join('\n')
  if (closed === state.closedBuckets) return
  state.closedBuckets = closed
  state.sweep = 0
}

function sweep(fold: Fold, clocks: SourceClocks, judged: WorkBudget): boolean {
  const { state } = fold
  if (state.sweep === undefined) return false
  while (state.sweep < state.hostSlots.length) {
    if (judged.spent >= SLICE) return true
    const host = state.hostSlots[state.sweep++]
    if (host !== null && host !== undefined) evaluateHost(fold, clocks, host, judged)
  }
  state.sweep = undefined
  return false
}

function evaluateHost(fold: Fold, clocks: SourceClocks, host: Host, judged: WorkBudget): void {
  const sources = recentSources(fold, host)
  if (host.lastSeenBySource.size > sources.length) pruneSources(host, sources)
  const { closedTo, closedLateTo } = findClosed(clocks, sources)
  judged.spent += 0.05
  if (closedTo <= host.evaluatedTo && closedLateTo <= host.evaluatedLateTo) return
  host.evaluatedTo = closedTo
  host.evaluatedLateTo = closedLateTo
  for (const id of host.series.keys()) {
    judged.spent += 0.1
    for (const watched of watchedSeries(fold, host, id)) evaluateClosed(fold, watched, closedTo, closedLateTo, judged)
  }
}

/** The sources whose clocks close a host's windows: those heard lately, else the one heard last. */
export function recentSources(fold: Fold, host: Host): readonly string[] {
  if (host.lastSeenBySource.size === 1) return [host.source]
  const recent = [...host.lastSeenBySource].filter(([, at]) => at >= fold.state.now - RECENT).map(([name]) => name)
  return recent.length > 0 ? recent : [host.source]
}

/** Sources that a host has left are forgotten. */
function pruneSources(host: Host, recent: readonly string[]): void {
  for (const name of host.lastSeenBySource.keys())
    if (!recent.includes(name) && name !== host.source) host.lastSeenBySource.delete(name)
}

/** The closed buckets of a source, for ordinary rules and for those that wait longer. */
interface ClosedTimes {
  readonly closedTo: number
  readonly closedLateTo: number
}

type SourceClocks = ReadonlyMap<string, ClosedTimes & { readonly tellsTime: boolean }>

function readClocks(fold: Fold): SourceClocks {
  const { bucket, lateness } = fold.plan.config
  const { now, sources } = fold.state
  const at = (source: Source, wait: Millis): number => Math.floor(watermarkAt(source, now, wait) / bucket)
  return new Map(
    [...sources].map(([name, source]) => {
      // A source that never brought a time to go by is not waited for by others.
      const tellsTime = source.watermark !== -Infinity || now - source.firstSeenAt < RECENT
      return [name, { closedTo: at(source, lateness), closedLateTo: at(source, EXTRA_LATENESS), tellsTime }]
    }),
  )
}

/** What is closed for a host that is heard through these sources: the slowest of them counts. */
function findClosed(clocks: SourceClocks, names: readonly string[]): ClosedTimes {
  const [first = '', second] = names
  if (second === undefined) return clocks.get(first) ?? UNKNOWN
  const known = names.map((name) => clocks.get(name) ?? UNKNOWN)
  const readable = known.filter((clock) => clock.tellsTime)
  const waited = readable.length > 0 ? readable : known
  return {
    closedTo: Math.min(...waited.map((clock) => clock.closedTo)),
    closedLateTo: Math.min(...waited.map((clock) => clock.closedLateTo)),
  }
}

const UNKNOWN = { closedTo: -Infinity, closedLateTo: -Infinity, tellsTime: false }
