import { array, assert, double, integer, option, property } from 'fast-check'
import { test } from 'tap'
import { sparkline, thin } from '../../../src/notify/chart/sparkline.ts'

const BARS = ' ▁▂▃▄▅▆▇█'
const anyNumber = double()
const finite = double({ noNaN: true, noDefaultInfinity: true })

test('a row has one bar for each value, and a space for each that is missing or no number', (t) => {
  assert(
    property(array(option(anyNumber)), array(finite), (values, more) => {
      const { bars } = sparkline(values, more)
      return (
        bars.length === values.length &&
        values.every((value, i) => (bars[i] === ' ') === (value === null || !Number.isFinite(value))) &&
        bars.split('').every((bar) => BARS.includes(bar))
      )
    }),
  )
  t.end()
})

test('a greater value never has a lower bar, the least has the lowest, and the greatest the highest', (t) => {
  assert(
    property(array(finite, { minLength: 1 }), finite, finite, (values, a, b) => {
      const { bars, bar } = sparkline(values)
      const [less, more] = a < b ? [a, b] : [b, a]
      const [low, high] = [Math.min(...values), Math.max(...values)]
      const isWhole = low === high || (bars.includes('▁') && bars.includes('█'))
      return (
        BARS.indexOf(bar(less)) <= BARS.indexOf(bar(more)) &&
        isWhole &&
        values.every((value, i) => bars[i] === bar(value))
      )
    }),
  )
  t.end()
})

test('what never changes stands at half height, and a bound belongs to the scale', (t) => {
  t.equal(sparkline([5, 5, null, 5]).bars, '▄▄ ▄')
  t.equal(sparkline([]).bars, '')
  const { bars, bar } = sparkline([0, 1, 2, 3], [7])
  t.same([bars, bar(7)], ['▁▂▃▄', '█'])
  t.equal(sparkline([-1e308, 1e308, 0]).bars, '▁█▅')
  t.end()
})

test('a long row is thinned to the means of neighbours', (t) => {
  t.same(thin([1, 3, null, 5, null, null, 7], 4), [2, 5, null, 7])
  t.same(thin([1, null], 60), [1, null])
  t.same(thin([], 60), [])
  assert(
    property(array(option(finite)), integer({ min: 1, max: 60 }), (values, most) => {
      const numbers = values.filter((value) => value !== null)
      const [low, high] = [Math.min(...numbers), Math.max(...numbers)]
      const thinned = thin(values, most)
      const near = 1e-9 * Math.max(Math.abs(low), Math.abs(high))
      return (
        thinned.length <= most &&
        thinned.every((value) => value === null || (value >= low - near && value <= high + near))
      )
    }),
  )
  t.end()
})
