import { test } from 'tap'
import { emptyPartial, computeStddev } from '../../src/aggregate/partial.ts'
import { refill } from '../../src/aggregate/refill.ts'
import { addSample, rewindSeries } from '../../src/aggregate/ring.ts'
import {
  addSeries,
  chunkSize,
  createStore,
  firstSampleTime,
  newestBucket,
  type Layout,
  readCell,
  readLearnt,
  removeSeries,
  type Store,
  oldestBucket,
  writeLearnt,
  storeFrame,
  readStore,
  writeChunk,
} from '../../src/aggregate/store.ts'
import { computeFigure, estimateInterval, hasCoverage, readWindow } from '../../src/aggregate/window.ts'
import type { Of } from '../../src/model.ts'

const B = 10_000
const GAUGE: Layout = {
  width: B,
  cells: 30,
  squares: true,
  extremes: true,
  last: true,
  counter: false,
  extraLateness: true,
  learnt: [],
  distributions: false,
}
const COUNTER: Layout = { ...GAUGE, squares: false, extremes: false, counter: true }

type Sample = readonly [ts: number, value: number]

function seriesOf(samples: readonly Sample[], layout = GAUGE): { store: Store; slot: number } {
  const store = createStore(layout)
  const slot = addSeries(store)
  for (const [ts, value] of samples) addSample(store, slot, Math.floor(ts / B), ts, value)
  return { store, slot }
}

function figure({ store, slot }: { store: Store; slot: number }, from: number, to: number, of: Of): number {
  const span = { from, to }
  return computeFigure(store, slot, span, of, readWindow(store, slot, span))
}

const every = (period: number, from: number, to: number, value: (ts: number) => number): Sample[] =>
  Array.from({ length: (to - from) / period }, (_, i) => [from + i * period, value(from + i * period)])

test('a ring holds its newest buckets, in whatever order samples come', async (t) => {
  const one = seriesOf([
    [95_000, 3],
    [5_000, 1],
    [45_000, 2],
  ])
  t.match(readWindow(one.store, one.slot, { from: 0, to: 10 }), { n: 3, min: 1, max: 3, last: 3, filled: 3 })
  addSample(one.store, one.slot, 31, 315_000, 4)
  t.equal(oldestBucket(one.store, one.slot), 2)
  t.match(
    readWindow(one.store, one.slot, { from: 0, to: 40 }),
    { n: 3, min: 2, max: 4 },
    'the oldest bucket has made room',
  )
  t.equal(figure(one, 0, 40, 'count'), 3)
  t.equal(figure(one, 0, 40, 'sum'), 9)
  t.equal(firstSampleTime(one.store, one.slot), 5_000)
})

test('a bucket at the border of a window belongs to the window that it begins, not to the one that it ends', async (t) => {
  const one = seriesOf([[20_000, 5]])
  t.equal(readWindow(one.store, one.slot, { from: 0, to: 2 }).n, 0)
  t.equal(readWindow(one.store, one.slot, { from: 2, to: 4 }).n, 1)
})

test('a slot that is given back and taken anew remembers nothing', async (t) => {
  const { store, slot } = seriesOf(
    every(2_000, 0, 60_000, (ts) => ts),
    COUNTER,
  )
  t.ok(store.crowded.size > 0)
  removeSeries(store, slot)
  t.equal(store.crowded.size, 0)
  t.equal(addSeries(store), slot)
  addSample(store, slot, 3, 30_000, 7)
  t.equal(readWindow(store, slot, { from: 0, to: 9 }).n, 1)
})

test('a series that is copied into another layout keeps what fits, and has no data where a column is new', async (t) => {
  const narrow = seriesOf(
    every(10_000, 0, 200_000, () => 2),
    { ...GAUGE, squares: false, extremes: false, last: false },
  )
  const wide = refill(narrow.store, { ...GAUGE, cells: 10 })
  const { slot } = narrow
  t.equal(readWindow(wide, slot, { from: 0, to: 20 }).n, 10)
  t.equal(figure({ store: wide, slot }, 10, 20, 'mean'), 2)
  addSample(wide, slot, 20, 200_000, 4)
  for (const column of ['max', 'stddev', 'last'] as const)
    t.ok(Number.isNaN(figure({ store: wide, slot }, 15, 21, column)), column)
  t.equal(figure({ store: wide, slot }, 20, 21, 'max'), 4)
})

