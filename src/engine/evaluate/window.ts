import { TOO_OLD } from '../../aggregate/watermark.ts'
import { newestBucket, evaluatedTo, setEvaluatedTo, type Store } from '../../aggregate/store.ts'
import { estimateInterval, type BucketRange, readWindow, type Window } from '../../aggregate/window.ts'
import type { Verdict } from '../../detect/detector.ts'
import type { Evaluation, Millis } from '../../model.ts'
import type { AlertTimers } from '../../alert/lifecycle.ts'
import {
  evaluationResult,
  findHint,
  isSilent,
  type JudgedWindow,
  noData,
  alertSubject,
  type WindowContext,
} from './evidence.ts'
import { comparePeers } from './peers.ts'
import { buildChartData, chartLimits } from './chart-data.ts'
import { appliesTo, paramsFor, type Tier, type WindowPlan } from '../plan.ts'
import { lastResolvedAt, type EvaluationResult, updateAlert } from './alerts.ts'
import { addVerdict, countBreaches, readBreached, writeBreached } from './breaches.ts'
import { learntCells, viewWindow } from './window-view.ts'
import type { Alert, Fold, Host, KeyInfo } from '../state.ts'

/** The buckets of one series, of one width, under the eyes of their rules. */
export interface WatchedSeries {
  readonly host: Host
  readonly info: KeyInfo
  readonly tier: Tier
  readonly store: Store
  readonly slot: number
}

/** What one slice of a tick costs at most, so that it takes a few milliseconds; the rest waits for the next. */
export const SLICE = 1500

/** What judging cost: window ends looked at, by their length. */
export interface WorkBudget {
  spent: number
}

/** A series in all its tiers, the finest first. */
export function watchedSeries(fold: Fold, host: Host, id: number): readonly WatchedSeries[] {
  const info = fold.state.keys.infos[id] as KeyInfo
  const slot = host.series.get(id) as number
  const tiers = fold.plan.metrics.get(info.metric)?.tiers ?? []
  return tiers.map((tier) => ({ host, info, tier, store: fold.state.stores.get(tier.id) as Store, slot }))
}

/** One for a window of two minutes; longer ones have more buckets to merge. */
function evaluationCost(plan: WindowPlan): number {
  return (20 + plan.over + plan.lookback) / 32
}

/**
 * Judges every window end of a series that has closed since the last time, in the order of event time.
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

/** The same for rules of one wait, which share how far they have judged; `closed` is in buckets of the tier. */
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
 * The window ends in (judged, closed] whose windows overlap kept buckets that hold samples, and one more, at which a
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
 * The newest bucket that says anything. A count that fired goes on being judged while its host sends anything at all,
 * since it ends when nothing matches any more.
 */
function lastEvaluableBucket({ host, info, store, slot }: WatchedSeries, plan: WindowPlan): number {
  const head = newestBucket(store, slot)
  const counts = plan.of === 'count' && host.alerts.size > 0 && host.alerts.has(alertId(plan.rule.name, info.key))
  return counts ? Math.max(head, Math.floor(host.newestEvent / plan.width)) : head
}

/** A pending alert whose data stopped is over after a while, although no window says so any more. */
function expirePending(fold: Fold, watched: WatchedSeries, plan: WindowPlan, closed: number): void {
  const { host, info } = watched
  if (host.alerts.size === 0) return
  const id = alertId(plan.rule.name, info.key)
  const open = host.alerts.get(id)
  if (open?.lifecycle.state !== 'pending') return
  const found = noData(closed * plan.width)
  updateAlert(fold, host.alerts, id, alertSubject(plan, host, info), found, timersFor(watched, plan, open))
}

/** Late samples changed what is known after the (finest) bucket `late`: the ends that they touch are judged once more. */
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

/** Rules that more data cannot undo look at the open window too. */
export function evaluateEarly(fold: Fold, watched: WatchedSeries, out: WorkBudget): void {
  const { tier, store, slot, host, info } = watched
  const newest = (newestBucket(fold.state.stores.get(info.metric) as Store, slot) + 1) * fold.plan.config.bucket
  for (const plan of tier.rules) {
    if (!plan.early || !appliesTo(plan.rule, host.name)) continue
    out.spent += evaluationCost(plan)
    const end = Math.ceil((newestBucket(store, slot) + 1) / plan.every) * plan.every
    evaluateWindow(fold, watched, plan, end, newest, 'early')
  }
}

