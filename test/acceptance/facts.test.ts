import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import type { AlertSnapshot, AlertView, EngineConfig, Notification } from '../../src/model.ts'
import {
  above,
  at,
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
  silent,
  bounds,
  TEN,
} from '../helpers/play.ts'

/** What people are told of an alert is so, whatever the alert went through. */

/** A rule that looks at each ten seconds alone. */
const quick = (change: Parameters<typeof cpuHigh>[0] = {}) => cpuHigh({ over: TEN, every: TEN, ...change })

const levels = bounds('mean', [above(0.9, 0.85)], [above(0.98, 0.9)])

/** Posts the values of a series, one each ten seconds, and a beat of another host for half a minute more. */
function feed(play: Play, values: readonly number[]): void {
  const from = Math.ceil((play.now() + 1) / TEN) * TEN
  const last = from + values.length * TEN
  play.until(
    last + 30 * SECOND,
    every(TEN, (now) => {
      const value = now < last ? values[(now - from) / TEN] : undefined
      play.post([
        event('beat', now),
        ...(value === undefined ? [] : [event('web-1', now + SECOND / 2, { cpu: value })]),
      ])
    }),
  )
}

const played = (rule: EngineConfig['rules'][number], values: readonly number[]): Play => {
  const play = createPlay(config({ rules: [rule] }))
  // The first window of a series is never whole, so that it is not judged.
  feed(play, [0.1, ...values])
  return play
}

const views = (play: Play): readonly AlertView[] => runQuery(play.fold, { kind: 'alerts' })

const factsOf = (mail: Notification | undefined): AlertSnapshot => mail?.alerts[0] as AlertSnapshot

test('an alert whose value lies between what ends it and its bound says that', async (t) => {
  const play = played(quick({ condition: levels }), [0.99, 0.99, 0.93, 0.88])
  t.match(views(play)[0], {
    value: 0.88,
    evidence: {
      limit: { op: 'above', value: 0.9 },
      clear: { op: 'at_most', value: 0.85 },
      why: { code: 'held', params: { samples: 1 } },
    },
  })
  const held = played(quick({ condition: bounds('mean', [], [above(0.98, 0.9)]) }), [0.99, 0.93])
  t.match(views(held)[0], {
    value: 0.93,
    evidence: { limit: { op: 'above', value: 0.98 }, clear: { op: 'at_most', value: 0.9 }, why: { code: 'held' } },
  })
})

test('a critical alert shows the threshold at which it resolves, not that of the warning', async (t) => {
  const play = played(quick({ condition: levels }), [0.99, 0.93])
  const clear = { op: 'at_most', value: 0.85 }
  t.strictSame(factsOf(play.mails[0]).evidence.clear, clear)
  t.match(views(play)[0], {
    value: 0.93,
    evidence: { limit: { op: 'above', value: 0.98 }, clear, why: { code: 'held' } },
  })
})

test('a window that is good but ends nothing is not said to end an alert', async (t) => {
  const play = played(quick({ keepFiringFor: HOUR }), [0.95, 0.8, 0.87])
  t.match(views(play)[0], { state: 'recovering', value: 0.87, evidence: { why: { code: 'within' } } })
})

test('the course counts all windows since the begin, including pending ones, and those beyond the threshold', async (t) => {
  const play = played(
    quick({ for: 2 * TEN, condition: bounds('mean', [above(0.9, 0.8)]) }),
    [0.95, 0.95, 0.95, 0.95, 0.85, 0.85, 0.2],
  )
  t.match(factsOf(play.mails.at(-1)), { state: 'resolved', evaluations: 7, breaches: 4 })
})

test('a firing mail whose value is within the bound says what ends the alert', async (t) => {
  const rules = [quick({ condition: bounds('mean', [above(0.98, 0.8)]), repeat: { initial: MINUTE, max: MINUTE } })]
  const play = createPlay(config({ rules }))
  feed(play, [0.1, 0.99, 0.93, 0.93, 0.93, 0.93, 0.93, 0.93, 0.93])
  t.match(factsOf(play.mails.at(-1)), {
    state: 'firing',
    value: 0.93,
    evidence: { limit: { op: 'above', value: 0.98 }, clear: { op: 'at_most', value: 0.8 }, why: { code: 'held' } },
  })
})

