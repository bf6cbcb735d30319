import { type Metric, type Of, readPercentile } from '../model.ts'
import { describe } from '../text/diagnostic.ts'
import type { DetectorDiagnostics, JsonSchema } from './detector.ts'

const GAUGE_AGGREGATES: readonly Of[] = ['mean', 'sum', 'min', 'max', 'range', 'last', 'stddev', 'count']
const COUNTER_AGGREGATES: readonly Of[] = ['increase', 'rate', 'last']
const AGGREGATES: readonly Of[] = [...new Set([...GAUGE_AGGREGATES, ...COUNTER_AGGREGATES])]
/** A percentile from p1 to p99.9. */
const PERCENTILE = /^p([1-9]\d?)(\.\d)?$/

/** The schema of the key `of`. */
export const AGGREGATE_SCHEMA: JsonSchema = {
  title: 'Aggregation',
  description:
    'Aggregation of a window, for metrics: a statistic, or a percentile from p1 to p99.9. increase and rate (per second) are for counters.',
  type: 'string',
  pattern: `^(${AGGREGATES.join('|')}|${PERCENTILE.source.slice(1, -1)})$`,
  examples: [...AGGREGATES, 'p50', 'p90', 'p95', 'p99', 'p99.9'],
}

/** Reads the aggregation of a window of a metric; undefined where it is missing. */
export function readAggregate(
  of: string | undefined,
  metric: Metric,
  pointer: string,
  diagnostics: DetectorDiagnostics,
): Of | undefined {
  const isCounter = metric.kind === 'counter'
  const choice = isCounter ? COUNTER_AGGREGATES : GAUGE_AGGREGATES
  const expected = `one of ${choice.join(', ')}${isCounter ? '' : ', or a percentile such as p95'}`
  if (of === undefined) {
    diagnostics.error(pointer, `'of' is missing: aggregation of the window, ${expected}`)
    return undefined
  }
  const known = of as Of
  if (!choice.includes(known) && (isCounter || readPercentile(known) === undefined)) {
    diagnostics.error(
      pointer,
      describe(`'${of}' does not apply to ${metric.name}, which is a ${metric.kind}`, { expected }),
    )
  }
  return known
}
