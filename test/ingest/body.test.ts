import * as fc from 'fast-check'
import { test } from 'tap'
import { readBody } from '../../src/ingest/body.ts'
import { Refusal } from '../../src/ingest/refusal.ts'
import { OVERSIZED, UNREADABLE } from '../../src/ingest/split.ts'

const LIMITS = { maxEvents: 5000 }
const read = (body: string | Buffer, limits = LIMITS): { many: boolean; count: number; events: unknown[] } => {
  const result = readBody(Buffer.from(body), limits)
  if (result.kind === 'empty') return { many: false, count: 0, events: [] }
  return { many: result.many, count: result.count, events: [...result.parts].flat() }
}
const refusal = (body: string | Buffer, limits = LIMITS): unknown => {
  try {
    read(body, limits)
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
  return 'accepted'
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

test('what is no JSON is refused, as is what holds too many events, before or after parsing', (t) => {
  const broken = ['{', '[', '[1,', '[1,]', '[,1]', '[1 2]', '{"a":1}]', '[{"a":1]', '{"a":1} x', '{"a":1}{"a":2}', '{\n"a":\n', 'x', 'null', '1']
  for (const body of broken) {
    t.equal(refusal(body), 'json', body)
    t.equal(refusal(`${body}${blank(MORE)}`), 'json', `${body} and much blank`)
  }
  t.equal(refusal(`[${blank(MORE)}]`), 'accepted')
  for (const body of ['[1,,2]', '[1,]', '[,]', '["a]', '[{"a":1},{"a":]}]', '[[}]', '[1][2]', '[1]]', '["\\"]']) {
    t.equal(refusal(`${blank(MORE)}${body}`), 'json', body)
  }
  t.equal(refusal('[1,2,3,4]', { maxEvents: 3 }), 'too_many')
  t.equal(refusal(`[1,2,3${blank(MORE)}]`, { maxEvents: 3 }), 'accepted')
  t.equal(refusal(`[1,2,3,4${blank(MORE)}]`, { maxEvents: 3 }), 'too_many')
  t.equal(refusal(`{}\n{}\n{}\n{}${blank(MORE)}`, { maxEvents: 3 }), 'too_many')
  t.equal(refusal(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])), 'utf8')
  t.end()
})

test('five million numbers are refused without being parsed', (t) => {
  t.equal(refusal(`[${'1,'.repeat(5_000_000)}1]`), 'too_many')
  t.strictSame(read(`[{"a":1},{"n":[${'1,'.repeat(5_000_000)}1]}]`).events, [{ a: 1 }, OVERSIZED])
  t.strictSame(read(`{"n":[${'1,'.repeat(5_000_000)}1]}`).events, [OVERSIZED])
  t.end()
})

test('a large body is read as JSON.parse reads it', (t) => {
  const padded = fc.tuple(fc.jsonValue({ maxDepth: 4 }), fc.nat({ max: 400_000 })).map(([value, pad]) => ({ value, text: `"[{,\\é${'x'.repeat(pad)}` }))
  const bodies = fc.array(padded, { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(bodies, fc.boolean(), (events, spaced) => {
      const filler = { text: 'y'.repeat(700_000) }
      const all = [filler, ...events, filler]
      const array = JSON.stringify(all, null, spaced ? 1 : 0)
      t.strictSame(read(array), { many: true, count: all.length, events: JSON.parse(array) })
      const lines = all.map((one) => JSON.stringify(one)).join('\n')
      t.strictSame(read(lines).events, JSON.parse(array))
    }),
    { numRuns: 8 },
  )
  t.end()
})

test('the id tells bodies apart and is the same for the same bytes', (t) => {
  const id = (body: string): string => {
    const result = readBody(Buffer.from(body), LIMITS)
    return result.kind === 'events' ? result.id : ''
  }
  t.match(id('[1]'), /^[0-9a-f]{16}$/)
  t.equal(id('[1]'), id('[1]'))
  t.not(id('[1]'), id('[1] '))
  t.end()
})
