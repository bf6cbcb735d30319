import * as fc from 'fast-check'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { createExtractor, type CountedRule, type Extract } from '../../src/extract/samples.ts'
import { createSchemas } from '../../src/ingest/schema/index.ts'
import { DEFAULT_HOST_PATHS, UNKNOWN_HOST, SEP, type FieldTest, type Metric } from '../../src/model.ts'

const FIXTURES = new URL('../fixtures/events/', import.meta.url)
const EDGE = new URL('../../../shared/wire/captures/edge/req-000.raw', import.meta.url)

const metric = (name: string, fields: readonly string[], by: readonly string[] = []): Metric => ({
  name,
  fields,
  by: by.map((path) => path.slice(path.lastIndexOf('.') + 1)),
  byFields: by,
  unit: 'none',
  kind: 'gauge',
})
const METRICS = [
  metric('cpu', ['host.cpu.usage', 'system.cpu.total.norm.pct']),
  metric('memory', ['system.memory.actual.used.pct']),
  metric('disk', ['system.filesystem.used.pct'], ['system.filesystem.mount_point', 'labels.site']),
  metric('net', ['system.network.in.bytes'], ['system.network.name']),
  metric('load', ['system.load.1']),
  metric('machine.cpu', ['machine.cpu_usage']),
]
const rule = (name: string, where: readonly FieldTest[], zeroes = false): CountedRule => ({
  name,
  where,
  byFields: [],
  zeroes,
  placeholders: [],
})

const extractor = (rules: readonly CountedRule[] = [], metrics: readonly Metric[] = METRICS): Extract =>
  createExtractor({ metrics, rules, host: DEFAULT_HOST_PATHS })
const plain = extractor()
/** The samples of an event as `series=value` texts, or the code of its rejection. */
const samplesOf = (event: object, extract = plain, kind = 'base'): string[] | string => {
  const result = extract(event, kind)
  return 'reason' in result ? result.code : result.series.map((key, i) => `${key}=${result.values[i]}`)
}
const hostOf = (event: object, kind = 'base', extract = plain): string => {
  const result = extract(event, kind)
  return 'reason' in result ? `${result.code} ${result.path}: ${result.reason}` : result.host
}
/** Whether a rule with this one test counts an event whose field `f` is the value. */
const counts = (test: Omit<FieldTest, 'field'>, f: unknown): boolean =>
  samplesOf(f === undefined ? { a: 1 } : { f }, extractor([rule('r', [{ field: 'f', ...test }])], [])).length === 1

void test('each metric gives one sample, from its first field that holds a number', async (t) => {
  t.strictSame(samplesOf({ system: { cpu: { total: { norm: { pct: 0.5 } } } } }), ['cpu=0.5'])
  t.strictSame(samplesOf({ host: { cpu: { usage: 0.7 } }, system: { cpu: { total: { norm: { pct: 0.5 } } } } }), [
    'cpu=0.7',
  ])
  t.strictSame(samplesOf({ system: { load: { 1: 2.5, 5: 1 } } }), ['load=2.5'])
  t.strictSame(samplesOf({ system: { load: [7, 8, 9] } }), [])
  t.strictSame(samplesOf({ machine: { cpu_usage: '42.5' }, system: { load: { 1: -1 } } }), [
    'load=-1',
    'machine.cpu=42.5',
  ])
  t.strictSame(samplesOf({ message: 'nothing to measure' }), [])
})

void test('what is no number is no sample, and the next field counts instead', async (t) => {
  const nothing = [null, true, false, '', ' ', 'NaN', 'Infinity', '0x10', '1e999', '%{x}', [0.5], {}, Infinity, NaN]
  for (const usage of nothing) {
    t.strictSame(samplesOf({ host: { cpu: { usage } } }), [], JSON.stringify(usage))
    t.strictSame(samplesOf({ host: { cpu: { usage } }, system: { cpu: { total: { norm: { pct: '0.5' } } } } }), [
      'cpu=0.5',
    ])
  }
  t.strictSame(samplesOf({ host: { cpu: { usage: 0 } }, system: { cpu: { total: { norm: { pct: 0.5 } } } } }), [
    'cpu=0',
  ])
})

