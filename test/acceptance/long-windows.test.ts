import { isDeepStrictEqual } from 'node:util'
import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import { startSnapshot, readSnapshot } from '../../src/engine/snapshot.ts'
import { createFold, encodeEntry, step } from '../../src/engine/step.ts'
import type { EngineConfig, EventSamples, MetricRule } from '../../src/model.ts'
import {
  above,
  at,
  below,
  config,
  countRule,
  cpuHigh,
  createPlay,
  event,
  HOUR,
  MINUTE,
  NOON,
  type Play,
  SECOND,
  silent,
  openAlerts,
  bounds,
  DAY,
  once,
} from '../helpers/play.ts'

const iso = (instant: number | undefined): string => new Date(instant ?? NaN).toISOString().slice(5, 19)

/** Lives through hours with a tick only every `pace`; nothing of interest happens in between. */
function pass(play: Play, until: number, pace: number, each: (now: number) => readonly EventSamples[]): void {
  for (let now = play.now() + pace; now <= until; now += pace) {
    const events = each(now)
    if (events.length > 0) play.post(events, { rcv: now })
    while (play.enter({ kind: 'tick', data: encodeEntry({ now, refused: false }) }).hasMore);
  }
}

/** The same in two plays that follow each other: the instant of the second is where the first ended. */
const goOn = (play: Play, now: number, next: EngineConfig): Play => createPlay(next, now, play.fold)

const steps = (play: Play): string[] =>
  play.mails.flatMap(({ reason, alerts }) =>
    alerts.map(({ identity: { host, rule }, evaluatedAt: end }) => `${rule} ${host} ${reason} ${iso(end)}`),
  )

const longMean = (change: Partial<MetricRule> = {}): MetricRule =>
  cpuHigh({
    name: 'mean-6h',
    over: 6 * HOUR,
    every: MINUTE,
    condition: bounds('mean', [above(0.5, 0.45)]),
    ...change,
  })

test('a mean over six hours fires and resolves at the minute in which it crosses its bounds', async (t) => {
  const play = createPlay(config({ alerting: once, rules: [longMean()] }))
  // From 20:00 on the CPU is at 1 and adds 1/360 a minute: the mean is above 0.5 after more than 180 minutes.
  const isHot = (ts: number): boolean => ts >= NOON + 8 * HOUR && ts < NOON + 12 * HOUR
  pass(play, NOON + 24 * HOUR, 20 * SECOND, (now) => [event('web-1', now, { cpu: isHot(now) ? 1 : 0 })])
  // Of 240 hot minutes, fewer than 162 are left when 79 have gone, from 02:00 on.
  t.strictSame(steps(play), ['mean-6h web-1 fired 11-22T23:01:00', 'mean-6h web-1 resolved 11-23T03:18:00'])
  t.match(play.mails[0]?.alerts[0], {
    identity: { measure: { kind: 'aggregate', metric: 'cpu', of: 'mean', over: 6 * HOUR } },
    evidence: { why: { code: 'breached', params: { samples: 1080 } } },
  })
})

test('a count over a day fires at once and resolves when the matches are a day old', async (t) => {
  const rule = countRule({ name: 'restarts', over: DAY, every: MINUTE, condition: bounds('count', [above(3, 3)]) })
  const play = createPlay(config({ alerting: once, rules: [rule] }))
  const hits = [2, 5, 9, 13].map((hour) => NOON + hour * HOUR + 90 * SECOND)
  pass(play, NOON + 40 * HOUR, 30 * SECOND, (now) => [
    event('job', now, hits.includes(now) ? { 'count(restarts)': 1 } : {}),
  ])
  t.strictSame(steps(play), ['restarts job fired 11-23T01:01:40', 'restarts job resolved 11-23T14:02:00'])
  t.equal(play.mails[0]?.decidedAt, NOON + 13 * HOUR + 90 * SECOND, 'as soon as the fourth came')
})

