import * as fc from 'fast-check'
import { test } from 'tap'
import { buildReport } from '../../src/engine/report/build.ts'
import { type EngineRunner, startRunner } from '../../src/engine/worker/runner.ts'
import { encodeEntry } from '../../src/engine/step.ts'
import type { Fold } from '../../src/engine/state.ts'
import { createRejects } from '../../src/ingest/rejects.ts'
import { openMemoryJournal } from '../../src/journal/index.ts'
import type { NewEntry, RejectCount, Report, ReportRejects } from '../../src/model.ts'
import { createVirtualClock } from '../helpers/clock.ts'
import { config, cpuHigh, createPlay, event, MINUTE, NOON, SECOND } from '../helpers/play.ts'
import { recorder } from '../helpers/log.ts'
import { instant } from '../helpers/story.ts'

const receivers = [{ name: 'ops', email: [{ address: 'ada@example.org' }], report: { at: 8 * 60 } }]
const settings = config({ receivers })

const reject = (source: string, code: string, count: number, path = ''): RejectCount => ({ source, code, count, path })
const tick = (now: number, rejects?: readonly RejectCount[]): NewEntry => ({
  kind: 'tick',
  data: encodeEntry({ now, refused: false, ...(rejects === undefined ? {} : { rejects }) }),
})
const notified = (fold: Fold): ReportRejects =>
  buildReport(fold, { every: 'day', from: NOON, zone: 'UTC' }).quality.rejects

test('a report says how many events each source had refused, why, and where, within its period', async (t) => {
  const play = createPlay(settings)
  play.until('12:00:10')
  play.enter(tick(NOON + 11 * SECOND, [reject('logstash-a', 'schema', 3, '/host/name'), reject('b', 'json', 1)]))
  play.enter(tick(NOON + 12 * SECOND, [reject('logstash-a', 'schema', 2, '/@timestamp')]))
  play.enter(tick(NOON + 13 * SECOND, [reject('logstash-a', 'timestamp', 9, '/@timestamp')]))
  play.until(instant('1d 08:00'), undefined, MINUTE)
  play.enter(tick(instant('1d 09:00'), [reject('b', 'json', 4)]))
  play.until(instant('2d 08:00'), undefined, MINUTE)
  const [first, second] = play.mails.flatMap(({ report }) => report ?? []) as [Report, Report]
  t.strictSame(first.quality.rejects, {
    events: 15,
    sources: {
      total: 2,
      first: [
        {
          source: 'logstash-a',
          events: 14,
          reasons: {
            total: 2,
            first: [
              { code: 'timestamp', count: 9, path: '/@timestamp' },
              { code: 'schema', count: 5, path: '/host/name' },
            ],
          },
        },
        { source: 'b', events: 1, reasons: { total: 1, first: [{ code: 'json', count: 1, path: '' }] } },
      ],
    },
  })
  t.match(second.quality.rejects, { events: 4, sources: { total: 1, first: [{ source: 'b', events: 4 }] } })
})

test('many sources, each under a name of its own, are counted and take little room', async (t) => {
  const play = createPlay(settings)
  play.until('12:00:10')
  const names = Array.from({ length: 5000 }, (_, i) => reject(`stranger-${i}`, i % 2 === 0 ? 'schema' : 'json', 1))
  for (let i = 0; i < 100; i++) play.enter(tick(NOON + (11 + i) * SECOND, names.slice(50 * i, 50 * i + 50)))
  const { events, sources } = notified(play.fold)
  t.equal(events, 5000)
  t.equal(sources.total, 201)
  t.strictSame(sources.first[0]?.source, 'others')
})