void test('the values of by fields are part of the series, cleaned and cut', async (t) => {
  const disk = (mount_point: unknown, site?: unknown): string => {
    const samples = samplesOf({ labels: { site }, system: { filesystem: { mount_point, used: { pct: 1 } } } })
    return String(samples[0]).replace('=1', '')
  }
  t.equal(disk('/var', 'fra'), `disk${SEP}/var${SEP}fra`)
  t.equal(disk('/var'), `disk${SEP}/var${SEP}`)
  t.equal(disk(7, 8.5), `disk${SEP}7${SEP}8.5`)
  for (const odd of [null, true, ['/'], {}]) t.equal(disk(odd), `disk${SEP}${SEP}`)
  t.equal(disk(`a${SEP}b`, 'x'), `disk${SEP}ab${SEP}x`)
  t.equal(disk('x'.repeat(300)), `disk${SEP}${'x'.repeat(256)}${SEP}`)
  t.equal(disk(`${'x'.repeat(255)}😀`), `disk${SEP}${'x'.repeat(255)}\ufffd${SEP}`)
})

void test('the time is that of the event, in milliseconds with a fraction, or none', async (t) => {
  const ts = (event: object): number | string => {
    const result = plain(event, 'base')
    return 'reason' in result ? `${result.code} ${result.path}` : result.ts
  }
  t.equal(ts({ '@timestamp': '2026-11-22T12:00:00.5Z' }), Date.parse('2026-11-22T12:00:00.500Z'))
  t.ok(Number.isNaN(ts({ message: 'x' })))
  for (const bad of ['soon', '', -1, {}, null, '2026-02-30T00:00:00Z']) {
    t.equal(ts({ '@timestamp': bad }), 'timestamp /@timestamp', JSON.stringify(bad))
  }
  t.match(plain({ '@timestamp': 'soon' }, 'base'), {
    reason: 'expected an ISO 8601 time with a zone, such as "2026-11-22T12:00:00.000Z", found "soon"',
  })
})

void test('the host is the first usable of the paths that hold for the kind', async (t) => {
  const all = {
    host: { name: 'n', hostname: 'h', ip: ['192.0.2.1', '192.0.2.2'] },
    agent: { hostname: 'ah', name: 'an' },
    beat: { hostname: 'bh' },
    logsource: 'ls',
    log: { syslog: { hostname: 'sh' } },
    machine: { id: 'm' },
    hostname: 'pino',
    HOST: 'ng',
  }
  t.equal(hostOf(all), 'n')
  t.equal(hostOf(all, 'system.cpu'), 'n')
  t.equal(hostOf(all, 'machine'), 'm')
  t.equal(hostOf(all, 'syslog'), 'sh')
  t.equal(hostOf({ ...all, log: {} }, 'auth'), 'ls')
  t.equal(hostOf({ host: all.host }, 'auth'), 'h')
  t.equal(hostOf({ host: { hostname: 'h' } }), 'h')
  t.equal(hostOf({ host: 'text' }), 'text')
  t.equal(hostOf({ host: 'text' }, 'syslog'), 'text')
  t.equal(hostOf({ agent: all.agent }), 'ah')
  t.equal(hostOf({ agent: { name: 'an' }, beat: all.beat }), 'bh')
  t.equal(hostOf({ agent: { name: 'an' } }), 'an')
  t.equal(hostOf({ logsource: 'ls', hostname: 'pino' }), 'ls')
  t.equal(hostOf({ host: { ip: all.host.ip } }), '192.0.2.1')
  t.equal(hostOf({ hostname: 'pino', HOST: 'ng' }), 'pino')
  t.equal(hostOf({ HOST: 'ng' }), 'ng')
  t.equal(hostOf({ message: 'x' }), UNKNOWN_HOST)
  t.equal(hostOf({ host: { name: 'n' } }, 'machine'), UNKNOWN_HOST)
})

