import { array, assert, constantFrom, double, integer, nat, oneof, property } from 'fast-check'
import { test } from 'tap'
import { refill } from '../../src/aggregate/refill.ts'
import { addSample } from '../../src/aggregate/ring.ts'
import {
  addSeries,
  createStore,
  type Layout,
  readStore,
  removeSeries,
  storeFrame,
  type Store,
  writeChunk,
} from '../../src/aggregate/store.ts'
import { computeFigure, readWindow } from '../../src/aggregate/window.ts'
import {
  LITTLE_ROOM,
  addValue,
  type Distribution,
  exactly,
  findPercentile,
  joinDistributions,
  ROOM,
  mergeDistributions,
  RELATIVE_ERROR,
} from '../../src/aggregate/distribution.ts'

const NOTHING = exactly([])
const addAll = (values: readonly number[]): Distribution => values.reduce((all, value) => addValue(all, value), NOTHING)
/** The nearest rank, by its definition: the smallest value that so many percent do not exceed. */
const nearestRank = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted.find((_, i) => (i + 1) * 1000 >= Math.round(percent * 10) * sorted.length) ?? Number.NaN
}
const reading = oneof(
  double({ min: -1e9, max: 1e9, noNaN: true }),
  double({ min: 0, max: 1, noNaN: true }),
  integer({ min: 0, max: 100 }),
  constantFrom(0, -0, 1e300, -1e300, 1e-300, Number.MAX_VALUE),
)
const percent = integer({ min: 10, max: 999 }).map((tenths) => tenths / 10)
/** The error that a level allows. */
const errorAt = (level: number): number => {
  const gamma = ((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)) ** (2 ** level)
  return (gamma - 1) / (gamma + 1)
}

test('percentiles of a few samples are exact', async (t) => {
  t.ok(Number.isNaN(findPercentile(NOTHING, 50)))
  const values = [15, 20, 35, 40, 50]
  for (const [asked, found] of [
    [5, 15],
    [30, 20],
    [40, 20],
    [50, 35],
    [99.9, 50],
  ] as const) {
    t.equal(findPercentile(addAll(values), asked), found, String(asked))
  }
  assert(
    property(array(reading, { minLength: 1, maxLength: ROOM.exact }), percent, (all, asked) => {
      t.equal(findPercentile(addAll(all), asked) + 0, nearestRank(all, asked) + 0)
    }),
  )
})

test('percentiles of many samples are within the stated error', async (t) => {
  const spread = array(double({ min: 1, max: 160, noNaN: true }), { minLength: ROOM.exact + 1, maxLength: 2000 })
  assert(
    property(spread, percent, (all, asked) => {
      const distribution = addAll(all)
      t.equal(distribution.level, 0)
      const exact = nearestRank(all, asked)
      t.ok(Math.abs(findPercentile(distribution, asked) - exact) <= RELATIVE_ERROR * exact * (1 + 1e-9))
    }),
    { numRuns: 30 },
  )
  const any = array(reading, { minLength: ROOM.exact + 1, maxLength: 1500 })
  assert(
    property(any, percent, (all, asked) => {
      const distribution = addAll(all)
      t.ok(distribution.numbers.length <= 2 * ROOM.bins)
      const exact = nearestRank(all, asked)
      const allowed = errorAt(distribution.level) * Math.abs(exact) * (1 + 1e-9) + 1e-12
      const found = findPercentile(distribution, asked)
      t.ok(found === exact || Math.abs(found / 2 - exact / 2) * 2 <= allowed, `${found} for ${exact}`)
    }),
    { numRuns: 60 },
  )
})

test('a distribution does not depend on the order of its samples, nor on how they are merged', async (t) => {
  const all = array(reading, { maxLength: 600 })
  assert(
    property(all, array(nat(), { minLength: 600, maxLength: 600 }), nat({ max: 600 }), (values, order, cut) => {
      const shuffled = values.map((value, i) => [order[i] ?? 0, value] as const).toSorted(([a], [b]) => a - b)
      const whole = addAll(values.map((value) => value + 0))
      t.strictSame(addAll(shuffled.map(([, value]) => value + 0)), whole)
      const [first, second] = [values.slice(0, cut), values.slice(cut)].map((some) => addAll(some.map((v) => v + 0)))
      t.strictSame(mergeDistributions([first ?? NOTHING, second ?? NOTHING]), whole)
    }),
    { numRuns: 60 },
  )
})

