import * as fc from 'fast-check'
import { test } from 'tap'
import {
  emptyPartial,
  mergeInto,
  computeMean,
  type Partial,
  computeStddev,
  computeSum,
} from '../../src/aggregate/partial.ts'
import { runQuery } from '../../src/engine/query/index.ts'
import { startSnapshot, readSnapshot } from '../../src/engine/snapshot.ts'
import { createFold, encodeEntry, step } from '../../src/engine/step.ts'
import type { EventSamples, NewEntry, Notification } from '../../src/model.ts'
import {
  above,
  alerting,
  at,
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
  TEN,
} from '../helpers/play.ts'

const merged = (parts: readonly Partial[]): Partial => {
  const all = emptyPartial()
  for (const part of parts) mergeInto(all, part)
  return all
}
const single = (ts: number, value: number, k = 0): Partial => ({
  n: 1,
  d1: value - k,
  d2: (value - k) ** 2,
  min: value,
  max: value,
  lastTs: ts,
  last: value,
})
const dyadic = fc.integer({ min: -4096, max: 4096 }).map((n) => n / 64)
const samples = fc.array(fc.record({ ts: fc.integer({ min: 0, max: 50 }), value: dyadic }), { maxLength: 30 })

test('partials merge in any order and grouping to the same result (I1)', async (t) => {
  const merges = (): void =>
    fc.assert(
      fc.property(samples, fc.infiniteStream(fc.nat(100)), (list, chance) => {
        const parts = list.map(({ ts, value }) => single(ts, value))
        const shuffled = parts
          .map((part) => ({ part, key: chance.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ part }) => part)
        const cut = Math.floor(shuffled.length / 2)
        const grouped = merged([merged(shuffled.slice(0, cut)), emptyPartial(), merged(shuffled.slice(cut))])
        return JSON.stringify(grouped) === JSON.stringify(merged(parts))
      }),
    )
  t.doesNotThrow(merges, 'for any samples')
})

test('mean and deviation do not depend on which sample came first, and thus shifts the sums', async (t) => {
  const shifted = (): void =>
    fc.assert(
      fc.property(fc.array(dyadic, { minLength: 1, maxLength: 30 }), (values) => {
        const results = values.map((k) => {
          const all = merged(values.map((value, i) => single(i, value, k)))
          return `${computeMean(all, k)} ${computeStddev(all)}`
        })
        return new Set(results).size === 1
      }),
    )
  t.doesNotThrow(shifted, 'for any samples')
  t.equal(
    computeMean(merged([single(1, 1e308, 1e308), single(2, 1e308, 1e308)]), 1e308),
    1e308,
    'even where sums overflow',
  )
})

test('shifted sums keep the variance of large values', async (t) => {
  const values = Array.from({ length: 1200 }, (_, i) => 1e9 + Math.sin(i) * Math.SQRT2)
  const k = values[0] as number
  const all = merged(values.map((value, i) => single(i, value, k)))
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  t.ok(Math.abs(computeStddev(all) - Math.sqrt(variance)) < 1e-9)
  t.ok(Math.abs(computeMean(all, k) - mean) / mean < 1e-12)
  t.equal(computeSum(merged([single(1, 0.25), single(2, 0.5)]), 0), 0.75)
})

/** Each step of each alert is a mail, and nothing else is. */
const plain = alerting({ flapping: false, totalPerMinute: 1000, repeat: { initial: 0, max: 0 } })

const RULES = [
  cpuHigh(),
  cpuHigh({
    name: 'cpu-twice',
    over: MINUTE,
    every: 30 * SECOND,
    for: MINUTE,
    keepFiringFor: MINUTE,
    condition: bounds('mean', [above(0.5, 0.4)], [above(0.75, 0.7)]),
  }),
  cpuHigh({ name: 'cpu-peak', over: MINUTE, every: TEN, condition: bounds('max', [above(0.9, 0.8)]) }),
  cpuHigh({ name: 'cpu-p80', over: MINUTE, every: TEN, condition: bounds('p80', [above(0.7, 0.6)]) }),
  countRule({ over: MINUTE, condition: bounds('count', [above(4, 4)]) }),
]
const EARLY = ['cpu-peak', 'ssh-failures']