void test('what cannot be a host name falls to the next path', async (t) => {
  for (const name of ['', '  ', '-', ' - ', '%{[host][name]}', 'a-%{x}', null, 5, {}, [], [''], ['%{x}'], ['-']]) {
    t.equal(hostOf({ host: { name, hostname: 'h' } }), 'h', JSON.stringify(name))
  }
  t.equal(hostOf({ host: { hostname: ['shipper', 'line', ''] } }), 'line')
  t.equal(hostOf({ host: { ip: ['', '192.0.2.1', '192.0.2.2'] } }), '192.0.2.1')
  t.equal(hostOf({ host: 'x', 'host.name': 'y' }), 'y')
  t.equal(hostOf({ host: { name: `a\ud800b${SEP}c` } }), 'a\ufffdbc')
})

void test('a string of digits is a name, a number is none, and blanks around a name are no part of it', async (t) => {
  t.equal(hostOf({ host: '36' }), '36')
  t.equal(hostOf({ host: 36, agent: { name: 'app-1' } }), 'app-1')
  t.equal(hostOf({ host: 36 }), UNKNOWN_HOST)
  for (const name of ['node-a\n', ' node-a', 'node-a\r\n', '\tnode-a ']) t.equal(hostOf({ host: { name } }), 'node-a')
})

void test('where an agent names itself, it goes before a plain-string host, except in lines of syslog', async (t) => {
  for (const agent of [
    { agent: { name: 'proxy-1' } },
    { agent: { hostname: 'proxy-1' } },
    { beat: { hostname: 'proxy-1' } },
  ]) {
    t.equal(hostOf({ host: 'evil.test:8443', ...agent }), 'proxy-1')
    t.equal(hostOf({ host: ['evil.test'], ...agent }), 'proxy-1')
    t.equal(hostOf({ host: 'db-1', ...agent }, 'syslog'), 'db-1', 'a relay passes on the names of others')
  }
  t.equal(hostOf({ syslog_hostname: 'db-9', host: '192.0.2.9' }), 'db-9')
  t.equal(hostOf({ syslog_hostname: 'db-9', host: { name: 'relay' } }, 'syslog'), 'db-9')
})

void test('configured domains are no part of a name', async (t) => {
  const strip = createExtractor({ metrics: [], rules: [], host: {}, stripDomain: ['example.org', 'rack.Example.org'] })
  const names = {
    'web-1.example.org': 'web-1',
    'WEB-1.EXAMPLE.ORG': 'WEB-1',
    'web-1.rack.example.org': 'web-1',
    'web-1.other.example.org': 'web-1.other',
    'web-1.example.com': 'web-1.example.com',
    'web-1.notexample.org': 'web-1.notexample.org',
    'example.org': 'example.org',
    '.example.org': '.example.org',
    '192.0.2.1': '192.0.2.1',
  }
  for (const [name, host] of Object.entries(names)) t.equal(hostOf({ host: { name } }, 'base', strip), host, name)
})

void test('a host name of 255 characters passes and a longer one is refused with its path', async (t) => {
  t.equal(hostOf({ host: { name: 'x'.repeat(255) } }), 'x'.repeat(255))
  const reason = 'expected a host name of at most 255 characters, found 65536'
  t.equal(hostOf({ host: { name: 'x'.repeat(65_536), hostname: 'h' } }), `host /host/name: ${reason}`)
})

