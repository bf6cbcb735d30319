import { deepStrictEqual } from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { shapeEvent } from '../../../src/ingest/schema/shape.ts'

const shaped = (json: string): unknown => {
  const result = shapeEvent(JSON.parse(json))
  return 'event' in result ? result.event : result.code
}

const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

void test('an event is an object with at least one field', async (t) => {
  for (const json of ['null', '5', '"text"', 'true', '[]', '[{"a":1}]']) t.equal(shaped(json), 'not_object', json)
  t.equal(shaped('{}'), 'empty')
  t.equal(shaped('{"__proto__":{"a":1}}'), 'empty')
  t.strictSame(shaped('{"a":null}'), { a: null })
  t.match(shapeEvent(undefined), { path: '', reason: 'expected an object, found null' })
})

void test('an event without odd keys is handed on as it came, not copied', async (t) => {
  const event = { host: { name: 'web-1' }, tags: ['a', { b: [1] }] }
  const result = shapeEvent(event)
  t.ok('event' in result && result.event === event)
})

void test('64 levels of nesting pass and 65 do not, in objects, arrays and dotted keys alike', async (t) => {
  t.strictSame(shaped(deep(64)), JSON.parse(deep(64)))
  t.equal(shaped(deep(65)), 'too_deep')
  t.equal(shaped(`{"x.y":1,"a":${deep(63)}}`) === 'too_deep', false)
  t.equal(shaped(`{"x.y":1,"a":${deep(64)}}`), 'too_deep')
  t.equal(shaped(`{"x.y":${deep(62)}}`) === 'too_deep', false)
  t.equal(shaped(`{"x.y":${deep(63)}}`), 'too_deep')
  t.equal(shaped(`{"${Array(65).fill('a').join('.')}":1}`), 'too_deep')
  t.match(shapeEvent(JSON.parse(`{"a/b~c":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)), {
    path: '/a~1b~0c',
    code: 'too_deep',
    reason: 'expected at most 64 levels of nesting, found more',
  })
})

void test('4096 keys pass and 4097 do not, wherever they are', async (t) => {
  const keys = (count: number): string => Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join(',')
  t.type(shaped(`{${keys(4096)}}`), 'object')
  t.equal(shaped(`{${keys(4097)}}`), 'too_many_fields')
  t.equal(shaped(`{"a":{${keys(4096)}}}`), 'too_many_fields')
  t.equal(shaped(`{"a":[${Array(4096).fill('{}').join(',')}]}`), 'too_many_fields')
  const dotted = Array.from({ length: 1400 }, (_, i) => `"k${i}.a.b":1`).join(',')
  t.equal(shaped(`{${dotted}}`), 'too_many_fields')
})

void test('keys that reach for a prototype are dropped and nothing is inherited', async (t) => {
  const json = String.raw`{
    "__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "\u005f_proto__": {"polluted": 2},
    "a": {"__proto__": {"polluted": 1}, "b": [{"__proto__": {"polluted": 1}, "c": 1}]},
    "x.__proto__.polluted": 1, "constructor.prototype.polluted": 1, "__proto__.polluted": 1, "y.z": 1,
    "constructor.prototype": {"polluted": 1}
  }`
  const result = shaped(json) as Record<string, unknown>
  t.strictSame(result, { a: { b: [{ c: 1 }] }, y: { z: 1 } })
  t.equal(result.polluted, undefined)
  t.equal(({} as Record<string, unknown>).polluted, undefined)
  t.strictSame(shaped('{"constructor":"Ferrari"}'), { constructor: 'Ferrari' })
})

void test('dotted keys become nested ones, at every level', async (t) => {
  t.strictSame(shaped('{"event.dataset":"system.cpu","system.cpu":{"total.norm.pct":0.5}}'), {
    event: { dataset: 'system.cpu' },
    system: { cpu: { total: { norm: { pct: 0.5 } } } },
  })
  t.strictSame(shaped('{"system.load.1":3,"system":{"load":{"5":2}}}'), { system: { load: { 1: 3, 5: 2 } } })
  t.strictSame(shaped('{"a":[{"b.c":1}]}'), { a: [{ b: { c: 1 } }] })
})

void test('where both forms exist the nested one wins, in either order, and the dotted one fills gaps', async (t) => {
  t.strictSame(shaped('{"host":{"name":"nested"},"host.name":"dotted"}'), { host: { name: 'nested' } })
  t.strictSame(shaped('{"host.name":"dotted","host":{"name":"nested"}}'), { host: { name: 'nested' } })
  t.strictSame(shaped('{"a.b":{"c":1,"d":2},"a":{"b":{"c":3}}}'), { a: { b: { c: 3, d: 2 } } })
})

void test('a dotted key stays as it is where its path is blocked or no path at all', async (t) => {
  t.strictSame(shaped('{"host":"x","host.name":"y"}'), { host: 'x', 'host.name': 'y' })
  t.strictSame(shaped('{"a":[1],"a.b":2}'), { a: [1], 'a.b': 2 })
  t.strictSame(shaped('{"...":1,".a":2,"b.":3}'), { '...': 1, '.a': 2, 'b.': 3 })
})

void test('flattening an event and shaping it gives the event back', async () => {
  const key = fc.stringMatching(/^[a-z_@]{1,6}$/).filter((name) => name !== '__proto__')
  const { tree } = fc.letrec((tie) => ({
    leaf: fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.constant([1, 'x'])),
    tree: fc.dictionary(key, fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('tree')), {
      minKeys: 1,
      maxKeys: 4,
      noNullPrototype: true,
    }),
  }))
  const flatten = (node: object, prefix = ''): [string, unknown][] =>
    Object.entries(node).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
        ? flatten(value, `${prefix}${name}.`)
        : [[`${prefix}${name}`, value]],
    )
  fc.assert(
    fc.property(tree, (event) => {
      deepStrictEqual(shapeEvent(Object.fromEntries(flatten(event as object))), { event })
    }),
    { numRuns: 200 },
  )
})
