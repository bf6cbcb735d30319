import type { Millis } from '../model.ts'
import { growth } from './counter.ts'
import { newestBucket, oldestBucket, type Store } from './store.ts'
import { counterSamples } from './window.ts'

/** One reading of a counter. */
export interface Reading {
  readonly ts: Millis
  readonly value: number
}

/** Readings that are closer to each other count as this far apart. */
const MIN_SPAN = 1000

/** Returns the growth of a counter per second from one reading to a later one. */
export function ratePerSecond(from: Reading, to: Reading): number {
  return (growth(from.value, to.value) * 1000) / Math.max(MIN_SPAN, to.ts - from.ts)
}

/** Returns the rates that a reading would add to its series: from the reading before it, and to the one after it. */
export function ratesAround(store: Store, slot: number, reading: Reading): readonly number[] {
  const before = nearest(store, slot, reading.ts, -1)
  const after = nearest(store, slot, reading.ts, 1)
  return [
    ...(before === undefined ? [] : [ratePerSecond(before, reading)]),
    ...(after === undefined ? [] : [ratePerSecond(reading, after)]),
  ]
}

/** Finds the nearest reading not after an instant (`direction` -1), or after it (1). */
function nearest(store: Store, slot: number, ts: Millis, direction: -1 | 1): Reading | undefined {
  const [oldest, newest] = [oldestBucket(store, slot), newestBucket(store, slot)]
  const own = Math.floor(ts / store.layout.width)
  const first = direction === -1 ? Math.min(own, newest) : Math.max(own, oldest)
  for (let bucket = first; bucket >= oldest && bucket <= newest; bucket += direction) {
    const samples = counterSamples(store, slot, bucket)
    const readings = Array.from({ length: samples.length / 2 }, (_, i) => ({
      ts: samples[2 * i] as number,
      value: samples[2 * i + 1] as number,
    }))
    const found = direction === -1 ? readings.findLast((one) => one.ts <= ts) : readings.find((one) => one.ts > ts)
    if (found !== undefined) return found
  }
  return undefined
}