/** After a pause of the source: one extra window per rule, up to the end of its newest bucket (a finest one). */
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

/**
 * Why a window is judged: it has closed, it is open still, nothing more may come into it for long, or late samples came
 * into it after it had closed.
 */
type Trigger = 'closed' | 'early' | 'flush' | 'late'

/** @param newest how far an open window reaches yet: what is found in it is dated by that, not by the end to come. */
function evaluateWindow(
  fold: Fold,
  watched: WatchedSeries,
  plan: WindowPlan,
  end: number,
  newest: Millis,
  turn: Trigger,
): void {
  const { host, info } = watched
  // Logs of last month that are read for the first time are history and raise no alerts.
  if (end * plan.width < fold.state.now - TOO_OLD) return
  // Windows that are counted are counted in their turn.
  if (turn !== 'closed' && plan.rule.breaches !== undefined) return
  const open = host.alerts.size === 0 ? undefined : host.alerts.get(alertId(plan.rule.name, info.key))
  const span: BucketRange = { from: end - plan.over, to: end }
  const window = readWindow(watched.store, watched.slot, span)
  if (window.n === 0 && open === undefined && !plan.zeroes) return
  const judged = judgeWindow(watched, plan, span, window, open, true)
  applyVerdict(fold, watched, plan, { span, window, open, turn, at: Math.min(end * plan.width, newest), judged })
  if (turn === 'closed') learn(judged)
}

/** A window that is evaluated; `at` dates the result. */
interface Judging {
  readonly span: BucketRange
  readonly window: Window
  readonly open: Alert | undefined
  readonly turn: Trigger
  readonly at: Millis
  readonly judged: JudgedWindow
}

function applyVerdict(fold: Fold, watched: WatchedSeries, plan: WindowPlan, judging: Judging): void {
  const { host, info } = watched
  const { span, window, open, turn, at, judged } = judging
  const { outcome: verdict } = judged
  if (verdict.kind === 'normal' && open === undefined) return
  if (isSilent(verdict) && (open === undefined || window.n > 0)) return
  if (turn !== 'closed' && !isRelevant(fold, watched, plan, span.to, at, turn, verdict, open)) return
  const found: EvaluationResult = {
    ...evaluationResult(at, judged, windowContext(fold, watched, plan, at, turn, verdict)),
    surroundings(since) {
      const peers = comparePeers(fold, watched, plan, span)
      return {
        chart: { ...buildChartData(watched, plan, span, plan.width, since), ...chartLimits(plan, judged) },
        ...(peers === undefined ? {} : { peers }),
      }
    },
  }
  const id = alertId(plan.rule.name, info.key)
  updateAlert(fold, host.alerts, id, alertSubject(plan, host, info), found, timersFor(watched, plan, open))
}

/**
 * Whether the verdict on a window that is not judged in its turn (open, or closed long ago) counts. It may begin an
 * alert that was not told before, or raise its severity. Beyond that it counts only for a series that is always late,
 * of which the turn had nothing to say: in a window that is newer than all that was said of the alert, and that the
 * series itself has left behind. So what was judged in its turn does not depend on the order of arrival.
 */
function isRelevant(
  fold: Fold,
  { host, info, store, slot }: WatchedSeries,
  plan: WindowPlan,
  end: number,
  at: Millis,
  turn: Exclude<Trigger, 'closed'>,
  verdict: Verdict,
  open: Alert | undefined,
): boolean {
  if (isSilent(verdict)) return false
  if (open === undefined) {
    return verdict.kind === 'anomalous' && at > lastResolvedAt(fold.state, plan.rule.name, host.name, info.key)
  }
  if (turn === 'late' && at > open.evaluatedAt && end <= newestBucket(store, slot)) return true
  if (verdict.kind === 'normal') return false
  return (
    open.lifecycle.state === 'pending' || (open.lifecycle.severity === 'warning' && verdict.severity === 'critical')
  )
}

