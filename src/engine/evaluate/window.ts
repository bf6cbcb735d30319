import { TOO_OLD } from '../../aggregate/watermark.ts'
import { headOf, judgedOf, setJudged, type Store } from '../../aggregate/store.ts'
import { figureOf, intervalOf, isWarm, type Span, type Window, windowOf } from '../../aggregate/window.ts'
import { judge, type Verdict } from '../../detect/threshold.ts'
import type { Evaluation, Millis } from '../../model.ts'
import type { Patience } from '../../alert/lifecycle.ts'
import { foundOf, hintOf, subjectOf, type Whence } from './evidence.ts'
import { peersOf } from './peers.ts'
import { pictureOf } from './chart-data.ts'
import { concerns, thresholdFor, type Tier, type WindowPlan } from '../plan.ts'
import { endedAt, type Found, raise } from './alerts.ts'
import type { Alert, Fold, Host, KeyInfo } from '../state.ts'

/** The buckets of one series, of one width, under the eyes of their rules. */
export interface Watched {
  readonly host: Host
  readonly info: KeyInfo
  readonly tier: Tier
  readonly store: Store
  readonly slot: number
}

/** What one slice of a tick costs at most, so that it takes a few milliseconds; the rest waits for the next. */
export const SLICE = 1500

/** What judging cost: window ends looked at, by their length. */
export interface Judged {
  cost: number
}

/** A series in all its tiers, the finest first. */
export function watchedOf(fold: Fold, host: Host, id: number): readonly Watched[] {
  const info = fold.state.keys.infos[id] as KeyInfo
  const slot = host.series.get(id) as number
  const tiers = fold.plan.metrics.get(info.metric)?.tiers ?? []
  return tiers.map((tier) => ({ host, info, tier, store: fold.state.stores.get(tier.id) as Store, slot }))
}

/** One for a window of two minutes; longer ones have more buckets to merge. */
function costOf(plan: WindowPlan): number {
  return (20 + plan.over) / 32
}

/**
 * Judges every window end of a series that has closed since the last time, in the order of event time.
 *
 * @param closed the closed buckets, in those of the finest tier.
 */
export function judgeClosed(fold: Fold, watched: Watched, closed: number, closedSlow: number, out: Judged): void {
  const { ratio } = watched.tier
  judgeUpTo(fold, watched, false, Math.floor(closed / ratio), out)
  judgeUpTo(fold, watched, true, Math.floor(closedSlow / ratio), out)
}

/** The same for rules of one wait, which share how far they have judged; `closed` is in buckets of the tier. */
export function judgeUpTo(fold: Fold, watched: Watched, slow: boolean, closed: number, out: Judged): void {
  const { tier, store, slot, host } = watched
  const judged = judgedOf(store, slot, slow)
  if (!(closed > judged)) return
  for (const plan of tier.rules) {
    if (plan.slow !== slow || !concerns(plan.rule, host.name)) continue
    for (const end of endsWithin(plan, store, newestOf(watched, plan), judged, closed)) {
      out.cost += costOf(plan)
      judgeWindow(fold, watched, plan, end, Infinity, 'closed')
    }
    forgetPending(fold, watched, plan, closed)
  }
  setJudged(store, slot, slow, closed)
}

/**
 * The window ends in (judged, closed] whose windows overlap kept buckets that hold samples, and one more, at which a
 * series enters "no data". Years without samples are one step.
 */
