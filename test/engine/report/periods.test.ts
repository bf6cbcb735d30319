import { test } from 'tap'
import { startSnapshot, readSnapshot } from '../../../src/engine/snapshot.ts'
import { createFold, encodeEntry, step } from '../../../src/engine/step.ts'
import type { State } from '../../../src/engine/state.ts'
import type { EngineConfig, EventSamples, NewEntry, Notification, Report } from '../../../src/model.ts'
import {
  config,
  cpuHigh,
  createPlay,
  event,
  every,
  MINUTE,
  NOON,
  type Play,
  SECOND,
  silent,
  TEN,
} from '../../helpers/play.ts'
import { instant } from '../../helpers/story.ts'

const limits = { hosts: 20_000, series: 50_000, seriesPerHost: 10, sources: 10 }
const receivers = [{ name: 'ops', email: [{ address: 'ada@example.org' }], report: { at: 8 * 60 } }]
const setting = (change: Partial<EngineConfig> = {}): EngineConfig =>
  config({ rules: [], receivers, limits, ...change })
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `host-${i}`)
const tick = (now: number): NewEntry => ({ kind: 'tick', data: encodeEntry({ now, refused: false }) })
const used = (hosts: readonly string[], ts: number, cpu: number): EventSamples[] =>
  hosts.map((host) => event(host, ts, { cpu }))

function copy(state: State): State {
  const cut = startSnapshot(state, 1)
  const parts: Uint8Array[] = []
  for (let part = cut.take(); part !== undefined; part = cut.take()) parts.push(part.data)
  return readSnapshot(Buffer.concat(parts))
}

/** All slices of one tick, with something that happens before each but the first. */
function slices(play: Play, now: number, between: () => void = () => undefined): number {
  for (let count = 1; ; count++) {
    if (!play.enter(tick(now)).hasMore) return count
    between()
  }
}

test('what comes while a report is made is in the next one, and nothing is in both', async (t) => {
  const hosts = names(8000)
  const play = createPlay(setting())
  play.until(NOON + SECOND)
  play.post(used(hosts, play.now(), 0.25))
  play.until(instant('1d 07:59'), undefined, MINUTE)
  const due = instant('1d 08:00')
  const count = slices(play, due, () => void play.post(used(hosts.slice(0, 4000), due, 0.75), { rcv: due }))
  t.ok(count >= 3, `${count} slices`)
  play.until(instant('2d 08:00'), undefined, MINUTE)
  const [first, second] = play.mails.flatMap(({ report }) => report ?? []) as [Report, Report]
  t.match(first.utilization[0], { hosts: 8000, mean: 0.25 })
  t.match(second.utilization[0], { hosts: 4000, mean: 0.75 })
  t.match(second, { from: first.to })
})

test('a report that is made in many slices survives a restart in any of them, and a tick that comes too soon', async (t) => {
  const play = createPlay(setting())
  play.until(NOON + SECOND)
  play.post(names(9000).map((host, i) => event(host, NOON, { cpu: (i % 100) / 128 })))
  play.until(instant('1d 07:59'), undefined, MINUTE)
  const before = copy(play.fold.state)
  slices(play, instant('1d 08:00'))
  const [whole] = play.mails.flatMap(({ report }) => report ?? []) as [Report]
  t.equal(whole.utilization[0]?.hosts, 9000)
  for (const step1 of [1, 2, 3]) {
    const fold = createFold(copy(before))
    for (let i = 0; i < step1; i++)
      t.strictSame(step(fold, tick(instant('1d 08:00'))).effects, [], 'nothing is told yet')
    const restored = createFold(copy(fold.state))
    const mails: Notification[] = []
    for (let more = true; more;) {
      const one = step(restored, tick(instant('1d 08:00:01')))
      mails.push(...one.effects.map(({ data }) => JSON.parse(data) as Notification))
      more = one.hasMore
    }
    t.equal(mails.length, 1)
    t.strictSame(mails[0]?.report?.utilization, whole.utilization)
    t.equal(restored.state.reportStats?.build, undefined)
  }
})

