import { test } from 'tap'
import type { Threshold } from '../../../src/detect/threshold/judge.ts'
import { loadConfig } from '../../../src/config/index.ts'
import type { Bound } from '../../../src/model.ts'

const METRICS = `metrics:
  up: { field: service.up, unit: none }
  avail: { field: service.avail, unit: ratio }
  free: { field: disk.free, unit: percent }
  mem: { field: mem.free, unit: bytes }
  jobs: { field: jobs, unit: count }
  offset: { field: clock.offset, unit: seconds }
  hits: { field: hits, unit: count, kind: counter }
`

function read(when: string, more = ''): ReturnType<typeof loadConfig> {
  const text = `${METRICS}rules:\n  - { name: r, when: { over: 1m, ${when} }${more} }\n`
  return loadConfig({ text, env: {}, cwd: '/srv' })
}

function clearsOf(when: string): readonly number[] {
  const [rule] = read(when).config.engine.rules
  if (rule === undefined || !('condition' in rule)) return []
  const { warning, critical } = rule.condition.params as Threshold
  return [...warning, ...critical].map(({ clear }: Bound) => clear)
}

/** Where what follows a key stands in the file. */
const after = (when: string, key: string): string =>
  `configuration:10:${`  - { name: r, when: { over: 1m, ${when}`.indexOf(`${key}: `) + key.length + 3}`

const warnings = (when: string, more = ''): readonly string[] =>
  read(when, more).warnings.filter((line) => !line.startsWith("no 'smtp'"))

test('a rule without clear ends where the good state can be', async (t) => {
  const cases: readonly (readonly [string, readonly number[]])[] = [
    ['count: { where: { a: x } }, threshold: { below: 1 }', [1]],
    ['count: { where: { a: x } }, threshold: { above: 1 }', [1]],
    ['count: { where: { a: x } }, threshold: { at_least: 1 }', [1]],
    ['count: { where: { a: x } }, threshold: { at_most: 0 }', [0]],
    ['count: { where: { a: x } }, threshold: { warning: { below: 3 }, critical: { below: 1 } }', [3, 1]],
    ['count: { where: { a: x } }, threshold: { above: 20, below: 1 }', [20, 1]],
    ['metric: up, threshold: { of: min, below: 1 }', [1]],
    ['metric: up, threshold: { of: max, above: 1 }', [1]],
    ['metric: up, threshold: { of: last, below: 3 }', [3]],
    ['metric: up, threshold: { of: mean, below: 1 }', [1]],
    ['metric: up, threshold: { of: mean, above: 4 }', [3.8]],
    ['metric: up, threshold: { of: count, below: 6 }', [6]],
    ['metric: avail, threshold: { of: mean, below: 1 }', [1]],
    ['metric: avail, threshold: { of: mean, below: 0.98 }', [1]],
    ['metric: avail, threshold: { of: mean, below: 0.5 }', [0.525]],
    ['metric: avail, threshold: { of: mean, above: 0.9 }', [0.855]],
    ['metric: avail, threshold: { of: min, below: 0.9 }', [0.9]],
    ['metric: free, threshold: { of: mean, below: 98 }', [100]],
    ['metric: free, threshold: { of: mean, below: 20 }', [21]],
    ['metric: mem, threshold: { of: mean, below: 1000 }', [1050]],
    ['metric: mem, threshold: { of: mean, above: 0 }', [0]],
    ['metric: jobs, threshold: { of: mean, above: 1 }', [1]],
    ['metric: jobs, threshold: { of: sum, below: 1 }', [1]],
    ['metric: offset, threshold: { of: mean, above: 2, below: -2 }', [1.9, -1.9]],
    ['metric: offset, threshold: { of: mean, above: -2 }', [-2.1]],
    ['metric: offset, threshold: { of: stddev, at_most: 0 }', [0]],
    ['metric: hits, threshold: { of: increase, below: 1 }', [1]],
    ['metric: hits, threshold: { of: rate, below: 10 }', [10.5]],
  ]
  for (const [when, clears] of cases) t.strictSame(clearsOf(when), clears, when)
})

test('an override without clear ends where the good state can be, like its rule', async (t) => {
  const { config } = read(
    'metric: avail, threshold: { of: mean, below: 0.9 }',
    ', overrides: [{ hosts: [a], threshold: { below: 0.99 } }, { hosts: [b], threshold: { below: 1 } }]',
  )
  t.match(config.engine.rules[0], {
    condition: { params: { warning: [{ value: 0.9, clear: 0.945 }] } },
    overrides: [
      { params: { warning: [{ value: 0.99, clear: 1 }] } },
      { params: { warning: [{ value: 1, clear: 1 }] } },
    ],
  })
})

test('a clear that is said stays, and check warns of one that no value reaches', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    [
      'metric: avail, threshold: { of: mean, below: 1, clear: 1.05 }',
      "a ratio is never at least 1.05, so this alert would never end: expected at most 1; without 'clear' it ends at least 1",
    ],
    [
      'metric: free, threshold: { of: last, below: 98, clear: 102 }',
      "a percentage is never at least 102, so this alert would never end: expected at most 100; without 'clear' it ends at least 98",
    ],
    [
      'metric: mem, threshold: { of: mean, above: 10, clear: -1 }',
      "a number of bytes is never at most -1, so this alert would never end: expected at least 0; without 'clear' it ends at most 9.5",
    ],
    [
      'count: { where: { a: x } }, threshold: { above: 0, clear: -0.5 }',
      "a count is never at most -0.5, so this alert would never end: expected at least 0; without 'clear' it ends at most 0",
    ],
    [
      'count: { where: { a: x } }, threshold: { below: 1, clear: 1.05 }',
      'a count is a whole number: this alert ends at 2, not at 1.05; write what is meant',
    ],
    [
      'metric: hits, threshold: { of: rate, above: 5, clear: -5 }',
      "the rate is never at most -5, so this alert would never end: expected at least 0; without 'clear' it ends at most 4.75",
    ],
  ]
  for (const [when, warning] of cases) {
    t.strictSame(warnings(when), [`${after(when, 'clear')}: ${warning}`])
    t.strictSame(clearsOf(when), [Number(/clear: (\S+)/.exec(when)?.[1])])
  }
  t.strictSame(warnings('count: { where: { a: x } }, threshold: { above: 10, clear: 8 }'), [])
  t.strictSame(warnings('metric: avail, threshold: { of: mean, below: 1.5, clear: 1.6 }').length, 1, 'a ratio of cores')
})

