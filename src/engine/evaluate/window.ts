import { MAX_EVENT_AGE } from '../../aggregate/watermark.ts'
import { newestBucket, type Store } from '../../aggregate/store.ts'
import { estimateInterval, type BucketRange, readWindow, type Window } from '../../aggregate/window.ts'
import type { Verdict } from '../../detect/detector.ts'
import type { AlertSnapshot, Evaluation, MatchedEvent, Millis } from '../../model.ts'
import type { AlertTimers } from '../../alert/lifecycle.ts'
import {
  evaluationResult,
  findHint,
  isUneventful,
  type JudgedWindow,
  noData,
  alertSubject,
  type WindowContext,
} from './evidence.ts'
import { comparePeers } from './peers.ts'
import { buildChartData, chartLimits } from './chart-data.ts'
import { matchesSince } from './matched-events.ts'
import { paramsFor, type Tier, type WindowPlan } from '../plan.ts'
import { lastResolvedAt, type EvaluationResult, updateAlert } from './alerts.ts'
import { addVerdict, countBreaches, readBreached, writeBreached } from './breaches.ts'
import { learntCells, viewWindow } from './window-view.ts'
import type { Alert, Fold, Host, KeyInfo } from '../state.ts'

/** The buckets of one series in one tier, and the rules that evaluate them. */
export interface WatchedSeries {
  readonly host: Host
  readonly info: KeyInfo
  readonly tier: Tier
  readonly store: Store
  readonly slot: number
}

/** A series in all its tiers, the finest first. */
export function watchedSeries(fold: Fold, host: Host, id: number): readonly WatchedSeries[] {
  const info = fold.state.keys.infos[id] as KeyInfo
  const slot = host.series.get(id) as number
  const tiers = fold.plan.metrics.get(info.metric)?.tiers ?? []
  return tiers.map((tier) => ({ host, info, tier, store: fold.state.stores.get(tier.id) as Store, slot }))
}

/** Ends a pending alert some time after its data stopped, when no window is evaluated any more. */
export function expirePending(fold: Fold, watched: WatchedSeries, plan: WindowPlan, closed: number): void {
  const { host, info } = watched
  if (host.alerts.size === 0) return
  const id = alertId(plan.rule.name, info.key)
  const open = host.alerts.get(id)
  if (open?.lifecycle.state !== 'pending') return
  const found = noData(closed * plan.width)
  updateAlert(fold, host.alerts, id, alertSubject(plan, host, info), found, timersFor(watched, plan, open))
}

/**
 * Why a window is evaluated: it closed, it is still open, its source paused, or late samples were added after it
 * closed.
 */
type Trigger = 'closed' | 'early' | 'flush' | 'late'

/** @param newest end of the data in an open window: its result has that date, not the end of the window. */
export function evaluateWindow(
  fold: Fold,
  watched: WatchedSeries,
  plan: WindowPlan,
  end: number,
  newest: Millis,
  trigger: Trigger,
): void {
  const { host, info } = watched
  // Last month's logs that are read for the first time are history and start no alerts.
  if (end * plan.width < fold.state.now - MAX_EVENT_AGE) return
  // `breaches` counts closed windows only.
  if (trigger !== 'closed' && plan.rule.breaches !== undefined) return
  const open = host.alerts.size === 0 ? undefined : host.alerts.get(alertId(plan.rule.name, info.key))
  const span: BucketRange = { from: end - plan.over, to: end }
  const window = readWindow(watched.store, watched.slot, span)
  if (window.n === 0 && open === undefined && !plan.zeroes) return
  const judged = judgeWindow(watched, plan, span, window, open, true)
  applyVerdict(fold, watched, plan, { span, window, open, trigger, at: Math.min(end * plan.width, newest), judged })
  if (trigger === 'closed') learnFromWindow(judged)
}

/** A window that is evaluated; `at` dates the result. */
interface WindowEvaluation {
  readonly span: BucketRange
  readonly window: Window
  readonly open: Alert | undefined
  readonly trigger: Trigger
  readonly at: Millis
  readonly judged: JudgedWindow
}

function applyVerdict(fold: Fold, watched: WatchedSeries, plan: WindowPlan, judging: WindowEvaluation): void {
  const { host, info } = watched
  const { span, window, open, trigger, at, judged } = judging
  const { outcome: verdict } = judged
  if (verdict.kind === 'normal' && open === undefined) return
  if (isUneventful(verdict) && (open === undefined || window.n > 0)) return
  if (trigger !== 'closed' && !isRelevant(fold, watched, plan, span.to, at, trigger, verdict, open)) return
  const found: EvaluationResult = {
    ...evaluationResult(at, judged, windowContext(fold, watched, plan, at, trigger, verdict)),
    snapshotContext: (since) => surroundings(fold, watched, plan, judged, span, since),
    ...(verdict.kind === 'anomalous' ? { events: countedEvents(fold, watched, plan, span) } : {}),
  }
  const id = alertId(plan.rule.name, info.key)
  updateAlert(fold, host.alerts, id, alertSubject(plan, host, info), found, timersFor(watched, plan, open))
}

/** The figures of a window, and its surroundings since the alert began. */
function surroundings(
  fold: Fold,
  watched: WatchedSeries,
  plan: WindowPlan,
  judged: JudgedWindow,
  span: BucketRange,
  since: Millis,
): Pick<AlertSnapshot, 'chart' | 'peers'> {
  const peers = comparePeers(fold, watched, plan, span)
  return {
    chart: { ...buildChartData(watched, plan, span, plan.width, since), ...chartLimits(plan, judged) },
    ...(peers === undefined ? {} : { peers }),
  }
}

