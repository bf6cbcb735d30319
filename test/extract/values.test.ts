import { deepStrictEqual } from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { parseNumber } from '../../src/extract/number.ts'
import { createPaths } from '../../src/extract/paths.ts'
import { parseTime } from '../../src/extract/time.ts'

void test('a time of three decimals is read as ECMAScript reads it, in any year', async () => {
  const instant = fc.date({ noInvalidDate: true })
  fc.assert(
    fc.property(instant, (date) => {
      deepStrictEqual(parseTime(date.toISOString()), date.getTime())
    }),
    { numRuns: 2000 },
  )
})

void test('decimals from 0 to 9 digits are kept to the microsecond, with Z and with offsets alike', async (t) => {
  const digits = fc.stringMatching(/^[0-9]{1,9}$/)
  fc.assert(
    fc.property(
      digits,
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: 0, max: 59 }),
      (decimals, hours, minutes) => {
        const base = Date.parse('2026-11-22T12:00:00Z')
        const exact = base + Number(decimals) / 10 ** (decimals.length - 3)
        const offset = `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
        const span = (hours * 60 + minutes) * 60_000
        deepStrictEqual(Math.abs(parseTime(`2026-11-22T12:00:00.${decimals}Z`) - exact) < 0.0005, true)
        deepStrictEqual(
          parseTime(`2026-11-22T12:00:00.${decimals}+${offset}`),
          parseTime(`2026-11-22T12:00:00.${decimals}Z`) - span,
        )
        deepStrictEqual(
          parseTime(`2026-11-22T12:00:00.${decimals}-${offset.replace(':', '')}`) - exact - span < 0.0005,
          true,
        )
      },
    ),
    { numRuns: 300 },
  )
  t.equal(parseTime('2024-03-05T10:11:12Z'), Date.parse('2024-03-05T10:11:12Z'))
  t.equal(parseTime('2024-03-05T10:11:12+01'), Date.parse('2024-03-05T09:11:12Z'))
  t.equal(parseTime('2024-03-05t10:11:12z'), Date.parse('2024-03-05T10:11:12Z'))
  t.ok(Math.abs(parseTime('2024-03-05T10:11:12.345678901Z') - 1_709_633_472_345.679) < 0.0005)
})

void test('leap days and leap seconds exist where they do, and no other impossible time is read', async (t) => {
  t.equal(parseTime('2024-02-29T00:00:00Z'), Date.parse('2024-02-29T00:00:00Z'))
  t.equal(parseTime('2000-02-29T00:00:00Z'), Date.parse('2000-02-29T00:00:00Z'))
  t.equal(parseTime('2016-12-31T23:59:60Z'), Date.parse('2017-01-01T00:00:00Z'))
  t.equal(parseTime('1969-12-31T23:59:59.999Z'), -1)
  t.equal(parseTime('+275760-09-13T00:00:00Z'), 8.64e15)
  const impossible = [
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2024-02-30T00:00:00Z',
    '2024-04-31T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-01-32T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:60Z',
    '2024-01-01T00:00:00+24:00',
    '2024-01-01T00:00:00+01:60',
    '+275760-09-13T00:00:00.001Z',
    '2024-01-01T00:00:00',
    '2024-01-01T00:00Z',
    '2024-01-01',
    '2024-01-01 00:00:00Z',
    '2024-01-01T00:00:00.Z',
    '2024-01-01T00:00:00.1234567890Z',
    '2024-01-01T00:00:0aZ',
    '2024-01-01T00:00:00,5Z',
    '24-01-01T00:00:00Z',
    ' 2024-01-01T00:00:00Z',
    'soon',
    '-1',
    '',
    '1709633472',
    'Mar  5 10:11:12',
    '2024-01-01T00:00:00.12x4Z',
    '２024-01-01T00:00:00Z',
  ]
  for (const text of impossible) t.ok(Number.isNaN(parseTime(text)), text)
})

void test('any text is read as a time or as none, without an exception', async () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9T:.Z+-]{0,35}$/))
  fc.assert(
    fc.property(text, (value) => {
      const ours = parseTime(value)
      if (!Number.isNaN(ours) && !/:60/.test(value) && !/[+-]\d\d$/.test(value)) {
        deepStrictEqual(Math.trunc(Math.abs(ours - Date.parse(value))), 0)
      }
    }),
    { numRuns: 2000 },
  )
})

void test('numbers and their decimal text are numbers, and nothing else is', async (t) => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      deepStrictEqual(parseNumber(number), number)
      deepStrictEqual(parseNumber(String(number)), Number(String(number)))
    }),
  )
  const texts: [string, number][] = [
    ['0.93', 0.93],
    ['1e3', 1000],
    ['-5', -5],
    ['+5', 5],
    ['.5', 0.5],
    ['5.', 5],
    ['1E+30', 1e30],
    ['007', 7],
    ['1180591620717411303424', 2 ** 70],
  ]
  for (const [text, number] of texts) t.equal(parseNumber(text), number, text)
  const none = [
    null,
    undefined,
    true,
    false,
    [],
    [1],
    {},
    NaN,
    Infinity,
    -Infinity,
    '',
    ' ',
    ' 1',
    '1 ',
    '1\n',
    'NaN',
    'Infinity',
    '0x10',
    '0b1',
    '1e999',
    '-1e999',
    '%{x}',
    '1_000',
    '1,5',
    '.',
    'e5',
    '1e',
    '--1',
    '٣',
  ]
  for (const value of none) t.ok(Number.isNaN(parseNumber(value)), JSON.stringify(value))
})

void test('a reader finds what plain look-ups find, in any event', async () => {
  const key = fc.constantFrom('a', 'b', 'c', '1', 'toString', 'constructor')
  const path = fc.array(key, { minLength: 1, maxLength: 4 }).map((keys) => keys.join('.'))
  const { node } = fc.letrec((tie) => ({
    node: fc.dictionary(
      key,
      fc.oneof({ maxDepth: 4 }, fc.integer(), fc.constant(null), fc.constant([1]), tie('node')),
      {
        noNullPrototype: true,
      },
    ),
  }))
  const isFields = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  const plain = (event: unknown, keys: readonly string[]): unknown =>
    keys.reduce<unknown>((at, name) => (isFields(at) && Object.hasOwn(at, name) ? at[name] : undefined), event)
  fc.assert(
    fc.property(fc.array(path, { minLength: 1, maxLength: 8 }), fc.array(node, { minLength: 1 }), (wanted, events) => {
      const paths = createPaths()
      const slots = wanted.map((each) => paths.add(each))
      const read = paths.compile()
      for (const event of events) {
        const values = read(event)
        deepStrictEqual(
          slots.map((slot) => values[slot]),
          wanted.map((each) => plain(event, each.split('.'))),
        )
      }
    }),
  )
})

void test('a blocked path is looked for under its dotted key, and hostile names stay names', async (t) => {
  const paths = createPaths()
  const odd = `a"];throw 1;//\u2028\n\\`
  const slots = ['host', 'host.name', 'host.os.name', '__proto__.x', odd].map((path) => paths.add(path))
  const read = paths.compile()
  const values = (event: object): unknown[] => slots.map((slot) => read(event)[slot])
  t.strictSame(values({ host: 'x', 'host.name': 'y', 'host.os': { name: 'z' } }).slice(0, 3), ['x', 'y', 'z'])
  t.strictSame(values({ host: ['x'], 'host.os.name': 'z' }).slice(0, 3), [['x'], undefined, 'z'])
  t.strictSame(values({ host: null, [odd]: 1 }), [null, undefined, undefined, undefined, 1])
  t.strictSame(
    values({}),
    slots.map(() => undefined),
  )
  t.strictSame(createPaths().compile()({ a: 1 }), [])
})