test('check warns of a bound that every value is beyond', async (t) => {
  const never = 'so this alert would never end'
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'metric: avail, threshold: { of: mean, at_most: 1 }',
      'at_most',
      `a ratio is never above 1, ${never}: did you mean 'below'?`,
    ],
    [
      'metric: free, threshold: { of: min, at_least: 0 }',
      'at_least',
      `a percentage is never below 0, ${never}: did you mean 'above'?`,
    ],
    [
      'metric: mem, threshold: { of: mean, above: -1 }',
      'above',
      `a number of bytes is never at most -1.05, ${never}: expected 0 or more`,
    ],
    [
      'metric: hits, threshold: { of: rate, at_least: 0 }',
      'at_least',
      `the rate is never below 0, ${never}: did you mean 'above'?`,
    ],
  ]
  for (const [when, key, what] of cases) t.strictSame(warnings(when), [`${after(when, key)}: ${what}`])
})

test('check warns of bounds that each could end, but not all at once', async (t) => {
  const what =
    "no value is on the good side of all bounds, so this alert would never end: move them apart, or their 'clear' values"
  const counts = 'count: { where: { a: x } }, threshold: { at_least: 2, at_most: 1 }'
  t.strictSame(warnings(counts), [`${after(counts, 'threshold')}: ${what}`])
  const crossed = 'metric: up, threshold: { of: mean, warning: { above: 10, clear: 1 }, critical: { below: 5 } }'
  t.strictSame(warnings(crossed), [`${after(crossed, 'threshold')}: ${what}`])
  const inTurn =
    'metric: up, threshold: { of: mean, warning: { above: 10, clear: 1 }, critical: { below: 0.5, clear: 20 } }'
  t.strictSame(warnings(inTurn), [], 'over as critical first, and then as a warning')
})