interface Arrival {
  readonly event: EventSamples
  readonly rcv: number
}

const level = fc.constantFrom(0.125, 0.5, 0.625, 0.875, 0.9375, 1)
const history = fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), level, fc.integer({ min: 0, max: 3 })), {
  minLength: 3,
  maxLength: 8,
})

/** Twelve minutes of two hosts, each a list of (steps of ten seconds, cpu, matches). */
function eventsOf(histories: readonly (readonly [number, number, number])[][]): EventSamples[] {
  return histories.flatMap((steps, host) => {
    const flat = steps
      .flatMap(([length, cpu, matches]) => Array.from({ length }, () => [cpu, matches] as const))
      .slice(0, 72)
    return flat.flatMap(([cpu, matches], i) => {
      const ts = NOON + TEN + i * TEN + host * 1000
      const hits = Array.from({ length: matches }, (_, n) =>
        event(`host-${host}`, ts + n, { 'count(ssh-failures)': 1 }),
      )
      return [event(`host-${host}`, ts, { cpu }), ...hits]
    })
  })
}

function perform(arrivals: readonly Arrival[], chance: () => number): Play {
  const play = createPlay(config({ rules: RULES, mailsPerMinute: 1000, alerting: plain }))
  const bySecond = Map.groupBy(arrivals, ({ rcv }) => Math.ceil(rcv / SECOND) * SECOND)
  let batch = 0
  play.until(NOON + 25 * MINUTE, (now) => {
    const due = (bySecond.get(now) ?? []).map((arrival) => arrival.event)
    while (due.length > 0) {
      const events = due.splice(0, 1 + chance())
      const batchId = `batch-${batch++}`.padStart(16, '0')
      play.post(events, { batchId })
      if (chance() % 3 === 0) play.post(events, { batchId })
    }
    play.post([event('host-0', now), event('host-1', now)])
  })
  return play
}

/** Every step of every episode; of rules that fire early the end alone, since when they fire depends on what came first. */
const sequence = (play: Play): string[] =>
  [...play.fold.state.resolved, ...openAlerts(play.fold)]
    .filter(({ episode }) => episode !== '')
    .flatMap(({ identity: { rule, host }, transitions }) => transitions.map((step) => ({ rule, host, ...step })))
    .filter(({ rule, to }) => to !== 'pending' && (!EARLY.includes(rule) || to === 'resolved'))
    .map(({ rule, host, to, at, value, evidence }) =>
      JSON.stringify([rule, host, to, at, EARLY.includes(rule) ? [] : [value, evidence]]),
    )
    .sort()