test('narrow buckets merge into wider ones, with all that they hold', async (t) => {
  const one = seriesOf(every(5_000, 0, 200_000, (ts) => ts / 1000))
  const wide = { store: refill(one.store, { ...GAUGE, width: 6 * B, cells: 10 }), slot: one.slot }
  for (const column of ['count', 'sum', 'mean', 'min', 'max', 'last', 'stddev'] as const) {
    t.equal(figure(wide, 1, 3, column), figure(one, 6, 18, column), column)
  }
  t.equal(firstSampleTime(wide.store, wide.slot), 0)
  addSample(wide.store, wide.slot, 3, 205_000, 1000)
  t.equal(figure(wide, 3, 4, 'max'), 1000, 'and go on')
  const rolled = seriesOf(every(10_000, 0, 600_000, () => 1))
  t.equal(
    firstSampleTime(refill(rolled.store, { ...GAUGE, width: 6 * B, cells: 10 }), 0),
    300_000,
    'no further back than the narrow ones reached',
  )
})

test('a counter keeps its growth when its buckets become wider, and begins anew when its samples were not kept', async (t) => {
  const samples = every(10_000, 0, 240_000, (ts) => (ts < 130_000 ? ts / 100 : (ts - 130_000) / 100))
  const one = seriesOf(samples, COUNTER)
  const wide = { store: refill(one.store, { ...COUNTER, width: 6 * B, cells: 10 }), slot: one.slot }
  t.equal(figure(wide, 0, 4, 'increase'), figure(one, 0, 24, 'increase'))
  t.equal(figure(wide, 0, 4, 'last'), 1000)
  const anew = { store: refill(seriesOf(samples).store, COUNTER), slot: 0 }
  t.ok(Number.isNaN(figure(anew, 0, 24, 'increase')))
  t.equal(readWindow(anew.store, 0, { from: 0, to: 24 }).n, 0)
  for (const [ts, value] of [
    [240_000, 50],
    [250_000, 60],
  ] as const)
    addSample(anew.store, 0, ts / B, ts, value)
  t.equal(figure(anew, 20, 26, 'increase'), 10)
})

test('a counter with many samples in a bucket keeps those that tell its growth, in whatever order they come', async (t) => {
  const HOUR = 360 * B
  const layout = { ...COUNTER, width: HOUR, cells: 4 }
  const samples = every(10_000, 0, 2 * HOUR, (ts) => (ts < 1_800_000 ? ts / 1000 : (ts - 1_800_000) / 1000))
  const shuffled = samples
    .map(([ts, value], i) => [ts, value, i + ((i * 7) % 5)] as const)
    .toSorted((a, b) => a[2] - b[2])
  const results = [samples, shuffled.map(([ts, value]) => [ts, value] as const)].map((list) => {
    const store = createStore(layout)
    const slot = addSeries(store)
    for (const [ts, value] of list) addSample(store, slot, Math.floor(ts / HOUR), ts, value)
    t.ok(
      [...store.crowded.values()].every((kept) => kept.length <= 80),
      'few of 360',
    )
    for (const bucket of [2, 3]) addSample(store, slot, bucket, bucket * HOUR, 5390 + bucket * 10)
    t.equal(store.crowded.get(slot * 4)?.length, 8, 'of a bucket that is left: both ends, and both sides of the reset')
    return computeFigure(store, slot, { from: 0, to: 2 }, 'increase', readWindow(store, slot, { from: 0, to: 2 }))
  })
  t.strictSame(results, [1790 + 5390, 1790 + 5390])
})

test('of two last samples that are kept as simultaneous the larger one counts, in any order', async (t) => {
  const list: Sample[] = [
    [9_999.9999, 1],
    [9_999.99995, 2],
    [9_999.99992, 3],
  ]
  for (const samples of [list, list.toReversed(), [...list.slice(1), ...list.slice(0, 1)]]) {
    t.equal(figure(seriesOf(samples), 0, 1, 'last'), 3)
  }
  t.equal(
    figure(
      seriesOf([
        [9_000, 5],
        [9_000.25, 1],
      ]),
      0,
      1,
      'last',
    ),
    1,
    'a quarter of a millisecond is told apart',
  )
})

