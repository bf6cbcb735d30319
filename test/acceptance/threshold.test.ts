import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import {
  above,
  at,
  below,
  config,
  countRule,
  cpuHigh,
  createPlay,
  event,
  every,
  HOUR,
  MINUTE,
  SECOND,
  silent,
  threshold,
  bounds,
  TEN,
} from '../helpers/play.ts'

test('cpu-high fires once after two minutes above 0.9 and resolves once', async (t) => {
  const play = createPlay(config())
  const cpu = (now: number): number => (now >= at('12:05:00') && now < at('12:10:00') ? 0.95 : 0.2)
  play.until(
    '12:20:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: cpu(now) })])),
  )
  t.strictSame(play.notified(), [
    '12:07:10 cpu-high web-1 firing (fired)',
    '12:11:10 cpu-high web-1 resolved (resolved)',
  ])
  const [fired, resolved] = play.mails
  t.equal(fired?.alerts[0]?.value, 0.95)
  t.strictSame(fired?.alerts[0]?.evidence, {
    limit: { op: 'above', value: 0.9 },
    clear: { op: 'at_most', value: 0.85 },
    why: { code: 'breached', params: { samples: 12 } },
  })
  t.equal(fired?.alerts[0]?.evaluatedAt, at('12:07:00'))
  t.strictSame(fired?.alerts[0]?.identity, {
    rule: 'cpu-high',
    host: 'web-1',
    key: 'cpu',
    labels: {},
    measure: { kind: 'aggregate', metric: 'cpu', unit: 'ratio', of: 'mean', over: 2 * MINUTE },
  })
  t.strictSame(fired?.alerts[0]?.templates, { subject: 'CPU on {{server}} is high' })
  t.equal(resolved?.thread, fired?.thread)
  t.equal(resolved?.alerts[0]?.startsAt, at('12:07:00'))
  t.equal(resolved?.alerts[0]?.resolvedAt, at('12:11:00'))
  t.equal(resolved?.alerts[0]?.peak, 0.95)
  t.equal(resolved?.alerts[0]?.evidence.why.code, 'cleared')
})

test('a value between clear and bound neither starts nor ends an alert', async (t) => {
  const play = createPlay(config())
  const cpu = (now: number): number => {
    if (now < at('12:05:00')) return 0.88
    if (now < at('12:10:00')) return 0.95
    return now < at('12:20:00') ? 0.88 : 0.5
  }
  play.until(
    '12:30:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: cpu(now) })])),
  )
  t.strictSame(play.notified(), [
    '12:06:10 cpu-high web-1 firing (fired)',
    '12:21:10 cpu-high web-1 resolved (resolved)',
  ])
})

test('with two severities a raised one is notified at once, a lowered one is not', async (t) => {
  const rule = cpuHigh({ condition: bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)]) })
  const play = createPlay(config({ rules: [rule] }))
  const cpu = (now: number): number => {
    if (now < at('12:05:00')) return 0.5
    if (now < at('12:10:00')) return 0.85
    if (now < at('12:15:00')) return 0.99
    return now < at('12:20:00') ? 0.85 : 0.1
  }
  play.until(
    '12:30:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: cpu(now) })])),
  )
  t.strictSame(
    play.mails.map((mail) => [mail.reason, mail.alerts[0]?.severity, mail.seq]),
    [
      ['fired', 'warning', 0],
      ['severity_raised', 'critical', 1],
      ['resolved', 'warning', 2],
    ],
  )
})

test('an alert that is pending for less than `for` is never notified', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh({ for: 3 * MINUTE })] }))
  const cpu = (now: number): number => (now >= at('12:05:00') && now < at('12:08:00') ? 0.99 : 0.2)
  play.until(
    '12:20:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: cpu(now) })])),
  )
  t.strictSame(play.notified(), [])
  t.equal(play.fold.counters.get('transitions_pending'), 1)
  t.equal(play.fold.state.hosts.get('web-1')?.alerts.size, 0)
})

test('`for` delays the alert and keeps the first breach as its beginning', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh({ for: 2 * MINUTE })] }))
  play.until(
    '12:10:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: 0.99 })])),
  )
  t.strictSame(play.notified(), ['12:04:10 cpu-high web-1 firing (fired)'])
  t.equal(play.mails[0]?.alerts[0]?.startsAt, at('12:02:00'))
})

test('`keep_firing_for` holds an alert in recovery, and a new breach in it is no news', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh({ keepFiringFor: 5 * MINUTE })] }))
  const hot = (now: number): boolean => now < at('12:05:00') || (now >= at('12:08:00') && now < at('12:12:00'))
  play.until(
    '12:25:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: hot(now) ? 0.99 : 0.2 })])),
  )
  t.strictSame(play.notified(), [
    '12:02:10 cpu-high web-1 firing (fired)',
    '12:18:10 cpu-high web-1 resolved (resolved)',
  ])
})

