import { NOTHING_LEARNT, type Sample, type WindowView } from '../detect/detector.ts'
import { resolveTargets } from '../dispatch/routing.ts'
import { alertLabels } from '../labels/matcher.ts'
import { createDispatchPlan } from '../dispatch/plan.ts'
import { chartLimits } from '../engine/evaluate/chart-data.ts'
import { createPlan, paramsFor, type WindowPlan } from '../engine/plan.ts'
import { evaluationResult, alertSubject, type JudgedWindow } from '../engine/evaluate/evidence.ts'
import type {
  AbsenceRule,
  AlertSnapshot,
  CountRule,
  EngineConfig,
  Metric,
  MetricRule,
  Millis,
  ChartData,
  Rule,
} from '../model.ts'
import { eventPlaceholders } from '../text/template.ts'

/** Which step of an alert is shown, and when it is taken. */
export interface SampleStep {
  readonly state?: AlertSnapshot['state']
  readonly at?: Millis
}

type Step = Required<SampleStep>

/** When sample alerts step: always the same instant, so that what is rendered of them can be compared. */
export const SAMPLE_AT = Date.UTC(2026, 0, 5, 8)

const MINUTE = 60_000
const SOURCE = 'logstash-a'
const SAMPLE_DURATION = 14 * MINUTE
/** Most points of a sample's chart. */
const POINTS = 60

const CPU: Metric = { name: 'cpu', fields: ['cpu'], by: [], byFields: [], unit: 'ratio', kind: 'gauge' }
const CPU_HIGH: MetricRule = {
  kind: 'metric',
  name: 'sample',
  metric: CPU.name,
  severity: 'warning',
  notify: [],
  hosts: ['test-host'],
  labels: {},
  over: 2 * MINUTE,
  every: MINUTE,
  for: 0,
  keepFiringFor: 0,
  condition: {
    detector: 'threshold',
    params: { of: 'mean', warning: [{ op: 'above', value: 0.9, clear: 0.85 }], critical: [] },
  },
  overrides: [],
}

/** What the engine says, where it knows of rule and series; the rest is the same for every sample. */
type SampleFields = Pick<
  AlertSnapshot,
  'identity' | 'startsAt' | 'value' | 'evidence' | 'peak' | 'severity' | 'templates'
> &
  Pick<AlertSnapshot, 'chart' | 'peers' | 'events'>

/**
 * The alert that a rule would raise: on a host that it is for, with a value beyond its bound (or back within, once it is
 * resolved) in the unit of its metric, with the engine's own evidence.
 */
export function sampleAlert(
  rule: Rule,
  config: EngineConfig,
  { state = 'firing', at: evaluatedAt = SAMPLE_AT }: SampleStep = {},
): AlertSnapshot {
  const step = { state, at: evaluatedAt }
  return {
    episode: '0123456789abcdef',
    code: 'SMPL2',
    ruleLabels: rule.labels,
    state,
    ...(rule.kind === 'absence'
      ? absenceSample(rule, step)
      : windowSample(samplePlan(rule, config), step, eventPlaceholders(rule, config.receivers))),
    evaluatedAt,
    ...(state === 'resolved' ? { resolvedAt: evaluatedAt } : {}),
    source: SOURCE,
    gaps: [],
  }
}

/** Returns the receivers of a sample alert. */
export function sampleReceivers({ notify }: Rule, snapshot: AlertSnapshot, config: EngineConfig): readonly string[] {
  const lines = resolveTargets(createDispatchPlan(config), { snapshot, notify }, alertLabels(snapshot))
  return [...new Set(lines.map(({ receiver }) => receiver))]
}

/** A sample where no rule is meant: a CPU that is too busy, on the host `test-host`. */
export function anyAlert(config: EngineConfig, step: SampleStep = {}): AlertSnapshot {
  return sampleAlert(CPU_HIGH, { ...config, metrics: [CPU] }, step)
}

function samplePlan(rule: Rule, config: EngineConfig): WindowPlan {
  const metrics = [...createPlan({ ...config, rules: [rule] }).metrics.values()]
  const [found] = metrics.flatMap(({ tiers }) => tiers.flatMap(({ rules }) => rules))
  if (found === undefined) throw new Error(`no plan for the rule ${rule.name}`)
  return found
}

/** A host that the rule is for. */
function sampleHost({ hosts }: Rule): string {
  return hosts[0]?.replaceAll(/[*?]/g, '1') ?? 'web-1'
}

function absenceSample(rule: AbsenceRule, { state, at }: Step): SampleFields {
  const host = sampleHost(rule)
  const seconds = rule.after / 1000 + 12
  const isFiring = state === 'firing'
  const { subject, body } = rule
  return {
    identity: {
      rule: rule.name,
      host,
      key: '',
      labels: {},
      measure: { kind: 'state', metric: 'absence', unit: 'seconds' },
    },
    severity: rule.severity,
    startsAt: at - seconds * 1000 - (isFiring ? 0 : SAMPLE_DURATION),
    value: isFiring ? seconds : 0,
    peak: null,
    evidence: {
      limit: { op: 'above', value: rule.after / 1000 },
      why: { code: isFiring ? 'absent' : 'seen', params: { source: SOURCE } },
    },
    templates: { ...(subject === undefined ? {} : { subject }), ...(body === undefined ? {} : { body }) },
  }
}

