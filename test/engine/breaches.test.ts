import { test } from 'tap'
import { loadConfig } from '../../src/config/index.ts'
import { countBits } from '../../src/engine/evaluate/breaches.ts'
import type { MetricRule, Millis } from '../../src/model.ts'
import {
  above,
  at,
  bounds,
  config,
  cpuHigh,
  createPlay,
  event,
  every,
  MINUTE,
  NOON,
  type Play,
  SECOND,
} from '../helpers/play.ts'

const rule = (breaches: MetricRule['breaches'], change: Partial<MetricRule> = {}): MetricRule =>
  cpuHigh({ over: MINUTE, every: MINUTE, ...(breaches === undefined ? {} : { breaches }), ...change })

/** A play in which each minute of a host has the next of these values; null sends nothing of it, but goes on. */
function played(engine: MetricRule, values: readonly (number | null)[], other = engine, from = Infinity): Play {
  const play = createPlay(config({ rules: [engine] }))
  const feed = (now: Millis): void => {
    const minute = Math.floor((now - NOON) / MINUTE)
    const value = values[Math.min(minute, values.length - 1)] ?? null
    play.post([event('web-1', now, value === null ? {} : { cpu: value }), event('web-2', now, { cpu: 0.1 })])
    if (now === NOON + from * MINUTE) play.configure(config({ rules: [other] }))
  }
  play.until(NOON + (values.length + 1) * MINUTE, every(10 * SECOND, feed))
  return play
}

const lines = (play: Play): readonly string[] => play.notified().map((line) => line.replace('cpu-high web-1 ', ''))
const [bad, good] = [0.95, 0.1]

test('three consecutive cases are one alert, and two are none', async (t) => {
  const three = rule({ atLeast: 3, of: 3 })
  t.strictSame(lines(played(three, [good, bad, bad, good, bad, bad, good])), [])
  const play = played(three, [good, bad, bad, bad, bad, good, good])
  t.strictSame(
    lines(play).map((line) => line.slice(9)),
    ['firing (fired)', 'resolved (resolved)'],
  )
  const [fired, over] = play.mails.flatMap((mail) => ('alerts' in mail ? mail.alerts : []))
  t.match(fired, { evidence: { breaches: { count: 3, of: 3 }, why: { code: 'breached' } } })
  t.match(fired?.evaluatedAt, at('12:04:00'))
  t.match(over, { evaluatedAt: at('12:06:00'), evidence: { breaches: { count: 2, of: 3 } } })
})

test('an alert goes on while enough of the newest windows were out of bounds, whatever the last one was', async (t) => {
  const play = played(rule({ atLeast: 2, of: 4 }), [good, bad, good, bad, good, bad, good, good, good])
  t.strictSame(lines(play), ['12:04:10 firing (fired)', '12:08:10 resolved (resolved)'])
  const [, over] = play.mails.flatMap((mail) => ('alerts' in mail ? mail.alerts : []))
  t.ok(over?.peak && Math.abs(over.peak - bad) < 1e-9, 'a window within its bounds is no peak')
})

test('an alert is as severe as enough of the windows were', async (t) => {
  const ladder = rule({ atLeast: 2, of: 3 }, { condition: bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)]) })
  const severities = (values: readonly number[]): readonly unknown[] =>
    played(ladder, values).mails.flatMap((mail) =>
      'alerts' in mail ? mail.alerts.map(({ severity, evidence }) => [severity, evidence.limit?.value]) : [],
    )
  t.strictSame(severities([0.1, 0.85, 0.99, 0.85]), [['warning', 0.8]])
  t.strictSame(severities([0.1, 0.99, 0.85, 0.99]), [
    ['warning', 0.8],
    ['critical', 0.95],
  ])
})

test('a window without data shifts nothing', async (t) => {
  const play = played(rule({ atLeast: 3, of: 3 }), [good, bad, bad, null, null, null, bad, good])
  t.match(lines(play)[0], /firing/)
})

test('a rule that asks for other windows begins to count anew, and one that stays goes on', async (t) => {
  const three = rule({ atLeast: 3, of: 3 })
  const values = [good, bad, bad, bad, good]
  t.equal(played(three, values, rule({ atLeast: 3, of: 4 }), 3).mails.length, 0)
  t.equal(played(three, values, { ...three, keepFiringFor: MINUTE }, 3).mails.length, 1)
})

test('a maximum does not speak before its window has closed where several are asked for', async (t) => {
  const peaks = rule({ atLeast: 2, of: 2 }, { condition: bounds('max', [above(0.9, 0.85)]) })
  t.strictSame(lines(played(peaks, [good, bad, bad, good])), [
    '12:03:10 firing (fired)',
    '12:04:10 resolved (resolved)',
  ])
})

test('breaches are read, and what never holds is said', async (t) => {
  const read = (breaches: string) =>
    loadConfig({
      text: `rules: [{ name: r, when: { metric: cpu, over: 1m, threshold: { of: mean, above: 1 } }, breaches: ${breaches} }]`,
      env: {},
      cwd: '/srv',
    }).config.engine.rules[0]
  t.match(read('{ at_least: 3, of: 5 }'), { breaches: { atLeast: 3, of: 5 } })
  t.throws(() => read('{ at_least: 4, of: 3 }'), {
    message: /3 windows never have 4 that are anomalous \(found 4, expected at most 3\)/,
  })
  t.throws(() => read('{ at_least: 3, of: 17 }'), { message: /expected at most 16/ })
  t.throws(() => read('{ at_least: 3 }'), { message: /'of' is missing|of/ })
})

test('bits are counted', async (t) => {
  t.strictSame([0, 1, 0b101, 0xffff].map(countBits), [0, 1, 2, 16])
})
