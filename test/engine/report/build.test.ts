import { test } from 'tap'
import { buildReport } from '../../../src/engine/report/build.ts'
import type { EngineConfig, Report } from '../../../src/model.ts'
import {
  above,
  alerting,
  config,
  cpuHigh,
  createPlay,
  event,
  every,
  HOUR,
  MINUTE,
  NOON,
  type Play,
  silent,
  bounds,
  TEN,
  gauge,
} from '../../helpers/play.ts'
import { instant, tell } from '../../helpers/story.ts'

const high = cpuHigh({ over: MINUTE })
const receivers = [{ name: 'ops', email: [{ address: 'ada@example.org' }], report: { at: 8 * 60 } }]
const setting = (change: Partial<EngineConfig> = {}): EngineConfig => config({ rules: [high], receivers, ...change })

/** The report that would be written now. */
const now = ({ fold }: Play, from = NOON): Report => buildReport(fold, { every: 'day', from, zone: 'UTC' })
const rounded = (value: number): number => Math.round(value * 1000) / 1000

test('utilisation is reported for each host and for all hosts with equal weight', async (t) => {
  const story = tell(setting(), TEN)
  story.at('12:00').cpu('web-1', 0.9).cpu('web-2', 0.2).cpu('web-3', 0.05)
  story.at('13:00').cpu('web-1', 0.5)
  story.at('14:00').cpu('web-3', 0.15).dies('web-2')
  story.until('16:00')
  const [cpu, ...others] = now(story.play).utilization
  t.strictSame(others, [], 'memory was not reported')
  t.match(cpu, { metric: 'cpu', hosts: 3 })
  const loads = [...cpu!.busiest, ...cpu!.idlest].map(({ host, mean, max }) => [host, rounded(mean), rounded(max)])
  t.strictSame(loads, [
    ['web-1', 0.6, 0.9], // an hour of 90 %, three of 50 %
    ['web-2', 0.2, 0.2],
    ['web-3', 0.1, 0.15], // two hours of 5 %, two of 15 %
  ])
  t.equal(rounded(cpu!.mean), 0.3)
  t.equal(rounded(cpu!.unused), 0.7)
  t.strictSame(cpu!.idle, { total: 0, first: [] }, 'web-3 was over 10 % for a while')
})

test('hosts that never used a tenth are named, the idlest first, and counted if there are many', async (t) => {
  const story = tell(setting(), TEN)
  const moment = story.at('12:00').cpu('busy', 0.8)
  for (let i = 10; i < 25; i++) moment.cpu(`idle-${i}`, (i - 9) / 1000)
  story.until('12:30')
  const { idle, idlest } = now(story.play).utilization[0]!
  t.equal(idle.total, 15)
  t.strictSame(idle.first.slice(0, 2), ['idle-10', 'idle-11'])
  t.equal(idle.first.length, 10)
  t.strictSame(
    idlest.map(({ host }) => host),
    ['idle-10', 'idle-11', 'idle-12', 'idle-13', 'idle-14'],
  )
})

test('only shares of the host itself count: percent as well as ratio, no part of it, no counter, no bytes', async (t) => {
  const metrics = [
    gauge('load', 'none'),
    gauge('disk', 'ratio', ['mount']),
    gauge('used', 'bytes'),
    gauge('machine.cpu', 'percent'),
  ]
  const story = tell(setting({ metrics, rules: [] }), TEN)
  story.at('12:00').reports('web-1', { load: 3, 'disk\u001f/': 0.5, used: 9, 'machine.cpu': 25 })
  story.until('12:10')
  const { utilization } = now(story.play)
  t.strictSame(
    utilization.map(({ metric, mean }) => [metric, rounded(mean)]),
    [['machine.cpu', 0.25]],
  )
})

test('time outside of bounds counts once however many rules say so, and ends with the period', async (t) => {
  const memory = cpuHigh({ name: 'memory-high', metric: 'memory', over: MINUTE })
  const story = tell(setting({ rules: [high, memory] }), TEN)
  story.at('12:00').reports('db-1', { cpu: 0.1, memory: 0.1 }).reports('db-2', { cpu: 0.1, memory: 0.1 })
  story.at('13:00').reports('db-1', { cpu: 0.99, memory: 0.99 })
  story.at('13:30').reports('db-1', { cpu: 0.1, memory: 0.99 })
  story.at('14:00').reports('db-1', { cpu: 0.1, memory: 0.1 })
  story.at('15:00').reports('db-2', { cpu: 0.99, memory: 0.1 })
  story.until('16:00')
  const report = now(story.play)
  t.match(report.alerts, { started: 3, alreadyOpen: 0, open: 1, hosts: 2, critical: 0 })
  t.strictSame(
    report.outside.first.map(({ host, span }) => [host, Math.round(span / MINUTE)]),
    [
      ['db-1', 60],
      ['db-2', 59], // since the end of its first bad window
    ],
  )
  t.strictSame(
    report.alerts.longest.first.map(({ identity: { rule, host }, endsAt }) => [rule, host, endsAt === undefined]),
    [
      ['memory-high', 'db-1', false],
      ['cpu-high', 'db-2', true],
      ['cpu-high', 'db-1', false],
    ],
  )
  t.strictSame(report.rules, {
    total: 2,
    first: [
      { rule: 'cpu-high', started: 2, mails: 3 },
      { rule: 'memory-high', started: 1, mails: 2 },
    ],
  })
})