test('a slice of a tick counts nothing once more', async (t) => {
  const limits = { hosts: 5000, series: 50_000, seriesPerHost: 10, sources: 10 }
  const large = config({ receivers, limits, rules: [cpuHigh({ over: MINUTE })] })
  const runner = await startRunner(openMemoryJournal(), large, NOON, () => {})
  const play = createPlay(large, NOON, runner.fold)
  await runner.tick({ now: NOON + SECOND, refused: false })
  let slices = 0
  for (let now = NOON + 2 * SECOND; now < NOON + 3 * MINUTE; now += SECOND) {
    if (now % (10 * SECOND) === 0)
      play.post(
        Array.from({ length: 4000 }, (_, i) => event(`h-${i}`, now, { cpu: 0.5 })),
        { rcv: now },
      )
    await runner.tick({ now, refused: false, rejects: [reject('a', 'schema', 1)] })
    for (; runner.hasWork(); slices++) await runner.work()
  }
  t.ok(slices > 10, `${slices} slices`)
  t.equal(notified(runner.fold).events, 178)
})

const sources = fc.constantFrom('a', 'b', 'logstash-with-a-longer-name', 'others')
const codes = fc.constantFrom('schema', 'json', 'timestamp')
const counted = fc.record({ source: sources, code: codes, count: fc.integer({ min: 1, max: 1000 }) })
const then = fc.constantFrom('goes on', 'crashes', 'fails')
const seconds = fc.array(fc.tuple(fc.array(counted, { maxLength: 4 }), then), { minLength: 1, maxLength: 25 })
type Life = readonly (readonly [refused: readonly Omit<RejectCount, 'path'>[], then: string])[]

test('what is refused is counted once, through crashes, snapshots and failures of the journal', async (t) => {
  const run = async (life: Life): Promise<void> => {
    const journal = openMemoryJournal()
    let isBroken = false
    const fragile = {
      ...journal,
      append: (entries: readonly NewEntry[]) =>
        isBroken ? Promise.reject(new Error('full')) : journal.append(entries),
      outbox: {
        ...journal.outbox,
        stats: () => (isBroken ? Promise.reject(new Error('full')) : journal.outbox.stats()),
      },
    }
    const policy = { bytes: 1 << 30, ticks: 3, mendEvery: 0 }
    const rejects = createRejects({ clock: createVirtualClock(), log: recorder([]) })
    let now = NOON
    const start = (): Promise<EngineRunner> => startRunner(fragile, settings, now, () => {}, policy)
    let runner = await start()
    await runner.tick({ now: (now += SECOND), refused: false })
    let expected = 0
    for (const [refused, next] of life) {
      for (const { source, code, count } of refused) {
        rejects.add({ source, counts: new Map([[code, count]]), samples: [{ reason: 'r', code, path: '/x' }] })
        expected += count
      }
      isBroken = next === 'fails'
      const taken = rejects.take()
      await runner.tick({ now: (now += SECOND), refused: false, rejects: taken }).catch(() => rejects.giveBack(taken))
      isBroken = false
      while (runner.hasWork()) await runner.work()
      if (next === 'crashes') runner = await start()
    }
    const rest = rejects.take()
    await runner.tick({ now: (now += SECOND), refused: false, rejects: rest })
    const { events, sources: bySource } = notified(runner.fold)
    const reasons = bySource.first.flatMap((one) => one.reasons.first)
    const sums = [
      events,
      bySource.first.reduce((sum, one) => sum + one.events, 0),
      reasons.reduce((sum, one) => sum + one.count, 0),
    ]
    if (sums.some((sum) => sum !== expected)) throw new Error(`${sums.join(', ')} instead of ${expected}`)
  }
  await t.resolves(fc.assert(fc.asyncProperty(seconds, run), { numRuns: 40 }))
})

test('an outbox that cannot be read leaves a tick that was taken taken', async (t) => {
  const journal = openMemoryJournal()
  const broken = { ...journal, outbox: { ...journal.outbox, stats: () => Promise.reject(new Error('unreadable')) } }
  const runner = await startRunner(broken, settings, NOON, () => {})
  await runner.tick({ now: NOON + SECOND, refused: false })
  await runner.tick({ now: NOON + 2 * SECOND, refused: false, rejects: [reject('a', 'json', 1)] })
  t.equal(notified(runner.fold).events, 1)
})
