import { createHash } from 'node:crypto'
import type { LearntColumn } from '../aggregate/learnt.ts'
import type { Layout } from '../aggregate/store.ts'
import type { AnyDetector, Needs } from '../detect/detector.ts'
import { findDetector, listParams } from '../detect/index.ts'
import { BREACH_COLUMNS } from './evaluate/breaches.ts'
import { foldHostName, matchesHosts } from '../labels/host-name.ts'
import type { AbsenceRule, Bounds, CountRule, EngineConfig, Metric, MetricRule, Millis, Of, Rule } from '../model.ts'
import { bucketWidth, metricBounds, readPercentile, SEP } from '../model.ts'

/** What follows from a configuration, computed once. Lengths are in buckets of their tier. */
export interface Plan {
  readonly config: EngineConfig
  readonly metrics: ReadonlyMap<string, MetricPlan>
  readonly absences: readonly AbsenceRule[]
  /** The longest silence that a rule waits for. */
  readonly maxAbsence: Millis
  /** Sources whose silence is reported, even if they never connected. */
  readonly expectedSources: ReadonlySet<string>
  /** Expected hosts as the configuration spells them, by what all spellings have in common. */
  readonly expected: ReadonlyMap<string, string>
  readonly retireAfter: Millis
}

/** The buckets of a metric, the finest ones first: those are always kept, wider ones only where a rule's window needs them. */
export interface MetricPlan {
  readonly metric: Metric
  readonly bounds: Bounds
  readonly tiers: readonly Tier[]
  /** The factor that converts a value to a share of a whole, for metrics in reports; else undefined. */
  readonly utilizationScale: number | undefined
  /** True if alerts show the counted events, because too many of them are the problem. */
  readonly showsEvents: boolean
}

/** Buckets of one width, with the rules that use them, in the order of the file. */
export interface Tier {
  /** The name of their store; that of the finest is the metric's. */
  readonly id: string
  readonly layout: Layout
  /** The width in buckets of the finest tier. */
  readonly ratio: number
  readonly rules: readonly WindowPlan[]
  readonly hasEarly: boolean
  readonly maxWindow: number
}

export interface WindowPlan {
  readonly rule: MetricRule | CountRule
  readonly metric: Metric
  readonly detector: AnyDetector
  /** The learnt columns of each series, and the position of the first one in the store. */
  readonly learnt: readonly LearntColumn[]
  readonly firstLearnt: number
  readonly of: Of
  /** Width of the buckets, and in those the window's length and the step from one to the next. */
  readonly width: Millis
  readonly over: number
  readonly every: number
  /** How far before its window the detector reads, in buckets too. */
  readonly lookback: number
  readonly learning: number
  /** An empty window of a count is judged as well. */
  readonly zeroes: boolean
  /** More data could undo what it finds, so it waits longer. */
  readonly extraLateness: boolean
  /** More data cannot undo what it finds, so that its window need not be covered. */
  readonly isMonotone: boolean
  /**
   * True if it may fire before its window has closed: more data cannot revert a breach, there is no `for`, and one
   * window suffices.
   */
  readonly isEarly: boolean
}

/** Kept at least, and beyond the longest window, so that late samples find their bucket. */
const MIN_RETENTION = 5 * 60_000
const LATE_MARGIN = 2 * 60_000

export function createPlan(config: EngineConfig): Plan {
  const windows = config.rules.filter((rule) => rule.kind !== 'absence')
  const counted = windows.filter((rule) => rule.kind === 'count').map(countMetric)
  const all = [...config.metrics, ...counted]
  const rules = windows.map((rule) => windowPlan(rule, all, config.bucket))
  const absences = config.rules.filter((rule) => rule.kind === 'absence')
  const shares = utilizationMetrics(config)
  return {
    config,
    metrics: new Map(all.map((metric) => [metric.name, metricPlan(metric, rules, config, shares.has(metric.name))])),
    absences,
    maxAbsence: Math.max(0, ...absences.map((rule) => rule.after)),
    expected: new Map(config.hosts.expected.map((name) => [foldHostName(name), name])),
    expectedSources: new Set(config.sources.filter((name) => !config.occasionalSources.includes(name))),
    retireAfter: config.hosts.retireAfter,
  }
}

/** Reports show at most this many metrics, the first of the configuration. */
const MAX_UTILIZATION_METRICS = 4

/** Returns the metrics that are a share of a whole host, not of a part of it; none if no receiver has a report. */
function utilizationMetrics({ metrics, receivers }: EngineConfig): ReadonlySet<string> {
  if (receivers.every(({ report }) => report === undefined)) return new Set()
  const shares = metrics.filter(
    ({ unit, by, kind }) => (unit === 'ratio' || unit === 'percent') && by.length === 0 && kind === 'gauge',
  )
  return new Set(shares.slice(0, MAX_UTILIZATION_METRICS).map(({ name }) => name))
}

function metricPlan(metric: Metric, all: readonly WindowPlan[], config: EngineConfig, isShare: boolean): MetricPlan {
  const rules = all.filter((plan) => plan.metric.name === metric.name)
  const widths = new Set([config.bucket, ...rules.map((plan) => plan.width)])
  return {
    metric,
    bounds: metricBounds(metric),
    tiers: [...widths].sort((a, b) => a - b).map((width) => tierPlan(metric, rules, width, config.bucket)),
    showsEvents: rules.some(({ rule, zeroes }) => rule.kind === 'count' && !zeroes),
    utilizationScale: isShare ? (metric.unit === 'percent' ? 0.01 : 1) : undefined,
  }
}

