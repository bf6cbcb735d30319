import type { Metric, Unit } from './configuration.ts'

/** What a reading can be: of a gauge its value, of a counter its growth per second. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

/** No bound is beyond this, so that sums and squares of readings stay finite. */
export const MAX_READING = 1e100

const ANY: Bounds = { min: -MAX_READING, max: MAX_READING }

/** A ratio leaves room for CPU that is counted per core. */
const BOUNDS: Readonly<Record<Unit, Bounds>> = {
  ratio: { min: -0.01, max: 1024 },
  percent: { min: -1, max: 102_400 },
  celsius: { min: -90, max: 1000 },
  bytes: { min: -(2 ** 60), max: 2 ** 60 },
  seconds: ANY,
  count: ANY,
  none: ANY,
}

/** A counter never falls, except to restart; one of bytes grows by 1 PiB per second at most. */
const MAX_GROWTH: Partial<Readonly<Record<Unit, number>>> = { bytes: 2 ** 50 }

/** Returns the bounds of a metric: its own, or those of its unit. */
export function metricBounds({ unit, kind, min, max }: Metric): Bounds {
  const bounds = kind === 'counter' ? { min: 0, max: MAX_GROWTH[unit] ?? BOUNDS[unit].max } : BOUNDS[unit]
  return { min: min ?? bounds.min, max: max ?? bounds.max }
}
