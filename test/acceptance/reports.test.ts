import { test } from 'tap'
import { readSnapshot, beginCut } from '../../src/engine/snapshot.ts'
import { createFold, step } from '../../src/engine/step.ts'
import type { EngineConfig, Notification, Receiver, Report } from '../../src/model.ts'
import { config, cpuHigh, createPlay, event, HOUR, MINUTE, type Play, silent } from '../helpers/play.ts'
import { instant, type Story, tell } from '../helpers/story.ts'

const TEN = 10_000
const DAY = 24 * HOUR
const EIGHT = 8 * 60
const MONDAY = 1
const high = cpuHigh({ over: MINUTE })
const ada = { name: 'Ada Lovelace', address: 'ada@example.org' }

const ops = (change: Partial<Receiver> = {}): Receiver => ({ name: 'ops', email: [ada], ...change })
const setting = (receivers: readonly Receiver[], change: Partial<EngineConfig> = {}): EngineConfig =>
  config({ rules: [high], receivers, ...change })
const daily = ops({ report: { at: EIGHT } })
const weekly = ops({ report: { at: EIGHT, weekday: MONDAY } })
const beating = ops({ heartbeat: { at: EIGHT } })

/** When reports and heart-beats were written: ISO minutes, address and what. */
const scheduled = ({ play }: Pick<Story, 'play'>): string[] => mailsOf(play.mails).map(line)
const mailsOf = (mails: readonly Notification[]): Notification[] => mails.filter(({ because }) => because === 'scheduled')
const line = ({ at, to, kind, notice }: Notification): string =>
  `${new Date(at).toISOString().slice(0, 16)} ${to.address.split('@')[0]} ${notice?.title ?? kind}`

const reportsOf = ({ play }: Pick<Story, 'play'>): Report[] => play.mails.flatMap(({ report }) => report ?? [])

/** Ticks once a minute, without events. */
const pass = (play: Play, until: number): void => play.until(until, undefined, MINUTE)

test('a daily report comes once a day at its time, and says what happened since the one before', async (t) => {
  const story = tell(setting([daily]), TEN)
  story.at('12:00').cpu('web-1', 0.2).cpu('web-2', 0.4)
  story.at('1d 07:00').cpu('web-1', 0.95)
  story.at('1d 09:00').cpu('web-1', 0.2)
  story.until('2d 12:00')
  t.strictSame(scheduled(story), ['2026-11-23T08:00 ada report', '2026-11-24T08:00 ada report'])
  const [first, second] = reportsOf(story) as [Report, Report]
  t.match(first, { every: 'day', from: instant('12:00') + TEN, to: instant('1d 08:00'), hosts: 2 })
  t.match(first.alerts, { began: 1, before: 0, open: 1, hosts: 1 }, 'it fired at 07:01:10 and goes on')
  t.match(second.alerts, { began: 0, before: 1, open: 0, hosts: 1 }, 'it went on from the day before and is over')
  t.match(second, { from: first.to, to: instant('2d 08:00') }, 'nothing lies between two reports')
})

test('a week with a weekday is a week', async (t) => {
  const { play } = tell(setting([weekly]), TEN)
  pass(play, instant('23d 12:00'))
  t.strictSame(scheduled({ play }), [
    '2026-11-23T08:00 ada report',
    '2026-11-30T08:00 ada report',
    '2026-12-07T08:00 ada report',
    '2026-12-14T08:00 ada report',
  ])
  const spans = reportsOf({ play }).map(({ from, to }) => (to - from) / DAY)
  t.strictSame(spans.slice(1), [7, 7, 7])
  t.ok(spans[0]! < 1, 'the first one covers the time since the receiver was set up')
})