test('a maximum over seven days fires at once and resolves seven days later', async (t) => {
  const rule = cpuHigh({ name: 'peak', over: 7 * DAY, every: HOUR, condition: bounds('max', [above(0.9, 0.9)]) })
  const play = createPlay(config({ alerting: once, rules: [rule] }))
  const peak = NOON + 2 * DAY + 20 * MINUTE
  pass(play, NOON + 11 * DAY, 5 * MINUTE, (now) => [event('web-1', now, { cpu: now === peak ? 0.99 : 0.25 })])
  t.strictSame(steps(play), ['peak web-1 fired 11-24T12:20:10', 'peak web-1 resolved 12-01T13:00:00'])
  t.equal(play.mails[0]?.decidedAt, peak)
})

test('a minimum below a bound over days waits until nothing can undo it', async (t) => {
  const rule = cpuHigh({ name: 'unused', over: 2 * DAY, every: HOUR, condition: bounds('max', [below(0.1, 0.2)]) })
  const play = createPlay(config({ alerting: once, rules: [rule] }))
  pass(play, NOON + 6 * DAY, MINUTE, (now) => [
    event('web-1', now, { cpu: now < NOON + DAY || now >= NOON + 5 * DAY ? 0.5 : 0.01 }),
  ])
  t.strictSame(steps(play), ['unused web-1 fired 11-25T12:00:00', 'unused web-1 resolved 11-27T13:00:00'])
  t.equal(play.mails[0]?.decidedAt, NOON + 3 * DAY + 2 * MINUTE, 'ninety seconds after the window, at the next tick')
})

test('a counter is followed over a day, across a reset and through buckets that are merged', async (t) => {
  const rule = cpuHigh({
    name: 'traffic',
    metric: 'net',
    over: DAY,
    every: HOUR,
    condition: bounds('increase', [above(50_000, 45_000)]),
  })
  const play = createPlay(config({ alerting: once, rules: [rule] }))
  let total = 0
  pass(play, NOON + 3 * DAY, 20 * SECOND, (now) => {
    const busy = now > NOON + 30 * HOUR && now <= NOON + 40 * HOUR
    total = now === NOON + 35 * HOUR ? 0 : total + (busy ? 50 : 5)
    return [event('web-1', now, { 'net\u001feth0': total })]
  })
  // 4320 samples of 5 are 21,600; each busy one adds 45: 632 are too many, and 520 are few enough.
  t.strictSame(steps(play), ['traffic web-1 fired 11-23T22:00:00', 'traffic web-1 resolved 11-25T02:00:00'])
  t.equal(play.mails[0]?.alerts[0]?.value, 21_600 + 719 * 45)
  const crowded = [...play.fold.state.stores.values()].reduce((sum, store) => sum + store.crowded.size, 0)
  t.ok(crowded < 20, `samples of ${crowded} buckets are kept one by one`)
})

test('`for` and `keep_firing_for` hold for long windows', async (t) => {
  const rule = longMean({ over: 2 * HOUR, for: 30 * MINUTE, keepFiringFor: HOUR })
  const play = createPlay(config({ alerting: once, rules: [rule] }))
  const isHot = (ts: number): boolean => ts >= NOON + 4 * HOUR && ts < NOON + 6 * HOUR
  pass(play, NOON + 12 * HOUR, 20 * SECOND, (now) => [event('web-1', now, { cpu: isHot(now) ? 1 : 0 })])
  t.strictSame(steps(play), ['mean-6h web-1 fired 11-22T17:31:00', 'mean-6h web-1 resolved 11-22T20:06:00'])
  t.equal(iso(play.mails[0]?.alerts[0]?.startsAt), '11-22T17:01:00')
})

