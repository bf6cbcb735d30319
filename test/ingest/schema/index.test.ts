import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants, gunzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { test } from 'tap'
import { parseNumber } from '../../../src/extract/number.ts'
import { createSchemas } from '../../../src/ingest/schema/index.ts'

const SCHEMAS = new URL('../../../schemas/events/', import.meta.url)
const FIXTURES = new URL('../../fixtures/events/', import.meta.url)
const CORPORA = new URL('../../../../shared/corpora/', import.meta.url)
const UUID = '3f2b8a54-6c1e-4d0a-9d0e-5b7c2f9a1e44'
const schemas = createSchemas(SCHEMAS)

const outcome = (event: unknown): string => {
  const result = schemas.judge(event)
  return 'reason' in result ? `${result.code} ${result.path}: ${result.reason}` : result.kind
}
const cpu = (pct: unknown): unknown => ({
  event: { dataset: 'system.cpu' },
  host: { name: 'web-1' },
  system: { cpu: { total: { norm: { pct } } } },
})
const machine = (fields: object): unknown => ({ machine: { id: UUID, ...fields } })
const readJson = (file: URL): unknown => JSON.parse(readFileSync(file, 'utf8'))

void test('every kind has a fixture, and each fixture and example is judged by the schema of its kind', async (t) => {
  t.strictSame(
    readdirSync(FIXTURES).sort(),
    schemas.kinds.map((kind) => `${kind}.json`),
  )
  for (const kind of schemas.kinds) {
    t.equal(outcome(readJson(new URL(`${kind}.json`, FIXTURES))), kind)
    const schema = readJson(new URL(`${kind}.schema.json`, SCHEMAS)) as Record<string, unknown>
    for (const name of ['$schema', '$id', 'title', 'description']) t.type(schema[name], 'string', `${kind} ${name}`)
    for (const [i, example] of (schema.examples as unknown[]).entries()) t.equal(outcome(example), kind, `${kind} ${i}`)
  }
  t.equal(outcome({ '@timestamp': '2026-11-22T12:00:00Z', host: 'web-1' }), 'base')
})

void test('the kind is found from the event, in its new and its old forms', async (t) => {
  t.equal(outcome({ event: { dataset: 'system.memory' } }), 'system.memory')
  t.equal(outcome({ 'event.dataset': 'system.memory' }), 'system.memory')
  t.equal(outcome({ metricset: { module: 'system', name: 'memory' } }), 'system.memory')
  t.equal(outcome({ metricset: { module: 'linux', name: 'memory' } }), 'linux.memory')
  t.equal(outcome({ metricset: { module: 'windows', name: 'memory' } }), 'base')
  t.equal(outcome({ event: { dataset: ['x', 'system.auth'] } }), 'auth')
  t.equal(outcome({ fileset: { module: 'system', name: 'auth' } }), 'auth')
  t.equal(outcome({ log: { syslog: { priority: 13 } }, message: 'x' }), 'syslog')
  t.equal(outcome({ logsource: 'db-1', program: 'cron' }), 'syslog')
  t.equal(outcome({ tags: ['a', 'stashwatch_heartbeat'] }), 'heartbeat')
  t.equal(outcome({ tags: 'stashwatch_heartbeat' }), 'heartbeat')
  t.equal(outcome({ machine: 'x86_64' }), 'base')
  t.equal(outcome({ event: { dataset: 'nginx.error' } }), 'base')
  t.equal(outcome({ event: null, tags: null, metricset: [], machine: { id: null } }), 'base')
  t.equal(outcome({ event: { dataset: { toString: 1 } } }), 'base')
})

void test('a numeric string is a number where one is meant, and what only looks like one is refused', async (t) => {
  for (const good of [0.93, '0.93', '1e3', '-5', '.93', -1, 24.5, 2 ** 70]) t.equal(outcome(cpu(good)), 'system.cpu')
  const path = '/system/cpu/total/norm/pct'
  const bad: [unknown, string][] = [
    [null, 'null'],
    [true, 'true'],
    [[], 'an array'],
    [[0.5], 'an array'],
    [{}, 'an object'],
    ['', '""'],
    [' ', '" "'],
    ['NaN', '"NaN"'],
    ['0x10', '"0x10"'],
    ['1e999', '"1e999"'],
    ['%{x}', '"%{x}"'],
    ['x'.repeat(50), `"${'x'.repeat(40)}"...`],
    [Infinity, 'a number beyond the range of a double'],
  ]
  for (const [value, found] of bad) t.equal(outcome(cpu(value)), `schema ${path}: expected a number, found ${found}`)
})

void test('the border and extraction agree on what numeric text is', async (t) => {
  const texts = fc.oneof(
    fc.string(),
    fc.double().map(String),
    fc.stringMatching(/^[+-]?[0-9.]{0,4}([eE][+-]?[0-9]{1,3})?$/),
  )
  fc.assert(
    fc.property(texts, (value) => {
      if ((outcome(cpu(value)) === 'system.cpu') === Number.isNaN(parseNumber(value))) throw new Error(value)
    }),
    { numRuns: 1000 },
  )
  t.equal(outcome(cpu('9'.repeat(101))).startsWith('schema'), true)
  t.ok(Number.isNaN(parseNumber('9'.repeat(101))))
})