test('the sequence of alerts does not depend on order within the lateness, batching, or repeats (I2, I3, I5)', async (t) => {
  let compared = 0
  fc.assert(
    fc.property(
      fc.tuple(history, history),
      fc.infiniteStream(fc.nat(8)),
      fc.infiniteStream(fc.nat(9000)),
      (histories, chance, delays) => {
        const events = eventsOf(histories)
        const plain = perform(
          events.map((one) => ({ event: one, rcv: one.ts })),
          () => 1000,
        )
        const mixed = perform(
          events.map((one) => ({ event: one, rcv: one.ts + (delays.next().value as number) })),
          () => chance.next().value as number,
        )
        const expected = sequence(plain)
        compared += expected.length
        t.strictSame(sequence(mixed), expected)
        for (const host of ['host-0', 'host-1']) {
          const query = { kind: 'aggregate', host, metric: 'cpu', from: NOON, to: NOON + MINUTE * 60 } as const
          const sent = events
            .filter((one) => one.host === host && one.series[0] === 'cpu')
            .map((one) => one.values[0] as number)
          const got = runQuery(mixed.fold, query) as { count: number; sum: number }
          const kept = sent.slice(-got.count)
          t.equal(
            got.sum,
            kept.reduce((sum, value) => sum + value, 0),
            'sums are exact',
          )
        }
        t.equal(mixed.fold.counters.get('samples'), events.length, 'each distinct sample counts once')
        t.equal(mixed.fold.counters.get('samples_late_dropped') ?? 0, 0)
        const early = [...mixed.fold.state.dispatch.alerts.values()].filter(({ snapshot }) =>
          EARLY.includes(snapshot.identity.rule),
        )
        const fired = early.length
        const resolved = early.filter(({ snapshot }) => snapshot.state === 'resolved').length
        const ends = mixed.mails.filter(
          ({ reason, alerts }) => reason === 'resolved' && EARLY.includes(alerts[0]?.identity.rule ?? ''),
        )
        t.equal(new Set(ends.map(({ alerts }) => alerts[0]?.episode)).size, ends.length)
        const open = openAlerts(mixed.fold).filter((alert) => EARLY.includes(alert.identity.rule)).length
        t.equal(fired, resolved + open, 'what fires early is not taken back, and ends once')
      },
    ),
    { numRuns: 15 },
  )
  t.ok(compared > 20, `compared ${compared} steps of alerts`)
})

const LONG_RULES = [
  cpuHigh({
    name: 'mean-2h',
    over: 2 * HOUR,
    every: 10 * MINUTE,
    for: 20 * MINUTE,
    condition: bounds('mean', [above(0.5, 0.4)], [above(0.75, 0.7)]),
  }),
  cpuHigh({ name: 'last-90m', over: 90 * MINUTE, every: MINUTE, condition: bounds('last', [above(0.75, 0.6)]) }),
  cpuHigh({ name: 'mean-26h', over: 26 * HOUR, every: HOUR, condition: bounds('mean', [above(0.5, 0.45)]) }),
  cpuHigh({ name: 'cpu-p90', over: 4 * HOUR, every: MINUTE, condition: bounds('p90', [above(0.8, 0.7)]) }),
  cpuHigh({ name: 'cpu-peak', over: 3 * HOUR, every: MINUTE, condition: bounds('max', [above(0.9, 0.8)]) }),
  countRule({ over: 25 * HOUR, every: HOUR, condition: bounds('count', [above(30, 30)]) }),
]

/** Two days of two hosts that report three times around each fifth minute; a step of a history lasts four of those. */
function longEvents(histories: readonly (readonly [number, number, number])[][]): EventSamples[] {
  return histories.flatMap((steps, host) => {
    const flat = steps
      .flatMap(([length, cpu, matches]) => Array.from({ length: 4 * length }, () => [cpu, matches] as const))
      .slice(0, 576)
    return flat.flatMap(([cpu, matches], i) => {
      const ts = NOON + (i + 1) * 5 * MINUTE - 4 * SECOND + host * 700
      const hits =
        i % 12 === 0
          ? Array.from({ length: matches }, (_, n) => event(`host-${host}`, ts + n, { 'count(ssh-failures)': 1 }))
          : []
      return [...hits, ...[0, 3, 6].map((s) => event(`host-${host}`, ts + s * SECOND, { cpu: s === 3 ? cpu : 0.5 }))]
    })
  })
}

