import { createPlan, paramsFor, type WindowPlan } from '../engine/plan.ts'
import { type Sample, sampleEvent, sampleHosts, sampleSource } from '../engine/sample.ts'
import {
  type CountRule,
  type EngineConfig,
  type EventFields,
  type EventSamples,
  type MetricRule,
  type Millis,
  SEP,
} from '../model.ts'

import { eventPlaceholders } from '../text/template.ts'

/** Samples per window, or one per bucket if it has fewer. */
const STEPS = 24
/** Longer than any window waits for late data. */
const LATENESS: Millis = 5 * 60_000
/** Longer plays have fewer ticks, at most this far apart, with several events between two of them. */
const TICKS = 1000
const BUNCH: Millis = 4 * 60_000
/** Alerts that are detected later than this are notified as backlog. */
const LONGEST_TICK: Millis = 10 * 60_000
/** The most events of one step that are sent one by one where one can stand for several. */
const SINGLE = 200

/**
 * Creates a sample for a rule about windows: one host has values that the rule's detector calls normal, then anomalous,
 * then normal again; the other hosts stay normal.
 *
 * @param peers the number of other hosts.
 */
export function sampleWindows(rule: MetricRule | CountRule, config: EngineConfig, peers: number): Sample {
  const plan = findPlan(rule, config)
  const { over, every, for: hold, keepFiringFor } = rule
  const { detector, metric, lookback, learning, width } = plan
  const [about = '', ...others] = sampleHosts(rule.hosts, 1 + (rule.kind === 'count' ? 0 : peers))
  const { good, bad } = detector.sample(paramsFor(rule, about), metric.unit)
  const source = sampleSource(config)
  const pace = Math.max(1, Math.floor(over / config.bucket / STEPS)) * config.bucket
  const before = (lookback + learning) * width
  // The chart also shows the time before the first window.
  const settle = before + over + (peers > 0 ? Math.max(over, every) : 0)
  const judged = (rule.breaches?.of ?? 1) * every + 2 * settle
  const patience = judged + hold + keepFiringFor + LATENESS
  const wide = Math.max(1, Math.min(Math.floor((hold + keepFiringFor) / pace / TICKS), Math.floor(BUNCH / pace))) * pace
  const figures = createFigures(plan, pace, config)
  let begun: Millis | undefined
  return {
    about,
    settle,
    every: Math.min(wide, LONGEST_TICK),
    settleEvery: pace,
    patience,
    arrive(phase, from, to) {
      begun ??= from
      const events: EventSamples[] = []
      for (let at = from - ((from - begun) % pace); at + pace <= to; at += pace) {
        events.push(...figures(about, phase === 'good' ? good : bad, at))
        for (const other of others) events.push(...figures(other, good, at))
      }
      if (events.length === 0) events.push({ ...sampleEvent('', to), heartbeat: true })
      return [{ source, events: events.toSorted((a, b) => a.ts - b.ts) }]
    },
  }
}

function findPlan(rule: MetricRule | CountRule, config: EngineConfig): WindowPlan {
  const metrics = [...createPlan({ ...config, rules: [rule] }).metrics.values()]
  const [found] = metrics.flatMap(({ tiers }) => tiers.flatMap(({ rules }) => rules))
  if (found === undefined) throw new Error(`no plan for the rule ${rule.name}`)
  return found
}

/** Creates the events of one step of a host, after `from`, that give its windows a figure. */
type Figures = (host: string, figure: number, from: Millis) => readonly EventSamples[]

function createFigures(plan: WindowPlan, pace: Millis, config: EngineConfig): Figures {
  const { rule, of, metric } = plan
  const series = [metric.name, ...metric.by.map(sampleLabel)].join(SEP)
  const event = (host: string, ts: Millis, value: number): EventSamples => ({
    ...sampleEvent(host, ts),
    series: [series],
    values: [value],
  })
  if (of === 'count') {
    const shown = rule.kind === 'count' && !plan.zeroes ? { shown: sampleFields(rule, config) } : {}
    return (host, figure, from) => {
      const to = from + pace
      const count = countUpTo(figure, rule.over, to) - countUpTo(figure, rule.over, from)
      const zero = plan.zeroes && rule.kind === 'count' ? event(host, to, 0) : sampleEvent(host, to)
      return [
        ...countedEvents(plan, from, pace, count).map(({ ts, value }) => ({ ...event(host, ts, value), ...shown })),
        zero,
      ]
    }
  }
  const needed = ['range', 'stddev', 'increase', 'rate'].includes(of) ? 2 : 1
  const count = Math.max(needed, Math.ceil(((rule.minSamples ?? 0) * pace) / rule.over))
  const apart = pace / count
  const value = createValues(plan, apart)
  return (host, figure, from) =>
    Array.from({ length: count }, (_, i) => event(host, from + (i + 1) * apart, value(host, figure, i)))
}

/**
 * Returns the fields of an event that the rule counts: values that pass its tests, and the fields that its templates
 * name.
 */
function sampleFields(rule: CountRule, { receivers }: EngineConfig): EventFields {
  const tested = rule.where.flatMap(({ field, oneOf, contains, prefix, above }): readonly [string, string][] => {
    const text = oneOf?.[0] ?? contains ?? prefix ?? (above === undefined ? undefined : String(above + 1))
    return text === undefined ? [] : [[field, text]]
  })
  const named = [...eventPlaceholders(rule, receivers), ...rule.byFields, ...rule.where.map(({ field }) => field)]
  const fields = named.map((field): [string, string] => [field, sampleText(field)])
  return [...new Map([...fields, ['message', 'an event that matches'], ...tested])]
}

const sampleText = (field: string): string => sampleLabel(field.slice(field.lastIndexOf('.') + 1))

/** A plausible value of a label: `/srv`, `index-1`. */
function sampleLabel(label: string): string {
  return label.includes('mount') ? '/srv' : `${label}-1`
}

/** Returns how many events there are up to an instant, beyond those of whole windows of `figure` events each. */
function countUpTo(figure: number, over: Millis, at: Millis): number {
  const phase = at % over
  return figure * ((at - phase) / over) + Math.floor((figure * phase) / over)
}

/** With very many matches, one event stands for several. Samples of a metric are counted individually. */
function countedEvents(
  { rule }: WindowPlan,
  from: Millis,
  pace: Millis,
  count: number,
): readonly { readonly ts: Millis; readonly value: number }[] {
  const size = rule.kind === 'count' ? Math.ceil(count / SINGLE) : 1
  const length = Math.ceil(count / size) || 0
  return Array.from({ length }, (_, i) => ({
    ts: from + ((i + 1) * pace) / length,
    value: rule.kind === 'count' ? Math.min(size, count - i * size) : 1,
  }))
}

/** Creates the values that give the windows of a host a figure, `apart` from each other. */
function createValues({ of, rule }: WindowPlan, apart: Millis): (host: string, figure: number, i: number) => number {
  if (of === 'sum') return (_, figure) => (figure * apart) / rule.over
  if (of === 'range') return (_, figure, i) => (i % 2 === 0 ? 0 : figure)
  if (of === 'stddev') return (_, figure, i) => (i % 2 === 0 ? figure : 3 * figure)
  if (of !== 'increase' && of !== 'rate') return (_, figure) => figure
  const totals = new Map<string, number>()
  const span = of === 'rate' ? 1000 : rule.over
  return (host, figure) => {
    const total = (totals.get(host) ?? 0) + (figure * apart) / span
    totals.set(host, total)
    return total
  }
}
