import {
  UNKNOWN_HOST,
  SEP,
  type CountRule,
  type EventFields,
  type EventSamples,
  type Metric,
  type Rejection,
  containsReference,
  isReference,
  type Agent,
} from '../model.ts'
import { EVENT_STEPS, type StepBudget } from '../labels/automaton.ts'
import { hash } from 'node:crypto'
import { compileHost } from './host.ts'
import { parseNumber } from './number.ts'
import { createPaths, type Paths } from './paths.ts'
import { mergeFields, planShown, showFields, type ShownField } from './shown.ts'
import { parseTime } from './time.ts'
import { compileWhere, type Where } from './where.ts'

/** Longer values of `by` fields are cut: they become parts of series names. */
const MAX_BY = 256
/** Longer ids are hashed, since different ones may start alike. */
const MAX_ID = 256
const HEARTBEAT = 'heartbeat'
const MAX_SHOWN = 40

/** A rule that counts matching events. */
export interface CountedRule extends Pick<CountRule, 'name' | 'where' | 'byFields'> {
  /** Its detector distinguishes events that do not match from no events. */
  readonly zeroes: boolean
  /** Fields of events that the templates of its mails name. */
  readonly placeholders: readonly string[]
}

interface ExtractorOptions {
  readonly metrics: readonly Metric[]
  readonly rules: readonly CountedRule[]
  /** Paths to the host, by kind of event. `DEFAULT_HOST_PATHS` applies to missing kinds. */
  readonly host: Readonly<Record<string, readonly string[]>>
  /** Domains that are removed from the names of hosts. */
  readonly stripDomain?: readonly string[]
  /** Kinds of events that are about a host and come from elsewhere. */
  readonly remoteKinds?: readonly string[]
  /** Path of the field with the unique id of an event. */
  readonly eventIdField?: string
}

/**
 * Returns the samples of an event, or why it is rejected (its time or its host is unusable). The expressions of rules
 * take their steps from the budget; a rule for which it does not suffice yields NaN.
 */
export type Extract = (event: object, kind: string, budget?: StepBudget) => EventSamples | Omit<Rejection, 'index'>

type Draft = { -readonly [Key in keyof EventSamples]: EventSamples[Key] }

/** The name of a metric or a count, and where the values of its `by` fields are read. */
interface SeriesPlan {
  readonly name: string
  readonly by: readonly number[]
}

interface MetricPlan extends SeriesPlan {
  readonly fields: readonly number[]
}

interface CountPlan extends SeriesPlan {
  readonly rule: string
  readonly matches: Where
  /** True if the rule has a lower limit: events that do not match must be distinguished from no events at all. */
  readonly zeroes: boolean
  /** Fields that alerts show of a matching event; none for a rule that fires on too few of them. */
  readonly shown: readonly ShownField[]
}

/**
 * Compiles all paths of metrics and rules into one walk. The extractor takes validated events in nested form. Every
 * metric yields at most one sample, from its first field with a finite number or its decimal text. Every count rule
 * yields 1 under the name `count(<rule>)` for an event that matches; with a lower limit it also yields 0 for one that
 * does not, NaN for one that could not be matched, and otherwise the fields that alerts show. The rule's host
 * patterns are not applied here. Events of kind `heartbeat` have no host and yield no samples.
 *
 * @throws {PatternError} for an expression in a rule that cannot be compiled.
 */
export function createExtractor(options: ExtractorOptions): Extract {
  const { metrics, rules, host, stripDomain = [], remoteKinds = [], eventIdField } = options
  const paths = createPaths()
  const remote = new Set(remoteKinds)
  const idSlot = eventIdField === undefined ? undefined : paths.add(eventIdField)
  const timeSlot = paths.add('@timestamp')
  const readAgent = compileAgent(paths)
  const resolveHost = compileHost(host, stripDomain, paths)
  const metricPlans = metrics.map((metric) => planMetric(metric, paths))
  const countPlans = rules.map((rule) => planCount(rule, paths))
  const read = paths.compile()
  return (event, kind, budget = { left: EVENT_STEPS }) => {
    const slots = read(event)
    const ts = readEventTime(slots[timeSlot])
    if (typeof ts !== 'number') return ts
    if (kind === HEARTBEAT) return { host: UNKNOWN_HOST, ts, heartbeat: true, series: [], values: [] }
    const name = resolveHost(kind, slots)
    if (typeof name !== 'string') return name
    const series: string[] = []
    const values: number[] = []
    let nonNumeric: string[] | undefined
    for (const plan of metricPlans) if (!measure(plan, slots, series, values)) (nonNumeric ??= []).push(plan.name)
    let unmatched: string[] | undefined
    let shown: EventFields | undefined
    for (const plan of countPlans) {
      const matched = count(plan, slots, budget, series, values)
      if (matched === undefined) (unmatched ??= []).push(plan.rule)
      if (matched === true && plan.shown.length > 0) shown = mergeFields(shown ?? [], showFields(plan.shown, slots))
    }
    const samples: Draft = { host: name, ts, heartbeat: false, series, values }
    const id = idSlot === undefined ? undefined : readId(slots[idSlot])
    const agent = readAgent(slots)
    if (id !== undefined) samples.id = id
    if (remote.has(kind)) samples.remote = true
    if (nonNumeric !== undefined) samples.nonNumeric = nonNumeric
    if (unmatched !== undefined) samples.unmatched = unmatched
    if (shown !== undefined) samples.shown = shown
    if (agent !== undefined) samples.agent = agent
    return samples
  }
}

