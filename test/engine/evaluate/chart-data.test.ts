import { test } from 'tap'
import type { EngineConfig, Metric, MetricRule, Notification, ChartData } from '../../../src/model.ts'
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
  type Play,
  SECOND,
  silent,
  bounds,
  TEN,
  threshold,
} from '../../helpers/play.ts'

const pictureIn = (mail: Notification | undefined): ChartData => {
  const picture = mail?.alerts[0]?.chart
  if (picture === undefined) throw new Error('the mail has no picture')
  return picture
}

const means = ({ buckets }: ChartData): readonly (number | null)[] => buckets.map(({ mean }) => mean)
const clock = (ts: number): string => new Date(ts).toISOString().slice(11, 19)
const spanOf = ({ from, width, buckets }: ChartData): string[] => [clock(from), clock(from + width * buckets.length)]

/** A host whose samples of a metric follow from the time; another one keeps the clock going. */
function playOf(
  setting: EngineConfig,
  until: string,
  samples: (now: number) => Readonly<Record<string, number>> | undefined,
  start?: string,
): Play {
  const play = createPlay(setting, start === undefined ? undefined : at(start))
  play.until(
    until,
    every(TEN, (now) => {
      const own = samples(now)
      play.post([event('other', now, { other: 1 }), ...(own === undefined ? [] : [event('web-1', now, own)])])
    }),
  )
  return play
}

test('a fired alert carries the buckets of its window and of one length before it, as they were then', async (t) => {
  const play = playOf(config(), '12:09:00', (now) => ({ cpu: now >= at('12:04:00') ? 0.95 : 0.25 }))
  const picture = pictureIn(play.mails[0])
  t.match(play.notified(), [/12:06:\d\d cpu-high web-1 firing \(fired\)/])
  t.strictSame(spanOf(picture), ['12:02:00', '12:06:00'])
  t.strictSame([clock(picture.window.from), clock(picture.window.to), picture.width], ['12:04:00', '12:06:00', TEN])
  t.strictSame(means(picture), [...Array<number>(12).fill(0.25), ...Array<number>(12).fill(0.95)])
  t.strictSame(picture.limits, [
    { severity: 'warning', limit: { op: 'above', value: 0.9 }, clear: { op: 'at_most', value: 0.85 } },
  ])
  t.strictSame(picture.buckets[0], { n: 1, mean: 0.25, min: null, max: null, last: null }, 'no column is made up')
})

test('a resolved alert shows its whole life as far as the ring reaches', async (t) => {
  const isHigh = (now: number): boolean => now >= at('12:04:00') && now < at('12:06:00')
  const short = playOf(config(), '12:12:00', (now) => ({ cpu: isHigh(now) ? 0.95 : 0.25 }))
  t.match(short.notified(), [/fired/, /resolved/])
  t.strictSame(spanOf(pictureIn(short.mails[1])), ['12:02:20', '12:07:00'], 'the ring reaches no further back')
  const long = playOf(config(), '12:40:00', (now) => ({
    cpu: now >= at('12:04:00') && now < at('12:30:00') ? 0.95 : 0.25,
  }))
  const [from, to] = spanOf(pictureIn(long.mails[1]))
  t.same([from, to], ['12:26:20', '12:31:00'], 'five minutes are kept')
})

test('a bucket that nothing came for is empty, and what the rule keeps is shown', async (t) => {
  const rule = cpuHigh({ condition: bounds('max', [above(0.9)]) })
  const samples = (now: number): Readonly<Record<string, number>> | undefined =>
    now >= at('12:03:00') && now < at('12:03:30') ? undefined : { cpu: now >= at('12:04:00') ? 0.99 : 0.2 }
  const picture = pictureIn(playOf(config({ rules: [rule] }), '12:05:00', samples).mails[0])
  const index = (time: string): number => (at(time) - picture.from) / picture.width
  t.strictSame(picture.buckets[index('12:03:10')], { n: 0, mean: null, min: null, max: null, last: null })
  t.match(picture.buckets[index('12:02:50')], { n: 1, mean: 0.2, min: 0.2, max: 0.2 })
})

