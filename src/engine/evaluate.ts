import { headOf, judgedOf, setJudged, type Store, tailOf } from '../aggregate/store.ts'
import { figureOf, isWarm, type Span, type Window, windowOf } from '../aggregate/window.ts'
import { boundText, clearText, figureText, isUpper, judge, type Verdict } from '../detect/threshold.ts'
import type { Bound, Effect, Millis } from '../model.ts'
import type { Patience, Finding } from '../alert/lifecycle.ts'
import { concerns, thresholdFor, type WindowPlan } from './plan.ts'
import { type Found, raise, type Subject } from './raise.ts'
import type { Alert, Fold, Host, KeyInfo } from './state.ts'

/** One series under the eyes of its rules. */
export interface Watched {
  readonly host: Host
  readonly info: KeyInfo
  readonly store: Store
  readonly slot: number
}

/** What judging cost (window ends looked at), and what came of it. */
export interface Judged {
  cost: number
  readonly effects: Effect[]
}

export function watchedOf(fold: Fold, host: Host, id: number): Watched {
  const info = fold.state.keys.infos[id] as KeyInfo
  const slot = host.series.get(id) as number
  return { host, info, store: fold.state.stores.get(info.metric) as Store, slot }
}

function rulesOf(fold: Fold, info: KeyInfo): readonly WindowPlan[] {
  return fold.plan.metrics.get(info.metric)?.rules ?? []
}

/** Judges every window end of a series that has closed since the last time, in the order of event time. */
export function judgeClosed(fold: Fold, watched: Watched, closed: number, closedSlow: number, out: Judged): void {
  judgeUpTo(fold, watched, false, closed, out)
  judgeUpTo(fold, watched, true, closedSlow, out)
}

/** The same for rules of one wait, which share how far they have judged. */
export function judgeUpTo(fold: Fold, watched: Watched, slow: boolean, closed: number, out: Judged): void {
  const { info, store, slot, host } = watched
  const judged = judgedOf(store, slot, slow)
  if (!(closed > judged)) return
  for (const plan of rulesOf(fold, info)) {
    if (plan.slow !== slow || !concerns(plan.rule, host.name)) continue
    for (const end of endsWithin(plan, store, slot, judged, closed)) {
      out.cost++
      judgeWindow(fold, watched, plan, end, true, out)
    }
  }
  setJudged(store, slot, slow, closed)
}

/**
 * The window ends in (judged, closed] whose windows overlap kept buckets that hold samples, and one more, at which a
 * series enters "no data". Years without samples are one step.
 */
function endsWithin(plan: WindowPlan, store: Store, slot: number, judged: number, closed: number): number[] {
  const { every, over } = plan
  const last = Math.min(closed, headOf(store, slot) + over + every)
  const first = Math.max(judged + 1, tailOf(store, slot))
  const ends: number[] = []
  for (let end = Math.ceil(first / every) * every; end <= last; end += every) ends.push(end)
  return ends
}

/** Late samples changed buckets from `from` on: the ends they touch are judged once more, and may fire only. */
export function judgeLate(fold: Fold, watched: Watched, from: number, out: Judged): void {
  const { info, store, slot, host } = watched
  for (const plan of rulesOf(fold, info)) {
    if (!concerns(plan.rule, host.name)) continue
    const judged = judgedOf(store, slot, plan.slow)
    for (const end of endsWithin(plan, store, slot, from, Math.min(judged, headOf(store, slot) + plan.over))) {
      out.cost++
      judgeWindow(fold, watched, plan, end, false, out)
    }
  }
}

/** Rules that more data cannot undo look at the open window too. */
export function judgeEarly(fold: Fold, watched: Watched, out: Judged): void {
  const { info, store, slot, host } = watched
  for (const plan of rulesOf(fold, info)) {
    if (!plan.early || !concerns(plan.rule, host.name)) continue
    out.cost++
    const end = Math.ceil((headOf(store, slot) + 1) / plan.every) * plan.every
    judgeWindow(fold, watched, plan, end, false, out)
  }
}

/** After a pause of the source: one extra window per rule, up to the end of the newest bucket. */
export function judgeFlush(fold: Fold, watched: Watched, end: number, out: Judged): void {
  for (const plan of rulesOf(fold, watched.info)) {
    if (plan.slow || !concerns(plan.rule, watched.host.name)) continue
    out.cost++
    judgeWindow(fold, watched, plan, end, false, out)
  }
}

function judgeWindow(fold: Fold, watched: Watched, plan: WindowPlan, end: number, isFinal: boolean, out: Judged): void {
  const { host, info } = watched
  const id = alertId(plan.rule.name, info.key)
  const open = host.alerts.size === 0 ? undefined : host.alerts.get(id)
  const span: Span = { from: end - plan.over, to: end }
  const window = windowOf(watched.store, watched.slot, span)
  if (window.n === 0 && open === undefined) return
  const verdict = verdictOf(fold, watched, plan, span, window, open)
  if (verdict.kind === 'normal' && open === undefined) return
  if (verdict.kind === 'no data' && (open === undefined || window.n > 0)) return
  if (!isFinal && !isNews(verdict, open)) return
  const found = foundOf(fold, plan, span, window, verdict)
  out.effects.push(...raise(fold, host.alerts, id, subjectOf(watched, plan), found, patienceOf(plan)))
}