function compileAgent(paths: Paths): (slots: readonly unknown[]) => Agent | undefined {
  const [id, type, machine] = [paths.add('agent.id'), paths.add('agent.type'), paths.add('host.id')]
  return (slots) => {
    const agent = slots[id]
    if (typeof agent !== 'string' || agent === '' || isReference(agent)) return undefined
    const [kind, on] = [slots[type], slots[machine]]
    const name = typeof kind === 'string' ? kind : ''
    return typeof on === 'string' ? { id: agent, type: name, machine: on } : { id: agent, type: name }
  }
}

const planMetric = ({ name, fields, byFields }: Metric, paths: Paths): MetricPlan => ({
  name,
  fields: fields.map((path) => paths.add(path)),
  by: byFields.map((path) => paths.add(path)),
})

function planCount(rule: CountedRule, paths: Paths): CountPlan {
  const { name, where, byFields, zeroes } = rule
  return {
    rule: name,
    name: `count(${name})`,
    by: byFields.map((path) => paths.add(path)),
    matches: compileWhere(where, paths),
    zeroes,
    shown: zeroes ? [] : planShown(rule, paths),
  }
}

function readEventTime(value: unknown): number | Omit<Rejection, 'index'> {
  if (value === undefined) return Number.NaN
  const ts = typeof value === 'string' ? parseTime(value) : Number.NaN
  if (!Number.isNaN(ts)) return ts
  const expected = 'expected an ISO 8601 time with a zone, such as "2026-11-22T12:00:00.000Z"'
  const found = typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_SHOWN).toWellFormed()) : typeof value
  return { path: '/@timestamp', reason: `${expected}, found ${found}`, code: 'timestamp' }
}

/**
 * Adds the metric's sample. Returns false if one of its fields holds something other than a number and no other field
 * has one.
 */
function measure(plan: MetricPlan, slots: readonly unknown[], series: string[], values: number[]): boolean {
  let isWell = true
  for (const slot of plan.fields) {
    const value = slots[slot]
    if (value === undefined) continue
    const number = parseNumber(value)
    if (Number.isNaN(number)) {
      isWell &&= value === null
      continue
    }
    series.push(seriesKey(plan, slots))
    values.push(number)
    return true
  }
  return isWell
}

function seriesKey({ name, by }: SeriesPlan, slots: readonly unknown[]): string {
  let key = name
  for (const slot of by) key += SEP + label(slots[slot])
  return key
}

/**
 * Returns the id of an event; undefined if its field holds none. Blank text, a dash and an unresolved reference are the
 * same in many events, which would all count as one.
 */
function readId(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string' || containsReference(value)) return undefined
  const text = value.trim()
  if (text === '' || text === '-') return undefined
  return value.length > MAX_ID || !value.isWellFormed() ? hash('sha256', Buffer.from(value, 'utf16le')) : value
}

/**
 * Returns a value as part of a series name: at most 256 characters, without separator, well-formed; "" if there is
 * none.
 */
function label(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string' || isReference(value)) return ''
  const short = value.length > MAX_BY ? value.slice(0, MAX_BY) : value
  const plain = short.includes(SEP) ? short.replaceAll(SEP, '') : short
  return plain.isWellFormed() ? plain : plain.toWellFormed()
}

/**
 * Adds 1 for an event that matches, and NaN for one that could not be matched within the budget. Where a lower limit asks
 * for it, adds 0 for one that does not match, unless it has none of the `by` fields and so belongs to no series.
 *
 * @returns whether it matched; undefined if the budget did not suffice.
 */
function count(
  plan: CountPlan,
  slots: readonly unknown[],
  budget: StepBudget,
  series: string[],
  values: number[],
): boolean | undefined {
  const matched = plan.matches(slots, budget)
  if (matched === false && (!plan.zeroes || isOfNoSeries(plan, slots))) return false
  series.push(seriesKey(plan, slots))
  values.push(matched === undefined ? Number.NaN : Number(matched))
  return matched
}

function isOfNoSeries({ by }: SeriesPlan, slots: readonly unknown[]): boolean {
  return by.length > 0 && by.every((slot) => label(slots[slot]) === '')
}
