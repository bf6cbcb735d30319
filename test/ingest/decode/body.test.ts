import * as fc from 'fast-check'
import { test } from 'tap'
import { readBody, readLargeBody, SMALL } from '../../../src/ingest/decode/body.ts'
import type { Body } from '../../../src/ingest/decode/body.ts'
import { BodyRefusal } from '../../../src/ingest/decode/refusal.ts'
import { OVERSIZED, UNREADABLE } from '../../../src/ingest/decode/split.ts'

const LIMITS = { maxEvents: 5000 }

interface Outcome {
  readonly many: boolean
  readonly count: number
  readonly events: unknown[]
}

const outcome = (body: Body): Outcome =>
  body.kind === 'empty'
    ? { many: false, count: 0, events: [] }
    : { many: body.isBatch, count: body.count, events: [...body.parts].flat() }
const read = (body: string | Buffer): Outcome => outcome(readBody(Buffer.from(body), LIMITS))
const readLarge = async (body: string | Buffer): Promise<Outcome> =>
  outcome(await readLargeBody(Buffer.from(body), LIMITS))

/** The code of the refusal, which both ways of reading must agree on. */
const refusal = async (body: string | Buffer, limits = LIMITS): Promise<string> => {
  const bytes = Buffer.from(body)
  const codeOf = async (work: () => Body | Promise<Body>): Promise<string> => {
    try {
      outcome(await work())
      return 'accepted'
    } catch (error) {
      if (error instanceof BodyRefusal) return error.code
      throw error
    }
  }
  const large = await codeOf(() => readLargeBody(bytes, limits))
  const small = bytes.length > SMALL ? large : await codeOf(() => readBody(bytes, limits))
  return large === small ? large : `${small}, but ${large} when it is cut first`
}
/** More than is parsed in one go. */
const blank = (length: number): string => ' '.repeat(length)
const MORE = 1024 * 1024 + 1

test('arrays, single events, lines, bulk pairs and unpacked logs are read', (t) => {
  t.strictSame(read('[{"a":1},{"a":2}]'), { many: true, count: 2, events: [{ a: 1 }, { a: 2 }] })
  t.strictSame(read(' \n[{"a":1}]\n'), { many: false, count: 1, events: [{ a: 1 }] })
  t.strictSame(read('\ufeff{"a":1}'), { many: false, count: 1, events: [{ a: 1 }] })
  t.strictSame(read('{\n  "a": 1\n}'), { many: false, count: 1, events: [{ a: 1 }] })
  t.strictSame(read('{"a":1}\r\n\r\n{"a":2}\n'), { many: true, count: 2, events: [{ a: 1 }, { a: 2 }] })
  t.strictSame(read('{"a":1\n{"a":2}'), { many: true, count: 2, events: [UNREADABLE, { a: 2 }] })
  t.strictSame(read('{"index":{"_index":"x"}}\n{"a":1}\n{"create":{}}\n{"a":2}\n').events, [{ a: 1 }, { a: 2 }])
  t.strictSame(read('{"logs":[{"a":1},{"a":2}]}'), { many: true, count: 2, events: [{ a: 1 }, { a: 2 }] })
  t.strictSame(read('{"logs":[1],"host":"x"}').events, [{ logs: [1], host: 'x' }])
  t.strictSame(read('[null,1,"x",[]]').events, [null, 1, 'x', []])
  t.strictSame(read(' \r\n\t'), { many: false, count: 0, events: [] })
  t.strictSame(read('[]'), { many: false, count: 0, events: [] })
  t.end()
})

test('what is no JSON is refused, as is what holds too many events, before or after parsing', async (t) => {
  const broken = [
    ['{', '[', '[1,', '[1 2]', '{"a":1}]', '[{"a":1]', '{"a":1} x', '{"a":1}{"a":2}', '{\n"a":\n'],
    ['x', 'null', '1', '[,]', '["a]', '[{"a":1},{"a":]}]', '[[}]', '[1][2]', '[1]]', '["\\"]', '{]', '[1}'],
    ['{"a":1}\u0000', '[1]\ufeff', '[{"a":01}]', "[{'a':1}]", '[NaN]', '["\t"]', '[{] , [}]', '{"a":1]', '[[1}}'],
  ].flat()
  for (const body of broken) {
    t.equal(await refusal(body), 'json', body)
    t.equal(await refusal(`${body}${blank(MORE)}`), 'json', `${body} and much blank`)
    t.equal(await refusal(`${blank(MORE)}${body}`), 'json', `much blank and ${body}`)
  }
  t.equal(await refusal(`[${blank(MORE)}]`), 'accepted')
  t.equal(await refusal('[1,2,3]', { maxEvents: 3 }), 'accepted')
  t.equal(await refusal('[1,2,3,4]', { maxEvents: 3 }), 'too_many')
  t.equal(await refusal('{}\n{}\n{}\n{}', { maxEvents: 3 }), 'too_many')
  t.equal(await refusal(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])), 'utf8')
})