/** Returns the surroundings of an alert as of its newest window, if it is about windows. */
export function currentSurroundings(fold: Fold, alert: Alert): Pick<AlertSnapshot, 'chart' | 'peers'> {
  const { host: name, rule, key } = alert.identity
  const host = fold.state.hosts.get(name)
  const id = fold.state.keys.ids.get(key)
  if (host === undefined || id === undefined || !host.series.has(id)) return {}
  for (const watched of watchedSeries(fold, host, id)) {
    const plan = watched.tier.rules.find((one) => one.rule.name === rule)
    if (plan === undefined) continue
    const to = Math.floor(alert.evaluatedAt / plan.width)
    const span: BucketRange = { from: to - plan.over, to }
    const judged = judgeWindow(watched, plan, span, readWindow(watched.store, watched.slot, span), alert, false)
    return surroundings(fold, watched, plan, judged, span, alert.lifecycle.since)
  }
  return {}
}

/** The newest events that a rule counted since the window began. */
function countedEvents(
  { state }: Fold,
  { host, info }: WatchedSeries,
  { rule, width }: WindowPlan,
  { from }: BucketRange,
): readonly MatchedEvent[] {
  return rule.kind === 'count' ? matchesSince(state, host.name, info.key, from * width) : []
}

/**
 * Returns true if the verdict on a window out of turn (open, or closed long ago) counts. It may start an alert, or raise
 * its severity. Otherwise it counts only for a series that is always late, so that its windows were empty when they
 * closed: if the window is newer than the last evaluation of the alert, and the series has samples after it. Results of
 * closed windows therefore do not depend on the order of arrival.
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
  if (isUneventful(verdict)) return false
  if (open === undefined) {
    return verdict.kind === 'anomalous' && at > lastResolvedAt(fold.state, plan.rule.name, host.name, info.key)
  }
  if (turn === 'late' && at > open.evaluatedAt && end <= newestBucket(store, slot)) return true
  if (verdict.kind === 'normal') return false
  return (
    open.lifecycle.state === 'pending' || (open.lifecycle.severity === 'warning' && verdict.severity === 'critical')
  )
}

/** Returns the date of a result: now for an open window, and the end of the data for a window without data. */
function windowContext(
  fold: Fold,
  watched: WatchedSeries,
  plan: WindowPlan,
  at: Millis,
  turn: Trigger,
  verdict: Verdict,
): WindowContext {
  if (turn === 'early') return { since: Math.min(at, fold.state.now), isOpen: true }
  return isUneventful(verdict) ? { since: Math.min(at, newestSample(fold, watched, plan)) } : {}
}

/** Returns the time of a series' newest sample, or the end of its bucket; for a count, of its host's newest event. */
function newestSample({ state }: Fold, { host, info, slot }: WatchedSeries, plan: WindowPlan): Millis {
  if (plan.rule.kind === 'count') return host.newestEvent
  const store = state.stores.get(info.metric) as Store
  const head = newestBucket(store, slot)
  const { lastTs } = readWindow(store, slot, { from: head, to: head + 1 })
  return lastTs > 0 ? lastTs : (head + 1) * store.layout.width
}

/**
 * Evaluates one window of a series for a query. Changes nothing.
 * @param isNewest whether it is the newest window: of older ones it is not known which of those before breached.
 */
export function evaluateNow(watched: WatchedSeries, plan: WindowPlan, end: number, isNewest = true): Evaluation {
  const { host, info, store, slot } = watched
  const span: BucketRange = { from: end - plan.over, to: end }
  const window = readWindow(store, slot, span)
  const open = host.alerts.get(alertId(plan.rule.name, info.key))
  const now = judgeWindow(watched, plan, span, window, open, false)
  const judged = isNewest ? now : { ...now, rule: {}, outcome: now.verdict }
  const evaluatedAt: Millis = end * plan.width
  const { value, evidence } = evaluationResult(evaluatedAt, judged)
  const { labels, measure } = alertSubject(plan, host, info).identity
  const seen = { host: host.name, labels, measure, value, evaluatedAt, ...findHint(plan, value) }
  const isUncovered = judged.verdict.kind === 'no_data' && window.n > 0
  return { ...seen, evidence: isUncovered ? { why: { code: 'not_covered', params: {} } } : evidence }
}

export function alertId(rule: string, key: string): string {
  return `${rule}\n${key}`
}

/** Lets the detector learn from a closed window, after its verdict on the window. */
function learnFromWindow({ detector, params, view, verdict, learnt, breached }: JudgedWindow): void {
  if (breached !== undefined) writeBreached(learnt, breached)
  detector.learn?.(params, view, verdict, learnt)
}

/**
 * Evaluates a window with its detector, given the severity of the firing alert.
 *
 * @param isNew false if the window is the newest that was evaluated before.
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

/** Returns true if data may still arrive: pauses between windows, or between rare samples, do not end a series. */
function timersFor({ store, slot }: WatchedSeries, plan: WindowPlan, open: Alert | undefined): AlertTimers {
  const { rule } = plan
  const pendingExpiry = Math.max(rule.for, rule.over, rule.every)
  const notifyOnDowngrade = rule.notifyOnDowngrade === true
  const timers = { for: rule.for, keepFiringFor: rule.keepFiringFor, pendingExpiry, notifyOnDowngrade }
  if (open?.lifecycle.state !== 'pending') return timers
  const interval = estimateInterval(store, slot, newestBucket(store, slot) + 1)
  return Number.isNaN(interval) ? timers : { ...timers, pendingExpiry: Math.max(pendingExpiry, 2 * interval) }
}
