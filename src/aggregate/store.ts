import type { Millis } from '../model.ts'
import type { CounterCells } from './counter.ts'
import { type Distribution, exactly, LITTLE_ROOM, type Room, ROOM } from './distribution.ts'
import { type LearntArray, learntBytes, type LearntColumn, learntOn, resetLearnt } from './learnt.ts'
import { type WideCounts, readCount } from './wide-counts.ts'
import type { Partial } from './partial.ts'

/** The width of buckets, their number in a ring, and the columns that are kept besides count and sum. */
export interface Layout {
  readonly width: Millis
  readonly cells: number
  readonly squares: boolean
  readonly extremes: boolean
  readonly last: boolean
  readonly counter: boolean
  /** Some rule waits longer than the others, so that it has judged less far. */
  readonly extraLateness: boolean
  /** What detectors learn of each series. */
  readonly learnt: readonly LearntColumn[]
  /** Percentiles are asked for. Needs the extremes, which are all the samples of a cell that holds one or two. */
  readonly distributions: boolean
}

/**
 * The rings of all series of one metric, series-major: the cells of a series lie side by side. Series live in chunks
 * of `CHUNK`, so that growth copies nothing. A cell is empty when its `n` is 0; its other columns are then stale.
 * Plain data, so that a snapshot is a copy.
 */
export interface Store extends WideCounts {
  readonly layout: Layout
  readonly chunks: Chunk[]
  readonly free: number[]
  used: number
  /** How many numbers the distributions of all cells hold. */
  held: number
  /** Counter cells with three samples or more: times and values in turn, sorted by time; keyed by cell. */
  readonly crowded: Map<number, number[]>
  /** Called with the index of a chunk before it changes, while a snapshot is being written. Not part of the state. */
  onWrite: ((chunk: number) => void) | undefined
}

export interface Chunk extends Columns {
  /** In the order of the layout, one value a series. */
  readonly learnt: readonly LearntArray[]
  /** The samples of cells that hold three or more, by the index of the cell. Stale where the cell was cleared. */
  readonly distributions: Map<number, Distribution>
}

interface Columns extends CounterCells {
  /** First value and earliest sample of each series; bucket of its newest sample, -Infinity without one. */
  readonly k: Float64Array
  readonly first: Float64Array
  readonly head: Float64Array
  /** Window ends (in buckets) up to which a series has been judged: by ordinary rules, and by those that wait longer. */
  readonly evaluatedTo: Float64Array
  readonly evaluatedLateTo: Float64Array
  readonly n: Uint16Array
  readonly d1: Float64Array
  readonly d2: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
  /** Of gauges: when the last sample was taken, within its bucket. Half as wide as an instant, and fine enough. */
  readonly lastAt: Float32Array
}

const CHUNK_BITS = 6
const CHUNK = 1 << CHUNK_BITS

export function createStore(layout: Layout): Store {
  return { layout, chunks: [], free: [], used: 0, held: 0, crowded: new Map(), overflow: new Map(), onWrite: undefined }
}

/** The types of columns: numbers of samples, times within a bucket, anything else. */
const ARRAYS = { count: Uint16Array, offset: Float32Array, figure: Float64Array } as const

type Column = readonly [name: keyof Columns, kind: keyof typeof ARRAYS, length: number]

/** The columns of a chunk in their order: one value a series, then one a cell; columns that are not kept are empty. */
function chunkLayout(layout: Layout): readonly Column[] {
  const cells = CHUNK * layout.cells
  const { squares, extremes, last, counter, extraLateness } = layout
  const figures = (name: keyof Columns, isKept: boolean, length = cells): Column => [
    name,
    'figure',
    isKept ? length : 0,
  ]
  return [
    ...(['k', 'first', 'head', 'evaluatedTo'] as const).map((name) => figures(name, true, CHUNK)),
    figures('evaluatedLateTo', extraLateness, CHUNK),
    ['n', 'count', cells],
    figures('d1', true),
    figures('d2', squares),
    figures('min', extremes),
    figures('max', extremes),
    figures('lastTs', counter),
    ['lastAt', 'offset', last && !counter ? cells : 0],
    figures('last', last || counter),
    figures('firstTs', counter),
    figures('firstValue', counter),
  ]
}

function columnBytes([, kind, length]: Column): number {
  return length * ARRAYS[kind].BYTES_PER_ELEMENT
}

/** How many bytes a chunk of a layout takes. */
export function chunkSize(layout: Layout): number {
  const cells = chunkLayout(layout).reduce((sum, column) => sum + columnBytes(column), 0)
  return layout.learnt.reduce((sum, column) => sum + learntBytes(column, CHUNK), cells)
}

/** Samples usually come so often: memory is estimated with it. */
const USUAL_INTERVAL: Millis = 10_000
/** A distribution's place in its table. */
const ENTRY_BYTES = 150

