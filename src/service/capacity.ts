import { seriesSize } from '../aggregate/store.ts'
import type { EngineConfig } from '../model.ts'
import { createPlan, type MetricPlan } from '../engine/plan.ts'

/** The memory that the series of a configuration take when its limits are reached, in bytes. */
interface Capacity {
  readonly bytes: number
  /** The metric whose series are the largest. */
  readonly largest: { readonly metric: string; readonly bytes: number }
}

/**
 * Memory of a series besides its columns: its entries in the index of its host, its share of the host (docs/sizing.md).
 */
const INDEX_BYTES = 140

/**
 * Returns the most memory that series can take: as many of the largest ones as the limits allow, then of the next. A
 * metric without `by` has one series per host. Undefined if nothing is measured.
 */
export function computeCapacity(config: EngineConfig): Capacity | undefined {
  const sizes = [...createPlan(config).metrics.values()]
    .map((plan) => ({ metric: plan.metric.name, bytes: metricSize(plan), hasMany: plan.metric.by.length > 0 }))
    .sort((a, b) => b.bytes - a.bytes)
  const { limits } = config
  let free = limits.series
  let bytes = 0
  for (const size of sizes) {
    const series = Math.min(free, size.hasMany ? limits.hosts * limits.seriesPerHost : limits.hosts)
    free -= series
    bytes += series * size.bytes
  }
  return sizes[0] && { bytes, largest: sizes[0] }
}

function metricSize({ tiers }: MetricPlan): number {
  return tiers.reduce((sum, { layout }) => sum + seriesSize(layout) + INDEX_BYTES, 0)
}
