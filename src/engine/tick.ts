import { tickSource } from '../aggregate/watermark.ts'
import { sendNotices, notifyUndelivered } from '../dispatch/notices.ts'
import { onTick } from '../dispatch/step.ts'
import { type Effect, type Millis, type Tick, clampToNow } from '../model.ts'
import type { WorkBudget } from './evaluate/due-windows.ts'
import { pruneFlapping } from './evaluate/flapping.ts'
import { measureThroughputs } from './builtin/throughput.ts'
import { awaitSources } from './inventory/awaited-sources.ts'
import { addExpectedHosts } from './inventory/expected.ts'
import { startReport, continueReport } from './report/collect.ts'
import { retireSources } from './inventory/retirement.ts'
import { reportUnmatchedRules } from './inventory/unmatched-rules.ts'
import type { Fold, Alert } from './state.ts'
import { evaluateDue } from './evaluate/schedule.ts'
import { alertLookup } from './evaluate/lookup.ts'
import { maintainStats, recordRejects, rewindStats } from './report/stats.ts'
import { startScan, continueScan, watchService } from './builtin/scan.ts'
import { rewindMatches } from './evaluate/matched-events.ts'
import { rewindSeries } from '../aggregate/ring.ts'
import type { AlertLifecycle } from '../alert/lifecycle.ts'

/** When a source sends nothing for this long, the windows up to its newest bucket are evaluated once. */
const IDLE = 60_000
/** The most that one tick counts as observed: after a suspend or a jump of the clock, the time between is unknown. */
const MAX_TICK_SPAN = 2000
/** A clock set back by more than this was wrong, and so are the dates it set. */
const SET_BACK = 60_000

interface TickResult {
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
    reportUnmatchedRules(fold)
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
  awaitSources(fold, now, able)
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

/**
 * Handles a service clock that was set back to `now`. Dates ahead of it are wrong: they would keep alerts from
 * resolving and samples from counting until the old time is reached again. Series whose newest sample lies ahead start
 * anew; the others are evaluated from now on. Alerts stay, with every instant moved to `now` at the latest.
 */
export function rewind(fold: Fold, now: Millis): void {
  const { state, plan } = fold
  const bucket = Math.floor(now / plan.config.bucket)
  for (const store of state.stores.values()) rewindSeries(store, now)
  for (const awaited of state.awaitedSources.values()) clampToNow(awaited, now, 'since')
  for (const host of state.hosts.values()) {
    clampToNow(host, now, 'lastSeenAt', 'newestEvent')
    clampToNow(host, bucket, 'evaluatedTo', 'evaluatedLateTo')
    if (host.mentionedAt !== undefined) host.mentionedAt = Math.min(host.mentionedAt, now)
    if (host.expectedSince !== undefined) clampToNow(host.expectedSince, now, 'since')
    for (const [name, { at, since, observed }] of host.deliveries)
      host.deliveries.set(name, { at: Math.min(at, now), since: Math.min(since, now), observed })
    for (const alert of host.alerts.values()) rewindAlert(alert, now)
  }
  clampToNow(state.retired, now, 'since')
  for (const alert of state.alerts.values()) rewindAlert(alert, now)
  for (const alert of state.resolved) rewindAlert(alert, now)
  for (const one of state.dispatch.alerts.values()) clampToNow(one, now, 'firedAt')
  rewindMatches(state)
  rewindStats(state, now)
  state.dispatch.isDirty = true
}

function rewindAlert(alert: Alert, now: Millis): void {
  clampToNow(alert, now, 'evaluatedAt')
  alert.events = alert.events.map((event) => ({ ...event, ts: Math.min(event.ts, now) }))
  alert.lifecycle = rewindLife(alert.lifecycle, now)
}

function rewindLife(lifecycle: AlertLifecycle, now: Millis): AlertLifecycle {
  const { critical } = lifecycle
  const copy = { ...lifecycle, ...(critical !== undefined && { critical: { ...critical } }) }
  clampToNow(copy, now, 'since')
  if (copy.critical !== undefined) clampToNow(copy.critical, now, 'from', 'until', 'lastFrom')
  if (copy.state === 'pending') clampToNow(copy, now, 'dataUntil')
  else clampToNow(copy, now, 'firedAt', 'lastBreach', 'counted', 'noDataSince')
  if (copy.state === 'recovering') clampToNow(copy, now, 'goodSince')
  if (copy.state === 'resolved') clampToNow(copy, now, 'resolvedAt')
  return copy
}
