import { readHosts } from './hosts.ts'
import type * as Raw from '../generated/config.ts'
import { bucketWidth, LONGEST_WINDOW, OWN_RULES, TIERS } from '../model.ts'
import type { AbsenceRule, CountRule, Metric, MetricRule, Millis, Rule, Severity } from '../model.ts'
import { meant } from '../spelling.ts'
import { warnOfOverrides } from './futile.ts'
import { canFit, outlookOf } from './fits.ts'
import type { Tests } from './fits.ts'
import { readEscalate, readRepeat } from './manner.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'
import { checkLabels, checkReceivers } from './names.ts'
import { DAY, readSpan, SECOND } from './spans.ts'
import { checkTemplates } from './templates.ts'
import { readOverride, readThreshold } from './threshold.ts'
import type { Judged } from './threshold.ts'
import { parseDuration, writeDuration } from './units.ts'
import { readWhere } from './where.ts'

/** What a rule may refer to. */
export interface RuleContext {
  readonly report: Report
  readonly bucket: Millis
  /** The metrics that are in order, and the names of all. */
  readonly metrics: ReadonlyMap<string, Metric>
  readonly metricNames: readonly string[]
  readonly receivers: readonly string[]
  /** Who hears of a rule that names nobody, where there are no routes. */
  readonly notify: readonly string[]
  /** The routes, where there are any; those of a faulty file may be incomplete. */
  readonly routes?: readonly Tests[]
}

/** Names that the service's own alerts carry. */
const RESERVED: readonly string[] = Object.values(OWN_RULES)

/** The rules that are in order and enabled. */
export function readRules(raw: readonly Raw.Rule[], context: RuleContext): readonly Rule[] {
  const { report } = context
  const taken = new Map<string, number>()
  const rules: Rule[] = []
  for (const [index, rule] of raw.entries()) {
    const pointer = below('/rules', index)
    if (!report.clean(pointer)) continue
    const other = taken.get(rule.name)
    if (other !== undefined) {
      report.mistake(
        `${pointer}/name`,
        `two rules are named ${report.written(`${pointer}/name`)}, the other one in line ${other}; a name is one rule's only`,
      )
    }
    if (RESERVED.includes(rule.name)) {
      report.mistake(
        `${pointer}/name`,
        `${report.written(`${pointer}/name`)} is the name of an alert of the service's own; take another`,
      )
    }
    taken.set(rule.name, other ?? report.line(`${pointer}/name`))
    const read = readRule(rule, pointer, context)
    if (read) checkRoute(read, pointer, context)
    if (read && rule.enabled !== false) rules.push(read)
  }
  return rules
}

function readRule(raw: Raw.Rule, pointer: string, context: RuleContext): Rule | undefined {
  const { report } = context
  const when = `${pointer}/when`
  const [kind, other] = (['metric', 'count', 'absence'] as const).filter((key) => raw.when[key] !== undefined)
  if (!kind) {
    report.mistake(when, "nothing to judge: expected 'metric', 'count' or 'absence' under 'when'")
    return undefined
  }
  if (other) {
    report.mistake(below(when, other), `'${other}' beside '${kind}': a rule judges one thing; make two rules`, 'key')
    return undefined
  }
  const base = readBase(raw, pointer, context)
  return kind === 'absence' ? readAbsence(raw, base, pointer, context) : readWindow(raw, base, pointer, context)
}

type Base = Omit<AbsenceRule, 'kind' | 'severity' | 'after'>

/** What all kinds of rule have. */
function readBase(raw: Raw.Rule, pointer: string, context: RuleContext): Base {
  const { report, receivers } = context
  const { group_by: groupBy, repeat, escalate } = raw
  if (raw.notify) checkReceivers(raw.notify, `${pointer}/notify`, receivers, report)
  const base = {
    name: raw.name,
    notify: raw.notify ?? (context.routes ? [] : context.notify),
    ...(groupBy === undefined ? {} : { groupBy }),
    ...(repeat === undefined ? {} : { repeat: readRepeat(repeat, `${pointer}/repeat`, report) }),
    ...(escalate === undefined
      ? {}
      : { escalate: readEscalate(escalate, `${pointer}/escalate`, { receivers, told: raw.notify, report }) }),
    hosts: readHosts(raw.hosts, below(pointer, 'hosts'), report),
    labels: Object.fromEntries(Object.entries(raw.labels ?? {}).map(([name, value]) => [name, String(value)])),
    ...(raw.subject === undefined ? {} : { subject: raw.subject }),
    ...(raw.body === undefined ? {} : { body: raw.body }),
  }
  const metric = raw.when.metric === undefined ? { by: [] } : context.metrics.get(raw.when.metric)
  // Which labels its alerts have is known only where its metric is in order.
  if (metric === undefined) return base
  const { by } = metric
  const labels = Object.keys(base.labels)
  checkUnlike(labels, by, pointer, report)
  checkLabels(groupBy ?? [], [...labels, ...by], `${pointer}/group_by`, report)
  checkTemplates(raw, [...labels, ...by], pointer, report)
  return base
}

