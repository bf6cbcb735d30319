import { test } from 'tap'
import { countsZeroes } from '../../src/detect/index.ts'
import {
  explain,
  findBounds,
  isMonotone,
  isUndoable,
  judgeThreshold,
  type Threshold,
} from '../../src/detect/threshold/judge.ts'
import {
  type Bound,
  clearOf,
  type Evidence,
  isUpper,
  limitOf,
  type Of,
  type Op,
  type Severity,
} from '../../src/model.ts'
import { above, below, threshold } from '../helpers/play.ts'

const bound = (op: Op, value: number, clear = value): Bound => ({ op, value, clear })
const said = (of: readonly Bound[], value: number, held?: Severity, critical: readonly Bound[] = []): string => {
  const verdict = judgeThreshold(threshold('mean', of, critical), value, held)
  return verdict.kind === 'anomalous' ? verdict.severity : verdict.kind
}

test('exclusive bounds are crossed beyond the value, inclusive ones by it, also at and below zero', async (t) => {
  for (const value of [0.9, 0, -5]) {
    t.equal(said([bound('above', value)], value), 'normal')
    t.equal(said([bound('at_least', value)], value), 'warning')
    t.equal(said([bound('below', value)], value), 'normal')
    t.equal(said([bound('at_most', value)], value), 'warning')
  }
  t.equal(said([bound('at_most', 0)], -0), 'warning')
  t.equal(said([bound('below', 0)], -0), 'normal')
})

test('a severity that is held stays until the value is on the good side of `clear`', async (t) => {
  const upper = [above(0.9, 0.8)]
  t.equal(said(upper, 0.85), 'normal')
  t.equal(said(upper, 0.85, 'warning'), 'warning')
  t.equal(said(upper, 0.8, 'warning'), 'normal')
  const lower = [below(-5, -4)]
  t.equal(said(lower, -4.5, 'warning'), 'warning')
  t.equal(said(lower, -4, 'warning'), 'normal')
  t.equal(said([bound('at_least', 50)], 50, 'warning'), 'warning', 'an inclusive bound that is its own clear')
})

test('of two severities the higher one is taken at once, and left by its own clear', async (t) => {
  const [warning, critical] = [[above(0.8, 0.7)], [above(0.95, 0.9)]]
  t.equal(said(warning, 0.96, 'warning', critical), 'critical')
  t.equal(said(warning, 0.92, 'critical', critical), 'critical')
  t.equal(said(warning, 0.92, 'warning', critical), 'warning')
  t.equal(said(warning, 0.75, 'critical', critical), 'warning')
  t.equal(said([], 0.85, 'critical', critical), 'normal')
})

test('a figure that does not exist is no data', async (t) => {
  t.equal(said([above(0.9)], Number.NaN), 'no_data')
})

test('it is known which findings more data could undo', async (t) => {
  const figures: readonly Of[] = ['mean', 'sum', 'min', 'max', 'last', 'stddev', 'count', 'increase', 'rate']
  const those = (is: (of: Of) => boolean): readonly Of[] => figures.filter(is)
  t.strictSame(
    those((of) => isMonotone(threshold(of, [above(1)]))),
    ['max', 'count'],
  )
  t.strictSame(
    those((of) => isMonotone(threshold(of, [below(1)]))),
    [],
  )
  t.strictSame(
    those((of) => isUndoable(threshold(of, [below(1)]))),
    ['sum', 'max', 'count'],
  )
  t.strictSame(
    those((of) => isUndoable(threshold(of, [above(1)]))),
    ['min'],
  )
})

test('a limit has the digits that it was written with, and what ends an alert is the mildest of its side', async (t) => {
  t.strictSame(clearOf(below(1, 1.05)), { op: 'at_least', value: 1.05 })
  t.strictSame(clearOf(above(1, 0.1 + 0.2)), { op: 'at_most', value: 0.3 })
  t.strictSame(limitOf(above(123_456_789)), { op: 'above', value: 123_456_789 })
  const ladder = threshold('mean', [above(0.8, 0.7), below(0.2, 0.3)], [above(0.95, 0.9), below(0.1, 0.15)])
  t.match(judgeThreshold(ladder, 0.99, undefined), {
    severity: 'critical',
    bound: above(0.95, 0.9),
    clear: above(0.8, 0.7),
  })
  t.match(judgeThreshold(ladder, 0.05, undefined), {
    severity: 'critical',
    bound: below(0.1, 0.15),
    clear: below(0.2, 0.3),
  })
  t.match(judgeThreshold(threshold('mean', [], [above(0.9, 0.8)]), 0.99, undefined), { clear: above(0.9, 0.8) })
})