test('the limits are those of the host, and a sum has none that one bucket could reach', async (t) => {
  const both = { ...threshold('mean', [above(0.9, 0.8), below(0.01, 0.02)], [above(0.97, 0.95)]) }
  const rule = cpuHigh({ overrides: [{ hosts: ['web-*'], params: both }] })
  const samples = (): Readonly<Record<string, number>> => ({ cpu: 0.95 })
  t.strictSame(pictureIn(playOf(config({ rules: [rule] }), '12:04:00', samples).mails[0]).limits, [
    { severity: 'critical', limit: { op: 'above', value: 0.97 }, clear: { op: 'at_most', value: 0.95 } },
    { severity: 'warning', limit: { op: 'above', value: 0.9 }, clear: { op: 'at_most', value: 0.8 } },
    { severity: 'warning', limit: { op: 'below', value: 0.01 }, clear: { op: 'at_least', value: 0.02 } },
  ])
  const sum = cpuHigh({ condition: bounds('sum', [above(5)]) })
  t.strictSame(pictureIn(playOf(config({ rules: [sum] }), '12:04:00', samples).mails[0]).limits, [])
})

const net = (of: 'rate' | 'increase' | 'last'): MetricRule =>
  cpuHigh({ metric: 'net', condition: bounds(of, [above(500)]) })
const netOnly: readonly Metric[] = [
  { name: 'net', fields: ['net'], unit: 'bytes', kind: 'counter', by: [], byFields: [] },
]

test('a counter shows its growth a second, and across a reset no fall', async (t) => {
  for (const figure of ['rate', 'increase'] as const) {
    const grown = (now: number): number => ((now - at('12:00:00')) / SECOND) * 1000
    const samples = (now: number): Readonly<Record<string, number>> => ({
      net: now < at('12:01:00') ? 5_000_000 + grown(now) : grown(now) - grown(at('12:01:00')),
    })
    const picture = pictureIn(playOf(config({ metrics: netOnly, rules: [net(figure)] }), '12:05:00', samples).mails[0])
    const shown = means(picture).filter((mean) => mean !== null && mean !== 0)
    t.ok(shown.length >= 5, `${shown.length} buckets of ${figure}`)
    t.strictSame(new Set(shown), new Set([1000]), figure)
  }
})

test('a count of events shows the matches of each bucket, 0 where there were none, and nothing of the future', async (t) => {
  const play = createPlay(config({ rules: [countRule()] }))
  play.until(
    '12:05:00',
    every(TEN, (now) => {
      const matches = Array.from({ length: now >= at('12:02:10') ? 7 : 0 }, () =>
        event('web-1', now, { 'count(ssh-failures)': 1 }),
      )
      play.post([event('web-1', now, { cpu: 0.1 }), ...matches])
    }),
  )
  const picture = pictureIn(play.mails[0])
  const index = (time: string): number => (at(time) - picture.from) / picture.width
  t.match(picture.buckets[index('12:02:10')], { n: 7, mean: 7 })
  t.match(picture.buckets[index('12:02:00')], { n: 0, mean: 0 })
  t.match(picture.buckets.at(-1), { n: 0, mean: null }, 'the window is open: its last bucket is not over')
  t.strictSame(picture.limits, [])
})

test('long windows are merged, the last bucket ends with the window, and the effect stays small', async (t) => {
  const rule = cpuHigh({ over: HOUR, every: 10 * MINUTE, condition: bounds('mean', [above(0.5)]) })
  const columns = ['max', 'last', 'stddev'] as const
  const all = columns.map((of) => cpuHigh({ name: `other-${of}`, over: HOUR, condition: bounds(of, [above(1e9)]) }))
  const samples = (now: number): Readonly<Record<string, number>> => ({ cpu: 1000 * Math.abs(Math.sin(now)) + 1e-7 })
  const play = playOf(config({ rules: [rule, ...all] }), '13:20:00', samples)
  const picture = pictureIn(play.mails[0])
  t.equal(picture.from + picture.width * picture.buckets.length, picture.window.to)
  t.ok(picture.buckets.length <= 80 && picture.buckets.length >= 60, `${picture.buckets.length} buckets`)
  t.ok(JSON.stringify(play.mails[0]).length < 8000, `${JSON.stringify(play.mails[0]).length} bytes`)
  const middle = picture.buckets[40]
  t.ok(
    middle !== undefined &&
      middle.n === picture.width / TEN &&
      (middle.min ?? 0) < (middle.mean ?? 0) &&
      (middle.mean ?? 0) < (middle.max ?? 0),
  )
})

test('an alert that looks at no window has no picture', async (t) => {
  const play = playOf(config({ rules: [silent()] }), '12:08:00', (now) =>
    now < at('12:02:00') ? { cpu: 0.1 } : undefined,
  )
  t.match(play.notified(), [/host-silent web-1 firing/])
  t.notOk(play.mails.some(({ alerts }) => alerts.some(({ chart }) => chart !== undefined)))
})
