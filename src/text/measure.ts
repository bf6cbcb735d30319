import type { Measure, Of, StateMetric } from '../model.ts'
import { formatDuration } from './format.ts'

const STATES: Readonly<Record<StateMetric, string>> = {
  absence: 'time since the last event',
  expected: 'time since the host became expected',
  source_silence: 'time since the last request',
  source_hosts: 'hosts that the source delivers',
  absent_hosts: 'hosts that became absent together',
  missing_hosts: 'expected hosts that no source delivers',
  clock_offset: 'clock offset',
  refused: 'refused by a limit',
}

/** Says what is measured: `mean of cpu over 2 min`. */
export function formatMeasure(measure: Measure): string {
  if (measure.kind === 'state') return STATES[measure.metric]
  const over = formatDuration(measure.over)
  return measure.kind === 'count' ? `matching events in ${over}` : `${measure.of} of ${measure.metric} over ${over}`
}

/** Acronyms among the names of metrics. */
const ACRONYMS: readonly string[] = ['cpu', 'gpu', 'ram', 'io']

/** Writes a metric at the beginning of a sentence. Names that are not plain words stay as they are. */
export function formatMetricTitle(measure: Measure): string {
  if (measure.kind === 'count') return 'Matching events'
  const { metric } = measure
  if (ACRONYMS.includes(metric)) return metric.toUpperCase()
  return /^[a-z]+$/.test(metric) ? `${metric.slice(0, 1).toUpperCase()}${metric.slice(1)}` : metric
}

type Figure = (metric: string, value: string, over: string) => string

const AGGREGATES: Readonly<Record<Of, Figure>> = {
  mean: (metric, value, over) => `${metric} averaged ${value} over ${over}`,
  sum: (metric, value, over) => `${metric} totaled ${value} over ${over}`,
  min: (metric, value, over) => `${metric} minimum was ${value} over ${over}`,
  max: (metric, value, over) => `${metric} maximum was ${value} over ${over}`,
  last: (metric, value) => `${metric} last read ${value}`,
  stddev: (metric, value, over) => `${metric} standard deviation was ${value} over ${over}`,
  count: (metric, value, over) => `${metric} was sampled ${value === '1' ? 'once' : `${value} times`} in ${over}`,
  increase: (metric, value, over) => `${metric} increased by ${value} in ${over}`,
  rate: (metric, value, over) => `${metric} rate was ${value} over ${over}`,
}

const STATE_FIGURES: Readonly<Record<StateMetric, (place: string, value: string) => string>> = {
  absence: (place, value) => `No events from ${place} for ${value}`,
  expected: (place, value) => `No events from expected host ${place} for ${value}`,
  source_silence: (place, value) => `No requests from ${place} for ${value}`,
  source_hosts: (place, value) => `${place} delivers ${hosts(value)}`,
  absent_hosts: (place, value) => `${hosts(value)} of ${place} became absent together`,
  missing_hosts: (_, value) => `No events from ${value} expected ${value === '1' ? 'host' : 'hosts'}`,
  clock_offset: (place, value) => `Clock of ${place} is off by ${value}`,
  refused: (place, value) => `${value} refused by a limit of ${place}`,
}

function hosts(value: string): string {
  return `${value} ${value === '1' ? 'host' : 'hosts'}`
}

/** Says what was measured, how much and where: `CPU averaged 95% over 2 min on web-1`. */
export function formatFigure(measure: Measure, value: string, place: string): string {
  if (measure.kind === 'state') return STATE_FIGURES[measure.metric](place, value)
  const over = formatDuration(measure.over)
  if (measure.kind === 'count') return `${value} matching ${value === '1' ? 'event' : 'events'} in ${over} on ${place}`
  return `${AGGREGATES[measure.of](formatMetricTitle(measure), value, over)} on ${place}`
}