/** A rule that names nobody is some route's. */
function checkRoute(rule: Rule, pointer: string, { report, routes, metrics }: RuleContext): void {
  if (routes === undefined || rule.notify.length > 0 || !report.clean('/routes')) return
  const outlook = outlookOf(rule, metrics)
  if (routes.some((route) => canFit(route, outlook))) return
  const what = `'notify' is missing, and no route can fit an alert of ${rule.name}`
  report.mistake(`${pointer}/notify`, `${what}: name receivers here, or end the routes with one without 'match'`)
}

function checkUnlike(labels: readonly string[], by: readonly string[], pointer: string, report: Report): void {
  for (const name of labels.filter((label) => by.includes(label))) {
    report.mistake(
      below(`${pointer}/labels`, name),
      `the metric is told apart by '${name}' already; name the label otherwise`,
      'key',
    )
  }
}

const WINDOW_KEYS = ['every', 'for', 'keep_firing_for', 'min_samples', 'notify_on_downgrade', 'overrides'] as const

function readAbsence(raw: Raw.Rule, base: Base, pointer: string, { report }: RuleContext): AbsenceRule {
  const when = `${pointer}/when`
  for (const key of ['over', 'threshold'] as const) {
    if (raw.when[key] !== undefined)
      report.mistake(below(when, key), `'${key}' does not go with 'absence', which has 'after' only`, 'key')
  }
  for (const key of WINDOW_KEYS) {
    if (raw[key] !== undefined)
      report.mistake(below(pointer, key), `'${key}' does not go with 'absence'; remove it`, 'key')
  }
  const after = readSpan(
    raw.when.absence?.after ?? '',
    `${when}/absence/after`,
    { least: 90 * SECOND, most: 30 * DAY },
    report,
  )
  return { ...base, kind: 'absence', severity: raw.severity ?? 'warning', after }
}

function readWindow(
  raw: Raw.Rule,
  base: Base,
  pointer: string,
  context: RuleContext,
): MetricRule | CountRule | undefined {
  const { report } = context
  const when = `${pointer}/when`
  const { over, threshold } = raw.when
  if (over === undefined) report.mistake(`${when}/over`, "'over' is missing: the length of the window, such as 2m")
  if (threshold === undefined) {
    report.mistake(`${when}/threshold`, "no detector: expected 'threshold', such as { of: mean, above: 0.9 }")
  }
  const judged = threshold && readJudged(raw, threshold, `${when}/threshold`, context)
  if (over === undefined || !threshold || !judged) return undefined
  const span = (key: 'for' | 'keep_firing_for'): Millis =>
    readSpan(raw[key] ?? '0s', below(pointer, key), { least: 0, most: 7 * DAY }, report)
  const window = {
    ...base,
    severity: judged.severity,
    ...readSchedule(over, raw.every, pointer, context),
    for: span('for'),
    keepFiringFor: span('keep_firing_for'),
    ...(raw.notify_on_downgrade === true ? { notifyOnDowngrade: true } : {}),
    ...(raw.min_samples === undefined ? {} : { minSamples: raw.min_samples }),
    ...readBounds(raw, threshold, pointer, judged, report),
  }
  warnOfOverrides(window.overrides, base.hosts, pointer, report)
  const thresholds = [window.threshold, ...window.overrides.map((override) => override.threshold)]
  if (
    raw.notify_on_downgrade === true &&
    !thresholds.some(({ warning, critical }) => warning.length * critical.length > 0)
  ) {
    const what = "'notify_on_downgrade' changes nothing: the rule knows one severity only"
    report.warn(`${pointer}/notify_on_downgrade`, `${what}; give 'threshold' a 'warning' and a 'critical'`)
  }
  if (window.every > window.over) {
    report.warn(
      `${pointer}/every`,
      `the rule looks at ${over} of each ${writeDuration(window.every)}; the time between is not watched`,
    )
  }
  return raw.when.metric === undefined
    ? { ...window, kind: 'count', where: readWhere(raw.when.count?.where ?? {}, `${when}/count/where`, report) }
    : { ...window, kind: 'metric', metric: raw.when.metric }
}

