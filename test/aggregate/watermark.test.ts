import { test } from 'tap'
import { createSkew, observeOffset } from '../../src/aggregate/clock-skew.ts'
import {
  onHeartbeat,
  watermarkAt,
  createSource,
  recordArrival,
  isRegular,
  advanceByArrival,
  advanceWatermark,
  type Source,
  tickSource,
} from '../../src/aggregate/watermark.ts'

const S = 1000
const MIN = 60 * S
const B = 10 * S
const START = 1_800_000_000_000

/** Seconds of a source that delivers `ts` at each. */
function run(source: Source, from: number, to: number, deliver?: (now: number) => void): void {
  for (let now = from; now < to; now += S) {
    deliver?.(now)
    tickSource(source, now, S, B)
  }
}

test('the closing clock is the clock of a while ago', async (t) => {
  const source = createSource('a', START)
  run(source, START, START + MIN, (now) => advanceWatermark(source, now, now))
  t.equal(watermarkAt(source, START + 59 * S, 10 * S), START + 49 * S)
  t.equal(watermarkAt(source, START + 59 * S, 90 * S), -Infinity, 'not known so long yet')
  run(source, START + MIN, START + 3 * MIN)
  t.equal(watermarkAt(source, START + 3 * MIN - S, 10 * S), START + 59 * S, 'it stands while nothing comes')
})

test('no event moves the clock beyond its arrival, or out of the last century', async (t) => {
  const source = createSource('a', START)
  advanceWatermark(source, START + 10 * MIN, START)
  t.equal(source.watermark, START)
  const old = createSource('b', START)
  advanceWatermark(old, START - 25 * 60 * MIN, START)
  t.equal(old.watermark, -Infinity)
})

test('a heartbeat vouches for the time until half a minute before it', async (t) => {
  const source = createSource('a', START)
  onHeartbeat(source, START, START + S)
  t.equal(source.watermark, START - 30 * S)
  t.ok(isRegular(source))
})

test('unbelievable times close windows by arrival only where nothing else does', async (t) => {
  const source = createSource('a', START)
  advanceByArrival(source, START + 30 * S)
  t.equal(source.watermark, -Infinity)
  advanceByArrival(source, START + 61 * S)
  t.equal(source.watermark, START + 31 * S)
  advanceWatermark(source, START + 40 * S, START + 70 * S)
  advanceByArrival(source, START + 80 * S)
  t.equal(source.watermark, START + 40 * S, 'a backlog is under way')
})

test('observed time grows by the buckets in which something was delivered', async (t) => {
  const source = createSource('a', START)
  run(source, START, START + 5 * MIN, (now) => {
    if (now > START && now <= START + MIN) source.hasDelivered = true
  })
  t.equal(source.observedTime, MIN)
})

test('silence counts only while the service could listen, and ends with a request', async (t) => {
  const source = createSource('a', START)
  run(source, START, START + MIN)
  t.equal(source.idleFor, MIN)
  tickSource(source, START + MIN, 0, B)
  t.equal(source.idleFor, MIN)
  recordArrival(source, START + MIN)
  t.equal(source.idleFor, 0)
})

test('nothing of a source stays ahead of a clock that was set back', async (t) => {
  const source = createSource('a', START + 60 * MIN)
  advanceWatermark(source, START + 60 * MIN, START + 60 * MIN)
  tickSource(source, START + 60 * MIN, S, B)
  tickSource(source, START, S, B)
  t.ok(
    [
      source.watermark,
      source.lastSeenAt,
      source.trustedUntil,
      source.resumedAt,
      ...source.watermarkHistory.flatMap((mark) => [mark.at, mark.value]),
    ].every((at) => at <= START),
  )
})

test('a clock is off when twenty arrivals over a minute agree on it, and right again in the same way', async (t) => {
  const skew = createSkew()
  let now = START
  const observe = (count: number, offset: (i: number) => number, apart = 10 * S): void => {
    for (let i = 0; i < count; i++) observeOffset(skew, offset(i), (now += apart))
  }
  observe(19, () => 6 * MIN)
  t.equal(skew.offset, undefined)
  observe(1, () => 6 * MIN)
  t.equal(skew.offset, 6 * MIN)
  observe(19, () => 7 * MIN)
  t.equal(skew.offset, 6 * MIN)
  observe(1, () => 7 * MIN)
  t.equal(skew.offset, 7 * MIN, 'off by something else')
  observe(19, () => 0)
  observe(19, () => 66 * MIN)
  observe(19, () => 0)
  t.equal(skew.offset, 7 * MIN, 'twenty in a row are needed')
  observe(1, () => 7 * MIN)
  observe(20, () => 0)
  t.equal(skew.offset, undefined)
  observe(500, (i) => 60 * MIN - i * S, 100)
  t.equal(skew.offset, undefined, 'what comes in one go proves nothing')
  observe(60, (i) => 60 * MIN - i * 40 * S, 4 * S)
  t.equal(skew.offset, undefined, 'nor does an offset that shrinks')
})