test('a host that is idle for hours is not judged by the few samples that are left', async (t) => {
  const play = createPlay(config({ alerting: once, rules: [longMean()] }))
  const other = (now: number): EventSamples => event('other', now, { cpu: 0 })
  pass(play, NOON + 30 * HOUR, 20 * SECOND, (now) => {
    const isIdle = now >= NOON + 8 * HOUR && now < NOON + 20 * HOUR
    return isIdle ? [other(now)] : [other(now), event('web-1', now, { cpu: now < NOON + 7 * HOUR ? 0 : 1 })]
  })
  t.strictSame(steps(play), ['mean-6h web-1 fired 11-23T14:00:00'], 'but when a window is covered again')
  const fired = goOn(play, NOON + 30 * HOUR, config({ alerting: once, rules: [longMean()] }))
  pass(fired, NOON + 60 * HOUR, MINUTE, (now) => [other(now)])
  t.strictSame(steps(fired), [], 'and silence ends nothing')
  t.equal(openAlerts(fired.fold).length, 1)
})

test('late samples find their bucket for as long as the window reaches, and may fire an alert', async (t) => {
  const rule = cpuHigh({
    name: 'peak',
    over: 12 * HOUR,
    every: MINUTE,
    condition: bounds('mean', [above(0.5, 0.4)]),
  })
  const play = createPlay(config({ alerting: once, rules: [rule] }))
  const late = Array.from({ length: 360 }, (_, i) => event('web-1', NOON + 10 * HOUR + i * MINUTE, { cpu: 1 }))
  pass(play, NOON + 18 * HOUR, MINUTE, (now) => {
    const isCut = now >= NOON + 10 * HOUR && now < NOON + 16 * HOUR
    if (now === NOON + 16 * HOUR + 30 * MINUTE) return [event('web-1', now, { cpu: 1 }), ...late]
    return [
      event('other', now, { cpu: 0 }),
      ...(isCut ? [] : [event('web-1', now, { cpu: now < NOON + 10 * HOUR ? 0 : 1 })]),
    ]
  })
  t.equal(play.fold.counters.get('samples_late_dropped') ?? 0, 0)
  t.strictSame(
    steps(play),
    ['peak web-1 fired 11-23T04:29:00'],
    'in the first window of which the ring has lost nothing',
  )
})

/** Two days under rules of every tier. */
function busyDays(): Play {
  const rules = [
    cpuHigh(),
    longMean(),
    cpuHigh({ name: 'peak', over: 2 * DAY, every: HOUR, condition: bounds('max', [above(0.9, 0.9)]) }),
    cpuHigh({
      name: 'traffic',
      metric: 'net',
      over: 6 * HOUR,
      every: 10 * MINUTE,
      condition: bounds('rate', [above(3, 2)]),
    }),
    countRule({ over: DAY, every: MINUTE, condition: bounds('count', [above(40, 35)]) }),
    silent(),
  ]
  const play = createPlay(config({ alerting: once, rules }))
  pass(play, NOON + 2 * DAY, 2 * MINUTE, (now) => {
    const hour = Math.floor((now - NOON) / HOUR)
    const matches = hour % 5 === 0 && now % (10 * MINUTE) === 0 ? { 'count(ssh-failures)': 1 } : {}
    const web = event('web-1', now, {
      cpu: hour % 14 > 8 ? 0.95 : 0.25,
      'net\u001feth0': ((now - NOON) / 200) % 40_000,
      ...matches,
    })
    return hour % 11 === 10
      ? [event('web-2', now, { cpu: 0.1 })]
      : [web, event('web-2', now - 90 * SECOND, { cpu: 0.5 })]
  })
  return play
}

