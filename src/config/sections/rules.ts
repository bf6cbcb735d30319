import { DETECTORS, listParams } from '../../detect/index.ts'
import { readHosts } from './host-patterns.ts'
import type * as Raw from '../../generated/config.ts'
import { bucketWidth, MAX_WINDOW, isBuiltinRule, TIERS } from '../../model.ts'
import type { AbsenceRule, Breaches, CountRule, Metric, MetricRule, Millis, Rule } from '../../model.ts'
import { CONDITIONS, readCondition, type RuleContext } from './condition.ts'
import { readEscalation, readRepeatInterval } from './policy.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'
import { ALERT_LABELS, readBy, readSeriesLabels } from './label-names.ts'
import { checkLabels, checkReceivers, listLabelPaths } from './references.ts'
import { DAY, readSpan, SECOND } from './durations.ts'
import { checkTemplates, nameLabels } from './templates.ts'
import { parseDuration, writeDuration } from './units.ts'
import { readWhere } from './where.ts'

/** A valid rule and its place in the file. */
export interface ReadRule {
  readonly rule: Rule
  readonly pointer: string
  readonly isEnabled: boolean
}

/** Reads the rules; those with errors are left out. */
export function readRules(raw: readonly Raw.Rule[], context: RuleContext): readonly ReadRule[] {
  const { diagnostics } = context
  const taken = new Map<string, number>()
  const rules: ReadRule[] = []
  for (const [index, rule] of raw.entries()) {
    const pointer = below('/rules', index)
    if (!diagnostics.isClean(pointer)) continue
    const other = taken.get(rule.name)
    if (other !== undefined) {
      const what = `duplicate rule name ${diagnostics.describeValue(`${pointer}/name`)}, first used in line ${other}`
      diagnostics.error(`${pointer}/name`, describe(what, { fix: 'choose another name' }))
    }
    if (isBuiltinRule(rule.name)) {
      const what = `${diagnostics.describeValue(`${pointer}/name`)} is the name of a built-in alert`
      diagnostics.error(`${pointer}/name`, describe(what, { fix: 'choose another name' }))
    }
    taken.set(rule.name, other ?? diagnostics.line(`${pointer}/name`))
    const read = readRule(rule, pointer, context)
    if (read) rules.push({ rule: read, pointer, isEnabled: rule.enabled !== false })
  }
  return rules
}

function readRule(raw: Raw.Rule, pointer: string, context: RuleContext): Rule | undefined {
  const { diagnostics } = context
  const when = `${pointer}/when`
  const [kind, other] = (['metric', 'count', 'absence'] as const).filter((key) => raw.when[key] !== undefined)
  if (!kind) {
    const expected = "'metric', 'count' or 'absence' under 'when'"
    diagnostics.error(when, describe('the rule has no condition', { expected }))
    return undefined
  }
  if (other) {
    const fix = 'keep one of them, or split the rule in two'
    diagnostics.error(below(when, other), describe(`a rule cannot have both '${kind}' and '${other}'`, { fix }), 'key')
    return undefined
  }
  const base = readBase(raw, pointer, context)
  return kind === 'absence' ? readAbsence(raw, base, pointer, context) : readWindow(raw, base, pointer, context)
}

type Base = Omit<AbsenceRule, 'kind' | 'severity' | 'after'>

/** Reads what all kinds of rules have. */
function readBase(raw: Raw.Rule, pointer: string, context: RuleContext): Base {
  const { diagnostics, receivers } = context
  const { group_by: groupBy, repeat_interval: repeat, escalation } = raw
  if (raw.notify) checkReceivers(raw.notify, `${pointer}/notify`, receivers, diagnostics)
  const base = {
    name: raw.name,
    notify: raw.notify ?? (context.hasRoutes ? [] : context.notify),
    ...(groupBy === undefined ? {} : { groupBy }),
    ...(repeat === undefined ? {} : { repeat: readRepeatInterval(repeat, `${pointer}/repeat_interval`, diagnostics) }),
    ...(escalation === undefined
      ? {}
      : {
          escalation: readEscalation(escalation, `${pointer}/escalation`, {
            receivers,
            initialReceivers: raw.notify,
            diagnostics,
          }),
        }),
    ...(raw.send_resolved === false ? { sendResolved: false as const } : {}),
    hosts: readHosts(raw.hosts, below(pointer, 'hosts'), diagnostics),
    labels: Object.fromEntries(Object.entries(raw.labels ?? {}).map(([name, value]) => [name, String(value)])),
  }
  const { metric: name, count } = raw.when
  const metric = name === undefined ? countedSeries(count?.by) : context.metrics.get(name)
  // The labels of its alerts are known only if its metric is valid.
  if (metric === undefined) return base
  const { by } = metric
  const labels = Object.keys(base.labels)
  checkRuleLabels(labels, by, name === undefined ? 'count' : 'metric', pointer, diagnostics)
  checkLabels(groupBy ?? [], [...labels, ...by], `${pointer}/group_by`, diagnostics)
  const { subject, body } = nameLabels(raw, listLabelPaths([metric]))
  const templates = { ...(subject === undefined ? {} : { subject }), ...(body === undefined ? {} : { body }) }
  checkTemplates(templates, [...labels, ...by], pointer, diagnostics, count !== undefined)
  return { ...base, ...templates }
}

export function countedSeries(by: NonNullable<Raw.Condition['count']>['by']): Pick<Metric, 'by' | 'byFields'> {
  const labels = readSeriesLabels(by)
  return { by: labels.map(({ label }) => label), byFields: labels.map(({ field }) => field) }
}