test('a host that reports every minute is as well watched as one that reports every ten seconds', async (t) => {
  const play = createPlay(config())
  const cpu = (now: number): number => (now >= at('12:05:00') && now < at('12:10:00') ? 0.95 : 0.2)
  play.until(
    '12:20:00',
    every(MINUTE, (now) => play.post([event('slow', now + 0, { cpu: cpu(now) })])),
  )
  t.equal(play.mails.length, 2)
  t.strictSame(
    play.mails.map((mail) => mail.reason),
    ['fired', 'resolved'],
  )
})

test('a cold series is not judged before it covers its window', async (t) => {
  const play = createPlay(config())
  play.until(
    '12:01:30',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: 1 })])),
  )
  play.until(
    '12:02:05',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: 1 })])),
  )
  t.strictSame(play.notified(), [])
})

test('three minutes of backdated events posted in one go fire the alert', async (t) => {
  const play = createPlay(config(), at('12:30:17'))
  const start = at('12:27:17')
  play.post(Array.from({ length: 19 }, (_, i) => event('web-1', start + i * TEN, { cpu: 0.97 })))
  play.until('12:31:40')
  t.strictSame(play.notified(), ['12:30:28 cpu-high web-1 firing (fired)'])
})

test('three events posted by hand are evaluated in one more window after a minute without events', async (t) => {
  const rule = cpuHigh({
    name: 'machine-memory',
    metric: 'memory',
    over: 20 * SECOND,
    every: 20 * SECOND,
    condition: bounds('mean', [{ op: 'at_least', value: 50, clear: 47.5 }]),
  })
  const play = createPlay(config({ rules: [rule] }), at('12:30:00'))
  const byHand = [at('12:30:03'), at('12:30:09'), at('12:30:16')]
  play.until('12:40:00', (now) => {
    if (byHand.includes(now)) play.post([event('m', now, { memory: 60 })])
  })
  t.strictSame(play.notified(), ['12:31:16 machine-memory m firing (fired)'])
})

test('bounds below work the other way round', async (t) => {
  const rule = cpuHigh({ name: 'cpu-idle', condition: bounds('max', [below(0.1, 0.2)]) })
  const play = createPlay(config({ rules: [rule] }))
  const cpu = (now: number): number => (now >= at('12:05:00') && now < at('12:10:00') ? 0.05 : 0.5)
  play.until(
    '12:20:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: cpu(now) })])),
  )
  t.strictSame(
    play.mails.map((mail) => mail.reason),
    ['fired', 'resolved'],
  )
  t.equal(play.mails[0]?.decidedAt, at('12:08:30'), 'a maximum below a bound waits 90 s, as more data could undo it')
  t.equal(play.mails[0]?.alerts[0]?.evaluatedAt, at('12:07:00'))
})

test('an inclusive bound is crossed by the value itself', async (t) => {
  const rule = cpuHigh({ condition: bounds('mean', [{ op: 'at_least', value: 0.5, clear: 0.5 }]) })
  const play = createPlay(config({ rules: [rule] }))
  play.until(
    '12:10:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: now < at('12:05:00') ? 0.5 : 0.25 })])),
  )
  t.strictSame(
    play.mails.map((mail) => mail.reason),
    ['fired', 'resolved'],
  )
})

test('overrides give some hosts other bounds', async (t) => {
  const rule = cpuHigh({ overrides: [{ hosts: ['scratch-*'], params: threshold('mean', [above(0.97, 0.9)]) }] })
  const play = createPlay(config({ rules: [rule] }))
  play.until(
    '12:05:00',
    every(TEN, (now) => play.post([event('scratch-1', now, { cpu: 0.95 }), event('web-1', now, { cpu: 0.95 })])),
  )
  t.strictSame(play.notified(), ['12:02:10 cpu-high web-1 firing (fired)'])
})

test('each value of a `by` field is an alert of its own', async (t) => {
  const rule = cpuHigh({
    name: 'disk-full',
    metric: 'disk',
    over: MINUTE,
    condition: bounds('last', [above(0.9, 0.8)]),
  })
  const play = createPlay(config({ rules: [rule] }))
  play.until(
    '12:05:00',
    every(TEN, (now) => play.post([event('web-1', now, { 'disk\u001f/': 0.95, 'disk\u001f/home': 0.5 })])),
  )
  t.equal(play.mails.length, 1)
  t.strictSame(play.mails[0]?.alerts[0]?.identity.labels, { mount: '/' })
})

test('a count above its threshold fires at once, and resolves when the window is over', async (t) => {
  const play = createPlay(config({ rules: [countRule()] }))
  play.until('12:30:00', (now) => {
    if (now % TEN === 0) play.post([event('login', now)])
    if (now > at('12:05:00') && now <= at('12:05:30')) play.post([event('login', now, { 'count(ssh-failures)': 1 })])
  })
  t.strictSame(play.notified(), [
    '12:05:21 ssh-failures login firing (fired)',
    '12:10:40 ssh-failures login resolved (resolved)',
  ])
  t.equal(play.mails[0]?.alerts[0]?.value, 21)
})

