import { test } from 'tap'
import { formatReason } from '../../src/notify/mail/phrase.ts'
import { formatTime } from '../../src/text/format.ts'
import type { EngineConfig, Metric } from '../../src/model.ts'
import { above, bounds, config, cpuHigh, event, MINUTE, once, type Play, SECOND, tally, TEN } from '../helpers/play.ts'
import { tell } from '../helpers/story.ts'
import { refold, memoryOf, restarted } from '../helpers/fate.ts'

const gauge = (name: string, unit: Metric['unit'], change: Partial<Metric> = {}): Metric => ({
  name,
  fields: [name],
  unit,
  kind: 'gauge',
  by: [],
  byFields: [],
  ...change,
})
const net = gauge('net', 'bytes', { kind: 'counter' })
const rule = (metric: string, limit: number, of: 'mean' | 'rate' | 'max' = 'mean') =>
  cpuHigh({ name: `${metric}-high`, metric, over: 2 * MINUTE, condition: bounds(of, [above(limit, limit)]) })

const METRICS = [
  gauge('cpu', 'ratio'),
  gauge('share', 'percent'),
  gauge('gpu', 'celsius'),
  gauge('heap', 'bytes'),
  gauge('any', 'none'),
  net,
]
const SETTINGS: EngineConfig = config({
  metrics: METRICS,
  rules: [
    rule('cpu', 0.9),
    rule('share', 90),
    rule('gpu', 85),
    rule('heap', 1e12),
    rule('any', 1e9),
    rule('net', 1e9, 'rate'),
  ],
  alerting: once,
})
const WELL = { cpu: 0.12, share: 12, gpu: 60, heap: 1e9, any: 5 }

const out = (play: Play): number => tally(play, 'samples_out_of_range')

test('a negative reading of a counter is left out, and is neither growth nor recovery', async (t) => {
  const story = tell(SETTINGS)
  const at = (minute: number): string => `12:${String(minute).padStart(2, '0')}`
  let bytes = 0
  for (let minute = 0; minute < 12; minute++)
    story.at(at(minute)).reports('web-1', { ...WELL, net: minute === 6 ? -5 : (bytes += 3e11) })
  story.until('12:13')
  t.equal(out(story.play), 6, 'one for each of its readings in that minute')
  t.strictSame(
    story.play.notified().map((line) => line.slice(9)),
    ['net-high web-1 firing (fired)'],
    'no recovery in between',
  )
  const [alert] = story.play.mails[0]?.alerts ?? []
  t.equal(alert?.identity.measure.unit, 'bytes/s')
  t.match(alert && formatReason(alert, formatTime), /^net rate was [\d.]+ GiB\/s over 2 min .*: above [\d.]+ MiB\/s$/)
})

for (const [name, value] of [
  ['cpu', 223_697],
  ['cpu', -0.5],
  ['share', 22_369_700],
  ['gpu', 644_245_923],
  ['gpu', -273],
  ['heap', 1.8e19],
  ['any', 1.7e308],
  ['any', -1.7e308],
] as const) {
  test(`one reading of ${value} for ${name} raises no alert, is left out and counted`, async (t) => {
    const story = tell(SETTINGS)
    story.at('12:00').reports('web-1', WELL)
    story.at('12:05').does((play) => {
      const { outOfRange } = play.post([event('web-1', play.now() - SECOND, { [name]: value })])
      t.match(outOfRange, { count: 1, first: [{ host: 'web-1', metric: name, value }] })
    })
    t.strictSame(story.until('12:30'), [])
    t.equal(out(story.play), 1)
  })
}

test('readings within the bounds count: cores, a negative rounding, a cold GPU', async (t) => {
  const story = tell({ ...SETTINGS, rules: [] })
  story.at('12:00').reports('web-1', { cpu: 32, share: 3200, gpu: -20, heap: 1e15, any: 1e99 })
  story.at('12:01').reports('web-1', { cpu: -0.001, share: -0.5, gpu: 110, heap: -5, any: -1e99 })
  story.until('12:02')
  t.equal(out(story.play), 0)
})

test('min and max of a metric go before those of its unit', async (t) => {
  const metrics = [gauge('cpu', 'ratio', { max: 1 }), gauge('any', 'none', { min: 0 })]
  const story = tell({ ...SETTINGS, metrics, rules: [rule('cpu', 0.9, 'max')] })
  story.at('12:00').reports('web-1', { cpu: 1.2, any: -1 })
  t.strictSame(story.until('12:05'), [])
  t.equal(out(story.play), 2 * 30)
})