test('a first value out of all proportion does not blur the ones that follow', async (t) => {
  const one = seriesOf([
    [0, 2 ** 64],
    [10_000, 0.5],
    [20_000, 0.25],
    [25_000, 0.75],
  ])
  t.equal(figure(one, 1, 2, 'mean'), 0.5)
  t.equal(figure(one, 2, 3, 'mean'), 0.5)
  t.equal(figure(one, 2, 3, 'stddev'), 0.25)
  const cell = emptyPartial()
  readCell(one.store, one.slot, 2, cell)
  t.equal(computeStddev(cell), 0.25)
})

test('when the clock is set back, what lies ahead of it is forgotten', async (t) => {
  const { store, slot } = seriesOf(every(10_000, 0, 200_000, () => 1))
  const ahead = addSeries(store)
  addSample(store, ahead, 360, 3_600_000, 1)
  rewindSeries(store, 255_000)
  t.equal(newestBucket(store, slot), 19)
  t.equal(newestBucket(store, ahead), 25)
  t.equal(readWindow(store, ahead, { from: 0, to: 400 }).n, 0)
  t.equal(firstSampleTime(store, ahead), 255_000)
  addSample(store, ahead, 25, 250_000, 1)
  t.equal(readWindow(store, ahead, { from: 0, to: 400 }).n, 1)
})

test('an interval is learnt from the buckets that hold samples', async (t) => {
  const interval = (samples: readonly Sample[], to: number): number => {
    const { store, slot } = seriesOf(samples)
    return estimateInterval(store, slot, to)
  }
  t.equal(
    interval(
      every(60_000, 0, 300_000, () => 1),
      30,
    ),
    60_000,
  )
  t.equal(
    interval(
      every(1_000, 0, 100_000, () => 1),
      10,
    ),
    1_000,
  )
  t.ok(Number.isNaN(interval([[5_000, 1]], 10)), 'not from one sample')
  t.equal(
    interval(
      [
        [0, 1],
        [10_000, 1],
        [290_000, 1],
      ],
      30,
    ),
    10_000,
    'a pause is none',
  )
})

test('a window is warm when the series covers it and holds half of what is usual', async (t) => {
  const warm = (samples: readonly Sample[], from: number, to: number, least?: number): boolean => {
    const { store, slot } = seriesOf(samples)
    const span = { from, to }
    return hasCoverage(store, slot, span, readWindow(store, slot, span), least)
  }
  const steady = every(10_000, 0, 120_000, () => 1)
  t.equal(warm(steady, 0, 12), true)
  t.equal(warm(steady, 6, 18), true, 'half')
  t.equal(warm(steady, 7, 19), false, 'less than half')
  t.equal(warm(steady.slice(6), 0, 12), false, 'the series began in the middle')
  t.equal(warm(steady, 7, 19, 5), true, 'as many as are asked for')
  t.equal(warm(steady, 7, 19, 6), false)
  t.equal(
    warm(
      every(60_000, 0, 240_000, () => 1),
      18,
      20,
    ),
    true,
    'a window shorter than the interval, with a sample',
  )
  t.equal(
    warm(
      every(60_000, 0, 240_000, () => 1),
      20,
      22,
    ),
    false,
    'and without',
  )
  t.equal(
    warm(
      every(60_000, 30_000, 240_000, () => 1),
      0,
      12,
    ),
    true,
    'begun within one interval',
  )
})

test('a counter grows across buckets and resets, in any order of arrival', async (t) => {
  const samples = every(10_000, 0, 120_000, (ts) => (ts < 60_000 ? ts / 100 : (ts - 60_000) / 100))
  const grown = 500 + 0 + 500
  for (const list of [samples, samples.toReversed(), samples.toSorted(([a], [b]) => (a % 7) - (b % 7))]) {
    t.equal(figure(seriesOf(list, COUNTER), 0, 12, 'increase'), grown)
  }
  t.equal(figure(seriesOf(samples, COUNTER), 7, 12, 'increase'), 500, 'from the sample before the window')
  t.equal(figure(seriesOf(samples, COUNTER), 7, 12, 'rate'), 10)
})

test('many samples of a counter in one bucket show a reset between them', async (t) => {
  const one = seriesOf(
    [
      [0, 10],
      [1_000, 20],
      [2_000, 5],
      [3_000, 9],
      [1_500, 25],
      [2_000, 5],
    ],
    COUNTER,
  )
  t.equal(figure(one, 0, 1, 'increase'), 10 + 5 + 5 + 4)
  t.equal(figure(one, 0, 1, 'last'), 9)
})

