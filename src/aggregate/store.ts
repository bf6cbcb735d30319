import type { Millis } from '../model.ts'
import { addCounterSample, type CounterCells } from './counter.ts'
import { addCount, type Counts, readCount, writeCount } from './counts.ts'
import { isLater, type Partial } from './partial.ts'

/** Which columns a store keeps beside count and sum, and how many buckets a ring holds. */
export interface Layout {
  readonly cells: number
  readonly squares: boolean
  readonly extremes: boolean
  readonly last: boolean
  readonly counter: boolean
  /** Some rule waits longer than the others, so that it has judged less far. */
  readonly slow: boolean
}

/**
 * The rings of all series of one metric, series-major: the cells of a series lie side by side. Series live in chunks
 * of `CHUNK`, so that growth copies nothing. A cell is empty when its `n` is 0; its other columns are then stale.
 * Plain data, so that a snapshot is a copy.
 */
export interface Store extends Counts {
  readonly layout: Layout
  readonly chunks: Chunk[]
  readonly free: number[]
  used: number
  /** Counter cells with three samples or more: times and values in turn, sorted by time; keyed by cell. */
  readonly crowded: Map<number, number[]>
  /** Called with the index of a chunk before it changes, while a snapshot is being written. Not part of the state. */
  onWrite: ((chunk: number) => void) | undefined
}

export interface Chunk extends CounterCells {
  /** First value and earliest sample of each series; bucket of its newest sample, -Infinity without one. */
  readonly k: Float64Array
  readonly first: Float64Array
  readonly head: Float64Array
  /** Window ends (in buckets) up to which a series has been judged: by ordinary rules, and by those that wait longer. */
  readonly judged: Float64Array
  readonly judgedSlow: Float64Array
  readonly n: Uint16Array
  readonly d1: Float64Array
  readonly d2: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
}

const CHUNK_BITS = 6
const CHUNK = 1 << CHUNK_BITS

export function createStore(layout: Layout): Store {
  return { layout, chunks: [], free: [], used: 0, crowded: new Map(), many: new Map(), onWrite: undefined }
}

/** A column's size in bytes, and whether it holds counts (Uint16) or figures (Float64). */
export interface Column {
  readonly bytes: number
  readonly isCount: boolean
}

/** The columns of a chunk in their order: one value a series, then one a cell; columns that are not kept are empty. */
export function chunkLayout(layout: Layout): readonly (readonly [keyof Chunk, Column])[] {
  const cells = CHUNK * layout.cells
  const lasts = layout.last || layout.counter
  const perSeries = (['k', 'first', 'head', 'judged'] as const).map((name) => figures(name, CHUNK))
  const kept = (name: keyof Chunk, isKept: boolean): readonly [keyof Chunk, Column] => figures(name, isKept ? cells : 0)
  return [
    ...perSeries,
    figures('judgedSlow', layout.slow ? CHUNK : 0),
    ['n', { bytes: cells * Uint16Array.BYTES_PER_ELEMENT, isCount: true }],
    kept('d1', true),
    kept('d2', layout.squares),
    kept('min', layout.extremes),
    kept('max', layout.extremes),
    kept('lastTs', lasts),
    kept('last', lasts),
    kept('firstTs', layout.counter),
    kept('firstValue', layout.counter),
  ]
}

function figures(name: keyof Chunk, length: number): readonly [keyof Chunk, Column] {
  return [name, { bytes: length * Float64Array.BYTES_PER_ELEMENT, isCount: false }]
}

function createChunk(layout: Layout): Chunk {
  const columns = chunkLayout(layout).map(([name, { bytes, isCount }]) => {
    const buffer = new ArrayBuffer(bytes)
    return [name, isCount ? new Uint16Array(buffer) : new Float64Array(buffer)]
  })
  return Object.fromEntries(columns) as Chunk
}

/** Takes a slot for a new series. */
export function addSeries(store: Store): number {
  const slot = store.free.pop() ?? store.used++
  if (slot >> CHUNK_BITS >= store.chunks.length) store.chunks.push(createChunk(store.layout))
  changing(store, slot)
  chunkOf(store, slot).head[slot & (CHUNK - 1)] = -Infinity
  return slot
}

/** Gives a slot back; its cells are wiped when it is used anew. */
export function removeSeries(store: Store, slot: number): void {
  changing(store, slot)
  const chunk = chunkOf(store, slot)
  const base = baseOf(store, slot)
  chunk.n.fill(0, base, base + store.layout.cells)
  for (let cell = 0; cell < store.layout.cells && store.crowded.size + store.many.size > 0; cell++) {
    store.crowded.delete(keyOf(store, slot, cell))
    store.many.delete(keyOf(store, slot, cell))
  }
  store.free.push(slot)
}

/** To be called before a series' cells change. */
function changing(store: Store, slot: number): void {
  store.onWrite?.(slot >> CHUNK_BITS)
}