void test('the paths to the host can be configured by kind', async (t) => {
  const own = createExtractor({ metrics: [], rules: [], host: { default: ['a.b', 'c'], lift: ['lift.id'] } })
  t.equal(hostOf({ c: 'C', host: 'x' }, 'base', own), 'C')
  t.equal(hostOf({ lift: { id: 'L' }, c: 'C' }, 'lift', own), 'L')
  t.equal(hostOf({ machine: { id: 'M' } }, 'machine', own), 'M')
  const syslog = createExtractor({ metrics: [], rules: [], host: { syslog: ['s'] } })
  t.equal(hostOf({ s: 'S', host: 'x' }, 'auth', syslog), 'S')
})

void test('a heartbeat proves that its source lives, and is about no host', async (t) => {
  const event = { '@timestamp': '2026-11-22T12:00:00Z', host: { name: 'logstash-a', cpu: { usage: 1 } } }
  t.strictSame(plain(event, 'heartbeat'), {
    host: UNKNOWN_HOST,
    ts: Date.parse('2026-11-22T12:00:00Z'),
    heartbeat: true,
    series: [],
    values: [],
  })
  t.match(plain(event, 'base'), { heartbeat: false, host: 'logstash-a', series: ['cpu'] })
  t.equal(samplesOf({ '@timestamp': 'soon' }, plain, 'heartbeat'), 'timestamp')
})

void test('an unresolved reference is no id, no label, no match and no host', async (t) => {
  const identify = createExtractor({ metrics: METRICS, rules: [], host: {}, eventIdField: 'id' })
  const idOf = (id: unknown): string | undefined => {
    const result = identify({ id }, 'base')
    return 'reason' in result ? result.code : result.id
  }
  for (const none of ['%{[@metadata][fp]}', 'web-%{[@metadata][fp]}', '%{a}%{b}', '', ' ', '-', null, true, {}, []]) {
    t.equal(idOf(none), undefined, JSON.stringify(none))
  }
  t.equal(idOf('a%7B'), 'a%7B')
  t.equal(idOf(7), '7')
  const disk = { filesystem: { mount_point: '%{[mount]}', used: { pct: 1 } } }
  t.strictSame(samplesOf({ labels: { site: 'f%{x}' }, system: disk }), [`disk${SEP}${SEP}f%{x}=1`])
  t.notOk(counts({ exists: true }, '%{[level]}'))
  t.notOk(counts({ contains: 'level' }, ['%{[level]}']))
  t.ok(counts({ exists: false }, '%{[level]}'))
  t.ok(counts({ contains: '%{' }, 'LogFormat %{User-agent}i'), 'a text that mentions one is a text')
})

void test('long ids that start alike are different, and equal ones are equal', async (t) => {
  const identify = createExtractor({ metrics: [], rules: [], host: {}, eventIdField: 'id' })
  const idOf = (id: string): string => (identify({ id }, 'base') as { id: string }).id
  const long = 'x'.repeat(256)
  t.equal(idOf(long), long)
  t.not(idOf(`${long}a`), idOf(`${long}b`))
  t.equal(idOf(`${long}a`), idOf(`${long}a`))
  t.not(idOf('a\ud800'), idOf('a\ud801'), 'text that has no UTF-8 form of its own')
  t.equal(idOf(`${long}a`).length, 64)
})

void test('a count rule counts the events for which all of its tests hold', async (t) => {
  const failures: readonly FieldTest[] = [
    { field: 'event.dataset', oneOf: ['system.auth'] },
    { field: 'message', contains: 'Failed password' },
  ]
  const extract = extractor([rule('ssh', failures), rule('low', failures, true), rule('mixed', failures, true)])
  const hit = { event: { dataset: 'system.auth' }, message: 'Failed password for root' }
  t.strictSame(samplesOf(hit, extract), ['count(ssh)=1', 'count(low)=1', 'count(mixed)=1'])
  t.strictSame(samplesOf({ ...hit, message: 'Accepted' }, extract), ['count(low)=0', 'count(mixed)=0'])
  t.strictSame(samplesOf({ message: hit.message }, extract), ['count(low)=0', 'count(mixed)=0'])
})