/** How many bytes the distributions of a series take where samples come as often as usual. */
function estimateDistributions({ width, cells, distributions }: Layout): number {
  const samples = width / USUAL_INTERVAL
  return !distributions || samples <= 2 ? 0 : cells * (ENTRY_BYTES + 8 * Math.min(samples, 2 * ROOM.bins))
}

/** How many bytes one series of a layout takes. */
export function seriesSize(layout: Layout): number {
  return chunkSize(layout) / CHUNK + estimateDistributions(layout)
}

/** Creates a chunk. Its columns are views of the given buffers, each of the required size. */
function chunkOn(layout: Layout, buffer: (bytes: number) => ArrayBuffer): Chunk {
  const columns = chunkLayout(layout).map((column) => {
    const [name, kind] = column
    return [name, new ARRAYS[kind](buffer(columnBytes(column)))]
  })
  const learnt = layout.learnt.map((column) => learntOn(column, buffer(learntBytes(column, CHUNK))))
  return { ...Object.fromEntries(columns), learnt, distributions: new Map() } as Chunk
}

export function createChunk(layout: Layout): Chunk {
  return chunkOn(layout, (bytes) => new ArrayBuffer(bytes))
}

export function readLearnt(store: Store, slot: number, column: number): number {
  return findChunk(store, slot).learnt[column]?.[chunkIndex(slot)] ?? Number.NaN
}

export function writeLearnt(store: Store, slot: number, column: number, value: number): void {
  markChanging(store, slot)
  const learnt = findChunk(store, slot).learnt[column]
  if (learnt !== undefined) learnt[chunkIndex(slot)] = value
}

/** The position of a series within its chunk. */
export function chunkIndex(slot: number): number {
  return slot & (CHUNK - 1)
}

/** Takes a slot for a new series. */
export function addSeries(store: Store): number {
  const slot = store.free.pop() ?? store.used++
  if (slot >> CHUNK_BITS >= store.chunks.length) store.chunks.push(createChunk(store.layout))
  markChanging(store, slot)
  const chunk = findChunk(store, slot)
  chunk.head[chunkIndex(slot)] = -Infinity
  resetLearnt(chunk.learnt, chunkIndex(slot))
  return slot
}

/** Frees a slot. Its cells are cleared when it is used again. */
export function removeSeries(store: Store, slot: number): void {
  markChanging(store, slot)
  const chunk = findChunk(store, slot)
  const base = firstCell(store, slot)
  chunk.n.fill(0, base, base + store.layout.cells)
  for (let cell = 0; cell < store.layout.cells && store.crowded.size + store.overflow.size > 0; cell++) {
    store.crowded.delete(cellKey(store, slot, cell))
    store.overflow.delete(cellKey(store, slot, cell))
  }
  for (let at = base; at < base + store.layout.cells && chunk.distributions.size > 0; at++)
    setDistribution(store, chunk, at, undefined)
  store.free.push(slot)
}

/** To be called before a series' cells change. */
export function markChanging(store: Store, slot: number): void {
  store.onWrite?.(slot >> CHUNK_BITS)
}

export function findChunk(store: Store, slot: number): Chunk {
  return store.chunks[slot >> CHUNK_BITS] as Chunk
}

/** Index of a series' first cell in its chunk's columns. */
export function firstCell(store: Store, slot: number): number {
  return chunkIndex(slot) * store.layout.cells
}

export function newestBucket(store: Store, slot: number): number {
  return findChunk(store, slot).head[chunkIndex(slot)] as number
}

/** The newest window end (in buckets) that a series was judged for; Infinity where no rule asks. */
export function evaluatedTo(store: Store, slot: number, slow: boolean): number {
  if (slow && !store.layout.extraLateness) return Infinity
  const chunk = findChunk(store, slot)
  return (slow ? chunk.evaluatedLateTo : chunk.evaluatedTo)[chunkIndex(slot)] as number
}

export function setEvaluatedTo(store: Store, slot: number, slow: boolean, end: number): void {
  markChanging(store, slot)
  const chunk = findChunk(store, slot)
  const column = slow ? chunk.evaluatedLateTo : chunk.evaluatedTo
  column[chunkIndex(slot)] = end
}

/** Time of the earliest sample the series ever had. */
export function firstSampleTime(store: Store, slot: number): Millis {
  return findChunk(store, slot).first[chunkIndex(slot)] as number
}

/** The value that the sums of a series are shifted by. */
export function sumShift(store: Store, slot: number): number {
  return findChunk(store, slot).k[chunkIndex(slot)] as number
}

/** The oldest bucket that a series can still hold. */
export function oldestBucket(store: Store, slot: number): number {
  return newestBucket(store, slot) - store.layout.cells + 1
}

export function cellIndex(store: Store, bucket: number): number {
  const cells = store.layout.cells
  return ((bucket % cells) + cells) % cells
}