export function chunkOf(store: Store, slot: number): Chunk {
  return store.chunks[slot >> CHUNK_BITS] as Chunk
}

/** Index of a series' first cell in its chunk's columns. */
export function baseOf(store: Store, slot: number): number {
  return (slot & (CHUNK - 1)) * store.layout.cells
}

export function headOf(store: Store, slot: number): number {
  return chunkOf(store, slot).head[slot & (CHUNK - 1)] as number
}

/** The newest window end (in buckets) that a series was judged for; Infinity where no rule asks. */
export function judgedOf(store: Store, slot: number, slow: boolean): number {
  if (slow && !store.layout.slow) return Infinity
  const chunk = chunkOf(store, slot)
  return (slow ? chunk.judgedSlow : chunk.judged)[slot & (CHUNK - 1)] as number
}

export function setJudged(store: Store, slot: number, slow: boolean, end: number): void {
  changing(store, slot)
  const chunk = chunkOf(store, slot)
  const column = slow ? chunk.judgedSlow : chunk.judged
  column[slot & (CHUNK - 1)] = end
}

/** Time of the earliest sample the series ever had. */
export function firstOf(store: Store, slot: number): Millis {
  return chunkOf(store, slot).first[slot & (CHUNK - 1)] as number
}

/** The value that the sums of a series are shifted by. */
export function shiftOf(store: Store, slot: number): number {
  return chunkOf(store, slot).k[slot & (CHUNK - 1)] as number
}

/** The oldest bucket that a series can still hold. */
export function tailOf(store: Store, slot: number): number {
  return headOf(store, slot) - store.layout.cells + 1
}

export function cellOf(store: Store, bucket: number): number {
  const cells = store.layout.cells
  return ((bucket % cells) + cells) % cells
}

/** The number of a cell in its store. */
export function keyOf(store: Store, slot: number, cell: number): number {
  return slot * store.layout.cells + cell
}

/** Folds one sample in. The caller has made sure that the bucket is not older than the series' tail. */
export function addSample(store: Store, slot: number, bucket: number, ts: Millis, value: number): void {
  changing(store, slot)
  const chunk = chunkOf(store, slot)
  advance(store, slot, chunk, bucket, ts, value)
  const cell = cellOf(store, bucket)
  const at = baseOf(store, slot) + cell
  const fresh = chunk.n[at] === 0
  const shifted = value - (chunk.k[slot & (CHUNK - 1)] as number)
  const key = keyOf(store, slot, cell)
  if (store.layout.counter) addCounterSample(chunk, at, fresh, store.crowded, key, ts, value)
  else if (store.layout.last) keepLast(chunk, at, fresh, ts, value)
  addCount(store, chunk.n, at, key)
  chunk.d1[at] = fresh ? shifted : (chunk.d1[at] as number) + shifted
  if (store.layout.squares) chunk.d2[at] = fresh ? shifted * shifted : (chunk.d2[at] as number) + shifted * shifted
  if (!store.layout.extremes) return
  chunk.min[at] = fresh ? value : Math.min(chunk.min[at] as number, value)
  chunk.max[at] = fresh ? value : Math.max(chunk.max[at] as number, value)
}

/**
 * Moves the ring of a series so that it reaches the bucket, emptying the cells that it passes. A series that reported
 * more often than its ring is long and then paused for longer begins anew: nothing is left to judge its windows by.
 */
function advance(store: Store, slot: number, chunk: Chunk, bucket: number, ts: Millis, value: number): void {
  const index = slot & (CHUNK - 1)
  const head = chunk.head[index] as number
  if (head === -Infinity) {
    chunk.k[index] = value
    chunk.first[index] = ts
    chunk.head[index] = bucket
    chunk.judged[index] = bucket
    chunk.judgedSlow[index] = bucket
    return
  }
  if (ts < (chunk.first[index] as number)) chunk.first[index] = ts
  if (bucket <= head) return
  const base = baseOf(store, slot)
  const cells = store.layout.cells
  if (bucket - head >= cells) {
    if (filledCells(chunk, base, cells) > 1) chunk.first[index] = ts
    chunk.n.fill(0, base, base + cells)
  } else for (let b = head + 1; b <= bucket; b++) chunk.n[base + cellOf(store, b)] = 0
  chunk.head[index] = bucket
  if (isFar(chunk.k[index] as number, value)) shiftAnew(store, slot, value)
}

/** Whether one value drowns in the other's rounding. */
function isFar(a: number, b: number): boolean {
  const small = Math.min(Math.abs(a), Math.abs(b))
  return small > 0 && small < 1e-9 * Math.max(Math.abs(a), Math.abs(b))
}

