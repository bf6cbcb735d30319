import { test } from 'tap'
import {
  storeFrame,
  readStore,
  writeChunk,
  addSeries,
  createStore,
  type Layout,
  removeSeries,
  sampleCount,
  type Store,
} from '../../src/aggregate/store.ts'
import { refill } from '../../src/aggregate/refill.ts'
import { addSample } from '../../src/aggregate/ring.ts'
import { computeFigure, readWindow } from '../../src/aggregate/window.ts'

const LAYOUT: Layout = {
  width: 10_000,
  cells: 4,
  squares: false,
  extremes: false,
  last: false,
  counter: false,
  extraLateness: false,
  learnt: [],
  distributions: false,
}
const MANY = 70_000

function crowded(): { store: Store; slot: number } {
  const store = createStore(LAYOUT)
  addSeries(store)
  const slot = addSeries(store)
  for (let i = 0; i < MANY; i++) addSample(store, slot, 10, 100_000 + i / 10, i % 2)
  addSample(store, slot, 11, 110_000, 1)
  return { store, slot }
}

test('a bucket counts on beyond what 16 bits hold', async (t) => {
  const { store, slot } = crowded()
  t.equal(sampleCount(store, slot, 10), MANY)
  t.equal(sampleCount(store, slot, 11), 1)
  const span = { from: 10, to: 12 }
  const window = readWindow(store, slot, span)
  t.equal(window.n, MANY + 1)
  t.equal(computeFigure(store, slot, span, 'sum', window), MANY / 2 + 1)
})

test('such a count survives a snapshot and another layout, and is gone with its bucket and its series', async (t) => {
  const { store, slot } = crowded()
  const bytes = Buffer.concat(store.chunks.map((chunk) => writeChunk(store.layout, chunk)))
  let at = 0
  const take = (size: number): ArrayBuffer => new Uint8Array(bytes.subarray(at, (at += size))).buffer
  t.equal(sampleCount(readStore(structuredClone(storeFrame(store)), take), slot, 10), MANY)
  t.equal(sampleCount(refill(store, { ...LAYOUT, cells: 9 }), slot, 10), MANY)
  addSample(store, slot, 14, 140_000, 1)
  t.equal(sampleCount(store, slot, 14), 1, 'the cell of bucket 10 is used anew')
  t.equal(store.overflow.size, 0)
  const again = crowded()
  removeSeries(again.store, again.slot)
  t.equal(again.store.overflow.size, 0)
})