function endsWithin(plan: WindowPlan, store: Store, newest: number, judged: number, closed: number): number[] {
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
function newestOf({ host, info, store, slot }: Watched, plan: WindowPlan): number {
  const head = headOf(store, slot)
  const counts = plan.of === 'count' && host.alerts.size > 0 && host.alerts.has(alertId(plan.rule.name, info.key))
  return counts ? Math.max(head, Math.floor(host.newest / plan.width)) : head
}

/** A pending alert whose data stopped is over after a while, although no window says so any more. */
function forgetPending(fold: Fold, watched: Watched, plan: WindowPlan, closed: number): void {
  const { host, info } = watched
  if (host.alerts.size === 0) return
  const id = alertId(plan.rule.name, info.key)
  const open = host.alerts.get(id)
  if (open?.life.state !== 'pending') return
  const found = foundOf(plan, closed * plan.width, 0, { kind: 'no_data' })
  raise(fold, host.alerts, id, subjectOf(plan, host, info), found, patienceOf(watched, plan, open))
}

/** Late samples changed what is known after the (finest) bucket `late`: the ends that they touch are judged once more. */
export function judgeLate(fold: Fold, watched: Watched, late: number, out: Judged): void {
  const { tier, store, slot, host } = watched
  const from = Math.floor(late / tier.ratio)
  for (const plan of tier.rules) {
    if (!concerns(plan.rule, host.name)) continue
    const judged = judgedOf(store, slot, plan.slow)
    const head = headOf(store, slot)
    for (const end of endsWithin(plan, store, head, from, Math.min(judged, head + plan.over))) {
      out.cost += costOf(plan)
      judgeWindow(fold, watched, plan, end, Infinity, 'late')
    }
  }
}

/** Rules that more data cannot undo look at the open window too. */
export function judgeEarly(fold: Fold, watched: Watched, out: Judged): void {
  const { tier, store, slot, host, info } = watched
  const newest = (headOf(fold.state.stores.get(info.metric) as Store, slot) + 1) * fold.plan.config.bucket
  for (const plan of tier.rules) {
    if (!plan.early || !concerns(plan.rule, host.name)) continue
    out.cost += costOf(plan)
    const end = Math.ceil((headOf(store, slot) + 1) / plan.every) * plan.every
    judgeWindow(fold, watched, plan, end, newest, 'early')
  }
}

/** After a pause of the source: one extra window per rule, up to the end of its newest bucket (a finest one). */
export function judgeFlush(fold: Fold, watched: Watched, bucket: number, out: Judged): void {
  const { tier } = watched
  const end = Math.floor(bucket / tier.ratio) + 1
  const newest = (bucket + 1) * fold.plan.config.bucket
  for (const plan of tier.rules) {
    if (plan.slow || !concerns(plan.rule, watched.host.name)) continue
    out.cost += costOf(plan)
    judgeWindow(fold, watched, plan, end, newest, 'flush')
  }
}

/**
 * Why a window is judged: it has closed, it is open still, nothing more may come into it for long, or late samples came
 * into it after it had closed.
 */
type Turn = 'closed' | 'early' | 'flush' | 'late'

/** @param newest how far an open window reaches yet: what is found in it is dated by that, not by the end to come. */
function judgeWindow(fold: Fold, watched: Watched, plan: WindowPlan, end: number, newest: Millis, turn: Turn): void {
  const { host, info } = watched
  // Whoever reads a month of logs for the first time asks for history, not for alerts.
  if (end * plan.width < fold.state.now - TOO_OLD) return
  const id = alertId(plan.rule.name, info.key)
  const open = host.alerts.size === 0 ? undefined : host.alerts.get(id)
  const span: Span = { from: end - plan.over, to: end }
  const window = windowOf(watched.store, watched.slot, span)
  if (window.n === 0 && open === undefined && !(plan.slow && plan.of === 'count')) return
  const verdict = verdictOf(watched, plan, span, window, open)
  if (verdict.kind === 'normal' && open === undefined) return
  if (verdict.kind === 'no_data' && (open === undefined || window.n > 0)) return
  const at = Math.min(end * plan.width, newest)
  if (turn !== 'closed' && !isNews(fold, watched, plan, end, at, turn, verdict, open)) return
  const found: Found = {
    ...foundOf(plan, at, window.n, verdict, whence(fold, watched, plan, at, turn, verdict)),
    surroundings(since) {
      const peers = peersOf(fold, watched, plan, span)
      return { picture: pictureOf(watched, plan, span, plan.width, since), ...(peers === undefined ? {} : { peers }) }
    },
  }
  raise(fold, host.alerts, id, subjectOf(plan, host, info), found, patienceOf(watched, plan, open))
}

/**
 * Whether the verdict on a window that is not judged in its turn (open, or closed long ago) counts. It may begin an
 * alert that was not told before, or raise its severity. Beyond that it counts only for a series that is always late,
 * of which the turn had nothing to say: in a window that is newer than all that was said of the alert, and that the
 * series itself has left behind. So what was judged in its turn does not depend on the order of arrival.
 */
function isNews(
  fold: Fold,
  { host, info, store, slot }: Watched,
  plan: WindowPlan,
  end: number,
  at: Millis,
  turn: Exclude<Turn, 'closed'>,
  verdict: Verdict,
  open: Alert | undefined,
): boolean {
  if (verdict.kind === 'no_data') return false
  if (open === undefined) {
    return verdict.kind === 'anomalous' && at > endedAt(fold.state, plan.rule.name, host.name, info.key)
  }
  if (turn === 'late' && at > open.at && end <= headOf(store, slot)) return true
  if (verdict.kind === 'normal') return false
  return open.life.state === 'pending' || (open.life.severity === 'warning' && verdict.severity === 'critical')
}

/** An open window says what is so now, although it ends later; one without data, up to when there were some. */
function whence(fold: Fold, watched: Watched, plan: WindowPlan, at: Millis, turn: Turn, verdict: Verdict): Whence {
  if (turn === 'early') return { since: Math.min(at, fold.state.now), isOpen: true }
  return verdict.kind === 'no_data' ? { since: Math.min(at, newestSample(fold, watched, plan)) } : {}
}

/** When the newest sample of a series was taken, or else the end of its bucket; of a count, its host's newest event. */
function newestSample({ state }: Fold, { host, info, slot }: Watched, plan: WindowPlan): Millis {
  if (plan.rule.kind === 'count') return host.newest
  const store = state.stores.get(info.metric) as Store
  const head = headOf(store, slot)
  const { lastTs } = windowOf(store, slot, { from: head, to: head + 1 })
  return lastTs > 0 ? lastTs : (head + 1) * store.layout.width
}

/** What a rule says of one window of a series, for people who ask; changes nothing. */
export function lookAt(watched: Watched, plan: WindowPlan, end: number): Evaluation {
  const { host, info, store, slot } = watched
  const span: Span = { from: end - plan.over, to: end }
  const window = windowOf(store, slot, span)
  const open = host.alerts.get(alertId(plan.rule.name, info.key))
  const verdict = verdictOf(watched, plan, span, window, open)
  const at: Millis = end * plan.width
  const { value, evidence } = foundOf(plan, at, window.n, verdict)
  const { labels, measure } = subjectOf(plan, host, info).identity
  const seen = { host: host.name, labels, measure, value, at, ...hintOf(plan, value) }
  const isUncovered = verdict.kind === 'no_data' && window.n > 0
  return { ...seen, evidence: isUncovered ? { why: { code: 'not_covered', params: {} } } : evidence }
}

function alertId(rule: string, key: string): string {
  return `${rule}\n${key}`
}

function verdictOf(watched: Watched, plan: WindowPlan, span: Span, window: Window, open: Alert | undefined): Verdict {
  const { store, slot, host } = watched
  const threshold = thresholdFor(plan.rule, host.name)
  const held = open?.life.state === 'firing' ? open.life.severity : undefined
  if (plan.of === 'count' && window.n === 0) {
    return host.newest >= span.from * plan.width ? judge(threshold, 0, held) : { kind: 'no_data' }
  }
  if (!isCovered(watched, plan, span, window)) return { kind: 'no_data' }
  return judge(threshold, figureOf(store, slot, span, plan.rule.kind === 'count' ? 'sum' : plan.of, window), held)
}

/** Whether the window holds enough to be judged; what nothing can undo needs no more than it asks for by itself. */
function isCovered({ store, slot }: Watched, plan: WindowPlan, span: Span, window: Window): boolean {
  const { minSamples } = plan.rule
  if (plan.monotone) return minSamples === undefined || window.n >= minSamples
  return isWarm(store, slot, span, window, minSamples)
}

/** A pause between two windows, or between two samples of a series that reports seldom, is not the end of its data. */
function patienceOf({ store, slot }: Watched, plan: WindowPlan, open: Alert | undefined): Patience {
  const { rule } = plan
  const forgetPending = Math.max(rule.for, rule.over, rule.every)
  const tellsFall = rule.notifyOnDowngrade === true
  const patience = { for: rule.for, keepFiringFor: rule.keepFiringFor, forgetPending, tellsFall }
  if (open?.life.state !== 'pending') return patience
  const interval = intervalOf(store, slot, headOf(store, slot) + 1)
  return Number.isNaN(interval) ? patience : { ...patience, forgetPending: Math.max(forgetPending, 2 * interval) }
}