/** As `perform`, with ticks only where something can happen. */
function performLong(arrivals: readonly Arrival[], chance: () => number): Play {
  const play = createPlay(config({ rules: LONG_RULES, mailsPerMinute: 1000, alerting: plain }))
  const bySecond = Map.groupBy(arrivals, ({ rcv }) => Math.ceil(rcv / SECOND) * SECOND)
  let batch = 0
  for (let step = NOON + 5 * MINUTE; step < NOON + 60 * HOUR; step += 5 * MINUTE) {
    for (const now of Array.from({ length: 36 }, (_, i) => step + (i - 5) * SECOND)) {
      const due = (bySecond.get(now) ?? []).map((arrival) => arrival.event)
      while (due.length > 0) {
        const batchId = `batch-${batch++}`.padStart(16, '0')
        const events = due.splice(0, 1 + chance())
        for (let copies = chance() % 3 === 0 ? 2 : 1; copies > 0; copies--) play.post(events, { batchId, rcv: now })
      }
      if (now % (10 * SECOND) !== 0) continue
      play.post([event('host-0', now), event('host-1', now)], { rcv: now })
      while (play.enter({ kind: 'tick', data: encodeEntry({ now, refused: false }) }).hasMore);
    }
  }
  return play
}

test('the same holds for windows of hours and days (I2)', async (t) => {
  const long = fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), level, fc.integer({ min: 0, max: 3 })), {
    minLength: 4,
    maxLength: 10,
  })
  let compared = 0
  fc.assert(
    fc.property(
      fc.tuple(long, long),
      fc.infiniteStream(fc.nat(8)),
      fc.infiniteStream(fc.nat(9000)),
      (histories, chance, delays) => {
        const events = longEvents(histories)
        const plain = performLong(
          events.map((one) => ({ event: one, rcv: one.ts })),
          () => 1000,
        )
        const mixed = performLong(
          events.map((one) => ({ event: one, rcv: one.ts + (delays.next().value as number) })),
          () => chance.next().value as number,
        )
        const expected = sequence(plain)
        compared += expected.length
        t.strictSame(sequence(mixed), expected)
        t.equal(mixed.fold.counters.get('samples'), events.length, 'each distinct sample counts once')
        t.equal(mixed.fold.counters.get('samples_late_dropped') ?? 0, 0)
      },
    ),
    { numRuns: 4 },
  )
  t.ok(compared > 5, `compared ${compared} steps of alerts`)
})

/** A busy quarter of an hour: alerts, a silent host, duplicates, a new configuration. */
function busyEntries(): NewEntry[] {
  const rules = [...RULES, silent(), ...LONG_RULES.filter((rule) => !EARLY.includes(rule.name))]
  const play = createPlay(config({ rules }))
  play.until('12:16:00', (now) => {
    if (now % TEN !== 0) return
    const hot = now > at('12:03:00') && now < at('12:09:00')
    const events = [
      event('a', now, { cpu: hot ? 1 : 0.25, 'disk\u001f/': 0.5 }),
      event('b', now, { cpu: 0.5, 'net\u001feth0': now }),
    ]
    const batchId = `${now}`.padStart(16, '0')
    play.post(now < at('12:05:00') ? [...events, event('dies', now)] : events, { batchId })
    play.post(events, { batchId, source: 'logstash-b' })
    if (now === at('12:08:00')) play.post([event('late', at('12:05:00'), { cpu: 1 })])
    if (now === at('12:10:00')) play.configure(config({ rules: rules.slice(1), metrics: config().metrics.slice(0, 3) }))
  })
  return play.entries
}

test('a fold restored from a snapshot at any entry goes on exactly as if it had never stopped (I4)', async (t) => {
  const entries = busyEntries()
  const run = (list: readonly NewEntry[], fold = createFold()): { fold: typeof fold; effects: string[] } => ({
    fold,
    effects: list.flatMap((entry) => step(fold, entry).effects.map((effect) => effect.id + effect.data)),
  })
  const whole = run(entries)
  t.ok(whole.effects.length > 5, `${whole.effects.length} effects in ${entries.length} entries`)
  t.strictSame(run(entries).effects, whole.effects, 'the fold is pure')
  for (let cut = 0; cut < entries.length; cut += 37) {
    const before = run(entries.slice(0, cut))
    const parts: Uint8Array[] = []
    const snapshot = startSnapshot(before.fold.state, cut)
    const goesOn = entries.slice(cut)
    for (let part = snapshot.take(); part !== undefined; part = snapshot.take()) {
      parts.push(part.data)
      run(goesOn.splice(0, 50), before.fold)
    }
    const after = run(entries.slice(cut), createFold(readSnapshot(Buffer.concat(parts))))
    t.strictSame([...before.effects, ...after.effects], whole.effects, `effects, cut at ${cut}`)
    t.strictSame(after.fold.state, whole.fold.state, `state, cut at ${cut}, while the first fold goes on`)
  }
})

