import { tickSource } from '../aggregate/watermark.ts'
import { tellNotices } from '../dispatch/notices.ts'
import { notifyUndelivered } from '../dispatch/undelivered.ts'
import { elapse } from '../dispatch/step.ts'
import type { Effect, Millis, Tick } from '../model.ts'
import type { Judged } from './evaluate/window.ts'
import { forgetFlaps } from './evaluate/flapping.ts'
import { measureFlows } from './builtin/throughput.ts'
import { takeInventory } from './inventory/expected.ts'
import { beginMaking, goMaking } from './report/collect.ts'
import { retireSources } from './inventory/retirement.ts'
import { rewind } from './rewind.ts'
import type { Fold } from './state.ts'
import { judgeDue } from './evaluate/schedule.ts'
import { alertsOf } from './evaluate/lookup.ts'
import { keepUsage, noteRejects } from './report/stats.ts'
import { beginRound, goRound, watchService } from './builtin/index.ts'

/** A pause of a source is looked into once, after this long. */
const IDLE = 60_000
/** The most that one tick counts as watched: after a suspend, or a jump of the clock, the time between is unknown. */
const MOST_PER_TICK = 2000
/** A clock that goes back by more than this was wrong, and with it what was dated by it. */
const SET_BACK = 60_000

export interface TickResult {
  readonly effects: readonly Effect[]
  /** More is due than fits one tick; another one with the same time goes on. */
  readonly more: boolean
}

/** A second passes: clocks move, what is due is judged, and what waited is told. */
export function foldTick(fold: Fold, tick: Tick): TickResult {
  const { state } = fold
  const isNew = tick.now !== state.now
  noteRejects(state, tick.rejects)
  if (isNew) {
    if (tick.now < state.now - SET_BACK) rewind(fold, tick.now)
    const span = state.now === 0 ? 0 : Math.min(MOST_PER_TICK, Math.max(0, tick.now - state.now))
    state.now = tick.now
    state.ticks++
    takeInventory(fold)
    if (tickSources(fold, tick.now, tick.refused ? 0 : span)) state.hasObserved = true
    retireSources(fold)
    watchService(fold)
    beginRound(fold)
    forgetFlaps(fold)
    beginMaking(fold)
    state.isUntold = true
  }
  const work: Judged = { cost: 0 }
  const isLeft = !goRound(fold, work) || judgeDue(fold, work)
  const isMade = goMaking(fold, work)
  return { effects: isMade && state.isUntold ? tell(fold) : [], more: isLeft || !isMade }
}

/** Lets go of what people have to hear now. */
function tell(fold: Fold): readonly Effect[] {
  const { state, dispatchPlan } = fold
  state.isUntold = false
  notifyUndelivered(state.dispatch, dispatchPlan, state.now)
  const notices = tellNotices(state.dispatch, dispatchPlan, state.now)
  const mails = elapse(state.dispatch, dispatchPlan, alertsOf(fold), state.now)
  keepUsage(fold)
  return [...notices, ...mails]
}

/** Moves the clocks of all sources; tells whether observed time grew anywhere. */
function tickSources(fold: Fold, now: Millis, able: Millis): boolean {
  const { state, plan } = fold
  let hasObserved = false
  measureFlows(fold, now)
  for (const source of state.sources.values()) {
    const before = source.observed
    tickSource(source, now, able, plan.config.bucket)
    hasObserved ||= source.observed > before
    if (now - source.heard >= IDLE && !source.flushed) {
      source.flushed = true
      flush(fold, source.name)
    }
  }
  return hasObserved
}

function flush(fold: Fold, source: string): void {
  for (const host of fold.state.hosts.values()) {
    if (host.source !== source) continue
    host.flush = true
    fold.state.work.add(host.name)
  }
}
