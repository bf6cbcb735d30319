import { array, assert, constantFrom, double, integer, option, property, record, string, tuple } from 'fast-check'
import { test } from 'tap'
import type { ChartData, Unit } from '../../../src/model.ts'
import { apart, chartSvg, type ChartOptions, HEIGHT, INK, PAPER, WIDTH } from '../../../src/notify/chart/svg.ts'
import { timeTicks, valueRange, valueTicks } from '../../../src/notify/chart/scale.ts'
import { hostileNames } from '../hostile.ts'
import { at, picture } from '../samples.ts'

const options = (change: Partial<ChartOptions> = {}): ChartOptions => ({
  title: 'cpu',
  unit: 'ratio',
  marks: [{ at: at('12:05:00'), label: 'fired' }],
  ...change,
})

interface Label {
  readonly x: number
  readonly y: number
  readonly text: string
  readonly from: number
  readonly to: number
}

/** The texts of a chart with the room that they take, by a width that no letter of the font exceeds by much. */
function labelsOf(svg: string): readonly Label[] {
  const texts = svg.matchAll(/<text x="([-\d.]+)" y="([-\d.]+)" fill="#\w+" text-anchor="(\w+)">([^<]*)<\/text>/g)
  return [...texts].map(([, x, y, anchor, text = '']) => {
    const width = text.replaceAll(/&\w+;|&#\d+;/g, '?').length * 14 * 0.5
    const from = Number(x) - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0)
    return { x: Number(x), y: Number(y), text, from, to: from + width }
  })
}

const labelTexts = (svg: string): readonly string[] => labelsOf(svg).map(({ text }) => text)
const lines = (svg: string): number => [...svg.matchAll(/stroke-linejoin="round"/g)].length
const dots = (svg: string): number => [...svg.matchAll(/<circle /g)].length

const anyValue = option(double({ noDefaultInfinity: false }))
const anyBucket = record({
  n: integer({ min: 0, max: 1e6 }),
  mean: anyValue,
  min: anyValue,
  max: anyValue,
  last: anyValue,
})
const number = double({ noNaN: true, noDefaultInfinity: true })
const severity = constantFrom('warning' as const, 'critical' as const)
const limit = record({ op: constantFrom('above' as const, 'at_most' as const), value: number })
const limits = array(record({ severity, limit, clear: limit }), { maxLength: 4 })
const expectation = record({ expected: number, range: tuple(number, number) }, { requiredKeys: [] })
const unit = constantFrom<Unit>('ratio', 'percent', 'bytes', 'seconds', 'count', 'none')
const zone = constantFrom('UTC', 'Asia/Kolkata', 'America/St_Johns', 'Europe/Berlin', 'Pacific/Kiritimati')
const width = constantFrom(10_000, 50_000, 60_000, 3_600_000, 86_400_000)

test('whatever was measured, the chart is whole, stays in its frame, and no two labels of limits meet', (t) => {
  const buckets = array(anyBucket, { minLength: 1, maxLength: 80 })
  assert(
    property(
      buckets,
      limits,
      expectation,
      unit,
      zone,
      width,
      string({ unit: 'binary' }),
      (all, drawn, usual, inUnit, inZone, wide, title) => {
        const one: ChartData = {
          width: wide,
          from: at('11:00:00'),
          buckets: all,
          window: { from: at('11:30:00'), to: at('12:00:00') },
          limits: drawn,
          ...usual,
        }
        const marks = [at('11:31:00'), at('11:31:30')].map((moment) => ({ at: moment, label: 'began' }))
        const svg = chartSvg(one, { title, unit: inUnit, zone: inZone, marks })
        const numbers = [...svg.replaceAll(/>[^<]*</g, '><').matchAll(/[ "MLHVv](-?[\d.]+)(?=[ "LHVZ])/g)].map(
          ([, digits]) => Number(digits),
        )
        const labels = labelsOf(svg)
        const rows = labels.filter(({ text }) => /^(?:critical|warning|clear|expected) /.test(text)).map(({ y }) => y)
        return (
          !/NaN|Infinity|undefined|null/.test(svg.replace(/>[^<]*</g, '')) &&
          numbers.every((one) => one >= -1 && one <= Math.max(WIDTH, HEIGHT)) &&
          labels.every(({ from, to, y }) => from >= 0 && to <= WIDTH && y <= HEIGHT) &&
          rows.every((y, i) => i === 0 || rows.length > 8 || y - (rows[i - 1] as number) >= 14) &&
          !/[^\t\n\r -~\u00a0-\ud7ff]/.test(svg)
        )
      },
    ),
    { numRuns: 100 },
  )
  t.end()
})