test('an element of an array that is not JSON costs only itself, before or after parsing', async (t) => {
  const cases: [string, unknown[]][] = [
    ['[{"a":1},{"b":NaN},{"c":3}]', [{ a: 1 }, UNREADABLE, { c: 3 }]],
    ['[{"a":Infinity},{"b":2}]', [UNREADABLE, { b: 2 }]],
    ['[{"a":1},{"b":2},\n]', [{ a: 1 }, { b: 2 }]],
    ['[{"a":1},,{"c":3}]', [{ a: 1 }, UNREADABLE, { c: 3 }]],
    ['[,{"b":2}]', [UNREADABLE, { b: 2 }]],
    ['[{"a":1}{"b":2},{"c":3}]', [UNREADABLE, { c: 3 }]],
    ['[{"a":"x\\\\"},{"b":"\t"},{"c":"]"}]', [{ a: 'x\\' }, UNREADABLE, { c: ']' }]],
  ]
  for (const [body, events] of cases) {
    t.strictSame(read(body).events, events, body)
    t.strictSame((await readLarge(body)).events, events, `${body} cut first`)
  }
  t.throws(() => read('[{"a":NaN}]'), { code: 'json', message: "the body is not JSON: 'N' is not what JSON has there" })
  t.throws(() => read('{"a":NaN}'), { message: "the body is not JSON: 'N' is not what JSON has there" })
  for (const cut of ['[{"a":1},{"b":"te', '[{"a":1},{"b":2']) t.throws(() => read(cut), /it ends too early/, cut)
  t.throws(() => read('{"a":'), { message: 'the body is not JSON: it ends too early' })
})

test('millions of numbers, brackets or lines are refused without being parsed', async (t) => {
  const numbers = `[${'1,'.repeat(5_000_000)}1]`
  t.equal(await refusal(numbers), 'too_many')
  t.strictSame((await readLarge(`[{"a":1},{"n":${numbers}},2]`)).events, [{ a: 1 }, OVERSIZED, 2])
  t.strictSame((await readLarge(`{"n":${numbers}}`)).events, [OVERSIZED])
  t.equal(await refusal('['.repeat(5_000_000)), 'json')
  t.equal(await refusal('{\n'.repeat(2_000_000)), 'too_many')
  t.equal(await refusal(`{${'\n'.repeat(5_000_000)}`), 'json')
})

test('a body that is cut first is read as JSON.parse reads it', async (t) => {
  const padded = fc
    .tuple(fc.jsonValue({ maxDepth: 4 }), fc.nat({ max: 300_000 }))
    .map(([value, pad]) => ({ value, text: `"[{,\\é${'x'.repeat(pad)}` }))
  const bodies = fc.array(padded, { minLength: 2, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(bodies, fc.boolean(), async (events, spaced) => {
      const array = JSON.stringify(events, null, spaced ? 1 : 0)
      const parsed: unknown = JSON.parse(array)
      t.strictSame(await readLarge(array), { many: true, count: events.length, events: parsed })
      t.strictSame((await readLarge(events.map((one) => JSON.stringify(one)).join('\n'))).events, parsed)
      t.strictSame((await readLarge(JSON.stringify(events[0], null, spaced ? 1 : 0))).events, [events[0]].map(copy))
    }),
    { numRuns: 15 },
  )
})

const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test('the id is equal for equal bytes, however they are read, and differs for others', async (t) => {
  const idOf = (body: Body): string => (body.kind === 'events' ? body.id : '')
  const id = (body: string): string => idOf(readBody(Buffer.from(body), LIMITS))
  t.match(id('[1]'), /^[0-9a-f]{16}$/)
  t.equal(id('[1]'), id('[1]'))
  t.not(id('[1]'), id('[1] '))
  const large = `[${blank(9_000_000)}]`
  t.equal(id(large), idOf(await readLargeBody(Buffer.from(large), LIMITS)))
})
