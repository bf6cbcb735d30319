import { test } from 'tap'
import { runQuery } from '../../src/engine/query/index.ts'
import { above, config, cpuHigh, createPlay, event, MINUTE, NOON, SECOND, bounds, TEN } from '../helpers/play.ts'

const counted = (play: ReturnType<typeof createPlay>): unknown =>
  (
    runQuery(play.fold, { kind: 'aggregate', host: 'a', metric: 'cpu', from: 0, to: NOON * 2 }) as {
      count: number
    } | null
  )?.count

test('an array that was taken is a retry whenever it comes again', async (t) => {
  const play = createPlay(config())
  const events = [event('a', NOON, { cpu: 1 }), event('a', NOON, { cpu: 1 })]
  t.equal(play.post(events, { batchId: 'a'.repeat(16) }).duplicate, false)
  play.until(NOON + 30 * 60 * SECOND)
  t.equal(play.post(events, { batchId: 'a'.repeat(16) }).duplicate, true)
  t.equal(counted(play), 2, 'equal events within one array both count')
})

test('equal single events both count, unless the answer to the first may not have arrived', async (t) => {
  const play = createPlay(config())
  const single = { batchId: 'b'.repeat(16), many: false }
  play.post([event('a', NOON, { cpu: 1 })], single)
  t.equal(play.post([event('a', NOON, { cpu: 1 })], single).duplicate, false)
  t.equal(play.post([event('a', NOON, { cpu: 1 })], { ...single, maybeRetry: true }).duplicate, true)
  t.equal(counted(play), 2)
  play.until(NOON + 6 * 60 * SECOND)
  const later = play.post([event('a', NOON, { cpu: 1 })], { ...single, maybeRetry: true })
  t.equal(later.duplicate, false, 'a single event is remembered for five minutes')
})

test('an event that carries its own id counts once, in whatever batch it comes', async (t) => {
  const play = createPlay(config())
  const known = { ...event('a', NOON, { cpu: 1 }), id: 'fingerprint-1' }
  play.post([known, event('a', NOON, { cpu: 1 })])
  const again = play.post([known, { ...known, id: 'fingerprint-2' }])
  t.match(again, { duplicate: false, known: 1, refused: 0 })
  t.equal(counted(play), 3)
})

test('an event without a time counts at its arrival', async (t) => {
  const play = createPlay(config())
  play.post([event('a', NaN, { cpu: 1 })])
  t.equal(play.fold.state.hosts.get('a')?.newestEvent, NOON)
})

test('samples older than the ring are dropped and counted, and harm nothing', async (t) => {
  const play = createPlay(config())
  play.until('12:20:00', (now) => now % TEN === 0 && play.post([event('a', now, { cpu: 0.5 })]))
  play.post([
    event('a', Date.parse('1970-01-01'), { cpu: 1 }),
    event('a', Date.parse('2026-11-22T11:00:00Z'), { cpu: 1 }),
  ])
  t.equal(play.fold.counters.get('samples_late_dropped'), 2)
  t.equal(play.fold.state.sources.get('logstash-a')?.watermark, Date.parse('2026-11-22T12:20:00Z'))
})

test('a cap on series refuses new ones, counts them, and leaves known ones alone', async (t) => {
  const play = createPlay(config({ limits: { hosts: 10, series: 100, seriesPerHost: 3, sources: 2 } }))
  const mounts = Array.from({ length: 5 }, (_, i) => [`disk\u001f/${i}`, 0.5] as const)
  t.equal(play.post([event('a', NOON, { cpu: 1, ...Object.fromEntries(mounts) })]).refused, 1)
  play.post([event('a', NOON, { cpu: 1 })])
  t.equal(counted(play), 2)
  t.equal(play.fold.state.series, 3)
  t.equal(play.fold.counters.get('series_refused'), 3)
})

test('a cap on series makes room by letting an idle one go, never one with an open alert', async (t) => {
  const rule = cpuHigh({ name: 'disk-full', metric: 'disk', over: MINUTE, condition: bounds('last', [above(0.9)]) })
  const play = createPlay(config({ rules: [rule], limits: { hosts: 10, series: 100, seriesPerHost: 3, sources: 2 } }))
  play.until(
    '12:05:00',
    (now) =>
      now % TEN === 0 &&
      play.post([event('a', now, { 'disk\u001f/full': 0.95, 'disk\u001f/gone': 0.1, 'disk\u001f/': 0.1 })]),
  )
  play.until(
    '12:20:00',
    (now) =>
      now % TEN === 0 &&
      play.post([event('a', now, { 'disk\u001f/': 0.1, 'disk\u001f/new': 0.1, 'disk\u001f/newer': 0.1 })]),
  )
  const kept = [...(play.fold.state.hosts.get('a')?.series.keys() ?? [])].map(
    (id) => play.fold.state.keys.infos[id]?.values[0],
  )
  t.strictSame(kept, ['/full', '/', '/new'])
  t.equal(play.fold.counters.get('series_evicted'), 1)
  t.ok((play.fold.counters.get('series_refused') ?? 0) > 0)
})

test('sources beyond the cap share one record, and a sender that came once is forgotten after a day', async (t) => {
  const play = createPlay(config({ limits: { hosts: 10, series: 100, seriesPerHost: 3, sources: 2 } }))
  for (const source of ['one', 'two', 'three', 'four']) play.post([event('a', NOON)], { source })
  t.strictSame([...play.fold.state.sources.keys()], ['one', 'two', 'others'])
  play.until(NOON + SECOND)
  const day = createPlay(config(), NOON + 25 * 3600 * SECOND, play.fold)
  day.until(day.now() + SECOND)
  t.equal(play.fold.state.sources.size, 3, 'a day in which nobody listened does not count')
  for (const source of play.fold.state.sources.values()) source.idleFor += 24 * 3600 * SECOND
  day.until(day.now() + SECOND)
  t.equal(play.fold.state.sources.size, 0)
})