test('after a pause a counter has grown by its share of the window, not by all that was missed', async (t) => {
  const one = seriesOf(
    [
      [0, 0],
      [10_000, 100],
      [240_000, 2_400],
    ],
    COUNTER,
  )
  t.equal(figure(one, 23, 25, 'increase'), 200)
  t.equal(figure(one, 23, 25, 'rate'), 10)
  const minutes = seriesOf(
    every(60_000, 0, 300_000, (ts) => ts / 1000),
    COUNTER,
  )
  t.equal(figure(minutes, 18, 20, 'increase'), 20, 'reported each minute, judged over twenty seconds')
  t.equal(figure(minutes, 6, 30, 'increase'), 240)
})

test('a counter with nothing but samples of one instant has no rate', async (t) => {
  t.ok(
    Number.isNaN(
      figure(
        seriesOf(
          [
            [10_000, 5],
            [10_000, 900],
          ],
          COUNTER,
        ),
        1,
        2,
        'rate',
      ),
    ),
  )
  t.ok(Number.isNaN(figure(seriesOf([[10_000, 5]], COUNTER), 1, 2, 'rate')))
  t.ok(Number.isNaN(figure(seriesOf([[10_000, 5]], COUNTER), 1, 2, 'increase')))
})

const TAUGHT: Layout = {
  ...GAUGE,
  learnt: [
    { owner: 'a', name: 'flags', kind: 'uint16' },
    { owner: 'a', name: 'level', kind: 'float64' },
    { owner: 'b', name: 'level', kind: 'float32' },
  ],
}
const learntOf = (store: Store, slot: number): number[] =>
  store.layout.learnt.map((_, column) => readLearnt(store, slot, column))

test('what is learnt of a series is its own, and the next in its place begins anew', async (t) => {
  const store = createStore(TAUGHT)
  const [one, other] = [addSeries(store), addSeries(store)]
  t.strictSame(learntOf(store, one), [0, Number.NaN, Number.NaN])
  for (const column of [0, 1, 2]) writeLearnt(store, one, column, column + 0.5)
  t.strictSame(learntOf(store, one), [0, 1.5, 2.5])
  t.strictSame(learntOf(store, other), [0, Number.NaN, Number.NaN])
  removeSeries(store, one)
  t.equal(addSeries(store), one)
  t.strictSame(learntOf(store, one), [0, Number.NaN, Number.NaN])
})

test('what is learnt is in the bytes of a chunk, and a chunk is about to change when it is', async (t) => {
  const store = createStore(TAUGHT)
  const slot = addSeries(store)
  const changing: number[] = []
  store.onWrite = (chunk) => void changing.push(chunk)
  for (const column of [0, 1, 2]) writeLearnt(store, slot, column, column + 3)
  t.strictSame(changing, [0, 0, 0])
  const bytes = Buffer.concat(store.chunks.map((chunk) => writeChunk(TAUGHT, chunk)))
  t.equal(bytes.length, chunkSize(TAUGHT))
  let at = 0
  const again = readStore(storeFrame(store), (size) => new Uint8Array(bytes.subarray(at, (at += size))).buffer)
  t.strictSame(learntOf(again, slot), [3, 4, 5])
})

test('another ring keeps what is learnt in the same way by the same owner', async (t) => {
  const store = createStore(TAUGHT)
  const slot = addSeries(store)
  for (const column of [0, 1, 2]) writeLearnt(store, slot, column, column + 3)
  const learnt = [
    { owner: 'b', name: 'level', kind: 'float32' },
    { owner: 'a', name: 'level', kind: 'float32' },
    { owner: 'a', name: 'flags', kind: 'uint16' },
  ] as const
  t.strictSame(learntOf(refill(store, { ...TAUGHT, cells: 2 * TAUGHT.cells, learnt }), slot), [5, Number.NaN, 3])
})

test('what is learnt of a future that is none is forgotten with it', async (t) => {
  const store = createStore(TAUGHT)
  const [ahead, behind] = [addSeries(store), addSeries(store)]
  for (const [slot, bucket] of [
    [ahead, 100],
    [behind, 10],
  ] as const) {
    addSample(store, slot, bucket, bucket * TAUGHT.width, 1)
    writeLearnt(store, slot, 1, 7)
  }
  rewindSeries(store, 50 * TAUGHT.width)
  t.strictSame(learntOf(store, ahead), [0, Number.NaN, Number.NaN])
  t.strictSame(learntOf(store, behind), [0, 7, Number.NaN])
})
