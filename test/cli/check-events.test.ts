import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { test } from 'tap'
import { createSplitter } from '../../src/cli/check/events-file.ts'
import { type Outcome, ROOT, runCli } from '../helpers/service.ts'

const run = (args: { config?: string; events?: string }, cwd: string): Promise<Outcome> =>
  runCli(['check', ...Object.entries(args).flatMap(([name, value]) => [`--${name}`, value])], cwd)

const CONFIG = `
metrics:
  cpu: { field: system.cpu.total.norm.pct, unit: ratio }
  load: { field: system.load.1m }
  disk: { field: system.filesystem.used.pct, unit: ratio, by: [system.filesystem.mount_point] }
  temperature: { field: room.celsius }
  device: { field: system.filesystem.device_name }
rules:
  - { name: cpu-high, when: { metric: cpu, over: 1m, threshold: { of: mean, above: 0.9 } } }
  - { name: errors, when: { count: { where: { http.response.status_code: { above: 499 } } }, over: 1m, threshold: { above: 1 } } }
  - { name: refused, when: { count: { where: { http.response.status_code: 403 } }, over: 1m, threshold: { above: 1 } } }
  - { name: typo, when: { count: { where: { event.datset: system.cpu } }, over: 1m, threshold: { above: 1 } } }
`
const cpu = (host: string, pct: unknown): object => ({
  '@timestamp': '2026-11-22T12:00:00Z',
  host: { name: host },
  event: { dataset: 'system.cpu' },
  system: { cpu: { total: { norm: { pct } } } },
})
const EVENTS: readonly unknown[] = [
  ...[1, 2, 3, 4, 5, 6].map((n) => cpu(`web-${n}`, n / 7)),
  cpu('web-1', '0.01'),
  cpu('web-1', '%{pct}'),
  cpu('web-2', 'NaN'),
  { host: 'web-1', event: { dataset: 'system.load' }, system: { load: { 1: 2.5 } } },
  {
    host: 'web-1',
    event: { dataset: 'system.filesystem' },
    system: { filesystem: { mount_point: '/', device_name: '/dev/sda', used: { pct: 0.5 } } },
  },
  {
    host: 'web-1',
    event: { dataset: 'system.filesystem' },
    system: { filesystem: { mount_point: '/var', device_name: '/dev/sda', used: { pct: 0.7 } } },
  },
  { host: 'proxy', event: { dataset: 'nginx.access' }, http: { response: { status_code: 502 } } },
  { host: 'proxy\u001b[31m', event: { dataset: 'nginx.access' }, http: { response: { status_code: '200' } } },
  { event: { dataset: 'kubernetes.pod' }, kubernetes: { pod: 'x' } },
  { event: { dataset: 'stashwatch.heartbeat' }, host: 'logstash-a' },
  { '@timestamp': 'yesterday', host: 'x' },
  7,
]
const KNOWN = `
: 19 events, 14 accepted, 5 rejected

kind               accepted  rejected  unused  hosts
(none)                    0         2       0
base                      1         1       1  no host
heartbeat                 1         0       1
system.cpu                7         2       0  web-1, web-2, web-3, web-4, web-5, ... (6)
system.filesystem         2         0       0  web-1
system.load               1         0       1  web-1
web.access                2         0       1  proxy, proxy [31m

without a schema of their own: kubernetes.pod (1)

warning: 7 events of 14 without a readable time: the arrival time counts

metric         kind               values  smallest   largest  unit
cpu            system.cpu              7      0.01  0.857143  ratio
disk           system.filesystem       2       0.5       0.7  ratio
count(errors)  web.access              1         1         1  events

rejected  first line  path                       reason
       2           8  /system/cpu/total/norm/pct  expected a number, found "%{pct}"
       1          17  /@timestamp                expected an ISO 8601 time with a zone, such as "2026-11-22T12:00:00.000Z", found "yesterday"
       1          18  -                          expected an object, found a number
       1          19  -                          expected JSON, found "{\\"cut\\":"

found nothing
  metric load: no event has system.load.1m: did you mean system.load.1?
  metric device: system.filesystem.device_name is in 2 events, never as a number: found "/dev/sda"
  rule refused: no event matches
  rule typo: no event has event.datset: did you mean event.dataset?
  no event has the fields of: temperature
`
const squeeze = (text: string): string => text.trim().replaceAll(/ {2,}/g, '  ')