test('a counter that jumps for one reading and back has no growth from that, in order or late', async (t) => {
  const story = tell(SETTINGS)
  const at = (play: Play): number => 1e12 + ((play.now() - Date.parse('2026-11-22T12:00:00Z')) / SECOND) * 1e6
  const steady = (play: Play): void => void play.post([event('web-1', play.now(), { net: at(play) })])
  for (let minute = 0; minute < 20; minute++)
    for (const second of ['05', '25', '45']) story.at(`12:${String(minute).padStart(2, '0')}:${second}`).does(steady)
  story.at('12:05:30').does((play) => void play.post([event('web-1', play.now(), { net: 1.8e19 })]))
  story.at('12:08:20').does((play) => void play.post([event('web-1', play.now() - 10 * SECOND, { net: 1.8e19 })]))
  t.strictSame(story.until('12:20'), [])
  t.equal(out(story.play), 2)
})

test('a counter that goes on from another value starts anew after ten minutes, without a growth', async (t) => {
  const settings = { ...SETTINGS, metrics: [{ ...net, max: 1e9 }], rules: [rule('net', 5e8, 'rate')] }
  const story = tell(settings)
  let value = 1e9
  const reports = (play: Play): void => void play.post([event('web-1', play.now(), { net: (value += 1e7) })])
  for (let minute = 0; minute < 40; minute++)
    for (const second of ['05', '35']) story.at(`12:${String(minute).padStart(2, '0')}:${second}`).does(reports)
  story.at('12:06').does(() => (value = 1e15))
  t.match(story.until('12:40'), [/ada fired: out-of-range web-1/, /ada resolved: out-of-range web-1/])
  const left = out(story.play)
  t.ok(left >= 19 && left <= 22, `${left} were left out`)
})

test('a series whose readings are mostly outside for ten minutes raises one alert, which ends when they are not', async (t) => {
  const story = tell({ ...SETTINGS, rules: [rule('cpu', 0.9)] })
  story.at('12:00').cpu('web-1', 0.12).cpu('web-2', 0.12)
  story.at('12:05').cpu('web-1', 223_697)
  story.at('12:30').cpu('web-1', 0.12)
  t.match(story.until('12:50'), [
    /^12:15:\d\d ada fired: out-of-range web-1$/,
    /^12:3[3-6]:\d\d ada resolved: out-of-range web-1$/,
  ])
  const [alert] = story.play.mails[0]?.alerts ?? []
  t.equal(
    alert && formatReason(alert, formatTime),
    '61 of 61 readings of cpu in the last 10 minutes are outside -1% to 102400% (the last one 22369700%); they are left out, and no rule evaluates them',
  )
  const { fold } = refold(story.play.entries, (one, i) => (i % 500 === 7 ? restarted(one) : one))
  t.equal(memoryOf(fold), memoryOf(story.play.fold), 'and a restart changes nothing')
})

test('a few readings outside raise no alert, however long they come, and nothing is kept of them', async (t) => {
  const story = tell({ ...SETTINGS, rules: [rule('cpu', 0.9)] }, TEN)
  story.at('12:00').cpu('web-1', 0.12)
  for (let minute = 0; minute < 60; minute += 2) {
    const time = `12:${String(minute).padStart(2, '0')}:05`
    story.at(time).does((play) => void play.post([event('web-1', play.now(), { cpu: 9e9 })]))
  }
  t.strictSame(story.until('13:30'), [])
  t.equal(story.play.fold.state.hosts.get('web-1')?.ranges, undefined)
})

test('the alert stays while its host is silent, and ends with its metric', async (t) => {
  const story = tell({ ...SETTINGS, rules: [] })
  story.at('12:00').reports('web-1', { cpu: 9e9 }).reports('web-2', { any: 1 })
  story.at('12:20').dies('web-1')
  t.match(story.until('13:00'), [/ada fired: out-of-range web-1/])
  story.at('13:05').configure({ ...SETTINGS, metrics: METRICS.filter(({ name }) => name !== 'cpu'), rules: [] })
  t.match(story.until('13:10').slice(1), [/^13:05:\d\d ada resolved: out-of-range web-1/])
  t.equal(story.play.mails[1]?.alerts[0]?.closeReason, 'rule_changed')
})

test('names in readings that are left out take no room', async (t) => {
  const disk = gauge('disk', 'ratio', { by: ['mount'], byFields: ['mount'] })
  const story = tell({ ...SETTINGS, metrics: [disk], rules: [] })
  story.at('12:00').does((play) => {
    for (let i = 0; i < 1000; i++) play.post([event('web-1', play.now(), { [`disk\u001f/${i}`]: 5000 })])
  })
  story.until('12:01')
  const { keys, hosts, series } = story.play.fold.state
  t.strictSame([keys.ids.size, series, hosts.get('web-1')?.ranges?.size], [0, 0, 100])
  t.strictSame(story.until('13:00'), [], 'and one reading of each is no alert')
})
