import { tickSource } from '../aggregate/watermark.ts'
import { sendNotices } from '../dispatch/notices.ts'
import { notifyUndelivered } from '../dispatch/undelivered.ts'
import { onTick } from '../dispatch/step.ts'
import type { Effect, Millis, Tick } from '../model.ts'
import type { WorkBudget } from './evaluate/due-windows.ts'
import { pruneFlapping } from './evaluate/flapping.ts'
import { measureThroughputs } from './builtin/throughput.ts'
import { addExpectedHosts } from './inventory/expected.ts'
import { startReport, continueReport } from './report/collect.ts'
import { retireSources } from './inventory/retirement.ts'
import { rewind } from './rewind.ts'
import type { Fold } from './state.ts'
import { evaluateDue } from './evaluate/schedule.ts'
import { alertLookup } from './evaluate/lookup.ts'
import { maintainStats, recordRejects } from './report/stats.ts'
import { startScan, continueScan, watchService } from './builtin/scan.ts'

/** When a source sends nothing for this long, the windows up to its newest bucket are evaluated once. */
const IDLE = 60_000
/** The most that one tick counts as observed: after a suspend or a jump of the clock, the time between is unknown. */
const MAX_TICK_SPAN = 2000
/** A clock set back by more than this was wrong, and so are the dates it set. */
const SET_BACK = 60_000

export interface TickResult {
  readonly effects: readonly Effect[]
  /** True if work is left: another tick with the same time continues it. */
  readonly hasMore: boolean
}

/** Handles one second of time: updates the sources, evaluates what is due, and sends pending notifications. */
export function foldTick(fold: Fold, tick: Tick): TickResult {
  const { state } = fold
  const isNew = tick.now !== state.now
  recordRejects(state, tick.rejects)
  if (isNew) {
    if (tick.now < state.now - SET_BACK) rewind(fold, tick.now)
    const span = state.now === 0 ? 0 : Math.min(MAX_TICK_SPAN, Math.max(0, tick.now - state.now))
    state.now = tick.now
    state.ticks++
    addExpectedHosts(fold)
    if (tickSources(fold, tick.now, tick.refused ? 0 : span)) state.hasObserved = true
    retireSources(fold)
    watchService(fold)
    startScan(fold)
    pruneFlapping(fold)
    startReport(fold)
    state.isFlushPending = true
  }
  const work: WorkBudget = { spent: 0 }
  const isLeft = !continueScan(fold, work) || evaluateDue(fold, work)
  const isMade = continueReport(fold, work)
  return { effects: isMade && state.isFlushPending ? flush(fold) : [], hasMore: isLeft || !isMade }
}

/** Returns the notifications that are due now. */
function flush(fold: Fold): readonly Effect[] {
  const { state, dispatchPlan } = fold
  state.isFlushPending = false
  notifyUndelivered(state.dispatch, dispatchPlan, state.now)
  const notices = sendNotices(state.dispatch, dispatchPlan, state.now)
  const mails = onTick(state.dispatch, dispatchPlan, alertLookup(fold), state.now)
  maintainStats(fold)
  return [...notices, ...mails]
}

/** Updates observed time and watermark history of all sources. Returns true if observed time grew for any of them. */
function tickSources(fold: Fold, now: Millis, able: Millis): boolean {
  const { state, plan } = fold
  let hasObserved = false
  measureThroughputs(fold, now)
  for (const source of state.sources.values()) {
    const before = source.observedTime
    tickSource(source, now, able, plan.config.bucket)
    hasObserved ||= source.observedTime > before
    if (now - source.lastSeenAt >= IDLE && !source.isFlushed) {
      source.isFlushed = true
      flushSource(fold, source.name)
    }
  }
  return hasObserved
}

function flushSource(fold: Fold, source: string): void {
  for (const host of fold.state.hosts.values()) {
    if (host.source !== source) continue
    host.flush = true
    fold.state.pendingHosts.add(host.name)
  }
}