test('check --events says what became of every event, and what found nothing', async (t) => {
  const lines = `${EVENTS.map((event) => JSON.stringify(event)).join('\n')}\n{"cut":`
  const cwd = t.testdir({ 'c.yaml': CONFIG, 'e.ndjson': lines })
  writeFileSync(join(cwd, 'e.ndjson.gz'), gzipSync(lines))
  const { code, out, err } = await run({ config: 'c.yaml', events: 'e.ndjson' }, cwd)
  t.equal(code, 1)
  t.strictSame(err, [])
  t.equal(squeeze(out.join('\n')), squeeze(`e.ndjson${KNOWN.trim()}`))
  const packed = await run({ config: 'c.yaml', events: 'e.ndjson.gz' }, cwd)
  t.strictSame(packed.out.slice(1), out.slice(1), 'gzip makes no difference')
  const ends = out.slice(2, 10).map((line) => line.slice(0, 'kind               accepted'.length))
  t.ok(
    ends.every((line) => /(?:\d|accepted)$/.test(line)),
    'the columns are straight',
  )
})

test('an array, a body a line, a bulk request and an event spread over lines are read as well', async (t) => {
  const good = EVENTS.slice(0, 6)
  const cwd = t.testdir({
    'array.json': JSON.stringify(good, null, 2),
    'bodies.ndjson': `${JSON.stringify(good.slice(0, 3))}\r\n\r\n${JSON.stringify(good.slice(3))}\n`,
    'bulk.ndjson': good.map((event) => `{"index":{"_index":"a"}}\n${JSON.stringify(event)}\n`).join(''),
    'spread.json': good.map((event) => JSON.stringify(event, null, 4)).join('\n'),
    'mark.ndjson': `\ufeff${good.map((event) => JSON.stringify(event)).join('\n')}`,
  })
  for (const events of ['array.json', 'bodies.ndjson', 'bulk.ndjson', 'spread.json', 'mark.ndjson']) {
    const { code, out } = await run({ events }, cwd)
    t.match([code, out[0]], [0, `${events}: 6 events, 6 accepted, 0 rejected`])
  }
})

test('an invalid event of an array is reported alone, with its line', async (t) => {
  const cwd = t.testdir({ 'a.json': '[\n{"a":1},\n{"a":"],{"},\n{"b":,},\n\n7,\n{"c":\n2}\n]\n' })
  const { code, out } = await run({ events: 'a.json' }, cwd)
  t.equal(code, 1)
  t.match(out[0], '5 events, 3 accepted, 2 rejected')
  t.match(out.join('\n'), /1 +4 +- +expected JSON, found "\{\\"b\\":,\}"/)
  t.match(out.join('\n'), /1 +6 +- +expected an object, found a number/)
})

test('an empty, a missing and a truncated file are reported as such', async (t) => {
  const cwd = t.testdir({ empty: ' \n\n', dir: {}, 'c.yaml': 'lisen: 1' })
  writeFileSync(join(cwd, 'cut.gz'), gzipSync(JSON.stringify(EVENTS).repeat(20)).subarray(0, 200))
  t.match(await run({ events: 'empty' }, cwd), {
    code: 1,
    out: [],
    err: [/^empty: found no events; expected JSON objects/],
  })
  t.match(await run({ events: 'gone' }, cwd), {
    code: 1,
    err: ['gone: does not exist: check the path after --events'],
  })
  t.match(await run({ events: 'dir' }, cwd), { code: 1, err: [/^dir: is a folder/] })
  t.match(await run({ events: 'cut.gz' }, cwd), { code: 1, err: [/^cut\.gz: is truncated or not valid gzip/] })
  t.match(await run({ events: 'empty', config: 'c.yaml' }, cwd), {
    code: 1,
    err: [/^c\.yaml:1:1: unknown key/, /1 error/],
  })
})