void test('machine events need a UUID and values from 0 to 100 per cent', async (t) => {
  t.equal(outcome(machine({ cpu_usage: 0, memory_usage: '100' })), 'machine')
  t.equal(outcome(machine({ id: UUID.toUpperCase() })), 'machine')
  const range = 'expected a number from 0 to 100'
  t.equal(outcome(machine({ cpu_usage: 100.5 })), `schema /machine/cpu_usage: ${range}, found 100.5`)
  t.equal(outcome(machine({ memory_usage: '-1' })), `schema /machine/memory_usage: ${range}, found "-1"`)
  t.equal(outcome(machine({ memory_usage: null })), `schema /machine/memory_usage: ${range}, found null`)
  t.equal(outcome(machine({ id: 'web-1' })), 'schema /machine/id: expected a UUID, found "web-1"')
  t.equal(outcome({ machine: { cpu_usage: 1 } }), 'schema /machine/id: expected the field "id", found none')
})

void test('a time that is no text is refused, whatever the kind', async (t) => {
  for (const [time, found] of [
    [-1, '-1'],
    [{}, 'an object'],
    [null, 'null'],
  ] as const) {
    const reason = `timestamp /@timestamp: expected a string, found ${found}`
    t.equal(outcome({ '@timestamp': time }), reason)
    t.equal(outcome({ ...(cpu(1) as object), '@timestamp': time }), reason)
  }
})

void test('whatever stands in host refuses no event', async (t) => {
  for (const host of [{}, { name: 'a' }, 'a', ['a'], null, 5, true]) t.equal(outcome({ host }), 'base')
  t.equal(outcome({ ...(cpu(1) as object), host: 36 }), 'system.cpu')
  t.equal(outcome({ ...(cpu(1) as object), host: 'web-1' }), 'system.cpu')
})

