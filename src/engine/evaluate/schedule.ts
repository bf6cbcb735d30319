import { watermarkAt, EXTRA_LATENESS, type Source } from '../../aggregate/watermark.ts'
import type { Millis } from '../../model.ts'
import { evaluateClosed, evaluateEarly, type WorkBudget, evaluateFlush, evaluateLate, SLICE } from './due-windows.ts'
import { listClocks, pruneDeliveries } from '../inventory/deliveries.ts'
import type { Fold, Host } from '../state.ts'
import { watchedSeries } from './window.ts'

/** A source without a time to go by is waited for so long. */
const NEW = 60_000

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
  pruneDeliveries(fold, host)
  const { closedTo, closedLateTo } = findClosed(clocks, listClocks(fold, host))
  judged.spent += 0.05
  if (closedTo <= host.evaluatedTo && closedLateTo <= host.evaluatedLateTo) return
  host.evaluatedTo = closedTo
  host.evaluatedLateTo = closedLateTo
  for (const id of host.series.keys()) {
    judged.spent += 0.1
    for (const watched of watchedSeries(fold, host, id)) evaluateClosed(fold, watched, closedTo, closedLateTo, judged)
  }
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
      const tellsTime = source.watermark !== -Infinity || now - source.firstSeenAt < NEW
      return [name, { closedTo: at(source, lateness), closedLateTo: at(source, EXTRA_LATENESS), tellsTime }]
    }),
  )
}

/** Returns the time up to which windows of a host are closed: the slowest of its sources decides. */
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