function windowSample(plan: WindowPlan, { state, at }: Step, placeholders: readonly string[]): SampleFields {
  const host = sampleHost(plan.rule)
  const figures = plan.detector.sample(paramsFor(plan.rule, host), plan.metric.unit)
  const { bad, good } = figures
  const judged = judgeSample(plan, host, sampleView(plan, at, state === 'firing' ? bad : good, good))
  const info = { key: plan.metric.name, values: plan.metric.by.map(sampleLabel) }
  const { identity, templates } = alertSubject(plan, { name: host, source: SOURCE }, info)
  const { value, evidence } = evaluationResult(at, judged)
  const { verdict: fired } = judgeSample(plan, host, sampleView(plan, at, bad, good))
  return {
    identity,
    templates: templates ?? {},
    startsAt: at - (sampleWindows(state) - 2) * plan.rule.over,
    severity: fired.kind === 'anomalous' ? fired.severity : plan.rule.severity,
    value,
    evidence,
    peak: bad,
    chart: { ...sampleChart(plan, figures, { state, at }), ...chartLimits(plan, judged) },
    ...(plan.rule.kind === 'count'
      ? sampleEvents(plan, plan.rule, placeholders, at)
      : { peers: { median: good, hosts: 40 } }),
  }
}

/** An event that the rule counts, with a value that passes its tests, and the fields that its templates name. */
function sampleEvents(
  { zeroes, over, width }: WindowPlan,
  { where, byFields }: CountRule,
  placeholders: readonly string[],
  at: Millis,
): Pick<AlertSnapshot, 'events'> {
  if (zeroes) return {}
  const tested = where.map(({ field, oneOf, contains, prefix, above }): [string, string] => [
    field,
    oneOf?.[0] ?? contains ?? prefix ?? (above === undefined ? sampleText(field) : String(above + 1)),
  ])
  const fields = new Map([
    ['message', 'an event that matches'],
    ...[...placeholders, ...byFields].map((field): [string, string] => [field, sampleText(field)]),
    ...tested,
  ])
  return { events: [{ ts: at - (over * width) / 2, fields: [...fields] }] }
}

const sampleText = (field: string): string => sampleLabel(field.slice(field.lastIndexOf('.') + 1))

/** A value that a label might have: `/srv`, `index-1`. */
function sampleLabel(label: string): string {
  return label.includes('mount') ? '/srv' : `${label}-1`
}

/** A window with one figure, where the windows before it had another. */
function sampleView({ rule, over }: WindowPlan, end: Millis, value: number, before: number): WindowView {
  const view = (to: Millis, figure: number): WindowView => ({
    end: to,
    over: rule.over,
    samples: rule.kind === 'count' ? undefined : 2 * over,
    figure: () => figure,
    before: (n) => view(to - n * rule.over, before),
  })
  return view(end, value)
}

function judgeSample(plan: WindowPlan, host: string, view: WindowView): JudgedWindow {
  const { detector } = plan
  const params = paramsFor(plan.rule, host)
  const verdict = detector.judge(params, view, undefined, NOTHING_LEARNT)
  const { rule } = plan
  return { rule, detector, params, view, learnt: NOTHING_LEARNT, verdict, outcome: verdict }
}

/** How many windows a chart shows: one before the alert began, that which began it, and what came since. */
const sampleWindows = (state: Step['state']): number => (state === 'firing' ? 3 : 4)

/** What was measured: good in the first window, bad from then on, and good again in the last where the alert is over. */
function sampleChart(plan: WindowPlan, { bad, good }: Sample, { state, at }: Step): Omit<ChartData, 'limits'> {
  const { over } = plan.rule
  const windows = sampleWindows(state)
  const merged = Math.ceil((windows * plan.over) / POINTS)
  const width = merged * plan.width
  const to = Math.ceil(at / plan.width) * plan.width
  const count = Math.ceil((windows * plan.over) / merged)
  const scale = plan.of === 'count' ? width / over : plan.of === 'increase' ? 1000 / over : 1
  const buckets = Array.from({ length: count }, (_, i) => {
    const window = Math.floor((i * width) / over)
    const isBad = window > 0 && (state === 'firing' || window < windows - 1)
    const swing = 0.04 * Math.sin(i * 2.4)
    const mean = Number(((isBad ? bad : good) * scale * (1 + swing)).toPrecision(6))
    return { n: 2 * merged, mean, min: null, max: null, last: null }
  })
  return { width, from: to - count * width, buckets, window: { from: to - over, to } }
}