test('what ends an alert is the value that is hardest to reach, on the side of its bound', async (t) => {
  const rule = threshold('mean', [above(0.9, 0.85), below(0.1, 0.2)], [above(0.98, 0.9)])
  t.match(judgeThreshold(rule, 0.99, undefined), { severity: 'critical', clear: { clear: 0.85 }, isHeld: false })
  t.match(judgeThreshold(rule, 0.05, undefined), { severity: 'warning', clear: { clear: 0.2 }, isHeld: false })
  t.match(judgeThreshold(rule, 0.93, 'critical'), { severity: 'critical', isHeld: false }, 'a warning by itself')
  t.match(judgeThreshold(rule, 0.87, 'warning'), { severity: 'warning', isHeld: true })
})

test('where the bound itself counts as beyond it, only less ends the alert', async (t) => {
  t.strictSame(clearOf({ op: 'at_least', value: 0.9, clear: 0.9 }), { op: 'below', value: 0.9 })
  t.strictSame(clearOf({ op: 'at_most', value: 0.1, clear: 0.1 }), { op: 'above', value: 0.1 })
  t.strictSame(clearOf({ op: 'at_least', value: 0.9, clear: 0.8 }), { op: 'at_most', value: 0.8 })
})

test('evidence says whether a figure breaches its limit, is held by it, has cleared it or is within it', async (t) => {
  const ladder = threshold('mean', [above(0.8, 0.7)], [above(0.95, 0.9)])
  const found = (value: number, held?: Severity, samples?: number): Evidence =>
    explain(judgeThreshold(ladder, value, held), samples, false)
  const warning: Evidence['limit'] = { op: 'above', value: 0.8 }
  const critical: Evidence['limit'] = { op: 'above', value: 0.95 }
  const clear: Evidence['clear'] = { op: 'at_most', value: 0.7 }
  const because = (code: string) => ({ why: { code, params: { samples: 12 } } })
  t.strictSame(found(0.99, undefined, 12), { limit: critical, clear, ...because('breached') })
  t.strictSame(found(0.92, 'critical', 12), { limit: critical, clear, ...because('held') })
  t.strictSame(found(0.75, 'warning', 12), { limit: warning, clear, ...because('held') })
  t.strictSame(found(0.7, 'warning', 12), { limit: warning, clear, ...because('cleared') })
  t.strictSame(found(0.75, undefined, 12), { limit: warning, clear, ...because('within') })
  t.strictSame(found(0.99).why, { code: 'breached', params: {} }, 'a number of events has no samples')
  t.strictSame(found(Number.NaN), { why: { code: 'no_data', params: {} } })
  t.strictSame(explain(judgeThreshold(threshold('mean', []), 1, undefined), undefined, false), {
    why: { code: 'within', params: {} },
  })
})

test('with a lower threshold, events that do not match differ from no events', async (t) => {
  const rule = (own: Threshold, ...others: readonly Threshold[]) => ({
    condition: { detector: 'threshold', params: own },
    overrides: others.map((params) => ({ params })),
  })
  const [upper, lower] = [threshold('count', [above(20)]), threshold('count', [below(1)])]
  t.equal(countsZeroes(rule(upper)), false)
  t.equal(countsZeroes(rule(lower)), true)
  t.equal(countsZeroes(rule(upper, lower)), true, 'an override asks for it')
})

test('what a verdict says without its bounds is enough to find them again', async (t) => {
  const ladder = threshold('mean', [above(0.8, 0.7), below(0.2, 0.3)], [above(0.95, 0.9), below(0.1, 0.15)])
  for (const held of [undefined, 'warning', 'critical'] as const) {
    for (const value of [0.05, 0.12, 0.17, 0.25, 0.5, 0.75, 0.85, 0.92, 0.99]) {
      const found = judgeThreshold(ladder, value, held)
      if (found.kind !== 'anomalous') continue
      const { severity, isHeld, bound } = found
      const direction = isUpper(bound.op) ? 'high' : 'low'
      const again = findBounds(ladder, { kind: 'anomalous', value, severity, direction, isHeld })
      t.strictSame(again, found, `${value} while ${held}`)
    }
  }
})