test('windows of many small buckets keep every sample', async (t) => {
  const buckets = Array.from({ length: 60 }, (_, b) => exactly(Array.from({ length: 16 }, (_, i) => b + i / 16)))
  const joined = joinDistributions(buckets)
  t.equal(joined.numbers.length, 960)
  t.equal(findPercentile(joined, 95), 56.9375)
})

const LAYOUT: Layout = {
  width: 10_000,
  cells: 6,
  squares: false,
  extremes: true,
  last: false,
  counter: false,
  extraLateness: false,
  learnt: [],
  distributions: true,
}
const at = (store: Store, slot: number, percent: number, from = 10, to = 12): number => {
  const span = { from, to }
  return computeFigure(store, slot, span, `p${percent}`, readWindow(store, slot, span))
}
const fill = (store: Store, slot: number, values: readonly number[], bucket = 10): void => {
  for (const value of values) addSample(store, slot, bucket, bucket * 10_000 + 1, value)
}
const restore = (store: Store): Store => {
  const bytes = Buffer.concat(store.chunks.map((chunk) => writeChunk(store.layout, chunk)))
  let position = 0
  const take = (size: number): ArrayBuffer => new Uint8Array(bytes.subarray(position, (position += size))).buffer
  const restored = readStore(structuredClone(storeFrame(store)), take)
  return restored
}

test('a ring keeps the samples of each bucket, through snapshots, wider buckets and reuse', async (t) => {
  const store = createStore(LAYOUT)
  const slot = addSeries(store)
  fill(store, slot, [0.5])
  t.equal(at(store, slot, 50), 0.5)
  fill(store, slot, [0.1])
  t.equal(at(store, slot, 50), 0.1)
  t.equal(store.held, 0, 'one sample or two are the extremes')
  fill(store, slot, [0.9, 0.3, 0.7])
  fill(store, slot, [0.2, 0.4, 0.6], 11)
  const quartiles = (of: Store): readonly number[] => [25, 50, 75, 99].map((percent) => at(of, slot, percent))
  t.strictSame(quartiles(store), [0.2, 0.4, 0.6, 0.9])
  t.strictSame(quartiles(restore(store)), quartiles(store))
  t.equal(restore(store).held, 8)
  const wider = refill(store, { ...LAYOUT, width: 30_000 })
  t.strictSame(
    [25, 50, 75, 99].map((percent) => at(wider, slot, percent, 3, 4)),
    quartiles(store),
  )
  fill(store, slot, [7], 16)
  t.strictSame([at(store, slot, 50, 16, 17), store.held], [7, 3], 'the cell is used anew')
  removeSeries(store, slot)
  t.equal(store.held, 0)
})

test('a percentile has no data while its window reaches back to samples that were not kept', async (t) => {
  const before = createStore({ ...LAYOUT, distributions: false })
  const slot = addSeries(before)
  fill(before, slot, [1, 2, 3])
  fill(before, slot, [1, 2], 11)
  const store = refill(before, LAYOUT)
  fill(store, slot, [4])
  t.ok(Number.isNaN(at(store, slot, 50)))
  t.equal(at(store, slot, 50, 11, 12), 1, 'the extremes were kept')
  const none = createStore({ ...LAYOUT, distributions: false, extremes: false })
  addSeries(none)
  fill(none, slot, [1, 2])
  const later = refill(none, LAYOUT)
  fill(later, slot, [3])
  t.ok(Number.isNaN(at(later, slot, 50)))
})

test('many buckets of many samples take bounded memory', async (t) => {
  const store = createStore(LAYOUT)
  const slot = addSeries(store)
  store.held = 8_000_000
  for (let i = 0; i < 1000; i++) fill(store, slot, [1.1 ** (i % 40)])
  t.ok(store.held <= 8_000_000 + 2 * LITTLE_ROOM.bins)
  const median = 1.1 ** 19
  t.ok(Math.abs(at(store, slot, 50) - median) < 0.2 * median, 'the figure is rougher')
})