void test('one evil event costs itself and none of its 124 neighbours', async (t) => {
  const evil = [
    'null',
    '1',
    '"x"',
    '[]',
    '{}',
    `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    `{${Array.from({ length: 10_000 }, (_, i) => `"f${i}":1`).join(',')}}`,
    '{"event":{"dataset":"system.cpu"},"system":{"cpu":{"total":{"norm":{"pct":1e999}}}}}',
    '{"event":{"dataset":"system.cpu"},"system":"gone"}',
    '{"@timestamp":-1}',
    '{"@timestamp":{}}',
  ]
  const harmless = [
    '{"__proto__":{"host":1},"a":1}',
    '{"constructor":{"prototype":{"x":1}},"a":1}',
    String.raw`{"a":"\ud800"}`,
    String.raw`{"a":"\u0000"}`,
    '{"a":1,"a":2}',
    '{"hasOwnProperty":1}',
    '{"toString":null,"valueOf":{}}',
    '{"length":1,"":{"":1}}',
    `{"a":"${'x'.repeat(65_536)}"}`,
  ]
  for (const json of [...evil, ...harmless]) {
    const bodies = [...Array<string>(62).fill('{"host":"n"}'), json, ...Array<string>(62).fill('{"host":"n"}')]
    const kinds = (JSON.parse(`[${bodies.join(',')}]`) as unknown[]).map(outcome)
    t.equal(kinds.filter((kind) => kind === 'base').length, evil.includes(json) ? 124 : 125, json.slice(0, 60))
  }
})

void test('nothing that JSON can say makes the judge throw', async () => {
  const key = fc.oneof(
    fc.constantFrom(
      'event',
      'dataset',
      'host',
      'system',
      'cpu',
      'machine',
      'id',
      '@timestamp',
      'event.dataset',
      'tags',
    ),
    fc.string(),
  )
  const value = fc.jsonValue()
  const known = fc.constantFrom('system.cpu', 'system.auth', 'stashwatch.heartbeat')
  fc.assert(
    fc.property(fc.dictionary(key, fc.oneof(value, fc.dictionary(key, fc.oneof(value, known)))), (event) => {
      outcome(event)
    }),
    { numRuns: 500 },
  )
})

void test('honest events of the real world are all accepted', async (t) => {
  if (!existsSync(CORPORA)) {
    t.pass('no corpora at ../shared/corpora: NO real event was judged', { skip: true })
    return
  }
  const refused: string[] = []
  const kinds = new Map<string, number>()
  for (const name of corpusFiles()) {
    for (const line of readLines(new URL(name, CORPORA))) {
      const result = outcome(JSON.parse(line))
      kinds.set(result, (kinds.get(result) ?? 0) + 1)
      if (!schemas.kinds.includes(result)) refused.push(`${name}: ${result}`)
    }
  }
  t.strictSame(refused, [])
  t.ok((kinds.get('auth') ?? 0) > 1000, `auth: ${kinds.get('auth')}`)
  const absent = schemas.kinds.filter((kind) => !kinds.has(kind))
  t.strictSame(absent, [
    'gpu',
    'heartbeat',
    'machine',
    'slurm.node',
    'system.core',
    'system.process.summary',
    'system.socket.summary',
  ])
})

const corpusFiles = (): string[] =>
  readdirSync(CORPORA, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ndjson(?:\.gz)?$/.test(name))
    .sort()

/** All events of a file; of a long series, whose lines are alike, the first ones. */
function readLines(file: URL): string[] {
  const bytes = readFileSync(file)
  if (!file.pathname.endsWith('.gz')) return linesOf(bytes)
  const head = gunzipSync(bytes.subarray(0, 8192), { finishFlush: constants.Z_SYNC_FLUSH })
  return linesOf(head).slice(0, -1)
}

const linesOf = (text: Buffer): string[] =>
  text
    .toString()
    .split('\n')
    .filter((line) => line !== '')

void test('a new kind of event is one more file in the folder', async (t) => {
  const folder = t.testdir({
    'base.schema.json': readFileSync(new URL('base.schema.json', SCHEMAS), 'utf8'),
    'lift.schema.json': JSON.stringify({
      'x-stashwatch-match': [{ 'lift.floor': true, kind: [1, 'lift'] }],
      type: 'object',
      properties: {
        lift: { type: 'object', properties: { floor: { $ref: 'base.schema.json#/definitions/numeric' } } },
      },
    }),
    'README.md': 'not a schema',
  })
  const own = createSchemas(folder)
  t.strictSame(own.kinds, ['base', 'lift'])
  t.match(own.judge({ kind: 'lift', lift: { floor: '3' } }), { kind: 'lift' })
  t.match(own.judge({ kind: 'stairs', lift: { floor: '3' } }), { kind: 'base' })
  t.match(own.judge({ kind: 1, lift: { floor: 'third' } }), { kind: 'lift', path: '/lift/floor', code: 'schema' })
})

void test('a folder that cannot be used is refused with the file at fault and what was expected', async (t) => {
  const base = '{"type":"object"}'
  const cases: [Record<string, string>, RegExp][] = [
    [{}, /expected 1 to 200 files KIND\.schema\.json in this folder, found 0/],
    [{ 'a.schema.json': '{"x-stashwatch-match":[{"a":1}]}' }, /base\.schema\.json: expected this file/],
    [{ 'base.schema.json': '{' }, /base\.schema\.json: .*JSON/],
    [{ 'base.schema.json': '[]' }, /base\.schema\.json: expected a JSON object/],
    [{ 'base.schema.json': '{"type":"objekt"}' }, /base\.schema\.json: /],
    [
      { 'base.schema.json': base, 'a.schema.json': '{"x-stashwatch-match":[{"a":1}],"typ":1}' },
      /a\.schema\.json: .*"typ"/,
    ],
    [{ 'base.schema.json': base, 'a.schema.json': base }, /a\.schema\.json: x-stashwatch-match: expected a list/],
    [
      { 'base.schema.json': base, 'a.schema.json': '{"x-stashwatch-match":[{"a":{}}]}' },
      /a\.schema\.json: .*found \{\}/,
    ],
    [{ 'base.schema.json': base, 'a.schema.json': '{"x-stashwatch-match":{}}' }, /expected a list such as/],
    [{ 'base.schema.json': base, 'a.schema.json': '{"x-stashwatch-match":[{}]}' }, /expected a list such as/],
    [{ 'base.schema.json': base, 'a.schema.json': '{"x-stashwatch-match":[{"a":[]}]}' }, /expected a list such as/],
  ]
  const root = t.testdir({})
  for (const [i, [files, message]] of cases.entries()) {
    const folder = `${root}/${i}`
    mkdirSync(folder)
    for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text)
    t.throws(() => createSchemas(folder), { code: 'schema_invalid', message })
  }
  t.throws(() => createSchemas(`${root}/missing`), { code: 'schema_invalid', message: /missing/ })
})

void test('a pattern of a custom schema is matched in linear time and within the steps of the event', async (t) => {
  const schemaWith = (pattern: string): string => {
    const properties = { rack: { type: 'object', properties: { name: { type: 'string', pattern } } } }
    return t.testdir({
      'rack.schema.json': JSON.stringify({
        $schema: 'http://json-schema.org/draft-07/schema#',
        'x-stashwatch-match': [{ 'rack.name': true }],
        type: 'object',
        properties,
      }),
    })
  }
  const custom = createSchemas(SCHEMAS, schemaWith('^(a+)+$'))
  t.match(custom.judge({ rack: { name: 'aaa' } }), { kind: 'rack', event: {} })
  t.match(custom.judge({ rack: { name: `${'a'.repeat(5000)}b` } }), { code: 'schema', path: '/rack/name' })
  t.match(custom.judge({ rack: { name: 'a'.repeat(5000) } }, { left: 100 }), { code: 'schema', path: '/rack/name' })
  t.throws(
    () => createSchemas(SCHEMAS, schemaWith('(?=a)b')),
    /rack\.schema\.json: .*pattern: expected an RE2 regular expression, found "\(\?=a\)b"/,
  )
})
