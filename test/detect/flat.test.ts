import { test } from 'tap'
import { loadConfig } from '../../src/config/index.ts'
import type { EngineConfig, MetricRule } from '../../src/model.ts'
import { describeReason } from '../../src/text/reason.ts'
import { config, createPlay, event, every, HOUR, MINUTE, NOON, type Play } from '../helpers/play.ts'

const METRICS = 'metrics: { temp: { field: temp, unit: none }, net: { field: net, kind: counter } }\n'
const load = (when: string, more = ''): EngineConfig => {
  const text = `${METRICS}rules:\n  - { name: stuck, when: { ${when} }${more} }\n`
  return loadConfig({ text, env: {}, cwd: '/srv' }).config.engine
}
const ruleOf = (when: string, more = ''): MetricRule => load(when, more).rules[0] as MetricRule

const PERIOD = 30_000
const START = NOON - 4 * HOUR

/** A sensor that is read twice a minute for four hours before noon, and after it. */
function sensor(temperature: (now: number) => number, hours: number, more = ''): Play {
  const engine = load('metric: temp, over: 10m, flat: {}', more)
  const rules = engine.rules.map((rule) => ({ ...rule, notify: ['ops'] }))
  const play = createPlay(config({ rules, metrics: engine.metrics }), START)
  play.until(
    NOON + hours * HOUR,
    every(PERIOD, (now) => play.post([event('node-1', now, { temp: temperature(now) })])),
  )
  return play
}

const wave = (now: number): number => 40 + ((now / PERIOD) % 7) / 2

test('a reading that stands still although it usually moves is found after one window, until it moves again', async (t) => {
  const play = sensor((now) => (now >= NOON && now < NOON + HOUR ? 41 : wave(now)), 2)
  // Late data could undo it, so that a window waits 90 seconds; the source reports every 30.
  t.strictSame(play.notified(), ['12:11:30 stuck node-1 firing (fired)', '13:02:00 stuck node-1 resolved (resolved)'])
  const [fired, resolved] = play.mails.map(({ alerts }) => alerts[0])
  t.match(fired, {
    value: 0,
    evidence: { limit: { op: 'at_most', value: 0 }, clear: { op: 'above', value: 0 }, why: { code: 'flat_still' } },
    identity: { measure: { of: 'range' } },
  })
  t.equal(fired && describeReason(fired), 'temp has stayed at 41 for 10 min; it moved in 100% of the windows before')
  t.match(resolved && describeReason(resolved), /^temp varied by /)
})

test('what often stands still raises no alert, and neither does what is not known yet', async (t) => {
  // It moves for twenty minutes of every hour.
  t.strictSame(sensor((now) => (now % HOUR < 20 * MINUTE ? wave(now) : 41), 6).notified(), [])
  const young = sensor((now) => (now < START + 3 * HOUR ? wave(now) : 41), 0)
  t.strictSame(young.notified(), ['11:22:00 stuck node-1 firing (fired)'], 'after twenty windows, of which 18 moved')
  const tooYoung = sensor((now) => (now < START + 2 * HOUR ? wave(now) : 41), 0)
  t.strictSame(tooYoung.notified(), [], 'of the first twenty, eight stood still')
})

test('a day later standing still is what is usual', async (t) => {
  const play = sensor((now) => (now >= NOON ? 41 : wave(now)), 26)
  t.strictSame(play.notified(), [
    '12:11:30 stuck node-1 firing (fired)',
    '16:11:30 stuck node-1 firing (repeat_interval)',
    '00:11:30 stuck node-1 firing (repeat_interval)',
    '12:12:00 stuck node-1 resolved (resolved)',
  ])
  const last = play.mails.at(-1)?.alerts[0]
  t.equal(last?.state, 'resolved')
  t.equal(last?.evidence.why.code, 'flat_usual')
})

test('a tolerance is read, replaced by overrides, and refused where nothing can stand still', async (t) => {
  const { condition, overrides } = ruleOf(
    'metric: temp, over: 10m, flat: { tolerance: 0.5 }',
    ', severity: critical, overrides: [{ hosts: a, flat: { tolerance: 2 } }]',
  )
  t.strictSame(condition, { detector: 'flat', params: { severity: 'critical', tolerance: 0.5 } })
  t.match(overrides, [{ params: { severity: 'critical', tolerance: 2 } }])
  for (const [when, found] of [
    ['metric: net, over: 10m, flat: {}', /'flat' does not apply to a counter.*threshold: { of: increase, at_most: 0 }/],
    ['count: { where: {} }, over: 10m, flat: {}', /'flat' does not apply to a count of events/],
  ] as const) {
    t.throws(() => load(when), found)
  }
})