test('the memory that a large file takes is bounded', async (t) => {
  const cwd = t.testdir({})
  const events = Array.from({ length: 12_000 }, (_, i) =>
    JSON.stringify({ host: `h${i}`, [`field${i}`]: 1, event: { dataset: `d${i}` } }),
  )
  writeFileSync(join(cwd, 'many'), `${events.join('\n')}\n{"long":"${'x'.repeat(1_100_000)}"}\n{"@timestamp":5}\n`)
  const { out } = await run({ events: 'many' }, cwd)
  t.match(out[0], 'many: 12002 events, 12000 accepted, 2 rejected')
  t.match(out.join('\n'), /h0, h1, h2, h3, h4, \.\.\. \(more than 10000\)/)
  t.match(out.join('\n'), /1 +12001 +- +the event is larger than 1 MiB/)
})

test('however a file is cut into chunks, the same pieces come out', async (t) => {
  const values = fc.array(fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue())), {
    minLength: 1,
    maxLength: 8,
  })
  const spaces = fc.constantFrom(undefined, 2)
  const holds = (): void =>
    fc.assert(
      fc.property(values, spaces, fc.boolean(), fc.integer({ min: 1, max: 9 }), (list, space, inArray, size) => {
        const events = list.map((value) => ({ value }))
        const text = inArray
          ? JSON.stringify(events, null, space)
          : events.map((event) => JSON.stringify(event, null, space)).join('\n')
        const bytes = Buffer.from(text)
        const found: unknown[] = []
        const lines: number[] = []
        const splitter = createSplitter((piece) => {
          found.push(JSON.parse(piece.text ?? 'null'))
          lines.push(piece.line)
        })
        for (let from = 0; from < bytes.length; from += size) splitter.push(bytes.subarray(from, from + size))
        splitter.end()
        const whole: number[] = []
        const once = createSplitter((piece) => void whole.push(piece.line))
        once.push(bytes)
        once.end()
        if (JSON.stringify(found) !== JSON.stringify(events)) throw new Error(`${text}: ${JSON.stringify(found)}`)
        if (JSON.stringify(lines) !== JSON.stringify(whole))
          throw new Error(`${text}: lines ${String(lines)} and ${String(whole)}`)
      }),
      { numRuns: 200 },
    )
  t.doesNotThrow(holds, '200 files')
})

test('the command line reads standard input', async (t) => {
  const line = JSON.stringify(EVENTS[0])
  const main = join(ROOT, 'src/main.ts')
  const { status, stdout } = spawnSync(process.execPath, [main, 'check', '--events', '-'], {
    input: gzipSync(line),
    encoding: 'utf8',
  })
  t.match([status, stdout], [0, /^standard input: 1 event, 1 accepted, 0 rejected\n/])
})

test('check warns of a remote kind that no schema has', async (t) => {
  const cwd = t.testdir({ 'c.yaml': 'ingest: { remote_kinds: [slurm.nod, slurm.node] }' })
  const { code, out } = await run({ config: 'c.yaml' }, cwd)
  t.strictSame(
    [code, out.filter((line) => line.includes('remote_kinds'))],
    [0, ["warning: no schema has the kind 'slurm.nod' of ingest.remote_kinds: did you mean 'slurm.node'?"]],
  )
})

const RACK = {
  'x-stashwatch-match': [{ 'event.dataset': 'rack' }],
  properties: { watts: { $ref: 'base.schema.json#/definitions/numeric' } },
}