test('a chart names its limits, its times and the moment, and shows the window', (t) => {
  const svg = chartSvg(picture(Array<number>(24).fill(0.95)), options())
  t.same(labelTexts(svg), [
    'cpu in steps of 10 s, UTC',
    'window',
    '85%',
    '90%',
    '95%',
    '12:01',
    '12:02',
    '12:03',
    '12:04',
    '12:05',
    'fired',
    'warning 90%',
    'clear 85%',
  ])
  t.equal([...svg.matchAll(/stroke-dasharray="5 4"/g)].length, 1, 'the end of the alert is a broken line')
  t.same([lines(svg), dots(svg)], [1, 0])
  t.equal(chartSvg(picture(Array<number>(24).fill(0.95)), options()), svg)
  t.end()
})

test('what is missing is a gap, and a series that reports seldom is no row of gaps', (t) => {
  const gap = [0.5, 0.6, null, 0.5, 0.6, 0.7]
  t.same([lines(chartSvg(picture(gap), options())), dots(chartSvg(picture(gap), options()))], [2, 0])
  const alone = [0.5, 0.6, null, 0.5, null, 0.6, 0.7]
  t.equal(dots(chartSvg(picture(alone), options())), 1)
  const seldom = Array.from({ length: 24 }, (_, i) => (i % 6 === 0 ? 0.5 : null))
  t.same([lines(chartSvg(picture(seldom), options())), dots(chartSvg(picture(seldom), options()))], [1, 0])
  const pause = seldom.map((value, i) => (i === 12 ? null : value))
  const paused = chartSvg(picture([...seldom, ...pause]), options())
  t.same([lines(paused), dots(paused)], [1, 1])
  const once = chartSvg(picture([0.5]), options())
  t.same([lines(once), dots(once)], [0, 1])
  t.end()
})

test('the least and the greatest sample of each bucket make a band where they are kept', (t) => {
  const one = picture([0.5, 0.6, 0.7])
  const buckets = one.buckets.map((bucket, i) => ({ ...bucket, min: 0.1 * i, max: 0.9 }))
  const bands = (svg: string): number => [...svg.matchAll(/fill-opacity/g)].length
  t.same([bands(chartSvg(one, options())), bands(chartSvg({ ...one, buckets }, options()))], [0, 1])
  t.end()
})

test('the labels of two moments close to each other do not meet, also at an edge of the picture', (t) => {
  const one = picture(Array<number>(42).fill(0.5), at('12:07:00'))
  const to = one.from + one.buckets.length * one.width
  for (const first of [one.from, one.from + 60_000, to - 20_000, to - 10_000]) {
    const marks = [
      { at: first, label: 'began' },
      { at: first + 10_000, label: 'fired' },
    ]
    const labels = labelsOf(chartSvg(one, options({ marks })))
    const [began, fired] = marks.map(({ label }) => labels.find(({ text }) => text === label) as Label) as [
      Label,
      Label,
    ]
    t.ok(began.to < fired.from, `${began.to} is before ${fired.from}`)
    t.ok(began.from >= 0 && fired.to <= WIDTH)
  }
  t.end()
})

test('the times are those of the zone', (t) => {
  const one = picture(Array<number>(60).fill(0.5), at('19:00:00'), { width: 60_000 })
  const times = (inZone: string): readonly string[] =>
    labelTexts(chartSvg({ ...one, from: at('18:00:00') }, options({ zone: inZone, marks: [] }))).filter((text) =>
      /^\d\d:/.test(text),
    )
  t.same(times('UTC'), ['18:00', '18:15', '18:30', '18:45', '19:00'])
  t.same(times('Asia/Kolkata'), ['23:30', '23:45', '00:00', '00:15', '00:30'])
  t.same(times('America/St_Johns'), ['14:30', '14:45', '15:00', '15:15', '15:30'])
  t.end()
})