void test('every test of a field does what it says', async (t) => {
  t.ok(counts({ oneOf: ['a', 'b'] }, 'b'))
  t.notOk(counts({ oneOf: ['a'] }, 'A'))
  t.ok(counts({ oneOf: ['5'] }, 5))
  t.ok(counts({ oneOf: ['true'] }, true))
  t.notOk(counts({ oneOf: ['null', '[object Object]'] }, {}))
  t.ok(counts({ contains: 'b' }, 'abc'))
  t.notOk(counts({ contains: 'B' }, 'abc'))
  t.ok(counts({ prefix: 'ab' }, 'abc'))
  t.notOk(counts({ prefix: 'bc' }, 'abc'))
  t.ok(counts({ above: 2 }, 2.5))
  t.ok(counts({ above: 2 }, '2.5'))
  t.notOk(counts({ above: 2 }, 2))
  t.ok(counts({ below: 2 }, -1))
  t.notOk(counts({ below: 2 }, 'NaN'))
  t.ok(counts({ above: 1, below: 3, oneOf: ['2'] }, 2))
  t.notOk(counts({ above: 1, below: 3 }, 4))
  t.ok(counts({ exists: true }, {}))
  t.ok(counts({ exists: true, prefix: 'a' }, 'abc'))
})

void test('not passes where its tests fail, and only there', async (t) => {
  t.notOk(counts({ not: { oneOf: ['root'] } }, 'root'))
  t.ok(counts({ not: { oneOf: ['root'] } }, 'ada'))
  t.notOk(counts({ not: { oneOf: ['root'] } }, ['ada', 'root']), 'an array passes if none of its elements is excluded')
  t.ok(counts({ contains: 'Failed', not: { contains: ' from 10.' } }, 'Failed password from 192.0.2.1'))
  t.notOk(counts({ contains: 'Failed', not: { contains: ' from 10.' } }, 'Failed password from 10.0.0.1'))
  t.notOk(counts({ contains: 'Failed', not: { contains: ' from 10.' } }, 'Accepted password'))
  t.notOk(counts({ exists: true, not: { oneOf: ['root'] } }, undefined))
  t.ok(counts({ not: { not: { oneOf: ['root'] } } }, 'root'))
  const tests: FieldTest[] = [
    { oneOf: ['a', '1'] },
    { contains: 'a' },
    { prefix: 'b' },
    { matches: 'a|b' },
    { exists: true },
    { exists: false },
    { above: 1 },
    { below: 1, above: -1 },
  ].map((one) => ({ field: 'f', ...one }))
  const item = fc.oneof(
    fc.constantFrom('a', 'b', 'ab', '1', '2', '', '%{x}'),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...tests),
      fc.option(fc.oneof(item, fc.array(item)), { nil: undefined }),
      (test, value) => {
        const { field: _, ...not } = test
        return counts({ not }, value) !== counts(test, value)
      },
    ),
  )
})

void test('a missing field fails every test but exists: false', async (t) => {
  const every = [
    { oneOf: [''] },
    { contains: '' },
    { prefix: '' },
    { matches: '' },
    { exists: true },
    { above: -1 },
    { below: 1 },
  ]
  for (const missing of [undefined, null, [], [null]]) {
    for (const each of every) t.notOk(counts(each, missing), JSON.stringify([each, missing]))
    t.ok(counts({ exists: false }, missing))
    t.notOk(counts({ exists: false, contains: '' }, missing))
  }
  for (const present of ['', 0, false, {}, ['a']]) t.notOk(counts({ exists: false }, present))
})

void test('an array passes when one of its elements does', async (t) => {
  t.ok(counts({ oneOf: ['b'] }, ['a', 'b']))
  t.notOk(counts({ oneOf: ['c'] }, ['a', 'b']))
  t.ok(counts({ above: 5 }, [1, '7']))
  t.notOk(counts({ above: 1, below: 3 }, [0, 5]))
})