test('the median of an even number of hosts is the mean of the two in the middle', async (t) => {
  const play = createPlay(config({ rules: [quick()] }))
  const others = [0.99, 0.99, 0.25, 0.1].map((cpu, i) => ({ host: `db-${i}`, cpu }))
  play.until(
    '12:00:40',
    every(TEN, (now) => {
      play.post([...others, { host: 'web-1', cpu: 0.95 }].map(({ host, cpu }) => event(host, now, { cpu })))
    }),
  )
  t.same(factsOf(play.mails.find((mail) => factsOf(mail).identity.host === 'web-1')).peers, { median: 0.62, hosts: 4 })
})

test('the median of a sample of hosts says that it is one, and of how many', async (t) => {
  const play = createPlay(config({ rules: [quick()] }))
  const others = Array.from({ length: 140 }, (_, i) => ({ host: `db-${i}`, cpu: 0.3 }))
  play.until(
    '12:00:40',
    every(TEN, (now) => {
      play.post([...others, { host: 'web-1', cpu: 0.95 }].map(({ host, cpu }) => event(host, now, { cpu })))
    }),
  )
  t.same(factsOf(play.mails[0]).peers, { median: 0.3, hosts: 100, known: 140 })
})

test('the data stopped when the last sample was taken, as far as buckets tell', async (t) => {
  const rules = [
    quick({ over: MINUTE, condition: bounds('last', [above(0.9)]) }),
    quick({ name: 'mean', over: MINUTE }),
  ]
  const play = createPlay(config({ rules: rules.slice(0, 1) }))
  feed(play, [0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95])
  play.until(
    '12:04:00',
    every(TEN, (now) => void play.post([event('beat', now)])),
  )
  t.equal(views(play)[0]?.noDataSince, at('12:01:10') + SECOND / 2, 'to the sample where it is kept')
  const coarse = createPlay(config({ rules: rules.slice(1) }))
  feed(coarse, [0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95])
  coarse.until(
    '12:04:00',
    every(TEN, (now) => void coarse.post([event('beat', now)])),
  )
  t.equal(views(coarse)[0]?.noDataSince, at('12:01:20'), 'else to the end of its bucket')
})

test('an alert that is closed still shows its last window', async (t) => {
  const play = played(quick(), [0.95, 0.95])
  const window = factsOf(play.mails[0]).evaluatedAt + TEN
  play.configure(config({ rules: [quick({ hosts: ['db-*'] })] }))
  play.until(play.now() + MINUTE)
  const closed = factsOf(play.mails.at(-1))
  t.match(closed, {
    state: 'resolved',
    closeReason: 'rule_changed',
    evaluatedAt: window,
    resolvedAt: window + 30 * SECOND,
  })
  t.equal(closed.value, 0.95)
  t.equal(window, at('12:00:40'))
  t.equal(views(play)[0]?.transitions.at(-1)?.at, closed.resolvedAt, 'but its last step is when it was closed')
})

test('what is found in an open window is so since now, not since the end to come', async (t) => {
  const hot = quick({ over: 30 * SECOND, condition: bounds('max', [above(0.9)]) })
  for (const rules of [[hot], [{ ...hot, every: MINUTE, over: MINUTE }]]) {
    const play = createPlay(config({ rules }))
    play.until(
      '12:05:00',
      every(TEN, (now) => void play.post([event('web-1', now, { cpu: 0.5 })])),
    )
    play.until('12:05:03')
    play.post([event('web-1', play.now() + 20 * SECOND, { cpu: 0.95 })])
    play.until('12:05:04')
    t.match(views(play)[0], { state: 'firing', startsAt: at('12:05:04'), firedAt: at('12:05:04') })
    t.equal(views(play)[0]?.transitions[0]?.at, at('12:05:04'))
    t.equal(views(play)[0]?.evaluations, 0, 'and is counted when it has closed')
    play.until(
      '12:07:30',
      every(TEN, (now) => void play.post([event('web-1', now, { cpu: 0.5 })])),
    )
    t.match(play.notified(), [/12:05:04 .* firing \(fired\)/, /resolved \(resolved\)/])
  }
})

test('matches that are counted early are counted once', async (t) => {
  const rule = countRule({ over: 30 * SECOND, every: 30 * SECOND, condition: bounds('count', [above(2, 1)]) })
  const play = createPlay(config({ rules: [rule] }))
  const match = (now: number) => event('web-1', now, { [`count(${rule.name})`]: 1 })
  play.until('12:00:03', (now) => void play.post([match(now)]))
  play.until(
    '12:02:00',
    every(TEN, (now) => void play.post([event('web-1', now)])),
  )
  t.match(factsOf(play.mails[1]), { state: 'resolved', startsAt: NOON + 3 * SECOND, evaluations: 2, breaches: 1 })
})