test('a restart in the middle of a long window changes nothing', async (t) => {
  const { entries, mails, fold } = busyDays()
  t.ok(mails.length > 10, `${mails.length} mails`)
  for (const share of [0.3, 0.7]) {
    const cut = Math.floor(entries.length * share)
    const first = createFold()
    const effects = entries.slice(0, cut).flatMap((entry) => step(first, entry).effects)
    const parts: Uint8Array[] = []
    const snapshot = startSnapshot(first.state, cut)
    for (let part = snapshot.take(); part !== undefined; part = snapshot.take()) parts.push(part.data)
    const reborn = createFold(readSnapshot(Buffer.concat(parts)))
    effects.push(...entries.slice(cut).flatMap((entry) => step(reborn, entry).effects))
    t.strictSame(
      effects.map(({ data }) => data),
      mails.map((mail) => JSON.stringify(mail)),
      `cut at ${share}`,
    )
    t.ok(isDeepStrictEqual(reborn.state, fold.state), `state, cut at ${share}`)
  }
})

test('a rule whose window grows beyond an hour and shrinks again goes on with its episode', async (t) => {
  const rule = cpuHigh({ over: 5 * MINUTE })
  const longer = { ...rule, over: 3 * HOUR }
  const play = createPlay(config({ alerting: once, rules: [rule] }))
  const hot = (until: number, next: EngineConfig): void => {
    pass(goOnInto(play, next), until, 10 * SECOND, (now) => [event('web-1', now, { cpu: 0.95 })])
  }
  // The play's own clock stands still: entries carry the time.
  let reached = NOON
  const goOnInto = (one: Play, next: EngineConfig): Play => {
    one.configure(next)
    const from = reached
    return { ...one, now: () => from }
  }
  const advance = (span: number, next: EngineConfig): void => {
    hot(reached + span, next)
    reached += span
  }
  advance(10 * MINUTE, config({ alerting: once, rules: [rule] }))
  t.strictSame(steps(play), ['cpu-high web-1 fired 11-22T12:05:00'])
  advance(20 * MINUTE, config({ alerting: once, rules: [longer] }))
  t.strictSame([...play.fold.state.stores.keys()], ['cpu', 'cpu\u001f60000'])
  const count = (): unknown =>
    runQuery(play.fold, { kind: 'aggregate', host: 'web-1', metric: 'cpu', from: NOON, to: NOON + DAY })
  t.match(count(), { count: 162 }, 'what the fine ring held was taken along: 7 minutes, and 20 since')
  advance(4 * HOUR, config({ alerting: once, rules: [longer] }))
  const [alert] = openAlerts(play.fold)
  t.equal(iso(alert?.evaluatedAt), iso(reached - MINUTE), 'the long window is judged')
  advance(20 * MINUTE, config({ alerting: once, rules: [{ ...rule, over: 3 * DAY, every: HOUR }] }))
  t.match(count(), { count: 181 * 6 + 1 + 20 * 6 }, 'and three hours of it were taken along in turn')
  advance(10 * MINUTE, config({ alerting: once, rules: [rule] }))
  t.strictSame([...play.fold.state.stores.keys()], ['cpu'])
  t.equal(iso(openAlerts(play.fold)[0]?.evaluatedAt), iso(reached - MINUTE))
  t.equal(play.mails.length, 1, 'one episode')
})

test('a metric that no long window looks at has no coarser buckets', async (t) => {
  const play = createPlay(config({ alerting: once, rules: [cpuHigh(), longMean()] }))
  play.post([event('web-1', NOON, { cpu: 0.5, memory: 0.5 })])
  t.strictSame([...play.fold.state.stores.keys()], ['cpu', 'cpu\u001f60000', 'memory'])
  t.equal(play.fold.state.series, 2)
})

test('a question about hours is answered from the buckets that reach so far, one about minutes from the finest', async (t) => {
  const play = createPlay(config({ alerting: once, rules: [longMean()] }))
  pass(play, NOON + 6 * HOUR, 10 * SECOND, (now) => [event('web-1', now, { cpu: 0.5 })])
  const ask = (from: number, to: number): unknown =>
    (runQuery(play.fold, { kind: 'aggregate', host: 'web-1', metric: 'cpu', from, to }) as { count: number }).count
  t.equal(ask(at('13:00:00'), at('15:00:00')), 720)
  t.equal(ask(at('17:58:10'), at('17:58:30')), 2)
})