/** How long windows are, and how far apart: both in whole buckets, which are wider the longer the window is. */
function readSchedule(
  over: string,
  every: string | undefined,
  pointer: string,
  { report, bucket }: RuleContext,
): Pick<MetricRule, 'over' | 'every'> {
  const step = bucketWidth(parseDuration(over), bucket)
  const tier = TIERS.find(({ width }) => width === step)
  const why = tier === undefined ? '' : ` of windows beyond ${writeDuration(tier.beyond)}`
  const overRange = { least: bucket, most: LONGEST_WINDOW, step, why }
  const everyRange = { least: bucket, most: DAY, step, why }
  return {
    over: readSpan(over, `${pointer}/when/over`, overRange, report),
    every: readSpan(every ?? writeDuration(step), `${pointer}/every`, everyRange, report),
  }
}

function readBounds(
  raw: Raw.Rule,
  written: Raw.Threshold,
  pointer: string,
  judged: Judged,
  report: Report,
): Pick<MetricRule, 'threshold' | 'overrides'> {
  const threshold = readThreshold(written, `${pointer}/when/threshold`, judged, report)
  const overrides = (raw.overrides ?? []).map((override, index) =>
    readOverride(override, below(`${pointer}/overrides`, index), { written, threshold, judged }, report),
  )
  return { threshold, overrides }
}

/** What is judged, and by which severity; undefined when that is not said or cannot be. */
function readJudged(
  raw: Raw.Rule,
  threshold: Raw.Threshold,
  pointer: string,
  context: RuleContext,
): Judged | undefined {
  const severity = readSeverity(raw, threshold, pointer, context.report)
  if (raw.when.metric === undefined) {
    if (threshold.of === undefined) return { of: 'count', unit: 'count', count: true, severity }
    context.report.mistake(`${pointer}/of`, "'of' is for metrics; a count has one value only, remove it", 'key')
    return undefined
  }
  const metric = findMetric(raw.when.metric, pointer.replace(/threshold$/, 'metric'), context)
  if (!metric) return undefined
  const choice =
    metric.kind === 'counter' ? ['increase', 'rate', 'last'] : ['mean', 'sum', 'min', 'max', 'last', 'stddev', 'count']
  if (threshold.of === undefined) {
    context.report.mistake(
      `${pointer}/of`,
      `'of' is missing: what of the window is judged, one of ${choice.join(', ')}`,
    )
    return undefined
  }
  if (!choice.includes(threshold.of)) {
    const what = `'${threshold.of}' is not for a ${metric.kind}, and ${metric.name} is one`
    context.report.mistake(`${pointer}/of`, `${what}: expected one of ${choice.join(', ')}`)
  }
  return { of: threshold.of, unit: metric.unit, count: false, severity }
}

function findMetric(name: string, pointer: string, { metrics, metricNames, report }: RuleContext): Metric | undefined {
  if (!metricNames.includes(name)) {
    report.mistake(pointer, `no metric is named ${report.written(pointer)}${meant(name, metricNames)}`)
  }
  return metrics.get(name)
}

/** Bounds under a severity's name say it themselves. */
function readSeverity(raw: Raw.Rule, threshold: Raw.Threshold, pointer: string, report: Report): Severity {
  if (threshold.warning === undefined && threshold.critical === undefined) return raw.severity ?? 'warning'
  if (raw.severity !== undefined) {
    const what = "'severity' beside bounds under 'warning' or 'critical', which say it themselves; remove it"
    report.mistake(pointer.replace(/when\/threshold$/, 'severity'), what, 'key')
  }
  return threshold.warning === undefined ? 'critical' : 'warning'
}