function tierPlan(metric: Metric, all: readonly WindowPlan[], width: Millis, finest: Millis): Tier {
  const rules = placeLearnt(all.filter((plan) => plan.width === width))
  return {
    id: width === finest ? metric.name : `${metric.name}${SEP}${width}`,
    layout: buildLayout(metric, rules, width),
    ratio: width / finest,
    rules,
    hasEarly: rules.some((plan) => plan.isEarly),
    maxWindow: Math.max(0, ...rules.map((plan) => plan.over + plan.lookback)),
  }
}

/** Gives the learnt columns of the rules of a tier their places, one after the other. */
function placeLearnt(rules: readonly WindowPlan[]): readonly WindowPlan[] {
  let firstLearnt = 0
  return rules.map((plan) => {
    const placed = { ...plan, firstLearnt }
    firstLearnt += plan.learnt.length
    return placed
  })
}

/** The columns of a rule. A rule that judges anything else, or otherwise, is another owner. */
function learntColumns(rule: MetricRule | CountRule, { learnt }: AnyDetector): readonly LearntColumn[] {
  const columns = Object.entries({ ...learnt, ...(rule.breaches === undefined ? {} : BREACH_COLUMNS) })
  if (columns.length === 0) return []
  const { name, kind, over, every, minSamples, breaches, condition, overrides } = rule
  const judged = JSON.stringify([kind, over, every, minSamples, breaches, condition, overrides])
  const owner = `${name} ${createHash('sha1').update(judged).digest('hex')}`
  return columns.map(([column, type]) => ({ owner, name: column, kind: type }))
}

/** The metric under which the matches of a `count` rule are kept. */
export function countMetricName(rule: string): string {
  return `count(${rule})`
}

function countMetric(rule: CountRule): Metric {
  const { name, by, byFields } = rule
  return { name: countMetricName(name), fields: [], unit: 'none', kind: 'gauge', by, byFields }
}

function windowPlan(rule: MetricRule | CountRule, metrics: readonly Metric[], finest: Millis): WindowPlan {
  const width = bucketWidth(rule.over, finest)
  const name = rule.kind === 'count' ? countMetricName(rule.name) : rule.metric
  const metric = metrics.find((one) => one.name === name) as Metric
  const detector = findDetector(rule.condition.detector)
  const needs = mergeNeeds(listParams(rule).map((params) => detector.needs(params)))
  const isMonotone = needs.trigger === 'early'
  return {
    rule,
    metric,
    detector,
    learnt: learntColumns(rule, detector),
    firstLearnt: 0,
    of: rule.kind === 'count' ? 'count' : needs.of,
    width,
    over: rule.over / width,
    every: rule.every / width,
    lookback: needs.lookback * (rule.over / width),
    learning: needs.learning * (rule.over / width),
    zeroes: needs.zeroes,
    extraLateness: needs.extraLateness,
    isMonotone,
    isEarly: isMonotone && rule.for === 0 && rule.breaches === undefined,
  }
}

/** Combines the needs of a rule and its overrides. */
function mergeNeeds(all: readonly Needs[]): Needs {
  const [first = NO_NEEDS] = all
  return {
    of: first.of,
    lookback: Math.max(...all.map(({ lookback }) => lookback)),
    learning: Math.max(...all.map(({ learning }) => learning)),
    zeroes: all.some(({ zeroes }) => zeroes),
    trigger: all.every(({ trigger }) => trigger === 'early') ? 'early' : 'closed',
    extraLateness: all.some(({ extraLateness }) => extraLateness),
  }
}

const NO_NEEDS: Needs = { of: 'mean', lookback: 0, learning: 0, zeroes: false, trigger: 'closed', extraLateness: false }

function buildLayout(metric: Metric, rules: readonly WindowPlan[], width: Millis): Layout {
  const longest = Math.max(0, ...rules.map((plan) => (plan.over + plan.lookback) * width))
  const asks = (...of: Of[]): boolean => rules.some((plan) => of.includes(plan.of))
  const distributions = rules.some((plan) => readPercentile(plan.of) !== undefined)
  return {
    width,
    cells: Math.ceil(Math.max(MIN_RETENTION, longest + LATE_MARGIN) / width),
    squares: asks('stddev'),
    extremes: asks('min', 'max', 'range') || distributions,
    last: asks('last'),
    counter: metric.kind === 'counter' && asks('increase', 'rate', 'last'),
    extraLateness: rules.some((plan) => plan.extraLateness),
    learnt: rules.flatMap((plan) => plan.learnt),
    distributions,
  }
}

/** Returns the params for a host: those of the last matching override, else the rule's own. */
export function paramsFor(rule: MetricRule | CountRule, host: string): unknown {
  const override = rule.overrides.findLast(({ hosts }) => matchesHosts(hosts, host))
  return override === undefined ? rule.condition.params : override.params
}

export function appliesTo(rule: Rule, host: string): boolean {
  return matchesHosts(rule.hosts, host)
}

export function isExpected({ expected }: Plan, host: string): boolean {
  return expected.has(foldHostName(host))
}