test('a second rise shows since when it is critical, and that it was before', async (t) => {
  const play = played(
    quick({ condition: bounds('mean', [above(0.9, 0.85)], [above(0.98, 0.96)]) }),
    [0.95, 0.99, 0.95, 0.95, 0.99],
  )
  const [first, second] = play.mails.filter(({ reason }) => reason === 'severity_raised')
  const { critical, evaluatedAt } = factsOf(second)
  t.match(critical, { from: factsOf(first).evaluatedAt, count: 2, lastFrom: evaluatedAt })
  t.strictSame([critical?.from, critical?.lastFrom], [at('12:00:40'), at('12:01:10')])
})

test('a resolved alert that was critical shows the critical threshold', async (t) => {
  const play = played(quick({ condition: levels }), [0.99, 0.88, 0.5])
  const over = factsOf(play.mails.at(-1))
  t.match(over, { state: 'resolved', critical: { limit: { op: 'above', value: 0.98 } } })
  t.match(over.evidence, { limit: { op: 'above', value: 0.9 } })
})

test('a host is absent since its last event', async (t) => {
  const play = createPlay(config({ rules: [silent({ after: 90 * SECOND, body: 'nothing since {{since}}' })] }))
  play.until(
    '12:10:03',
    every(TEN, (now) => void play.post([event('a', now), event('b', now)])),
  )
  play.until(
    '12:13:14',
    every(TEN, (now) => void play.post([event('a', now)])),
  )
  play.post([event('b', play.now())])
  play.until('12:13:20')
  const [fired, over] = play.mails
  t.match(factsOf(fired), {
    startsAt: at('12:10:00'),
    evidence: { why: { code: 'absent', params: { source: 'logstash-a' } } },
  })
  const { decidedAt, alerts } = fired as Notification
  t.equal(alerts[0]?.evaluatedAt, decidedAt)
  t.equal(alerts[0]?.value, (decidedAt - at('12:10:00')) / 1000, 'it is absent for as long as it fires')
  t.equal(alerts[0]?.evaluations, undefined, 'there are no windows')
  t.match(factsOf(over), { startsAt: at('12:10:00'), resolvedAt: at('12:13:15') })
  t.equal(factsOf(over).evaluations, undefined)
})

test('a source is down since its last request', async (t) => {
  const play = createPlay(config({ sources: ['logstash-a'] }))
  play.until(
    '12:10:00',
    every(TEN, (now) => void play.post([event('a', now)])),
  )
  play.until('12:13:14')
  play.post([event('a', play.now())])
  play.until('12:13:20')
  const [fired, over] = play.mails
  t.match(factsOf(fired), {
    identity: { rule: 'source-down' },
    startsAt: at('12:10:00'),
    firedAt: at('12:12:30'),
    value: 150,
    evidence: {
      limit: { op: 'at_least', value: 150 },
      why: { code: 'source_silent', params: { source: 'logstash-a', hosts: 1 } },
    },
  })
  t.match(factsOf(over), { startsAt: at('12:10:00'), evidence: { why: { code: 'source_delivers' } } })
  t.equal(factsOf(over).evaluations, undefined)
})

test('a report has the peak of values without a unit, and no alert that begins in the future', async (t) => {
  const hot = quick({ name: 'room-hot', metric: 'room', condition: bounds('max', [above(35)]) })
  const metric = { name: 'room', fields: ['room'], unit: 'none', kind: 'gauge', by: [], byFields: [] } as const
  const receivers = [{ name: 'ops', email: [{ address: 'ada@example.org' }], report: { at: 12 * 60 + 10 } }]
  const play = createPlay(config({ rules: [hot], metrics: [metric], receivers }))
  play.until(
    '12:09:51',
    every(TEN, (now) => void play.post([event('sensor-1', now, { room: 22 })])),
  )
  play.post([event('sensor-1', play.now(), { room: 41 })])
  play.until('12:10:01')
  const report = play.mails.find(({ kind }) => kind === 'report')
  const [episode] = report?.report?.alerts.longest.first ?? []
  t.match(episode, { identity: { host: 'sensor-1', rule: 'room-hot' }, severity: 'warning', peak: 41 })
  t.equal(episode?.endsAt, undefined, 'it is still open')
  t.ok((episode?.startsAt ?? Infinity) <= at('12:10:00'))
})