test('each day has its number of alerts, by the calendar of the zone', async (t) => {
  const story = tell(setting({ rules: [cpuHigh({ over: MINUTE, keepFiringFor: 0 })] }), TEN)
  story.at('12:00').cpu('web-1', 0.1)
  story.at('22:50').cpu('web-1', 0.99)
  story.at('23:30').cpu('web-1', 0.1)
  story.at('1d 00:30').cpu('web-1', 0.99)
  story.until('1d 02:00')
  const days = (zone: string): (string | number)[][] => {
    const report = buildReport(story.play.fold, { every: 'day', from: NOON, zone })
    return report.alerts.days.map(({ day, started }) => [new Date(day).toISOString().slice(5, 10), started])
  }
  t.strictSame(days('UTC'), [
    ['11-22', 1],
    ['11-23', 1],
  ])
  t.strictSame(days('Europe/Berlin'), [
    ['11-22', 1],
    ['11-23', 1],
  ])
  t.strictSame(days('Asia/Tokyo'), [
    ['11-22', 0],
    ['11-23', 2],
  ])
})

test('what is doubtful about the data is counted', async (t) => {
  const play = createPlay(
    setting({ rules: [high, silent()], limits: { hosts: 2, series: 100, seriesPerHost: 10, sources: 5 } }),
  )
  const post = (at: number): void =>
    void play.post([event('web-1', at, { cpu: 0.5 }), event('web-2', at - 3 * HOUR, { cpu: 0.5 })])
  play.until('13:00:00', every(TEN, post))
  play.until('13:10:00', () => undefined)
  play.until('13:20:00', every(TEN, post))
  const { merged } = now(play).quality
  play.post([event('web-1', play.now() - 15 * MINUTE, { cpu: 0.5 })])
  play.post([event('web-1', play.now() - MINUTE, { cpu: 0.5 }), event('web-1', play.now() + HOUR, { cpu: 0.5 })])
  play.post([event('web-3', play.now(), { cpu: 0.5 })])
  play.until('13:21:00')
  const { quality } = now(play)
  t.equal(quality.merged - merged, 1)
  t.match(quality, { dropped: 1, future: 1, refused: 1, stops: 0, downtime: 0 })
  t.strictSame(quality.skewedClocks, { total: 1, first: ['web-2'] })
  t.match(quality.sources, { total: 1, first: [{ source: 'logstash-a', times: 1 }] })
  t.equal(Math.round(quality.sources.first[0]!.span / MINUTE), 10, 'from its last request to its next')
  t.match(now(play).alerts, { started: 0 }, 'what the service says of itself is no alert on a host')
})

test('history that is read in says nothing of today', async (t) => {
  const play = createPlay(setting())
  play.until(
    '12:01:00',
    every(TEN, (at) => void play.post([event('web-1', at - 30 * HOUR, { cpu: 0.5 })])),
  )
  t.strictSame(now(play).utilization, [])
})

test('a host that is gone keeps its figures to the end of the period, and then gives its row away', async (t) => {
  const story = tell(setting({ hosts: { expected: [], retireAfter: HOUR } }), TEN)
  story.at('12:00').cpu('web-1', 0.5).cpu('web-2', 0.7)
  story.at('13:00').dies('web-2')
  story.at('20:00').cpu('web-3', 0.1)
  story.until('1d 07:00')
  t.notOk(story.play.fold.state.hosts.has('web-2'))
  t.strictSame(
    now(story.play).utilization[0]!.busiest.map(({ host, mean }) => [host, rounded(mean)]),
    [
      ['web-2', 0.7],
      ['web-1', 0.5],
    ],
  )
  story.until('1d 09:00')
  const { rows } = story.play.fold.state.reportStats!
  t.strictSame(
    [...rows],
    [
      ['web-1', 0],
      ['web-3', 1],
    ],
  )
  const [cpu] = now(story.play, instant('1d 08:00')).utilization
  t.strictSame(
    [...cpu!.busiest, ...cpu!.idlest].map(({ host, mean }) => [host, rounded(mean)]),
    [
      ['web-1', 0.5],
      ['web-3', 0.1],
    ],
  )
})

