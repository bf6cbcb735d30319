import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/index.ts'
import { createExtractor } from '../../src/extract/samples.ts'
import { createSchemas } from '../../src/ingest/schema/index.ts'
import { type CountRule, UNKNOWN_HOST, SEP } from '../../src/model.ts'

const SCHEMAS = new URL('../../schemas/events/', import.meta.url)
const FIXTURES = new URL('../fixtures/events/', import.meta.url)
const docs = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8')
const schemas = createSchemas(SCHEMAS)

type Node = Readonly<Record<string, unknown>>

const readJson = (name: string, folder: URL): Node => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Node
const outcome = (event: unknown, by = schemas): string => {
  const result = by.judge(event)
  return 'reason' in result ? `${result.path}: ${result.reason}` : result.kind
}

interface Section {
  readonly kind: string
  /** Lines for `metrics:`, and a YAML list for `rules:`. */
  readonly metrics: readonly string[]
  readonly rules: string
  readonly fields: readonly string[]
}

const sections: readonly Section[] = docs
  .split(/^## /m)
  .slice(1)
  .flatMap((text) => {
    const kind = /^.*: `([\w.]+)`\n/.exec(text)?.[1]
    if (kind === undefined) return []
    const rows = [...text.matchAll(/^\| `([^`]+)` \|.*\|$/gm)]
    const metrics = rows.flatMap(([row]) =>
      [...row.matchAll(/ `([\w.]+: \{ .* \})` \|$/g)].map(([, line = '']) => line),
    )
    const rules = [...text.matchAll(/```yaml\n([^]*?)```/g)].map(([, yaml]) => yaml).join('')
    return [{ kind, metrics, rules, fields: rows.map(([, field = '']) => field) }]
  })

const configOf = ({ metrics, rules }: Section) => {
  const lines = metrics.map((line) => `  ${line}\n`).join('')
  const yaml = rules.replaceAll(/^/gm, '  ').trimEnd()
  const text = `${lines === '' ? '' : `metrics:\n${lines}`}rules:${yaml === '' ? ' []' : `\n${yaml}`}\n`
  return loadConfig({ text, env: {}, cwd: '/' }).config
}

/** The schema of a field, with what it takes from a definition. */
function described(kind: string, path: string): Node | undefined {
  let node: Node | undefined = readJson(`${kind}.schema.json`, SCHEMAS)
  for (const key of path.split('.')) node = (node?.['properties'] as Record<string, Node> | undefined)?.[key]
  return node
}

void test('docs/events.md has a section for every kind, and no other', async (t) => {
  t.strictSame(sections.map(({ kind }) => kind).sort(), [...schemas.kinds].sort())
  for (const { kind, metrics, rules, fields } of sections) {
    t.ok(fields.length > 0, `${kind} has fields`)
    t.ok(kind === 'heartbeat' || rules !== '', `${kind} has a rule`)
    t.equal(new Set(metrics).size, metrics.length)
  }
  t.ok(sections.flatMap(({ metrics }) => metrics).length > 70)
})

void test('every field of docs/events.md is in the schema of its kind, or in its fixture', async (t) => {
  for (const { kind, fields } of sections) {
    const fixture = readJson(`${kind}.json`, FIXTURES)
    const inFixture = (path: string): unknown =>
      path.split('.').reduce<unknown>((node, key) => (node as Node | undefined)?.[key], fixture)
    for (const field of fields) {
      t.ok(
        described(kind, field) ?? described('base', field) ?? inFixture(field) ?? fixture[field],
        `${kind}: ${field}`,
      )
    }
  }
})

void test('every metric of docs/events.md finds its number in the fixture of its kind', async (t) => {
  for (const section of sections) {
    const { engine, ingest } = configOf(section)
    const { metrics } = engine
    if (section.metrics.length === 0) continue
    t.equal(metrics.length, section.metrics.length)
    const judged = schemas.judge(readJson(`${section.kind}.json`, FIXTURES))
    if ('reason' in judged) throw new Error(`${section.kind}: ${judged.reason}`)
    const samples = createExtractor({ metrics, rules: [], host: ingest.host })(judged.event, judged.kind)
    if ('reason' in samples) throw new Error(`${section.kind}: ${samples.reason}`)
    t.not(samples.host, UNKNOWN_HOST)
    t.strictSame(
      samples.series.map((key) => key.split(SEP)[0]),
      metrics.map(({ name }) => name),
      section.kind,
    )
    for (const [i, { name, by, fields }] of metrics.entries()) {
      t.equal(samples.series[i]?.split(SEP).filter((part) => part !== '').length, by.length + 1, `${name} has its by`)
      t.ok(
        fields.some((field) => section.fields.includes(field)),
        `${name} is of its own table`,
      )
    }
  }
})

void test('every rule of docs/events.md is in order, and what it counts is in the fixture of its kind', async (t) => {
  const names = new Set<string>()
  for (const section of sections) {
    const config = configOf(section)
    const written = (parse(section.rules) ?? []) as readonly { readonly name: string }[]
    t.strictSame(
      config.engine.rules.map(({ name }) => name),
      written.map(({ name }) => name),
    )
    for (const { name } of written) {
      t.notOk(names.has(name), `${name} is no other rule's name`)
      names.add(name)
    }
    const counts = config.engine.rules.filter((rule): rule is CountRule => rule.kind === 'count')
    if (counts.length === 0) continue
    const judged = schemas.judge(readJson(`${section.kind}.json`, FIXTURES))
    if ('reason' in judged) throw new Error(judged.reason)
    const samples = createExtractor({
      metrics: [],
      rules: counts.map((rule) => ({ ...rule, zeroes: false, placeholders: [] })),
      host: {},
    })(judged.event, judged.kind)
    t.ok('values' in samples && samples.values.includes(1), `${section.kind}: some rule counts the fixture`)
  }
})

