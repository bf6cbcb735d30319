import { test } from 'tap'
import { loadConfig } from '../../src/config/index.ts'
import {
  boundsAround,
  type Change,
  type ChangeColumn,
  judgeChange,
  learnChange,
} from '../../src/detect/change/judge.ts'
import { findDetector } from '../../src/detect/index.ts'
import type { LearntCells, Verdict, WindowView } from '../../src/detect/detector.ts'
import { describeReason } from '../../src/text/reason.ts'
import type { EngineConfig, MetricRule } from '../../src/model.ts'
import {
  config,
  countRule,
  cpuHigh,
  createPlay,
  event,
  every,
  HOUR,
  MINUTE,
  NOON,
  type Play,
  SECOND,
} from '../helpers/play.ts'

const METRICS =
  'metrics: { cpu: { field: cpu, unit: ratio }, load: { field: load }, net: { field: net, kind: counter } }\n'
const read = (when: string, more = ''): MetricRule => {
  const text = `${METRICS}rules:\n  - { name: r, when: { over: 5m, ${when} }${more} }\n`
  const [rule] = loadConfig({ text, env: {}, cwd: '/srv' }).config.engine.rules
  if (rule?.kind !== 'metric' && rule?.kind !== 'count') throw new Error('no rule with a window')
  return rule as MetricRule
}
const params = (when: string, more = ''): unknown => read(when, more).condition.params

test('a change is read as an amount or a factor in each direction', async (t) => {
  t.strictSame(read('metric: cpu, change: { of: mean, up: 0.2 }').condition, {
    detector: 'change',
    params: { of: 'mean', severity: 'warning', clear: 0.5, up: { kind: 'by', by: 0.2 } },
  })
  t.match(
    params('metric: load, change: { of: max, down_factor: 3, min_change: 4, clear: 0 }', ', severity: critical'),
    {
      severity: 'critical',
      clear: 0,
      down: { kind: 'factor', factor: 3, least: 4 },
    },
  )
  t.match(params('metric: cpu, change: { of: mean, up_factor: 2 }'), { up: { least: 0.05 } })
  t.match(params('count: { where: {} }, change: { up_factor: 2 }'), { of: 'count', up: { least: 10 } })
})

test('an override takes the place of the directions it names', async (t) => {
  const { overrides } = read(
    'metric: cpu, change: { of: mean, up: 0.2, down: 0.3, clear: 0.1 }',
    ', overrides: [{ hosts: a, change: { up_factor: 2 } }, { hosts: b, change: { clear: 0.2 } }]',
  )
  t.match(overrides, [
    { params: { clear: 0.1, up: { kind: 'factor', factor: 2, least: 0.05 }, down: { by: 0.3 } } },
    { params: { clear: 0.2, up: { by: 0.2 }, down: { by: 0.3 } } },
  ])
})

test('what makes no sense of a change is said', async (t) => {
  const mistakes: readonly [string, RegExp][] = [
    ['metric: cpu, change: { of: mean }', /the change has no bound/],
    ['metric: cpu, change: { up: 1 }', /'of' is missing/],
    ['metric: net, change: { of: mean, up: 1 }', /'mean' does not apply to net, which is a counter/],
    ['count: { where: {} }, change: { of: mean, up: 1 }', /'of' applies to metrics only/],
    ['metric: cpu, change: { of: mean, up: 0.1, up_factor: 2 }', /'up_factor' cannot be combined with 'up'/],
    ['metric: load, change: { of: mean, up_factor: 2 }', /'min_change' is missing/],
    ['metric: cpu, change: { of: mean, up: 0 }', /found 0, expected more than 0/],
    ['metric: cpu, change: { of: mean, upp: 1 }', /unknown key 'upp': did you mean 'up'\?/],
    ['metric: cpu, change: { of: mean, up: 1 }, threshold: { of: mean, above: 1 }', /cannot have both/],
  ]
  for (const [when, said] of mistakes) t.throws(() => read(when), { message: said }, when)
  const other = ', overrides: [{ hosts: a, threshold: { above: 1 } }]'
  t.throws(() => read('metric: cpu, change: { of: mean, up: 1 }', other), {
    message: /'threshold' is not what the rule/,
  })
})

