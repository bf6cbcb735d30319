import type { Measure, StateMetric } from '../model.ts'
import { formatDuration } from './format.ts'

const STATES: Readonly<Record<StateMetric, string>> = {
  absence: 'time since the last event',
  expected: 'time since the host is expected',
  source_silence: 'time since the last request',
  source_hosts: 'hosts that the source delivers',
  absent_hosts: 'hosts that became absent together',
  missing_hosts: 'expected hosts that no source delivers',
  clock_offset: 'offset of the clock',
  refused: 'refused by a limit',
}

/** Says what is measured: `mean of cpu over 2 min`. */
export function formatMeasure(measure: Measure): string {
  if (measure.kind === 'state') return STATES[measure.metric]
  const over = formatDuration(measure.over)
  return measure.kind === 'count' ? `matching events in ${over}` : `${measure.of} of ${measure.metric} over ${over}`
}

const COUNTED: Partial<Readonly<Record<StateMetric, (value: string) => string>>> = {
  source_hosts: (value) => `delivers ${value} hosts`,
  absent_hosts: (value) => `${value} hosts became absent together`,
  missing_hosts: (value) => `no events from ${value} expected hosts`,
  refused: (value) => `${value} refused by a limit`,
}

/** Says what was measured and how much: `mean of cpu over 2 min is 95%`, `25 hosts became absent together`. */
export function formatFigure(measure: Measure, value: string, verb: 'is' | 'was'): string {
  const counted = measure.kind === 'state' ? COUNTED[measure.metric] : undefined
  return counted === undefined ? `${formatMeasure(measure)} ${verb} ${value}` : counted(value)
}