/** Checks that no label of a rule hides one that its alerts have anyway. */
function checkRuleLabels(
  labels: readonly string[],
  by: readonly string[],
  counted: 'count' | 'metric',
  pointer: string,
  diagnostics: Diagnostics,
): void {
  for (const name of labels) {
    const owner = by.includes(name)
      ? `the series of the ${counted} have`
      : ALERT_LABELS.includes(name)
        ? 'every alert has'
        : ''
    if (owner === '') continue
    const what = `${owner} a label '${name}' already`
    diagnostics.error(below(`${pointer}/labels`, name), describe(what, { fix: 'choose another name' }), 'key')
  }
}

const WINDOW_KEYS = [
  'breaches',
  'every',
  'for',
  'keep_firing_for',
  'min_samples',
  'notify_on_downgrade',
  'overrides',
] as const

function readAbsence(raw: Raw.Rule, base: Base, pointer: string, { diagnostics }: RuleContext): AbsenceRule {
  const when = `${pointer}/when`
  const written = Object.keys(raw.when)
  for (const key of ['over', ...CONDITIONS]) {
    if (written.includes(key))
      diagnostics.error(
        below(when, key),
        describe(`'${key}' does not apply to 'absence', which has 'after' only`, { fix: 'remove it' }),
        'key',
      )
  }
  for (const key of WINDOW_KEYS) {
    if (raw[key] !== undefined)
      diagnostics.error(
        below(pointer, key),
        describe(`'${key}' does not apply to 'absence'`, { fix: 'remove it' }),
        'key',
      )
  }
  const after = readSpan(
    raw.when.absence?.after ?? '',
    `${when}/absence/after`,
    { min: 90 * SECOND, max: 30 * DAY },
    diagnostics,
  )
  return { ...base, kind: 'absence', severity: raw.severity ?? 'warning', after }
}

function readWindow(
  raw: Raw.Rule,
  base: Base,
  pointer: string,
  context: RuleContext,
): MetricRule | CountRule | undefined {
  const { diagnostics } = context
  const when = `${pointer}/when`
  const { over } = raw.when
  if (over === undefined) diagnostics.error(`${when}/over`, "'over' is missing: length of the window, such as 2m")
  const judging = readCondition(raw, pointer, context)
  if (over === undefined || judging === undefined) return undefined
  const span = (key: 'for' | 'keep_firing_for'): Millis =>
    readSpan(raw[key] ?? '0s', below(pointer, key), { min: 0, max: 7 * DAY }, diagnostics)
  const window = {
    ...base,
    severity: judging.severity,
    ...readSchedule(over, raw.every, pointer, context),
    for: span('for'),
    keepFiringFor: span('keep_firing_for'),
    ...(raw.notify_on_downgrade === true ? { notifyOnDowngrade: true } : {}),
    ...(raw.min_samples === undefined ? {} : { minSamples: raw.min_samples }),
    ...(raw.breaches === undefined ? {} : { breaches: readBreaches(raw.breaches, `${pointer}/breaches`, diagnostics) }),
    condition: judging.condition,
    overrides: judging.overrides,
  }
  checkWindow(window, raw, pointer, diagnostics)
  if (raw.when.metric !== undefined) return { ...window, kind: 'metric', metric: raw.when.metric }
  const { where = {}, by } = raw.when.count ?? {}
  const series = readBy(by, `${when}/count/by`, diagnostics)
  return { ...window, kind: 'count', where: readWhere(where, `${when}/count/where`, diagnostics), ...series }
}

function readBreaches(
  { at_least: atLeast, of }: { readonly at_least: number; readonly of: number },
  pointer: string,
  diagnostics: Diagnostics,
): Breaches {
  if (atLeast > of) {
    const what = `${of} windows never have ${atLeast} that are anomalous`
    diagnostics.error(`${pointer}/at_least`, describe(what, { found: `${atLeast}`, expected: `at most ${of}` }))
  }
  return { atLeast, of }
}

/** Warns of keys of a window without effect. */
function checkWindow(
  window: Pick<MetricRule, 'condition' | 'overrides' | 'over' | 'every'>,
  raw: Raw.Rule,
  pointer: string,
  diagnostics: Diagnostics,
): void {
  const { detector: name } = window.condition
  const detector = DETECTORS.find((one) => one.name === name)
  const hasBoth = listParams(window).some((params) => (detector?.severities(params).length ?? 0) > 1)
  if (raw.notify_on_downgrade === true && !hasBoth) {
    const fix = `add both 'warning' and 'critical' bounds to '${name}', or remove the key`
    const what = "'notify_on_downgrade' has no effect: the rule has one severity"
    diagnostics.warn(`${pointer}/notify_on_downgrade`, describe(what, { fix }))
  }
  if (window.every > window.over) {
    const what = `the rule evaluates ${writeDuration(window.over)} of every ${writeDuration(window.every)} and ignores the rest`
    diagnostics.warn(`${pointer}/every`, describe(what, { fix: `set every to at most ${writeDuration(window.over)}` }))
  }
}

/** Reads the length of the window and its interval: both multiples of the bucket, which depends on the length. */
function readSchedule(
  over: string,
  every: string | undefined,
  pointer: string,
  { diagnostics, bucket }: RuleContext,
): Pick<MetricRule, 'over' | 'every'> {
  const step = bucketWidth(parseDuration(over), bucket)
  const tier = TIERS.find(({ width }) => width === step)
  const why = tier === undefined ? '' : ` of windows beyond ${writeDuration(tier.beyond)}`
  const overRange = { min: bucket, max: MAX_WINDOW, step, reason: why }
  const everyRange = { min: bucket, max: DAY, step, reason: why }
  return {
    over: readSpan(over, `${pointer}/when/over`, overRange, diagnostics),
    every: readSpan(every ?? writeDuration(step), `${pointer}/every`, everyRange, diagnostics),
  }
}
