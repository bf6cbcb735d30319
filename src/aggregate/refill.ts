import { addCounterSample, readCounterSamples } from './counter.ts'
import { writeCount } from './wide-counts.ts'
import { mergeDistributions } from './distribution.ts'
import { matchLearnt, resetLearnt } from './learnt.ts'
import { emptyPartial, mergeInto, type Partial } from './partial.ts'
import {
  firstCell,
  cellIndex,
  findChunk,
  createChunk,
  createStore,
  newestBucket,
  chunkIndex,
  evaluatedTo,
  cellKey,
  type Layout,
  readCell,
  distributionRoom,
  readDistribution,
  setDistribution,
  readLearnt,
  sampleCount,
  type Store,
  oldestBucket,
  writeLearnt,
} from './store.ts'

/**
 * Returns a store of another layout with the same series in the same slots, as far as its rings reach. Its buckets may
 * be wider by an integer factor; they are then merged. Columns that the old store did not keep become NaN, so that
 * windows touching them have no data until they have passed; counters whose samples it did not keep start anew.
 */
export function refill(from: Store, layout: Layout): Store {
  const learnt = matchLearnt(layout.learnt, from.layout.learnt)
  const chunks = from.chunks.map(() => createChunk(layout))
  const to: Store = { ...createStore(layout), chunks, used: from.used, free: [...from.free] }
  for (let slot = 0; slot < from.used; slot++) {
    copySeries(from, slot, to)
    copyLearnt(from, slot, to, learnt)
  }
  return to
}

/** Keeps what is still learnt in the same way. The rest starts again. */
function copyLearnt(from: Store, slot: number, to: Store, known: readonly number[]): void {
  resetLearnt(findChunk(to, slot).learnt, chunkIndex(slot))
  for (const [column, old] of known.entries()) {
    if (old !== -1) writeLearnt(to, slot, column, readLearnt(from, slot, old))
  }
}

function copySeries(from: Store, slot: number, to: Store): void {
  const ratio = to.layout.width / from.layout.width
  const [source, chunk, index] = [findChunk(from, slot), findChunk(to, slot), chunkIndex(slot)]
  const [head, judged] = [newestBucket(from, slot), evaluatedTo(from, slot, false)]
  chunk.k[index] = source.k[index] as number
  chunk.first[index] = source.first[index] as number
  chunk.head[index] = Math.floor(head / ratio)
  chunk.evaluatedTo[index] = Math.floor(judged / ratio)
  chunk.evaluatedLateTo[index] = Math.floor(
    (from.layout.extraLateness ? evaluatedTo(from, slot, true) : judged) / ratio,
  )
  if (head === -Infinity) return
  const isKnown = from.layout.counter || !to.layout.counter
  const oldest = isKnown ? Math.max(oldestBucket(from, slot), oldestBucket(to, slot) * ratio) : head + 1
  // Wider buckets would reach further back than their data, and a counter has no samples from before.
  if (ratio > 1 || !isKnown) chunk.first[index] = Math.max(chunk.first[index], oldest * from.layout.width)
  for (let bucket = oldest; bucket <= head; bucket++) {
    if (sampleCount(from, slot, bucket) > 0) copyCell(from, slot, bucket, to, Math.floor(bucket / ratio))
  }
}

function copyCell(from: Store, slot: number, bucket: number, to: Store, target: number): void {
  const chunk = findChunk(to, slot)
  const cell = cellIndex(to, target)
  const at = firstCell(to, slot) + cell
  const key = cellKey(to, slot, cell)
  const all = emptyPartial()
  const added = emptyPartial()
  if (chunk.n[at] !== 0) readCell(to, slot, target, all)
  readCell(from, slot, bucket, added)
  if (to.layout.counter) copyCounter(from, slot, bucket, to, at, key)
  if (to.layout.distributions) copyDistribution(from, slot, bucket, to, target)
  mergeInto(all, added)
  writeCount(to, chunk.n, at, key, all.n)
  writeSums(to, slot, at, target, all)
}

function copyDistribution(from: Store, slot: number, bucket: number, to: Store, target: number): void {
  const chunk = findChunk(to, slot)
  const at = firstCell(to, slot) + cellIndex(to, target)
  const cells = [readDistribution(to, slot, target), readDistribution(from, slot, bucket)]
  const known = cells.filter((cell) => cell !== undefined)
  const isKnown = known.length === cells.length
  const count = sampleCount(to, slot, target) + sampleCount(from, slot, bucket)
  const merged = isKnown && count > 2 ? mergeDistributions(known, distributionRoom(to)) : undefined
  setDistribution(to, chunk, at, merged)
}

function copyCounter(from: Store, slot: number, bucket: number, to: Store, at: number, key: number): void {
  const [source, chunk] = [findChunk(from, slot), findChunk(to, slot)]
  const cell = cellIndex(from, bucket)
  const samples = readCounterSamples(source, firstCell(from, slot) + cell, from.crowded, cellKey(from, slot, cell))
  for (let i = 0; i < samples.length; i += 2) {
    addCounterSample(
      chunk,
      at,
      i === 0 && chunk.n[at] === 0,
      to.crowded,
      key,
      samples[i] as number,
      samples[i + 1] as number,
    )
  }
}

function writeSums(
  store: Store,
  slot: number,
  at: number,
  bucket: number,
  { d1, d2, min, max, lastTs, last }: Partial,
): void {
  const chunk = findChunk(store, slot)
  const { width, squares, extremes, last: hasLast, counter } = store.layout
  chunk.d1[at] = d1
  if (squares) chunk.d2[at] = d2
  if (extremes) [chunk.min[at], chunk.max[at]] = [min, max]
  if (hasLast && !counter) [chunk.lastAt[at], chunk.last[at]] = [lastTs - bucket * width, last]
}
