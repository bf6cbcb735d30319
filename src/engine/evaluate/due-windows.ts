import { evaluatedTo, newestBucket, setEvaluatedTo, type Store } from '../../aggregate/store.ts'
import { appliesTo, type WindowPlan } from '../plan.ts'
import type { Fold } from '../state.ts'
import { alertId, evaluateWindow, expirePending, type WatchedSeries } from './window.ts'

/** The most work in one slice of a tick, so that it takes a few milliseconds. The next slice does the rest. */
export const SLICE = 1500

/** The work done: evaluated windows, weighted by their length. */
export interface WorkBudget {
  spent: number
}

/** The cost of a window: 1 for two minutes; longer windows have more buckets to merge. */
function evaluationCost(plan: WindowPlan): number {
  return (20 + plan.over + plan.lookback) / 32
}

/**
 * Evaluates every window of a series that has closed since the last evaluation, in order of event time.
 *
 * @param closed the closed buckets, in those of the finest tier.
 */
export function evaluateClosed(
  fold: Fold,
  watched: WatchedSeries,
  closed: number,
  closedSlow: number,
  out: WorkBudget,
): void {
  const { ratio } = watched.tier
  evaluateUpTo(fold, watched, false, Math.floor(closed / ratio), out)
  evaluateUpTo(fold, watched, true, Math.floor(closedSlow / ratio), out)
}

/** The same for rules with equal lateness, which share their progress; `closed` is in buckets of the tier. */
export function evaluateUpTo(fold: Fold, watched: WatchedSeries, slow: boolean, closed: number, out: WorkBudget): void {
  const { tier, store, slot, host } = watched
  const judged = evaluatedTo(store, slot, slow)
  if (!(closed > judged)) return
  for (const plan of tier.rules) {
    if (plan.extraLateness !== slow || !appliesTo(plan.rule, host.name)) continue
    for (const end of windowEnds(plan, store, lastEvaluableBucket(watched, plan), judged, closed)) {
      out.spent += evaluationCost(plan)
      evaluateWindow(fold, watched, plan, end, Infinity, 'closed')
    }
    expirePending(fold, watched, plan, closed)
  }
  setEvaluatedTo(store, slot, slow, closed)
}

/**
 * Returns the window ends in (judged, closed] whose windows overlap buckets with samples, and one more, at which the
 * series enters "no data". Years without samples are one step.
 */
function windowEnds(plan: WindowPlan, store: Store, newest: number, judged: number, closed: number): number[] {
  const { every, over } = plan
  const last = Math.min(closed, newest + over + every)
  const first = Math.max(judged + 1, newest - store.layout.cells + 1)
  const ends: number[] = []
  for (let end = Math.ceil(first / every) * every; end <= last; end += every) ends.push(end)
  return ends
}

/**
 * Returns the newest bucket with information. A count that fired is evaluated as long as its host sends any event,
 * since its alert resolves when no event matches.
 */
function lastEvaluableBucket({ host, info, store, slot }: WatchedSeries, plan: WindowPlan): number {
  const head = newestBucket(store, slot)
  const counts = plan.of === 'count' && host.alerts.size > 0 && host.alerts.has(alertId(plan.rule.name, info.key))
  return counts ? Math.max(head, Math.floor(host.newestEvent / plan.width)) : head
}

/** Evaluates the windows that late samples changed again. `late` is the (finest) bucket before the first of them. */
export function evaluateLate(fold: Fold, watched: WatchedSeries, late: number, out: WorkBudget): void {
  const { tier, store, slot, host } = watched
  const from = Math.floor(late / tier.ratio)
  for (const plan of tier.rules) {
    if (!appliesTo(plan.rule, host.name)) continue
    const judged = evaluatedTo(store, slot, plan.extraLateness)
    const head = newestBucket(store, slot)
    for (const end of windowEnds(plan, store, head, from, Math.min(judged, head + plan.over))) {
      out.spent += evaluationCost(plan)
      evaluateWindow(fold, watched, plan, end, Infinity, 'late')
    }
  }
}

/** Evaluates the open window for rules whose verdict more data cannot undo. */
export function evaluateEarly(fold: Fold, watched: WatchedSeries, out: WorkBudget): void {
  const { tier, store, slot, host, info } = watched
  const newest = (newestBucket(fold.state.stores.get(info.metric) as Store, slot) + 1) * fold.plan.config.bucket
  for (const plan of tier.rules) {
    if (!plan.isEarly || !appliesTo(plan.rule, host.name)) continue
    out.spent += evaluationCost(plan)
    const end = Math.ceil((newestBucket(store, slot) + 1) / plan.every) * plan.every
    evaluateWindow(fold, watched, plan, end, newest, 'early')
  }
}

/** Evaluates one extra window per rule after a pause of the source, up to the end of its newest (finest) bucket. */
export function evaluateFlush(fold: Fold, watched: WatchedSeries, bucket: number, out: WorkBudget): void {
  const { tier } = watched
  const end = Math.floor(bucket / tier.ratio) + 1
  const newest = (bucket + 1) * fold.plan.config.bucket
  for (const plan of tier.rules) {
    if (plan.extraLateness || !appliesTo(plan.rule, watched.host.name)) continue
    out.spent += evaluationCost(plan)
    evaluateWindow(fold, watched, plan, end, newest, 'flush')
  }
}