test('with more kinds of reports than slices are kept, the oldest become one, and no figure is lost', async (t) => {
  const times = Array.from({ length: 24 }, (_, i) => ({
    name: `ops-${i}`,
    email: [{ address: `${i}@example.org` }],
    report: { at: i * 60 },
  }))
  const weekly = { name: 'week', email: [{ address: 'w@example.org' }], report: { at: 8 * 60, weekday: 0 } }
  const story = tell(setting({ receivers: [...times, weekly] }), MINUTE)
  story.at('12:00').cpu('web-1', 0.5).cpu('web-2', 0.7)
  story.until('6d 12:00')
  const { reportStats } = story.play.fold.state
  t.equal(reportStats!.periods.length, 32)
  const report = buildReport(story.play.fold, { every: 'week', from: NOON, zone: 'UTC' })
  t.strictSame(
    report.utilization[0]!.busiest.map(({ host, mean }) => [host, rounded(mean)]),
    [['web-2', 0.7]],
  )
  t.equal(reportStats!.periods[0]!.from, NOON + MINUTE, 'the oldest slice begins with the week')
})

test('an alert counts as critical once, in the period in which it got so or after', async (t) => {
  const ladder = cpuHigh({ over: MINUTE, condition: bounds('mean', [above(0.8, 0.7)], [above(0.95, 0.9)]) })
  const story = tell(setting({ rules: [ladder] }), TEN)
  story.at('12:00').cpu('web-1', 0.9)
  story.at('13:00').cpu('web-1', 0.99)
  story.until('14:00')
  const critical = (from: string): number => now(story.play, instant(from)).alerts.critical
  t.equal(critical('12:00'), 1)
  t.equal(critical('12:30'), 1, 'it began before, and rose within')
  t.equal(now(story.play, instant('12:30')).alerts.alreadyOpen, 1)
})

test('while nobody wants a report nothing is gathered, and what fires when the first one is wanted is known', async (t) => {
  const story = tell(config({ rules: [high] }), TEN)
  story.at('12:00').cpu('web-1', 0.99)
  story.at('13:00').configure(setting())
  story.at('14:00').configure(config({ rules: [high] }))
  story.until('12:59')
  t.equal(story.play.fold.state.reportStats, undefined)
  story.until('13:30')
  t.match(now(story.play, instant('13:00')).alerts, { started: 0, alreadyOpen: 1, open: 1, hosts: 1 })
  story.until('14:30')
  t.equal(story.play.fold.state.reportStats, undefined)
})

test('a storm of alerts keeps what is remembered small, and its number right', async (t) => {
  const rule = cpuHigh({ over: TEN, every: TEN, condition: bounds('last', [above(0.9, 0.8)]) })
  const limits = { hosts: 5000, series: 50_000, seriesPerHost: 10, sources: 10 }
  const play = createPlay(setting({ rules: [rule], limits, alerting: alerting({ flapping: false }) }))
  const wave =
    (name: string, cpu: number) =>
    (at: number): void =>
      void play.post(Array.from({ length: 2100 }, (_, i) => event(`${name}-${i}`, at, { cpu })))
  play.until('12:00:40', every(TEN, wave('a', 0.99)))
  play.until('12:01:40', every(TEN, wave('a', 0.1)))
  play.until('12:02:40', every(TEN, wave('b', 0.99)))
  const { alerts } = now(play)
  t.match(alerts, { started: 4200, hosts: 4200, open: 2100, longest: { total: 4200 } })
  const { size } = play.fold.state.reportStats!.episodes
  t.ok(size < 3200, `${size} are remembered: those that go on, and the longer half of the others`)
})

test('ten thousand hosts with two shares are gathered in less than 2 MB a day', async (t) => {
  const limits = { hosts: 20_000, series: 100_000, seriesPerHost: 10, sources: 10 }
  const play = createPlay(setting({ rules: [], limits }))
  play.until('12:00:01')
  const names = Array.from({ length: 10_000 }, (_, i) => `host-${i}`)
  play.post(names.map((name) => event(name, play.now(), { cpu: 0.5, memory: 0.5 })))
  const { open } = play.fold.state.reportStats!
  const bytes = [...open.utilization.values()].map(({ rows }) => rows.byteLength)
  t.equal(bytes.length, 2)
  t.ok(bytes.reduce((a, b) => a + b) < 750_000, `${bytes.join(' + ')} bytes`)
})