void test('expressions are RE2: searched anywhere, in linear time, on at most 8 kB', async (t) => {
  t.ok(counts({ matches: 'Failed .* for (root|admin)' }, 'sshd: Failed password for root'))
  t.notOk(counts({ matches: '^Failed' }, 'sshd: Failed password'))
  t.ok(counts({ matches: '(?i)failed' }, 'FAILED'))
  t.ok(counts({ matches: 'sshd\\[\\d+\\]' }, 'x sshd[17]: y'))
  t.ok(counts({ matches: '4$' }, 404))
  t.ok(counts({ matches: 'end' }, `${'x'.repeat(8000)}end`))
  t.notOk(counts({ matches: 'end' }, `${'x'.repeat(8200)}end`))
  t.notOk(counts({ matches: '(a+)+$' }, `${'a'.repeat(5000)}b`))
  const broken = [rule('r', [{ field: 'f', matches: '(?=x)' }])]
  t.throws(() => extractor(broken), {
    code: 'pattern_invalid',
    message: /f: expected an RE2 expression, found "\(\?=x\)"/,
  })
})

void test('a fixture of every kind gives the samples and the host that it should', async (t) => {
  const schemas = createSchemas(new URL('../../schemas/events/', import.meta.url))
  const results = schemas.kinds.map((kind) => {
    const judged = schemas.judge(JSON.parse(readFileSync(new URL(`${kind}.json`, FIXTURES), 'utf8')))
    if ('reason' in judged) throw new Error(judged.reason)
    return `${kind}: ${hostOf(judged.event, judged.kind)} ${String(samplesOf(judged.event, plain, judged.kind))}`
  })
  t.strictSame(results, [
    'auth: bastion-1 ',
    'base: web-1 ',
    'gpu: gpu-17 ',
    `heartbeat: ${UNKNOWN_HOST} `,
    'linux.iostat: web-1 ',
    'linux.memory: web-1 ',
    'linux.pressure: web-1 ',
    'machine: 3f2b8a54-6c1e-4d0a-9d0e-5b7c2f9a1e44 machine.cpu=42.5',
    'slurm.node: node-042 ',
    'syslog: db-1 ',
    'system.core: web-1 ',
    'system.cpu: web-1 cpu=0.93',
    'system.diskio: web-1 ',
    `system.filesystem: web-1 disk${SEP}/var${SEP}=0.9`,
    'system.fsstat: web-1 ',
    'system.load: web-1 load=9.2',
    'system.memory: web-1 memory=0.625',
    `system.network: web-1 net${SEP}eth0=2595422773`,
    'system.process: web-1 ',
    'system.process.summary: web-1 ',
    'system.service: web-1 ',
    'system.socket: web-1 ',
    'system.socket.summary: web-1 ',
    'system.uptime: web-1 ',
    'web.access: proxy-1 ',
  ])
})

void test('the edge events that Logstash sends are all read, each with its own time', async (t) => {
  if (!existsSync(EDGE)) {
    t.pass('no captures at ../shared/wire: NO event of Logstash was read', { skip: true })
    return
  }
  const schemas = createSchemas(new URL('../../schemas/events/', import.meta.url))
  const body = readFileSync(EDGE, 'utf8')
  const events = JSON.parse(body.slice(body.indexOf('\r\n\r\n') + 4)) as { readonly '@timestamp': string }[]
  for (const event of events) {
    const judged = schemas.judge(event)
    if ('reason' in judged) throw new Error(judged.reason)
    const result = plain(judged.event, judged.kind)
    if ('reason' in result) throw new Error(result.reason)
    t.equal(Math.floor(result.ts), Date.parse(event['@timestamp']))
  }
  t.equal(hostOf(events[0]!), 'web-1')
  t.ok(events.length > 15)
})
