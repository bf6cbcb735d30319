import * as fc from 'fast-check'
import { test } from 'tap'
import { createFlapping, recordSample, flapPercent } from '../../src/alert/flapping.ts'

const MINUTE = 60_000

/** Bad and good in turn, each for so many looks, sixty looks long; then it stays as it is. */
function run(period: number): { starts: number | undefined; clears: number | undefined } {
  const flapping = createFlapping(0)
  let starts: number | undefined
  let clears: number | undefined
  for (let i = 0; i < 120; i++) {
    const isBad = Math.floor(Math.min(i, 59) / period) % 2 === 1
    const turned = recordSample(flapping, i * MINUTE, isBad, MINUTE)
    if (turned === 'started') starts ??= i + 1
    if (turned === 'stopped') clears ??= i - 60
  }
  return { starts, clears }
}

test('flapping starts and stops where Nagios with 20 % and 5 % does', async (t) => {
  const table: [period: number, starts: number | undefined, clears: number | undefined][] = [
    [1, 5, 18],
    [2, 9, 16],
    [3, 13, 14],
    [5, 21, 10],
    [10, undefined, undefined],
  ]
  for (const [period, starts, clears] of table) t.strictSame(run(period), { starts, clears }, `every ${period}`)
})

test('the newest changes count most, and all of them make 100 %', async (t) => {
  t.equal(flapPercent({ changes: 0 }), 0)
  t.equal(Math.round(flapPercent({ changes: (1 << 20) - 1 })), 100)
  t.ok(flapPercent({ changes: 1 }) > flapPercent({ changes: 2 }))
  t.equal(flapPercent({ changes: 1 << 20 }), 0, 'what is older than twenty slots counts nothing')
})

test('looks within one slot, and the order of older ones, change nothing', async (t) => {
  const runs = (): void =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(100), fc.boolean()), { maxLength: 60 }), (looks) => {
        const once = createFlapping(0)
        const twice = createFlapping(0)
        for (const [slot, isBad] of looks) {
          recordSample(once, slot * MINUTE, isBad, MINUTE)
          recordSample(twice, slot * MINUTE, isBad, MINUTE)
          recordSample(twice, slot * MINUTE + 1, isBad, MINUTE)
          recordSample(twice, slot * MINUTE + 2, undefined, MINUTE)
        }
        return once.changes === twice.changes && once.isFlapping === twice.isFlapping && once.changes < 1 << 20
      }),
    )
  t.doesNotThrow(runs)
})