test('a restart during a mass absence changes no notification', async (t) => {
  const hosts = Array.from({ length: 40 }, (_, i) => `host-${i}`)
  const play = createPlay(config({ rules: [silent()] }))
  play.until(NOON + 25 * MINUTE, (now) => {
    const alive = now < NOON + 15 * MINUTE ? hosts : hosts.slice(15)
    if (now % TEN === 0)
      play.post(
        alive.map((host) => event(host, now)),
        { batchId: `${now}`.padStart(16, '0') },
      )
  })
  t.strictSame(
    play.mails.map((mail) => mail.alerts[0]?.identity.rule),
    ['mass-absence'],
  )
  const { entries } = play
  for (const share of [0.5, 0.7, 0.72, 0.74, 0.76, 0.8]) {
    const cut = Math.floor(entries.length * share)
    const fold = createFold()
    const effects = entries.slice(0, cut).flatMap((entry) => step(fold, entry).effects)
    const parts: Uint8Array[] = []
    const snapshot = startSnapshot(fold.state, cut)
    for (let part = snapshot.take(); part !== undefined; part = snapshot.take()) parts.push(part.data)
    const reborn = createFold(readSnapshot(Buffer.concat(parts)))
    effects.push(...entries.slice(cut).flatMap((entry) => step(reborn, entry).effects))
    t.strictSame(
      effects.map(({ data }) => data),
      play.mails.map((mail) => JSON.stringify(mail)),
      `cut at ${share}`,
    )
    t.strictSame(reborn.state, play.fold.state, `state, cut at ${share}`)
  }
})

test('no sample from the future moves any clock (I6)', async (t) => {
  const believes = (): void =>
    fc.assert(
      fc.property(fc.integer({ min: 60_001, max: 8_640_000_000_000_000 - NOON - 20 * MINUTE }), (ahead) => {
        const play = createPlay(config())
        play.until('12:01:00', (now) => now % TEN === 0 && play.post([event('right', now, { cpu: 0.5 })]))
        const source = play.fold.state.sources.get('logstash-a')
        const before = source?.watermark
        play.post([event('ahead', play.now() + ahead, { cpu: 0.5 })])
        return source?.watermark === before && (play.fold.counters.get('events_future') ?? 0) === 1
      }),
      { numRuns: 50 },
    )
  t.doesNotThrow(believes, 'however far ahead')
})

test('absence fires only while observed time grows (I7)', async (t) => {
  const play = createPlay(config({ rules: [silent()] }))
  const outages = [
    [at('12:05:00'), at('12:20:00')],
    [at('12:30:00'), at('12:31:00')],
  ] as const
  let previous = 0
  const mails: Notification[] = []
  play.until('12:50:00', (now) => {
    if (now % TEN === 0 && !outages.some(([from, to]) => now >= from && now < to)) {
      play.post([event('a', now), ...(now < at('12:25:00') ? [event('b', now)] : [])])
    }
    const observed = play.fold.state.sources.get('logstash-a')?.observedTime ?? 0
    const fresh = play.mails.slice(mails.length)
    mails.push(...fresh)
    t.ok(
      fresh.length === 0 ||
        observed > previous ||
        fresh.every((mail) => mail.alerts[0]?.identity.rule === 'source-down'),
    )
    if (now % TEN === SECOND) previous = observed - TEN
  })
  t.ok(mails.some((mail) => mail.alerts[0]?.identity.rule === 'host-silent'))
})
