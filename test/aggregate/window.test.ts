import * as fc from 'fast-check'
import { test } from 'tap'
import { roundDecimal } from '../../src/aggregate/window.ts'
import { computeMean, computeSum, emptyPartial, mergeInto, type Partial } from '../../src/aggregate/partial.ts'

/** The samples of one window, shifted by `k` as a series shifts them. */
function addAll(values: readonly number[], k: number): Partial {
  const all = emptyPartial()
  for (const [ts, x] of values.entries()) {
    mergeInto(all, { n: 1, d1: x - k, d2: (x - k) ** 2, min: x, max: x, lastTs: ts, last: x })
  }
  return all
}

const thousandths = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 1000)

test('equal samples have that value as their mean, whatever sample came first', async (t) => {
  const exact = fc.property(thousandths, thousandths, fc.integer({ min: 1, max: 100 }), (x, k, n) => {
    const all = addAll(
      Array.from({ length: n }, () => x),
      k,
    )
    const sum = roundDecimal(computeSum(all, k), n * k)
    return roundDecimal(computeMean(all, k), k) === x && sum === Math.round(x * n * 1000) / 1000
  })
  t.doesNotThrow(() => {
    fc.assert(exact)
  }, 'for any sample, number and shift')
})

test('thirteen digits are kept, and what is larger or smaller stays', async (t) => {
  t.equal(roundDecimal(11.399999999999999), 11.4)
  t.equal(roundDecimal(-11.399999999999999), -11.4)
  t.equal(roundDecimal(123_456_789.0123), 123_456_789.0123)
  t.equal(roundDecimal(1.7e-18, 0.001), 0, 'what is left of a shift is nothing')
  for (const value of [0, 1e15, 1.8e19, -1e308, 3e-11, Infinity, -Infinity, NaN])
    t.ok(Object.is(roundDecimal(value), value), String(value))
})