/** Shifts the sums of a series by another value. A first value out of all proportion would blur all that come after. */
function shiftAnew(store: Store, slot: number, k: number): void {
  const chunk = chunkOf(store, slot)
  const base = baseOf(store, slot)
  const by = (chunk.k[slot & (CHUNK - 1)] as number) - k
  for (let at = base; at < base + store.layout.cells; at++) {
    const n = readCount(store, chunk.n, at, keyOf(store, slot, at - base))
    if (n === 0) continue
    const d1 = chunk.d1[at] as number
    chunk.d1[at] = d1 + n * by
    if (store.layout.squares) chunk.d2[at] = (chunk.d2[at] as number) + 2 * by * d1 + n * by * by
  }
  chunk.k[slot & (CHUNK - 1)] = k
}

/**
 * Takes back what lies ahead of the present, after the clock was set back: series whose newest sample is beyond its
 * bucket begin anew, and no series counts as judged beyond it.
 */
export function rewindSeries(store: Store, bucket: number, now: Millis): void {
  for (let slot = 0; slot < store.used; slot++) {
    const chunk = chunkOf(store, slot)
    const index = slot & (CHUNK - 1)
    if ((chunk.head[index] as number) <= bucket && (chunk.judged[index] as number) <= bucket) continue
    changing(store, slot)
    chunk.judged[index] = Math.min(chunk.judged[index] as number, bucket)
    chunk.judgedSlow[index] = Math.min(chunk.judgedSlow[index] as number, bucket)
    if ((chunk.head[index] as number) <= bucket) continue
    chunk.head[index] = bucket
    chunk.first[index] = now
    const base = baseOf(store, slot)
    chunk.n.fill(0, base, base + store.layout.cells)
  }
}

function filledCells(chunk: Chunk, base: number, cells: number): number {
  let filled = 0
  for (let at = base; at < base + cells; at++) if (chunk.n[at] !== 0) filled++
  return filled
}

function keepLast(chunk: Chunk, at: number, fresh: boolean, ts: Millis, value: number): void {
  if (!fresh && !isLater(ts, value, chunk.lastTs[at] as number, chunk.last[at] as number)) return
  chunk.lastTs[at] = ts
  chunk.last[at] = value
}

/** How many samples a bucket of a series holds. */
export function sampleCount(store: Store, slot: number, bucket: number): number {
  const cell = cellOf(store, bucket)
  return readCount(store, chunkOf(store, slot).n, baseOf(store, slot) + cell, keyOf(store, slot, cell))
}

/** Reads one cell; columns that are not kept are NaN. */
export function readCell(store: Store, slot: number, bucket: number, into: Partial): void {
  const chunk = chunkOf(store, slot)
  const at = baseOf(store, slot) + cellOf(store, bucket)
  const { squares, extremes, last, counter } = store.layout
  into.n = sampleCount(store, slot, bucket)
  into.d1 = chunk.d1[at] as number
  into.d2 = squares ? (chunk.d2[at] as number) : NaN
  into.min = extremes ? (chunk.min[at] as number) : NaN
  into.max = extremes ? (chunk.max[at] as number) : NaN
  into.lastTs = last || counter ? (chunk.lastTs[at] as number) : NaN
  into.last = last || counter ? (chunk.last[at] as number) : NaN
}

/**
 * Copies a series into a store of another layout, as far as its ring reaches. Columns that the old store did not keep
 * become NaN, which makes the windows that touch them say "no data" until they have passed.
 *
 * @returns the slot in the new store.
 */
export function copySeries(from: Store, slot: number, to: Store): number {
  const target = addSeries(to)
  const source = chunkOf(from, slot)
  const chunk = chunkOf(to, target)
  const [a, b] = [slot & (CHUNK - 1), target & (CHUNK - 1)]
  for (const name of ['k', 'first', 'head', 'judged'] as const) chunk[name][b] = source[name][a] as number
  chunk.judgedSlow[b] = source.judgedSlow[a] ?? (source.judged[a] as number)
  const head = headOf(from, slot)
  if (head === -Infinity) return target
  for (let bucket = Math.max(tailOf(from, slot), tailOf(to, target)); bucket <= head; bucket++) {
    const [old, fresh] = [cellOf(from, bucket), cellOf(to, bucket)]
    const [i, j] = [baseOf(from, slot) + old, baseOf(to, target) + fresh]
    for (const name of CELL_COLUMNS) if (chunk[name].length > 0) chunk[name][j] = source[name].length > 0 ? (source[name][i] as number) : NaN
    writeCount(to, chunk.n, j, keyOf(to, target, fresh), sampleCount(from, slot, bucket))
    const crowded = from.crowded.get(keyOf(from, slot, old))
    if (crowded !== undefined) to.crowded.set(keyOf(to, target, fresh), crowded)
  }
  return target
}

const CELL_COLUMNS = ['d1', 'd2', 'min', 'max', 'lastTs', 'last', 'firstTs', 'firstValue'] as const