void test('events of the old Beats are judged by the same schemas, and their host is found', async (t) => {
  const { ingest } = loadConfig({ env: {}, cwd: '/' }).config
  const extract = createExtractor({ metrics: [], rules: [], host: ingest.host })
  const old: readonly [string, string, string][] = [
    ['system', 'load', 'system.load'],
    ['system', 'diskio', 'system.diskio'],
    ['system', 'process', 'system.process'],
    ['system', 'process_summary', 'system.process.summary'],
    ['system', 'service', 'system.service'],
    ['system', 'socket', 'system.socket'],
    ['system', 'socket_summary', 'system.socket.summary'],
    ['system', 'core', 'system.core'],
    ['system', 'uptime', 'system.uptime'],
    ['system', 'fsstat', 'system.fsstat'],
    ['linux', 'iostat', 'linux.iostat'],
    ['docker', 'memory', 'base'],
  ]
  for (const [module, name, kind] of old) {
    const event = {
      '@timestamp': '2018-10-12T08:05:34.853Z',
      beat: { hostname: 'web-1' },
      metricset: { module, name, rtt: 115 },
    }
    const judged = schemas.judge(event)
    t.equal(judged.kind, kind)
    t.match('event' in judged && extract(judged.event, judged.kind), { host: 'web-1' })
  }
  t.equal(
    outcome({ fileset: { module: 'nginx', name: 'access' }, nginx: { access: { response_code: '404' } } }),
    'web.access',
  )
  t.equal(
    outcome({ fileset: { module: 'haproxy', name: 'log' }, haproxy: { http: { response: { status_code: -1 } } } }),
    'web.access',
  )
  t.equal(outcome({ fileset: { module: 'nginx', name: 'error' } }), 'base')
})

void test('what is no number in a reading costs that value only; a broken number refuses the event', async (t) => {
  const { metrics, rules } = configOf({
    ...(sections.find(({ kind }) => kind === 'gpu') as Section),
    rules:
      '- name: xid\n  when: { count: { where: { gpu.xid: { above: 0 } } }, over: 5m, threshold: { at_least: 1 } }\n',
  }).engine
  const counted = rules
    .filter((rule) => rule.kind === 'count')
    .map((rule) => ({ ...rule, zeroes: false, placeholders: [] }))
  const extract = createExtractor({ metrics, rules: counted, host: {} })
  const samples = (power: unknown): unknown => {
    const judged = schemas.judge({ host: 'g', gpu: { index: 0, temperature: { celsius: 68 }, power, xid: 79 } })
    const taken = 'event' in judged ? extract(judged.event, judged.kind) : judged
    return 'series' in taken ? taken.series.map((name, i) => `${name.split(SEP)[0]} ${taken.values[i]}`) : taken
  }
  const rest = ['gpu_temperature 68', 'count(xid) 1']
  t.strictSame(samples({ watts: '251.40' }), ['gpu_temperature 68', 'gpu_power 251.4', 'count(xid) 1'])
  for (const text of ['', '-', 'N/A', ' [Not Supported] ', 'ERR!', '[GPU requires reset]', '[Unknown Error]', '251 W'])
    t.strictSame(samples({ watts: text }), rest, text)
  for (const value of ['%{power}', 'NaN', null, true, [1], { set: true, number: 3 }])
    t.strictSame(samples({ watts: value }), rest, JSON.stringify(value))
  t.equal(
    outcome({ event: { dataset: 'system.load' }, system: { load: { 1: null } } }),
    '/system/load/1: expected a number, found null',
  )
  t.equal(
    outcome({ slurm: { node: { state: 'idle' } }, event: { dataset: 'slurm.node' } }),
    '/slurm/node/name: expected the field "name", found none',
  )
  t.equal(outcome({ slurm: { node: { name: 'n1', state: ['IDLE', 'DRAIN'] } } }), 'slurm.node')
  const huge = { resources: { memory: { usage: { bytes: 18_446_744_073_709_552_000 } } } }
  t.equal(outcome({ event: { dataset: 'system.service' }, system: { service: huge } }), 'system.service')
})