test('a report that nobody wants any more, while it is made, loses no sample', async (t) => {
  const play = createPlay(setting())
  play.until(NOON + SECOND)
  play.post(used(names(8000), play.now(), 0.25))
  play.until(instant('1d 07:59'), undefined, MINUTE)
  play.enter(tick(instant('1d 08:00')))
  t.ok(play.fold.state.reportStats?.build !== undefined)
  play.post(used(names(8000), play.now(), 0.75))
  play.configure(setting({ receivers: [{ ...receivers[0]!, report: { at: 10 * 60 } }] }))
  play.until(instant('1d 10:00'), undefined, MINUTE)
  const [report] = play.mails.flatMap((mail) => mail.report ?? [])
  t.match(report?.utilization[0], { hosts: 8000, mean: 0.5 })
})

test('hosts that become absent in many slices give the same report as in one', async (t) => {
  const few = names(400)
  const run = (others: number): string[] => {
    const play = createPlay(
      setting({ rules: [silent()], receivers: [{ name: 'ops', email: [{ address: 'ada@example.org' }] }] }),
    )
    const all = [...few, ...names(400 + others).slice(400)]
    const dead = new Set(few.slice(0, 3))
    play.until(
      '12:01:00',
      every(TEN, (now) => void play.post(used(all, now, 0.1))),
    )
    play.until(
      '12:05:30',
      every(
        TEN,
        (now) =>
          void play.post(
            used(
              all.filter((name) => !dead.has(name)),
              now,
              0.1,
            ),
          ),
      ),
    )
    play.until(
      '12:06:00',
      every(TEN, (now) => void play.post(used(all, now, 0.1))),
    )
    return play.notified()
  }
  const alone = run(0)
  t.ok(alone.length >= 6, alone.join('; '))
  t.strictSame(run(16_000), alone)
})

test('a round that is not done when the next second comes goes on, and what it did not see is looked at in the next', async (t) => {
  const config = setting({ rules: [silent()], receivers: [{ name: 'ops', email: [{ address: 'ada@example.org' }] }] })
  const hosts = names(2000)
  const play = createPlay(config)
  play.until(
    '12:11:00',
    every(TEN, (now) => void play.post(used(hosts, now, 0.1))),
  )
  // Only one of them goes on, so that all the others are due at one instant: far more than one slice takes.
  for (let now = play.now() + SECOND; now < play.now() + 5 * MINUTE; now += SECOND) {
    if (now % TEN === 0) play.post(used(hosts.slice(0, 1200), now, 0.1), { rcv: now })
    play.enter(tick(now))
  }
  const silentOnes = [...play.fold.state.hosts.values()].filter(({ alerts }) => alerts.size > 0)
  t.equal(silentOnes.length, 800, 'one slice a second was enough, over some seconds')
})

test('hosts are evicted least recently seen first, including those that sent after they were found', async (t) => {
  const small = { ...limits, hosts: 1300 }
  const play = createPlay(setting({ limits: small, receivers: [] }))
  const old = names(1300)
  for (const [i, host] of old.entries()) play.post(used([host], NOON, 0.1), { rcv: NOON + i * 100 })
  play.until(NOON + 30 * MINUTE, undefined, MINUTE)
  const arrive = (from: number, count: number): void =>
    void play.post(
      used(
        Array.from({ length: count }, (_, i) => `new-${from + i}`),
        play.now(),
        0.1,
      ),
    )
  arrive(0, 10)
  play.post(used(['host-15', 'host-700'], play.now(), 0.1))
  arrive(10, 990)
  const left = old.filter((name) => play.fold.state.hosts.has(name))
  const expected = ['host-15', 'host-700', ...old.slice(1002)]
  t.strictSame(left, expected)
  arrive(1000, 500)
  t.equal(play.fold.state.hosts.size, 1300)
  t.strictSame(
    old.filter((name) => play.fold.state.hosts.has(name)),
    ['host-15', 'host-700'],
    'who was just heard stays',
  )
  t.equal(play.fold.counters.get('hosts_refused'), 202)
})

test('a snapshot without rounds, reports under way and idle hosts is read', async (t) => {
  const play = createPlay(setting({ rules: [cpuHigh({ over: MINUTE })] }))
  play.until(
    '12:02:00',
    every(TEN, (now) => void play.post(used(['a'], now, 0.1))),
  )
  const { idleHosts: _, hostScan: __, hasObserved: ___, isFlushPending: ____, ...older } = play.fold.state
  const fold = createFold(copy(older as State))
  const later = createPlay(setting({ rules: [cpuHigh({ over: MINUTE })] }), play.now(), fold)
  later.until(
    '12:05:00',
    every(TEN, (now) => void later.post(used(['a'], now, 0.99))),
  )
  t.match(later.notified(), [/cpu-high a firing/])
})
