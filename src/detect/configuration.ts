import type { Metric, Of } from '../model.ts'
import { describe } from '../text/diagnostic.ts'
import type { Diagnostics } from './detector.ts'

const GAUGE_AGGREGATES: readonly Of[] = ['mean', 'sum', 'min', 'max', 'last', 'stddev', 'count']
const COUNTER_AGGREGATES: readonly Of[] = ['increase', 'rate', 'last']

/** Reads the aggregation of a window of a metric; undefined where it is missing. */
export function readAggregate(
  of: Of | undefined,
  metric: Metric,
  pointer: string,
  diagnostics: Diagnostics,
): Of | undefined {
  const choice = metric.kind === 'counter' ? COUNTER_AGGREGATES : GAUGE_AGGREGATES
  if (of === undefined) {
    diagnostics.error(pointer, `'of' is missing: aggregation of the window, one of ${choice.join(', ')}`)
  } else if (!choice.includes(of)) {
    const what = `'${of}' does not apply to ${metric.name}, which is a ${metric.kind}`
    diagnostics.error(pointer, describe(what, { expected: `one of ${choice.join(', ')}` }))
  }
  return of
}