/** The number of a cell in its store. */
export function cellKey(store: Store, slot: number, cell: number): number {
  return slot * store.layout.cells + cell
}

/** How many samples a bucket of a series holds. */
export function sampleCount(store: Store, slot: number, bucket: number): number {
  const cell = cellIndex(store, bucket)
  return readCount(store, findChunk(store, slot).n, firstCell(store, slot) + cell, cellKey(store, slot, cell))
}

/** From here on the buckets of a store have little room each: 64 MB, which only a flood of samples reaches. */
const MAX_HELD = 8_000_000

/** The room for the distribution of a cell. */
export function distributionRoom({ held }: Store): Room {
  return held < MAX_HELD ? ROOM : LITTLE_ROOM
}

export function setDistribution(store: Store, chunk: Chunk, at: number, distribution: Distribution | undefined): void {
  const { distributions } = chunk
  store.held += (distribution?.numbers.length ?? 0) - (distributions.get(at)?.numbers.length ?? 0)
  if (distribution === undefined) distributions.delete(at)
  else distributions.set(at, distribution)
}

/**
 * The samples of one cell, in any order; undefined where they are not known, because the cell is from before a rule asked
 * for percentiles.
 */
export function readDistribution(store: Store, slot: number, bucket: number): Distribution | undefined {
  const chunk = findChunk(store, slot)
  const at = firstCell(store, slot) + cellIndex(store, bucket)
  const n = sampleCount(store, slot, bucket)
  if (n > 2) return chunk.distributions.get(at)
  const [min, max] = [chunk.min[at] as number, chunk.max[at] as number]
  if (n > 0 && Number.isNaN(min)) return undefined
  return exactly(n === 2 ? [min, max] : n === 1 ? [min] : [])
}

/** Reads one cell; columns that are not kept are NaN. */
export function readCell(store: Store, slot: number, bucket: number, into: Partial): void {
  const chunk = findChunk(store, slot)
  const at = firstCell(store, slot) + cellIndex(store, bucket)
  const { width, squares, extremes, last, counter } = store.layout
  into.n = sampleCount(store, slot, bucket)
  into.d1 = chunk.d1[at] as number
  into.d2 = squares ? (chunk.d2[at] as number) : NaN
  into.min = extremes ? (chunk.min[at] as number) : NaN
  into.max = extremes ? (chunk.max[at] as number) : NaN
  into.lastTs = counter ? (chunk.lastTs[at] as number) : last ? bucket * width + (chunk.lastAt[at] as number) : NaN
  into.last = last || counter ? (chunk.last[at] as number) : NaN
}

/** A store without its cells: what is left when they are kept as bytes. */
export type StoreFrame = Omit<Store, 'chunks' | 'onWrite'> & { readonly count: number }

export function storeFrame({ layout, free, used, held, crowded, overflow, chunks }: Store): StoreFrame {
  return { layout, free, used, held, crowded, overflow, count: chunks.length }
}

/** The columns of a chunk, one behind the other, and its distributions. */
export function writeChunk(layout: Layout, chunk: Chunk): Uint8Array {
  const distributions = layout.distributions ? packDistributions(chunk.distributions) : NO_BYTES
  const bytes = new Uint8Array(chunkSize(layout) + distributions.byteLength)
  let at = 0
  const columns = [...chunkLayout(layout).map(([name]) => chunk[name]), ...chunk.learnt]
  for (const { buffer, byteOffset, byteLength } of columns) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at)
    at += byteLength
  }
  bytes.set(distributions, at)
  return bytes
}

const NO_BYTES = new Uint8Array(0)

/** How many numbers follow; then of each cell its index, its level, the length of its numbers, and these. */
function packDistributions(distributions: ReadonlyMap<number, Distribution>): Uint8Array {
  const all = [...distributions].flatMap(([at, { level, numbers }]) => [at, level, numbers.length, ...numbers])
  return new Uint8Array(Float64Array.from([all.length, ...all]).buffer)
}

function readDistributions(chunk: Chunk, take: Take): void {
  const [count = 0] = new Float64Array(take(8))
  const all = new Float64Array(take(8 * count))
  for (let i = 0; i < count;) {
    const [at = 0, level = 0, length = 0] = all.subarray(i, i + 3)
    chunk.distributions.set(at, { level, numbers: [...all.subarray(i + 3, i + 3 + length)] })
    i += 3 + length
  }
}

/** Returns the next bytes as a buffer of their own. */
type Take = (bytes: number) => ArrayBuffer

/** The store again, from its frame and the bytes of its chunks. */
export function readStore(frame: StoreFrame, take: Take): Store {
  const { count, ...rest } = frame
  const chunks = Array.from({ length: count }, () => {
    const chunk = chunkOn(frame.layout, take)
    if (frame.layout.distributions) readDistributions(chunk, take)
    return chunk
  })
  return { ...rest, chunks, onWrite: undefined }
}
