import { isSteady, tickSource } from '../aggregate/sources.ts'
import { elapse } from '../dispatch/step.ts'
import type { Effect, Millis, Tick } from '../model.ts'
import { forgetIds } from './batch.ts'
import type { Judged } from './evaluate.ts'
import { measureFlows } from './flows.ts'
import { rewind } from './rewind.ts'
import type { Fold } from './state.ts'
import { judgeDue } from './sweep.ts'
import { watchAll } from './watch.ts'

/** A pause of a source is looked into once, after this long. */
const IDLE = 60_000
/** The most that one tick counts as watched: after a suspend, or a jump of the clock, the time between is unknown. */
const MOST_PER_TICK = 2000
/** A clock that goes back by more than this was wrong, and with it what was dated by it. */
const SET_BACK = 60_000

/** An alert of which nothing was heard for this long is no news. */
const STALE = 15 * 60_000

export interface TickResult {
  readonly effects: readonly Effect[]
  /** More is due than fits one tick; another one with the same time goes on. */
  readonly more: boolean
}

/** A second passes: clocks move, what is due is judged, and what waited is told. */
export function foldTick(fold: Fold, tick: Tick): TickResult {
  const { state, plan } = fold
  const isNew = tick.now !== state.now
  const effects: Effect[] = []
  if (isNew) {
    if (tick.now < state.now - SET_BACK) rewind(fold, tick.now)
    const span = state.now === 0 ? 0 : Math.min(MOST_PER_TICK, Math.max(0, tick.now - state.now))
    state.now = tick.now
    state.ticks++
    const hasObserved = tickSources(fold, tick.now, tick.refused ? 0 : span)
    effects.push(...watchAll(fold, hasObserved))
    forgetIds(fold)
  }
  const judged: Judged = { cost: 0, effects: [] }
  const more = judgeDue(fold, judged)
  effects.push(...judged.effects)
  if (isNew) effects.push(...elapse(state.dispatch, plan.config, tick.now, (episode) => isCurrent(fold, episode)))
  return { effects, more }
}

/** Whether an episode still fires, on data of the last minutes. */
function isCurrent(fold: Fold, episode: string): boolean {
  for (const { alerts } of fold.state.hosts.values()) {
    for (const { rule, life, at, episode: known } of alerts.values()) {
      if (known !== episode) continue
      return life.state !== 'pending' && life.state !== 'resolved' && fold.state.now - at < STALE + pauseOf(fold, rule)
    }
  }
  return false
}

/** How long a rule says nothing between two of its windows. */
function pauseOf(fold: Fold, name: string): Millis {
  const rule = fold.plan.config.rules.find((one) => one.name === name)
  return rule === undefined || rule.kind === 'absence' ? 0 : rule.every
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
    if (isForgettable(fold, source.name, now)) state.sources.delete(source.name)
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

/** A sender that came once and was never to be expected is forgotten after a day. */
function isForgettable(fold: Fold, name: string, now: Millis): boolean {
  const source = fold.state.sources.get(name)
  return source !== undefined && now - source.heard > 24 * 3_600_000 && !isSteady(source) && !fold.plan.config.sources.includes(name)
}
