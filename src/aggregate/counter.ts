import type { Millis } from '../model.ts'
import { isLater } from './partial.ts'

/** Columns with the first and last sample of a counter in each bucket. */
export interface CounterCells {
  readonly firstTs: Float64Array
  readonly firstValue: Float64Array
  readonly lastTs: Float64Array
  readonly last: Float64Array
}

/** With more samples than this of one counter in one bucket, middle ones are dropped: they matter least. */
const MAX_SAMPLES = 256
/** From this many samples on, samples between which no late one is expected are merged. */
const COMPACT_FROM = 32
/** No sample is expected to be later than this. */
const LATE_SPAN = 2 * 60_000

/**
 * Adds a counter's sample to its cell. One or two samples fit the columns; from three on all of them are kept in a
 * sorted list beside them, because a reset between two samples shows only if both are known.
 */
export function addCounterSample(
  cells: CounterCells,
  at: number,
  fresh: boolean,
  crowded: Map<number, number[]>,
  key: number,
  ts: Millis,
  value: number,
): void {
  if (fresh) {
    crowded.delete(key)
    cells.firstTs[at] = ts
    cells.firstValue[at] = value
    cells.lastTs[at] = ts
    cells.last[at] = value
    return
  }
  const known = crowded.get(key)
  const samples = known ?? [...readCounterSamples(cells, at, crowded, key)]
  insert(samples, ts, value)
  if (known === undefined && samples.length > 4) crowded.set(key, samples)
  cells.firstTs[at] = samples[0] as number
  cells.firstValue[at] = samples[1] as number
  cells.lastTs[at] = samples[samples.length - 2] as number
  cells.last[at] = samples[samples.length - 1] as number
}

/** Returns times and values alternately, sorted by time, of a cell that is not empty. */
export function readCounterSamples(
  cells: CounterCells,
  at: number,
  crowded: ReadonlyMap<number, number[]>,
  key: number,
): readonly number[] {
  const kept = crowded.get(key)
  if (kept !== undefined) return kept
  const first = [cells.firstTs[at] as number, cells.firstValue[at] as number]
  const last = [cells.lastTs[at] as number, cells.last[at] as number]
  return first[0] === last[0] && first[1] === last[1] ? first : [...first, ...last]
}

/** Inserts a sample in order, usually at the end. A sample that is already present is not added again. */
function insert(samples: number[], ts: Millis, value: number): void {
  let index = samples.length
  while (index > 0 && isLater(samples[index - 2] as number, samples[index - 1] as number, ts, value)) index -= 2
  if (samples[index - 2] === ts && samples[index - 1] === value) return
  if (index === samples.length) samples.push(ts, value)
  else samples.splice(index, 0, ts, value)
  if (samples.length > COMPACT_FROM * 2) merge(samples, (samples.at(-2) as number) - LATE_SPAN)
  if (samples.length > MAX_SAMPLES * 2) samples.splice(MAX_SAMPLES, 2)
}

/** Merges the samples of a cell that is complete. */
export function compactCell(crowded: Map<number, number[]>, key: number): void {
  const samples = crowded.get(key)
  if (samples === undefined) return
  merge(samples, Infinity)
  if (samples.length <= 4) crowded.delete(key)
}

/** Drops samples before an instant that lie between their neighbours in a rise: the growth is the same without them. */
function merge(samples: number[], before: Millis): void {
  let kept = 2
  for (let i = 2; i < samples.length; i += 2) {
    const [ts, value] = [samples[i] as number, samples[i + 1] as number]
    const next = samples[i + 3]
    if (next !== undefined && ts < before && (samples[kept - 1] as number) <= value && value <= next) continue
    samples[kept++] = ts
    samples[kept++] = value
  }
  samples.length = kept
}

/** Returns a counter's growth from one sample to the next. A fall is a reset to 0. */
export function growth(from: number, to: number): number {
  return to >= from ? to - from : to
}