test('a firing alert whose host goes silent stays firing', async (t) => {
  const play = createPlay(config())
  play.until('12:40:00', (now) => {
    if (now % TEN !== 0) return
    play.post([event('other', now, { cpu: 0.1 })])
    if (now < at('12:10:00')) play.post([event('web-1', now, { cpu: 0.99 })])
  })
  t.strictSame(play.notified(), ['12:02:10 cpu-high web-1 firing (fired)'])
  const alert = [...(play.fold.state.hosts.get('web-1')?.alerts.values() ?? [])][0]
  t.equal(alert?.lifecycle.state, 'firing')
  t.ok(alert?.lifecycle.state === 'firing' && alert.lifecycle.noDataSince, 'and says that its data stopped')
})

test('the rate of a counter is judged across resets', async (t) => {
  const rule = cpuHigh({
    name: 'net-busy',
    metric: 'net',
    over: MINUTE,
    condition: bounds('rate', [above(1000, 500)]),
  })
  const play = createPlay(config({ rules: [rule] }))
  let total = 0
  play.until(
    '12:20:00',
    every(TEN, (now) => {
      total = now === at('12:03:00') ? 0 : total + (now >= at('12:10:00') && now < at('12:15:00') ? 50_000 : 100)
      play.post([event('web-1', now, { 'net\u001feth0': total })])
    }),
  )
  t.strictSame(
    play.mails.map((mail) => mail.reason),
    ['fired', 'resolved'],
    'and the reset itself is no growth',
  )
})

test('a jump of the clock by a year is one step and raises nothing', async (t) => {
  const play = createPlay(config({ rules: [cpuHigh(), silent()] }))
  play.until(
    '12:10:00',
    every(TEN, (now) => play.post([event('web-1', now, { cpu: 0.5 })])),
  )
  const later = play.now() + 365 * 24 * HOUR
  const jumped = createPlay(config({ rules: [cpuHigh(), silent()] }), later, play.fold)
  jumped.until(
    later + 10 * MINUTE,
    every(TEN, (now) => jumped.post([event('web-1', now, { cpu: 0.5 })])),
  )
  t.strictSame(jumped.notified(), [])
})

test('late samples may fire an alert and never unfire one', async (t) => {
  const play = createPlay(config())
  play.until(
    '12:10:00',
    every(TEN, (now) => {
      play.post([event('other', now, { cpu: 0.1 })])
      if (now <= at('12:04:00')) play.post([event('web-1', now, { cpu: 0.2 })])
      if (now === at('12:09:00')) {
        play.post(Array.from({ length: 12 }, (_, i) => event('web-1', at('12:06:00') + i * TEN, { cpu: 1 })))
      }
    }),
  )
  t.strictSame(
    play.mails.map((mail) => [mail.alerts[0]?.identity.host, mail.reason]),
    [['web-1', 'fired']],
  )
})

test('a ratio of 97 comes with the hint that percent may be meant, and one of 0.97 without', async (t) => {
  const hints = (value: number, change = cpuHigh()): readonly unknown[] => {
    const play = createPlay(config({ rules: [change] }))
    play.until(
      '12:05:00',
      every(TEN, (now) => play.post([event('web-1', now, { cpu: value })])),
    )
    const [rule] = runQuery(play.fold, { kind: 'rules' })
    return rule?.evaluations.map(({ hint }) => hint) ?? []
  }
  t.strictSame(hints(97), ['ratio_above_one'])
  t.strictSame(hints(0.97), [undefined])
  t.strictSame(hints(0.97, cpuHigh({ condition: bounds('sum', [above(3)]) })), [undefined], 'a sum may be anything')
})

test('a percentile ignores the few samples beyond it', async (t) => {
  const rule = cpuHigh({ over: MINUTE, every: TEN, condition: bounds('p90', [above(0.9, 0.8)]) })
  const play = createPlay(config({ rules: [rule] }))
  // Ten samples in each bucket: one of them is always high, two of them are from 12:05 to 12:10.
  const sample = (now: number, i: number): number => {
    const high = now >= at('12:05:00') && now < at('12:10:00') ? 2 : 1
    return i < high ? 0.95 : 0.2
  }
  play.until(
    '12:20:00',
    every(SECOND, (now) => play.post([event('web-1', now, { cpu: sample(now, (now / SECOND) % 10) })])),
  )
  // The 54th of 60 samples is high as soon as seven are: in each window with one such bucket, until 12:10:50.
  t.strictSame(play.notified(), [
    '12:05:20 cpu-high web-1 firing (fired)',
    '12:11:10 cpu-high web-1 resolved (resolved)',
  ])
  const [fired] = play.mails
  t.match(fired?.alerts[0], {
    value: 0.95,
    identity: { measure: { of: 'p90' } },
    evidence: { why: { code: 'breached', params: { samples: 60 } } },
  })
})