test('custom schemas are used and named by check, and an invalid one is an error', async (t) => {
  const cwd = t.testdir({
    'c.yaml':
      'schemas: ./s\nmetrics: { power: { field: watts } }\nrules: [{ name: silent, when: { absence: { after: 3m } } }]\n',
    'e.ndjson':
      '{"event":{"dataset":"rack"},"host":"r1","watts":"7000"}\n{"event":{"dataset":"rack"},"watts":"many"}\n',
    s: { 'rack.schema.json': JSON.stringify(RACK) },
  })
  t.ok((await run({ config: 'c.yaml' }, cwd)).out.includes(`  custom schemas in ${join(cwd, 's')}: rack`))
  const { out } = await run({ config: 'c.yaml', events: 'e.ndjson' }, cwd)
  t.match(out.join('\n'), /^rack +1 +1 +0 +r1$/m)
  t.match(out.join('\n'), /^power +rack +1 +7000 +7000 +none$/m)
  writeFileSync(join(cwd, 's/rack.schema.json'), '{ "type": "objekt" }')
  for (const args of [{ config: 'c.yaml' }, { config: 'c.yaml', events: 'e.ndjson' }]) {
    const { code, out, err } = await run(args, cwd)
    t.strictSame([code, out], [1, []])
    t.match(err, [
      /s\/rack\.schema\.json: schema is invalid: data\/type/,
      '1 error in the schemas: the service would not start',
    ])
  }
})

test('start refuses a broken schema before anything exists', async (t) => {
  const cwd = t.testdir({ 'c.yaml': 'listen: 127.0.0.1:0\nschemas: ./s\n', s: { 'rack.schema.json': '{' } })
  const main = join(ROOT, 'src/main.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'start', '--config', 'c.yaml'], {
    cwd,
    encoding: 'utf8',
    timeout: 20_000,
  })
  t.strictSame([status, stdout], [1, ''])
  t.match(
    stderr,
    /rack\.schema\.json: Expected property name.*\n1 error in the schemas: the service would not start\n$/,
  )
  t.notOk(existsSync(join(cwd, 'data')))
})

test('the example in docs/events.md is a schema that works', async (t) => {
  const docs = readFileSync(join(ROOT, 'docs/events.md'), 'utf8')
  const schema = /```json\n([^]*?)```/.exec(docs)?.[1] ?? ''
  const cwd = t.testdir({
    'c.yaml': 'schemas: s\ningest: { host: { rack.power: rack.id } }\n',
    s: { 'rack.power.schema.json': schema },
    e: '{"rack":{"id":"r1","watts":"7000"}}\n{"event":{"dataset":"rack.power"},"rack":{"id":"r2","watts":"?"}}',
  })
  const { out } = await run({ config: 'c.yaml', events: 'e' }, cwd)
  t.match(out.join('\n'), /^rack\.power +1 +1 +1 +r1$/m)
})

test('check --events asks whether percent is meant where a ratio is more than a whole', async (t) => {
  const events = (...values: readonly number[]): string =>
    values.map((pct) => JSON.stringify(cpu('web-1', pct))).join('\n')
  const cwd = t.testdir({
    'c.yaml': CONFIG,
    'percent.ndjson': events(12, 97, 55.5),
    'mixed.ndjson': events(0.2, 0.7, 97),
    'ratio.ndjson': events(0, 0.7, 1.0003),
  })
  const warned = async (file: string): Promise<readonly string[]> =>
    (await run({ config: 'c.yaml', events: file }, cwd)).out.filter((line) => line.startsWith('warning'))
  const ends = 'a ratio is 0 to 1: is unit: percent meant?'
  t.strictSame(await warned('percent.ndjson'), [
    `warning: cpu: 3 of 3 values of system.cpu lie between 12 and 97; ${ends}`,
  ])
  t.strictSame(await warned('mixed.ndjson'), [`warning: cpu: 1 of 3 values of system.cpu is 97; ${ends}`])
  t.strictSame(await warned('ratio.ndjson'), [], 'rounding is no percent')
})