/** An open window says what is so now, although it ends later; one without data, up to when there were some. */
function windowContext(
  fold: Fold,
  watched: WatchedSeries,
  plan: WindowPlan,
  at: Millis,
  turn: Trigger,
  verdict: Verdict,
): WindowContext {
  if (turn === 'early') return { since: Math.min(at, fold.state.now), isOpen: true }
  return isSilent(verdict) ? { since: Math.min(at, newestSample(fold, watched, plan)) } : {}
}

/** When the newest sample of a series was taken, or else the end of its bucket; of a count, its host's newest event. */
function newestSample({ state }: Fold, { host, info, slot }: WatchedSeries, plan: WindowPlan): Millis {
  if (plan.rule.kind === 'count') return host.newestEvent
  const store = state.stores.get(info.metric) as Store
  const head = newestBucket(store, slot)
  const { lastTs } = readWindow(store, slot, { from: head, to: head + 1 })
  return lastTs > 0 ? lastTs : (head + 1) * store.layout.width
}

/** What a rule says of one window of a series, for people who ask; changes nothing. */
export function evaluateNow(watched: WatchedSeries, plan: WindowPlan, end: number): Evaluation {
  const { host, info, store, slot } = watched
  const span: BucketRange = { from: end - plan.over, to: end }
  const window = readWindow(store, slot, span)
  const open = host.alerts.get(alertId(plan.rule.name, info.key))
  const judged = judgeWindow(watched, plan, span, window, open, false)
  const evaluatedAt: Millis = end * plan.width
  const { value, evidence } = evaluationResult(evaluatedAt, judged)
  const { labels, measure } = alertSubject(plan, host, info).identity
  const seen = { host: host.name, labels, measure, value, evaluatedAt, ...findHint(plan, value) }
  const isUncovered = judged.verdict.kind === 'no_data' && window.n > 0
  return { ...seen, evidence: isUncovered ? { why: { code: 'not_covered', params: {} } } : evidence }
}

function alertId(rule: string, key: string): string {
  return `${rule}\n${key}`
}

/** Lets the detector take note of a window that has closed. What it says of the window is said of what it knew before. */
function learn({ detector, params, view, verdict, learnt, breached }: JudgedWindow): void {
  if (breached !== undefined) writeBreached(learnt, breached)
  detector.learn?.(params, view, verdict, learnt)
}

/**
 * Judges a window by its detector, beside what is held of it.
 *
 * @param isNew whether the window is one more, and not the newest that was judged.
 */
function judgeWindow(
  watched: WatchedSeries,
  plan: WindowPlan,
  span: BucketRange,
  window: Window,
  open: Alert | undefined,
  isNew: boolean,
): JudgedWindow {
  const { detector } = plan
  const params = paramsFor(plan.rule, watched.host.name)
  const held = open?.lifecycle.state === 'firing' ? open.lifecycle.severity : undefined
  const view = viewWindow(watched, plan, span, window)
  const learnt = learntCells(watched, plan)
  const verdict = detector.judge(params, view, held, learnt)
  const { rule } = plan
  const judged = { rule, detector, params, view, learnt, verdict, outcome: verdict }
  if (rule.breaches === undefined) return judged
  const known = readBreached(learnt)
  const breached = isNew ? addVerdict(known, rule.breaches, verdict) : known
  return { ...judged, breached, outcome: countBreaches(breached, rule.breaches, verdict) }
}

/** A pause between two windows, or between two samples of a series that reports seldom, is not the end of its data. */
function timersFor({ store, slot }: WatchedSeries, plan: WindowPlan, open: Alert | undefined): AlertTimers {
  const { rule } = plan
  const forgetPending = Math.max(rule.for, rule.over, rule.every)
  const tellsFall = rule.notifyOnDowngrade === true
  const patience = { for: rule.for, keepFiringFor: rule.keepFiringFor, forgetPending, tellsFall }
  if (open?.lifecycle.state !== 'pending') return patience
  const interval = estimateInterval(store, slot, newestBucket(store, slot) + 1)
  return Number.isNaN(interval) ? patience : { ...patience, forgetPending: Math.max(forgetPending, 2 * interval) }
}