const UP: Change = { of: 'mean', severity: 'warning', clear: 0.5, up: { kind: 'by', by: 0.2 } }
const cells = (): LearntCells<ChangeColumn> => {
  const kept = new Map<ChangeColumn, number>()
  return { get: (column) => kept.get(column) ?? Number.NaN, set: (column, value) => void kept.set(column, value) }
}
const view = (end: number, value: number, before: number): WindowView => {
  const at = (to: number, figure: number): WindowView => ({
    end: to,
    over: 5 * MINUTE,
    samples: 10,
    figure: () => figure,
    before: (n) => at(to - n * 5 * MINUTE, before),
  })
  return at(end, value)
}

test('a factor counts only from the smallest change on, whatever the sign of the reference', async (t) => {
  const change: Change = {
    ...UP,
    up: { kind: 'factor', factor: 3, least: 10 },
    down: { kind: 'factor', factor: 2, least: 10 },
  }
  const around = (reference: number): readonly number[] => boundsAround(change, reference).map(({ value }) => value)
  t.strictSame(around(0), [10, -10])
  t.strictSame(around(2), [12, -8])
  t.strictSame(around(100), [300, 50])
  t.strictSame(around(-100), [100, -150])
})

test('a window is held until it is near the reference again, in either direction', async (t) => {
  const both: Change = { ...UP, down: { kind: 'by', by: 0.2 } }
  const kind = (value: number, held?: 'warning'): string => judgeChange(both, view(0, value, 0.5), held, cells()).kind
  t.equal(kind(0.69), 'normal')
  t.equal(kind(0.71), 'anomalous')
  t.equal(kind(0.29), 'anomalous')
  t.equal(kind(0.61, 'warning'), 'anomalous')
  t.equal(kind(0.6, 'warning'), 'normal')
  t.match(judgeChange(both, view(0, 0.65, 0.5), 'warning', cells()), { direction: 'high', isHeld: true })
  t.equal(judgeChange(both, view(0, 0.5, Number.NaN), undefined, cells()).kind, 'learning')
  t.equal(judgeChange(both, view(0, Number.NaN, 0.5), undefined, cells()).kind, 'no_data')
})

test('the reference is kept while something is wrong, and for one window after, but not for more than a day', async (t) => {
  const learnt = cells()
  const step = (end: number, value: number, before: number): Verdict => {
    const verdict = judgeChange(UP, view(end, value, before), undefined, learnt)
    learnChange(UP, view(end, value, before), verdict, learnt)
    return verdict
  }
  const w = 5 * MINUTE
  t.equal(step(1 * w, 0.8, 0.3).kind, 'anomalous')
  t.equal(step(2 * w, 0.8, 0.8).kind, 'anomalous', 'although the window before was as high')
  t.equal(step(3 * w, 0.3, 0.8).kind, 'normal')
  t.equal(learnt.get('reference'), 0.3)
  step(4 * w, 0.3, 0.3)
  t.ok(Number.isNaN(learnt.get('reference')), 'a window that was good is the reference again')
  step(5 * w, 0.8, 0.3)
  t.equal(step(5 * w + 24 * HOUR, 0.8, 0.8).kind, 'anomalous')
  t.equal(step(6 * w + 24 * HOUR, 0.8, 0.8).kind, 'normal', 'this is how things are now')
})

const rule = (change: Partial<MetricRule> = {}, of: Change = UP): MetricRule =>
  cpuHigh({ over: 5 * MINUTE, condition: { detector: 'change', params: of }, ...change })
const START = NOON
/** A host that goes from 0.3 to 0.8 after 20 minutes, and back after another 20. */
const feed = (play: Play): ((now: number) => void) =>
  every(10 * SECOND, (now) => {
    const minute = (now - START) / MINUTE
    play.post([event('web-1', now, { cpu: minute > 20 && minute <= 40 ? 0.8 : 0.3 })])
  })