test('a span has two to five round times, in order and within it', (t) => {
  const span = integer({ min: 20_000, max: 90 * 86_400_000 })
  const start = integer({ min: 0, max: 2e12 })
  assert(
    property(start, span, zone, (from, length, inZone) => {
      const ticks = timeTicks(from, from + length, inZone).map(({ value }) => value)
      const isInOrder = ticks.every((tick, i) => tick >= from && tick <= from + length && tick > (ticks[i - 1] ?? -1))
      return isInOrder && ticks.length <= 5 && ticks.length >= 1
    }),
  )
  t.end()
})

test('a range holds all values and the bound that is nearest, and a bound far away does not flatten them', (t) => {
  const values = array(double({ noNaN: true, min: -1e200, max: 1e200 }), { minLength: 1 })
  assert(
    property(values, array(number, { maxLength: 4 }), unit, (shown, limits, inUnit) => {
      const range = valueRange(shown, limits)
      const ticks = valueTicks(range, inUnit)
      return (
        range.low < range.high &&
        shown.every((value) => value >= range.low && value <= range.high) &&
        ticks.every(({ value }) => value >= range.low * (1 + 1e-9) - 1e-300 || value >= range.low) &&
        new Set(ticks.map(({ label }) => label)).size === ticks.length &&
        ticks.length <= 6
      )
    }),
  )
  t.match(valueRange([0.4, 0.95], [0.9, 0.85]), { low: 0 })
  t.ok(valueRange([0.4, 0.95], [0.9, 1e9]).high < 2)
  t.ok(valueRange([0.4, 0.95], [7]).high >= 7, 'the only bound is always shown')
  t.same(
    valueTicks(valueRange([0, 1, 2, 3], []), 'count').map(({ value }) => value),
    [0, 1, 2, 3],
    'things are counted in whole numbers',
  )
  t.end()
})

test('labels are moved apart, in order, and as little as need be', (t) => {
  t.same(apart([10, 50, 90], 16, 0, 100), [10, 50, 90])
  t.same(apart([10, 12, 90], 16, 0, 100), [10, 26, 90])
  t.same(apart([95, 97, 99], 16, 0, 100), [68, 84, 100])
  t.same(apart([], 16, 0, 100), [])
  t.end()
})

test('a name from elsewhere is drawn as text, in letters that the font has', (t) => {
  for (const title of hostileNames) {
    const svg = chartSvg(picture([0.5, 0.6]), options({ title }))
    t.notMatch(svg, /<(?!\/?(?:svg|rect|text|path|circle)[ >])/, 'no element of its own')
    t.equal([...svg.matchAll(/<text /g)].length, [...svg.matchAll(/<\/text>/g)].length)
    t.ok((labelsOf(svg)[0]?.to ?? WIDTH) < WIDTH - 70, 'it ends before what explains the shade')
  }
  t.end()
})

/** The share of light that a colour gives back (WCAG 2). */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const share = Number.parseInt(colour.slice(i, i + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

test('the chart brings its own paper, on which every colour of text can be read', (t) => {
  const svg = chartSvg(picture([0.5, 0.6]), options())
  t.match(svg, `<rect x=".5" y=".5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="7" fill="${PAPER}"`)
  for (const [name, colour] of Object.entries(INK)) {
    const contrast = (luminance(PAPER) + 0.05) / (luminance(colour) + 0.05)
    t.ok(contrast >= 4.5, `${name}: ${contrast.toFixed(1)} to 1`)
  }
  const used = new Set([...svg.matchAll(/<text [^>]*fill="(#\w+)"/g)].map(([, colour]) => colour))
  t.same(
    [...used].filter((colour) => !Object.values<string | undefined>(INK).includes(colour)),
    [],
  )
  t.end()
})