void test('the Slurm rule of the docs fires for nodes that do not respond, and not for power saving', async (t) => {
  const section = sections.find(({ kind }) => kind === 'slurm.node') as Section
  const example = readFileSync(new URL('../../examples/cluster.yaml', import.meta.url), 'utf8')
  const rules = [configOf(section), loadConfig({ text: example, env: {}, cwd: '/' }).config].map(
    ({ engine }) => engine.rules.find(({ name }) => name === 'slurm-node-lost') as CountRule,
  )
  const fires = (state: unknown): boolean => {
    const event = { event: { dataset: 'slurm.node' }, slurm: { node: { name: 'n1', state } } }
    const judged = schemas.judge(event) as { event: object; kind: string }
    const [documented, shipped] = rules.map((rule) => {
      const taken = createExtractor({ metrics: [], rules: [{ ...rule, zeroes: false, placeholders: [] }], host: {} })(
        judged.event,
        'slurm.node',
      )
      return 'series' in taken && taken.series.length === 1
    })
    t.equal(documented, shipped)
    return shipped === true
  }
  for (const lost of [
    'idle*',
    'mixed*',
    ['IDLE', 'NOT_RESPONDING'],
    'IDLE+NOT_RESPONDING',
    'down*',
    ['DOWN'],
    'unknown*',
  ])
    t.ok(fires(lost), JSON.stringify(lost))
  for (const lost of ['DOWN*+CLOUD', 'IDLE+DRAIN', 'drained', 'draining@', 'fail', 'ALLOCATED+FAILING'])
    t.ok(fires(lost), lost)
  for (const well of [
    'IDLE+CLOUD+POWERED_DOWN',
    'IDLE+CLOUD+POWERING_DOWN',
    'idle~',
    ['IDLE', 'CLOUD', 'POWERED_DOWN'],
  ])
    t.notOk(fires(well), JSON.stringify(well))
  for (const well of ['planned', 'idle', 'MIXED+PLANNED', 'allocated#', 'IDLE+POWER_DOWN', 'idle%', 'reboot@'])
    t.notOk(fires(well), well)
})

const rack = { 'x-stashwatch-match': [{ 'event.dataset': 'rack' }, { 'rack.id': true }], type: 'object' }
const folderOf = (root: string, files: Readonly<Record<string, unknown>>): string => {
  mkdirSync(root)
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(`${root}/${name}`, typeof content === 'string' ? content : JSON.stringify(content))
  }
  return root
}

void test('own schemas judge events that no other is for, and may take the place of a built-in one', async (t) => {
  const root = t.testdir({})
  const own = folderOf(`${root}/own`, {
    'rack.schema.json': {
      ...rack,
      $id: 'https://example.org/whatever.json',
      properties: {
        rack: { type: 'object', properties: { watts: { $ref: 'base.schema.json#/definitions/numeric' } } },
      },
    },
    'system.load.schema.json': {
      'x-stashwatch-match': [{ 'event.dataset': 'system.load' }],
      required: ['site'],
      properties: { site: {} },
    },
    'zone.schema.json': {
      'x-stashwatch-match': [{ 'event.dataset': 'system.cpu', 'labels.zone': 'b' }],
      $ref: 'rack.schema.json',
    },
    'base.schema.json': { type: 'object', required: ['host'], properties: { host: {} } },
    'notes.json': 'not a schema',
  })
  const mine = createSchemas(SCHEMAS, own)
  t.strictSame(mine.customKinds, ['base', 'rack', 'system.load', 'zone'])
  t.equal(outcome({ rack: { id: 'r1', watts: '7000' } }, mine), 'rack')
  t.equal(outcome({ rack: { id: 'r1', watts: 'many' } }, mine), '/rack/watts: expected a number, found "many"')
  t.equal(outcome({ event: { dataset: 'system.load' } }, mine), '/site: expected the field "site", found none')
  t.equal(
    outcome({ event: { dataset: 'system.cpu' }, labels: { zone: 'b' } }, mine),
    'zone',
    'one of two for a dataset is the own one',
  )
  t.equal(outcome({ event: { dataset: 'system.cpu' }, labels: { zone: 'a' }, host: 'x' }, mine), 'system.cpu')
  t.equal(outcome({ a: 1 }, mine), '/host: expected the field "host", found none', 'the base is the own one too')
  t.equal(
    outcome({ event: { dataset: 'system.memory' }, rack: { id: 1 }, host: 'x' }, mine),
    'system.memory',
    'a dataset goes before what is there',
  )
})