const played = (engine: EngineConfig): Play => {
  const play = createPlay(engine)
  play.until(START + 70 * MINUTE, feed(play))
  return play
}

test('a rise fires once, with the value before it, and resolves when the value is back', async (t) => {
  const play = played(config({ rules: [rule()] }))
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    ['cpu-high web-1 firing (fired)', 'cpu-high web-1 resolved (resolved)'],
  )
  const [fired, over] = play.mails.flatMap((mail) => ('alerts' in mail ? mail.alerts : []))
  t.match(fired, {
    evidence: { limit: { op: 'at_least', value: 0.5 }, clear: { op: 'at_most', value: 0.4 }, expected: 0.3 },
    chart: { expected: 0.3, limits: [{ severity: 'warning', limit: { value: 0.5 } }] },
  })
  t.match(over, { state: 'resolved', evidence: { why: { code: 'change_small' } } })
  const said = 'cpu averaged 58.33% over 5 min (30 samples), before that 30%: at least 50%'
  t.equal(fired && describeReason(fired), said)
})

test('a rise that lasts longer than its window still fires after `for`', async (t) => {
  t.equal(played(config({ rules: [rule({ for: 10 * MINUTE })] })).mails.length, 2)
})

test('the way back is no fall', async (t) => {
  const both: Change = { ...UP, down: { kind: 'by', by: 0.2 } }
  t.equal(played(config({ rules: [rule({}, both)] })).mails.length, 2)
})

test('a host that is new has nothing to be compared with', async (t) => {
  const play = createPlay(config({ rules: [rule()] }))
  play.until(
    START + 4 * MINUTE,
    every(10 * SECOND, (now) => void play.post([event('web-1', now, { cpu: 0.1 })])),
  )
  play.until(
    START + 9 * MINUTE,
    every(10 * SECOND, (now) => void play.post([event('web-1', now, { cpu: 0.9 })])),
  )
  t.strictSame(play.notified(), [])
})

test('matching events are compared with those before, where there were none too', async (t) => {
  const change: Change = { of: 'count', severity: 'warning', clear: 0.5, up: { kind: 'factor', factor: 3, least: 10 } }
  const counting = countRule({ condition: { detector: 'change', params: change } })
  const play = createPlay(config({ rules: [counting] }))
  play.until(
    START + 30 * MINUTE,
    every(10 * SECOND, (now) => {
      const minute = (now - START) / MINUTE
      play.post([event('web-1', now, minute > 12 && minute <= 15 ? { 'count(ssh-failures)': 1 } : {})])
    }),
  )
  t.strictSame(
    play.notified().map((line) => line.slice(9)),
    ['ssh-failures web-1 firing (fired)', 'ssh-failures web-1 resolved (resolved)'],
  )
})

test('its samples are a change and none, whatever is changed', async (t) => {
  const detector = findDetector('change')
  const steps = [
    { kind: 'by', by: 0.2 },
    { kind: 'factor', factor: 3, least: 0.05 },
    { kind: 'by', by: 500 },
  ] as const
  for (const figure of ['mean', 'count', 'last'] as const) {
    for (const unit of ['ratio', 'percent', 'bytes', 'count', 'none'] as const) {
      for (const step of figure === 'count' ? steps.slice(2) : steps) {
        for (const side of [{ up: step }, { down: step }]) {
          const change: Change = { of: figure, severity: 'warning', clear: 0.5, ...side }
          const { good, bad } = detector.sample(change, unit)
          const said = `${figure} ${unit} ${JSON.stringify(side)}: ${good} to ${bad}`
          t.equal(judgeChange(change, view(0, bad, good), undefined, cells()).kind, 'anomalous', said)
          t.equal(judgeChange(change, view(0, good, good), undefined, cells()).kind, 'normal', said)
        }
      }
    }
  }
})
