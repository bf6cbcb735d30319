import type { Millis } from '../model.ts'
import { addCounterSample, compactCell } from './counter.ts'
import { addCount, readCount } from './wide-counts.ts'
import { resetLearnt } from './learnt.ts'
import { isLater } from './partial.ts'
import { addValue } from './distribution.ts'
import {
  firstCell,
  cellIndex,
  markChanging,
  type Chunk,
  findChunk,
  chunkIndex,
  cellKey,
  distributionRoom,
  readDistribution,
  setDistribution,
  sampleCount,
  type Store,
} from './store.ts'

/** Adds one sample. The caller ensures that the bucket is not older than the series' tail. */
export function addSample(store: Store, slot: number, bucket: number, ts: Millis, value: number): void {
  markChanging(store, slot)
  const { width, squares, extremes, last, counter, distributions } = store.layout
  const chunk = findChunk(store, slot)
  advance(store, slot, chunk, bucket, ts, value)
  const cell = cellIndex(store, bucket)
  const at = firstCell(store, slot) + cell
  const fresh = chunk.n[at] === 0
  const shifted = value - (chunk.k[chunkIndex(slot)] as number)
  const key = cellKey(store, slot, cell)
  if (counter) addCounterSample(chunk, at, fresh, store.crowded, key, ts, value)
  else if (last) keepLast(chunk, at, fresh, ts - bucket * width, value)
  if (distributions) addToDistribution(store, slot, bucket, value)
  addCount(store, chunk.n, at, key)
  chunk.d1[at] = fresh ? shifted : (chunk.d1[at] as number) + shifted
  if (squares) chunk.d2[at] = fresh ? shifted * shifted : (chunk.d2[at] as number) + shifted * shifted
  if (!extremes) return
  chunk.min[at] = fresh ? value : Math.min(chunk.min[at] as number, value)
  chunk.max[at] = fresh ? value : Math.max(chunk.max[at] as number, value)
}

/** One or two samples are the extremes of their cell. What was not known before stays unknown. */
function addToDistribution(store: Store, slot: number, bucket: number, value: number): void {
  const before = sampleCount(store, slot, bucket)
  if (before === 1) return
  const known = before === 0 ? undefined : readDistribution(store, slot, bucket)
  const at = firstCell(store, slot) + cellIndex(store, bucket)
  const added = known === undefined ? undefined : addValue(known, value, distributionRoom(store))
  setDistribution(store, findChunk(store, slot), at, added)
}

/**
 * Keeps the latest sample. Times are compared in stored precision, so that times that are stored as equal are ordered
 * by value, whatever the order of arrival.
 */
function keepLast(chunk: Chunk, at: number, fresh: boolean, offset: Millis, value: number): void {
  const kept = Math.fround(offset)
  if (!fresh && !isLater(kept, value, chunk.lastAt[at] as number, chunk.last[at] as number)) return
  chunk.lastAt[at] = kept
  chunk.last[at] = value
}

/**
 * Advances the ring of a series to a bucket and clears the cells it passes. A series that reported more often than its
 * ring is long and then paused for longer starts anew: no data is left to evaluate its windows with.
 */
function advance(store: Store, slot: number, chunk: Chunk, bucket: number, ts: Millis, value: number): void {
  const index = chunkIndex(slot)
  const head = chunk.head[index] as number
  if (head === -Infinity) {
    chunk.k[index] = value
    chunk.first[index] = ts
    chunk.head[index] = bucket
    chunk.evaluatedTo[index] = bucket
    chunk.evaluatedLateTo[index] = bucket
    return
  }
  if (ts < (chunk.first[index] as number)) chunk.first[index] = ts
  if (bucket <= head) return
  const base = firstCell(store, slot)
  const cells = store.layout.cells
  if (bucket - head >= cells) {
    if (filledCells(chunk, base, cells) > 1) chunk.first[index] = ts
    chunk.n.fill(0, base, base + cells)
  } else for (let b = head + 1; b <= bucket; b++) chunk.n[base + cellIndex(store, b)] = 0
  chunk.head[index] = bucket
  if (store.crowded.size > 0) settleCells(store, slot, head, bucket)
  if (isFar(chunk.k[index] as number, value)) shiftAnew(store, slot, value)
}

/** Compacts the cells that the ring left behind by more than samples usually are late. */
function settleCells(store: Store, slot: number, head: number, bucket: number): void {
  const behind = Math.ceil(SETTLED_AFTER / store.layout.width)
  const to = Math.min(head, bucket - behind - 1)
  for (let b = Math.max(head - behind, bucket - store.layout.cells + 1); b <= to; b++) {
    compactCell(store.crowded, cellKey(store, slot, cellIndex(store, b)))
  }
}

const SETTLED_AFTER = 2 * 60_000

/** Returns true if one value is lost in the rounding of the other. */
function isFar(a: number, b: number): boolean {
  const small = Math.min(Math.abs(a), Math.abs(b))
  return small > 0 && small < 1e-9 * Math.max(Math.abs(a), Math.abs(b))
}

/** Shifts the sums of a series by another value. A first value of another magnitude would blur all later ones. */
function shiftAnew(store: Store, slot: number, k: number): void {
  const chunk = findChunk(store, slot)
  const base = firstCell(store, slot)
  const by = (chunk.k[chunkIndex(slot)] as number) - k
  for (let at = base; at < base + store.layout.cells; at++) {
    const n = readCount(store, chunk.n, at, cellKey(store, slot, at - base))
    if (n === 0) continue
    const d1 = chunk.d1[at] as number
    chunk.d1[at] = d1 + n * by
    if (store.layout.squares) chunk.d2[at] = (chunk.d2[at] as number) + 2 * by * d1 + n * by * by
  }
  chunk.k[chunkIndex(slot)] = k
}

/** Forgets the samples of a series: the next one begins it anew. */
export function restartSeries(store: Store, slot: number): void {
  markChanging(store, slot)
  const chunk = findChunk(store, slot)
  const base = firstCell(store, slot)
  chunk.head[chunkIndex(slot)] = -Infinity
  chunk.n.fill(0, base, base + store.layout.cells)
  resetLearnt(chunk.learnt, chunkIndex(slot))
}

/**
 * Removes data ahead of `now` after the clock was set back: series whose newest sample is ahead start anew, and no
 * series counts as evaluated beyond it.
 */
export function rewindSeries(store: Store, now: Millis): void {
  const bucket = Math.floor(now / store.layout.width)
  for (let slot = 0; slot < store.used; slot++) {
    const chunk = findChunk(store, slot)
    const index = chunkIndex(slot)
    if ((chunk.head[index] as number) <= bucket && (chunk.evaluatedTo[index] as number) <= bucket) continue
    markChanging(store, slot)
    resetLearnt(chunk.learnt, index)
    chunk.evaluatedTo[index] = Math.min(chunk.evaluatedTo[index] as number, bucket)
    chunk.evaluatedLateTo[index] = Math.min(chunk.evaluatedLateTo[index] as number, bucket)
    if ((chunk.head[index] as number) <= bucket) continue
    chunk.head[index] = bucket
    chunk.first[index] = now
    const base = firstCell(store, slot)
    chunk.n.fill(0, base, base + store.layout.cells)
  }
}

function filledCells(chunk: Chunk, base: number, cells: number): number {
  let filled = 0
  for (let at = base; at < base + cells; at++) if (chunk.n[at] !== 0) filled++
  return filled
}