void test('the first own schema in the order of names judges, whether by a value or by presence', async (t) => {
  const rule = (...alternatives: object[]): object => ({ 'x-stashwatch-match': alternatives, type: 'object' })
  const own = folderOf(`${t.testdir({})}/own`, {
    'a.schema.json': rule({ 'x.y': true }),
    'b.schema.json': rule({ kind: ['k', 7] }),
    'c.schema.json': rule({ 'x.z': true, kind: 'k' }, { kind: 'c' }),
    'd.schema.json': rule({ tags: 'd' }, { 'x.z': true }),
  })
  const mine = createSchemas(SCHEMAS, own)
  t.equal(outcome({ x: { y: 0 }, kind: 'k' }, mine), 'a')
  t.equal(outcome({ x: { z: 0 }, kind: 'k' }, mine), 'b')
  t.equal(outcome({ kind: ['c', 7] }, mine), 'b')
  t.equal(outcome({ kind: ['c'], tags: ['d'] }, mine), 'c')
  t.equal(outcome({ x: { z: false } }, mine), 'd')
  t.equal(outcome({ x: { y: null, z: null }, kind: '7', tags: [] }, mine), 'base')
  t.equal(outcome({ x: [{ y: 1 }], kind: { k: 1 } }, mine), 'base')
})

void test('a folder of own schemas that cannot be used is refused with the file and the reason', async (t) => {
  const root = t.testdir({})
  const cases: [string, unknown, RegExp][] = [
    [
      'a.schema.json',
      { ...rack, $ref: 'https://example.org/x.json' },
      /a\.schema\.json: \$ref: expected .*nothing is fetched from elsewhere/,
    ],
    ['a.schema.json', { ...rack, $ref: '../../etc/passwd' }, /a\.schema\.json: \$ref: expected/],
    ['a.schema.json', { ...rack, $ref: 'gone.schema.json' }, /a\.schema\.json: can't resolve reference/],
    ['a.schema.json', { ...rack, allOf: [{ $ref: '#/definitions/gone' }] }, /a\.schema\.json: can't resolve reference/],
    [
      'a.schema.json',
      { ...rack, $schema: 'https://json-schema.org/draft/2020-12/schema' },
      /\$schema: expected "http:\/\/json-schema.org\/draft-07/,
    ],
    [
      'a.schema.json',
      { ...rack, properties: { a: { type: 'string', format: 'ipv4' } } },
      /unknown format "ipv4".*numeric, percent and uuid/,
    ],
    ['a.schema.json', { ...rack, properties: { a: { type: 'string', pattern: '(' } } }, /a\.schema\.json: .*[Rr]eg/],
    [
      'a.schema.json',
      { ...rack, required: ['rak'], properties: { rack: {} } },
      /a\.schema\.json: .*required property "rak" is not defined \(/,
    ],
    ['a.schema.json', { type: 'object' }, /x-stashwatch-match: expected a list such as/],
    ['a.schema.json', { 'x-stashwatch-match': [{ '__proto__.x': true }] }, /expected a dotted path of field names/],
    [
      'a.schema.json',
      { 'x-stashwatch-match': [{ 'a..b': true }] },
      /expected a dotted path of field names, found "a\.\.b"/,
    ],
    ['a.schema.json', ' '.repeat(300_000), /expected at most 262144 bytes, found 300000/],
    ['a.schema.json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /a\.schema\.json: /],
    ['A b.schema.json', rack, /A b\.schema\.json: the file's name gives its kind: expected lower-case letters/],
    ['a.json', rack, /expected 1 to 200 files KIND\.schema\.json in this folder, found 0/],
  ]
  for (const [i, [name, content, message]] of cases.entries()) {
    const folder = folderOf(`${root}/${i}`, { [name]: content })
    t.throws(() => createSchemas(SCHEMAS, folder), { code: 'schema_invalid', message }, `${i}: ${String(message)}`)
  }
  t.throws(() => createSchemas(SCHEMAS, `${root}/gone`), { message: /gone: does not exist: check the path/ })
  t.throws(() => createSchemas(SCHEMAS, fileURLToPath(import.meta.url)), { message: /kinds\.test\.ts: is no folder/ })
  const many = folderOf(
    `${root}/many`,
    Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`k${i}.schema.json`, rack])),
  )
  t.throws(() => createSchemas(SCHEMAS, many), { message: /expected 1 to 200 files .*, found 201/ })
})