test('a metric with numbers only in rejected events is printed without "undefined"', async (t) => {
  const folder = t.testdir({
    'c.yaml': 'metrics: { room: { field: room.celsius } }\nrules: []\n',
    'e.json': JSON.stringify([{ '@timestamp': 'yesterday', host: 'a', room: { celsius: 21 } }]),
  })
  const { out } = await run({ config: 'c.yaml', events: 'e.json' }, folder)
  t.ok(out.includes('  metric room: room.celsius is in 1 event, which are rejected or heartbeats'), out.join('\n'))
  t.notMatch(out.join('\n'), /undefined|NaN/)
})

test('events that an expression cannot be matched with are reported', async (t) => {
  const dear = `denied ${Array.from({ length: 2000 }, (_, i) => `user${' '.repeat((i * 7919) % 5)}`).join('')}`
  const rule = (i: number) =>
    `  - { name: r${i}, when: { count: { where: { message: { matches: "user.{0,200}denied" } } }, over: 1m, threshold: { above: 1 } } }`
  const folder = t.testdir({
    'c.yaml': `rules:\n${Array.from({ length: 15 }, (_, i) => rule(i)).join('\n')}\n`,
    'e.json': JSON.stringify([{ host: 'a', message: dear }]),
  })
  const { out } = await run({ config: 'c.yaml', events: 'e.json' }, folder)
  t.match(out.join('\n'), /warning: r14: 1 event could not be matched: the expression takes too many steps on the text/)
  t.notMatch(out.join('\n'), /undefined|NaN/)
})

test('check --strict does not accept warnings, and checks configuration and events in one run', async (t) => {
  const folder = t.testdir({
    'good.yaml': 'smtp: { host: mail.example.org, from: a@example.org }\n',
    'warned.yaml': 'rules: []\n',
    'good.json': '{"host":"a"}',
    'bad.json': '7',
  })
  const strict = (config: string, ...more: string[]) =>
    runCli(['check', '--strict', '--config', config, ...more], folder)
  t.match(await runCli(['check', '--config', 'warned.yaml'], folder), { code: 0 })
  const warned = await strict('warned.yaml')
  t.match(warned, { code: 1, err: [/^\d warnings?, which --strict does not accept$/] })
  t.match(await strict('good.yaml'), { code: 0, err: [] })
  const both = await strict('warned.yaml', '--events', 'good.json')
  t.equal(both.code, 1)
  t.match(both.out.join('\n'), /^warned\.yaml is valid[^]*\nwarning: [^]*\ngood\.json: 1 event, 1 accepted/)
  t.match(await strict('good.yaml', '--events', 'good.json'), { code: 0 })
  t.match(await strict('good.yaml', '--events', 'bad.json'), { code: 1 })
})

test('check --events counts events without a readable time, and asks for IDs that are nowhere', async (t) => {
  const cwd = t.testdir({
    'c.yaml': `${CONFIG}ingest: { event_id_field: event.id }\n`,
    e: [cpu('web-1', 0.5), { host: 'a', date: 'Sunday' }, { host: 'b', date: 1795348800 }]
      .map((one) => JSON.stringify(one))
      .join('\n'),
    ids: JSON.stringify({ ...cpu('web-1', 0.5), 'event.id': 'x' }),
  })
  const warned = async (file: string): Promise<readonly string[]> =>
    (await run({ config: 'c.yaml', events: file }, cwd)).out.filter((line) => line.startsWith('warning'))
  t.strictSame(await warned('e'), [
    'warning: 1 event of 3 without a readable time: the arrival time counts',
    'warning: ingest.event_id_field: no event has an ID in event.id',
  ])
  t.strictSame(await warned('ids'), [])
})
