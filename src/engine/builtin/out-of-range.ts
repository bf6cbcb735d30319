import {
  BUILTIN_RULES,
  type EngineConfig,
  type EventSamples,
  type Limit,
  metricBounds,
  type Millis,
  type Reason,
  SEP,
} from '../../model.ts'
import { resolveAlert, updateAlert, type AlertSubject } from '../evaluate/alerts.ts'
import { countRecent, RANGE_WINDOW, type RangeTally } from '../range-tally.ts'
import type { MetricPlan } from '../plan.ts'
import { type Sample, sampleEvent, sampleHosts, sampleSource } from '../sample.ts'
import type { WorkBudget } from '../evaluate/due-windows.ts'
import type { Fold, Host, HostScan } from '../state.ts'
import { builtinAlertId, builtinResult, COST, IMMEDIATE_TIMERS, stateIdentity, stateMeasure } from './evaluation.ts'
import type { BuiltinStateRule } from './rule.ts'

/** The share of the readings of ten minutes that may be outside. */
const LIMIT: Limit = { op: 'above', value: 0.5 }
/** An alert whose series sent nothing for this long is about something that is gone. */
const GONE_AFTER: Millis = 25 * 3_600_000

/**
 * Most readings of a series are outside the bounds of its metric: they are left out, and no rule evaluates it. An alert
 * stays while no readings come.
 */
export const outOfRange: BuiltinStateRule = {
  name: BUILTIN_RULES.range,
  severities: () => ['warning'],
  watchHost,
  observe({ state }, of) {
    if (!state.hosts.has(of)) return undefined
    const why: Reason = { code: 'readings_in_range', params: {} }
    return { measure: stateMeasure('out_of_range'), value: 0, evidence: { limit: LIMIT, why } }
  },
  sample,
}

function watchHost(fold: Fold, _: HostScan, host: Host, work: WorkBudget): void {
  if (host.ranges === undefined) return
  work.spent += COST.figure * host.ranges.size
  for (const [key, tally] of host.ranges) watchSeries(fold, host, key, tally)
  if (host.ranges.size === 0) delete host.ranges
}

function sample(config: EngineConfig): Sample | undefined {
  const metric = config.metrics.find(({ kind }) => kind === 'gauge')
  if (metric === undefined) return undefined
  const { min, max } = metricBounds(metric)
  const [source, [about = '']] = [sampleSource(config), sampleHosts([], 1)]
  const series = [[metric.name, ...metric.by.map((label) => `${label}-1`)].join(SEP)]
  const event = (to: Millis, value: number): EventSamples => ({ ...sampleEvent(about, to), series, values: [value] })
  return {
    about,
    settle: config.bucket,
    every: config.bucket,
    patience: 3 * RANGE_WINDOW,
    arrive: (phase, _, to) => [{ source, events: [event(to, phase === 'good' ? (min + max) / 2 : 2 * max)] }],
  }
}

function watchSeries(fold: Fold, host: Host, key: string, tally: RangeTally): void {
  const { now } = fold.state
  const id = builtinAlertId(BUILTIN_RULES.range, key)
  const isOpen = host.alerts.has(id)
  const [name = '', ...values] = key.split(SEP)
  const plan = fold.plan.metrics.get(name)
  const { outside, inside } = countRecent(tally, now)
  const isGone = now - tally.lastAt >= GONE_AFTER
  if (plan === undefined || isGone || (outside === 0 && !isOpen && tally.lastAt > tally.outsideAt)) {
    host.ranges?.delete(key)
    const params = { metric: name, series: values.join(' ') || name, host: host.name, for: GONE_AFTER }
    if (plan === undefined) resolveAlert(fold, host.alerts, id, 'rule_changed', { code: 'metric_removed', params })
    else resolveAlert(fold, host.alerts, id, 'series_gone', { code: 'series_gone', params })
    return
  }
  const isOutside = outside > inside
  if (outside + inside === 0 || (!isOpen && !(isOutside && tally.outsideAt - tally.since >= RANGE_WINDOW))) return
  const why = rangeReason(plan, tally, { outside, inside }, isOutside)
  const share = outside / (outside + inside)
  const result = builtinResult(fold, isOutside, 'warning', share, { limit: LIMIT, why })
  updateAlert(fold, host.alerts, id, rangeSubject(fold, host, key, plan), result, IMMEDIATE_TIMERS)
}

function rangeReason(
  { metric: { name: metric, unit, kind }, bounds }: MetricPlan,
  { outsideValue: value }: RangeTally,
  { outside, inside }: ReturnType<typeof countRecent>,
  isOutside: boolean,
): Reason {
  if (!isOutside) return { code: 'readings_inside', params: { metric } }
  return {
    code: 'readings_outside',
    params: { metric, unit, kind, outside, readings: outside + inside, value, ...bounds },
  }
}

function rangeSubject(fold: Fold, host: Host, key: string, { metric: { by } }: MetricPlan): AlertSubject {
  const values = key.split(SEP).slice(1)
  const labels = Object.fromEntries(by.map((label, i) => [label, values[i] ?? '']))
  const identity = { ...stateIdentity(BUILTIN_RULES.range, host.name, 'out_of_range', key), labels }
  return { identity, source: host.source, notify: fold.plan.config.selfMonitoring }
}