/**
 * Whether the verdict on a window that is not judged in its turn (open, or closed long ago) counts: it may begin an
 * alert or raise its severity, nothing else, so that the end of an alert does not depend on the order of arrival.
 */
function isNews(verdict: Verdict, open: Alert | undefined): boolean {
  if (verdict.kind !== 'anomalous') return false
  if (open === undefined || open.life.state === 'pending') return true
  return open.life.severity === 'warning' && verdict.severity === 'critical'
}

/** What a window said, in words and numbers. */
export interface Seen {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | null
  readonly bound: string
  readonly reason: string
  readonly at: Millis
}

/** What a rule says of one window of a series, for people who ask; changes nothing. */
export function lookAt(fold: Fold, watched: Watched, plan: WindowPlan, end: number): Seen {
  const { host, info, store, slot } = watched
  const span: Span = { from: end - plan.over, to: end }
  const window = windowOf(store, slot, span)
  const open = host.alerts.get(alertId(plan.rule.name, info.key))
  const verdict = verdictOf(fold, watched, plan, span, window, open)
  const { value, bound, reason } = foundOf(fold, plan, span, window, verdict)
  const { labels } = subjectOf(watched, plan)
  const at: Millis = end * fold.plan.config.bucket
  if (verdict.kind !== 'no data') return { labels, value, bound, reason, at }
  const why = window.n === 0 ? 'no data in this window' : 'too little data yet: the window is not covered'
  return { labels, value: null, bound: '', reason: why, at }
}

export function alertId(rule: string, key: string): string {
  return `${rule}\n${key}`
}

function verdictOf(
  fold: Fold,
  watched: Watched,
  plan: WindowPlan,
  span: Span,
  window: Window,
  open: Alert | undefined,
): Verdict {
  const { store, slot, host } = watched
  const width = fold.plan.config.bucket
  const threshold = thresholdFor(plan.rule, host.name)
  const held = open?.life.state === 'firing' ? open.life.severity : undefined
  if (plan.of === 'count' && window.n === 0) {
    return host.newest >= span.from * width ? judge(threshold, 0, held) : { kind: 'no data' }
  }
  if (!plan.early && !isWarm(store, slot, span, width, window, plan.rule.minSamples)) return { kind: 'no data' }
  return judge(threshold, figureOf(store, slot, span, plan.of, window), held)
}

function foundOf(fold: Fold, plan: WindowPlan, span: Span, window: Window, verdict: Verdict): Found {
  const at: Millis = span.to * fold.plan.config.bucket
  if (verdict.kind === 'no data') return { finding: { kind: 'no data', at }, value: null, bound: '', clear: '', reason: '' }
  const { value, bound } = verdict
  const finding: Finding =
    verdict.kind === 'normal'
      ? { kind: 'normal', at }
      : { kind: 'anomalous', at, severity: verdict.severity, value, lower: !isUpper(verdict.bound.op) }
  const texts = { bound: bound ? boundText(bound) : '', clear: bound ? clearText(bound) : '' }
  return { finding, value, ...texts, reason: reasonOf(plan, window, verdict, bound) }
}

function reasonOf(plan: WindowPlan, window: Window, verdict: Verdict & { value: number }, bound: Bound | undefined): string {
  const figure = `${whatOf(plan)} was ${figureText(verdict.value)}`
  const samples = plan.rule.kind === 'count' ? '' : ` (${window.n} ${window.n === 1 ? 'sample' : 'samples'})`
  if (bound === undefined) return `${figure}${samples}`
  if (verdict.kind === 'normal') return `${figure}${samples}: ${clearText(bound)}, which ends an alert`
  return `${figure}${samples}: ${boundText(bound)}`
}

function whatOf(plan: WindowPlan): string {
  const over = durationText(plan.rule.over)
  return plan.rule.kind === 'count' ? `matching events in ${over}` : `${plan.of} of ${plan.metric.name} over ${over}`
}

/** A span as rules write it: `90s`, `2m`, `1h`. */
export function durationText(span: Millis): string {
  if (span % 86_400_000 === 0) return `${span / 86_400_000}d`
  if (span % 3_600_000 === 0) return `${span / 3_600_000}h`
  return span % 60_000 === 0 ? `${span / 60_000}m` : `${span / 1000}s`
}

function subjectOf(watched: Watched, plan: WindowPlan): Subject {
  const { host, info } = watched
  const { rule, metric } = plan
  const labels = Object.fromEntries(metric.by.map((field, i) => [field, info.values[i] ?? '']))
  const { subject, body } = rule
  return {
    rule: rule.name,
    host: host.name,
    key: info.key,
    labels,
    metric: rule.kind === 'count' ? 'events' : metric.name,
    unit: unitOf(plan),
    what: whatOf(plan),
    source: host.source,
    notify: rule.notify,
    ruleLabels: rule.labels,
    ...(subject === undefined ? {} : { subject }),
    ...(body === undefined ? {} : { body }),
  }
}

function unitOf(plan: WindowPlan): Subject['unit'] {
  if (plan.of === 'count') return 'count'
  return plan.metric.unit
}

function patienceOf(plan: WindowPlan): Patience {
  const { rule } = plan
  return { for: rule.for, keepFiringFor: rule.keepFiringFor, forgetPending: Math.max(rule.for, rule.over) }
}
