import { readFileSync } from 'node:fs'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { test } from 'tap'
import { createExtractor } from '../../src/extract/samples.ts'
import { readLargeBody } from '../../src/ingest/decode/body.ts'
import { isForm, readForm } from '../../src/ingest/decode/text.ts'
import { readInspect } from '../../src/ingest/decode/ruby-inspect.ts'
import { createSchemas } from '../../src/ingest/schema/index.ts'
import { OVERSIZED } from '../../src/ingest/decode/split.ts'
import { refuseEnvelope, translate } from '../../src/ingest/decode/foreign.ts'
import { type EventSamples, type Frame, type Metric, UNKNOWN_HOST } from '../../src/model.ts'
import { open, post, startServer, type TestOptions, type TestServer } from './http-helper.ts'

const BODIES = new URL('../fixtures/bodies/', import.meta.url)
const fixture = (name: string): Buffer => readFileSync(new URL(name, BODIES))
const SCHEMAS = createSchemas(new URL('../../schemas/events/', import.meta.url))
const AT = Date.parse('2026-11-22T12:00:00.250Z')
const FORM = 'Content-Type: application/x-www-form-urlencoded'
const TEXT = 'Content-Type: text/plain'
const JSON_TYPE = 'Content-Type: application/json'

const gauge = (name: string, field: string, by: readonly string[] = []): Metric => {
  return { name, fields: [field], unit: 'none', kind: 'gauge', by, byFields: by }
}
const METRICS = [
  gauge('load', 'load'),
  gauge('cpu', 'system.cpu.total.norm.pct'),
  gauge('cpus', 'system.cpu.total.pct'),
  gauge('mapped', 'cpu'),
  gauge('short', 'collectd.load.load.shortterm'),
  gauge('long', 'collectd.load.load.longterm'),
  gauge('idle', 'collectd.cpu.percent.idle', ['collectd.plugin_instance']),
  gauge('rx', 'collectd.interface.if_octets.rx', ['collectd.plugin_instance']),
]

type Seen = readonly [host: string, ts: number | null, samples: Readonly<Record<string, number>>]

/** What an event came to, as the engine would get it; a time of null is the arrival. */
const seen = ({ host, ts, series, values }: EventSamples): Seen => [
  host,
  ts,
  Object.fromEntries(series.map((name, i) => [name.replace('\u001f', ' '), values[i] ?? Number.NaN])),
]

interface Judged {
  readonly host?: Readonly<Record<string, readonly string[]>>
  /** Every event that a schema is asked about, after it was brought into Logstash's form. */
  readonly events?: unknown[]
}

/** The real HTTP side with the real schemas and the real extraction. */
function start(
  t: Parameters<typeof startServer>[0],
  judged: Judged = {},
  options: TestOptions = {},
): Promise<TestServer> {
  const judge = (event: unknown): ReturnType<typeof SCHEMAS.judge> => {
    judged.events?.push(event)
    return SCHEMAS.judge(event)
  }
  const extract = createExtractor({ metrics: METRICS, rules: [], host: judged.host ?? {} })
  return startServer(t, { ...options, deps: { schemas: { judge }, extract, ...options.deps } })
}

/** Posts one body and says how it was answered, and what the engine would get. */
async function send(server: TestServer, client: Awaited<ReturnType<typeof open>>, request: Buffer): Promise<Outcome> {
  const before = server.frames.length
  client.send(request)
  const answer = await client.answer()
  const frame: Frame | undefined = server.frames[before]
  const { accepted, rejected, errors } = answer?.json() ?? {}
  const reasons = (errors as readonly { reason: string }[] | undefined)?.map(({ reason }) => reason)
  const events = frame?.events.map(seen) ?? []
  return { status: answer?.status, accepted, rejected, reasons, events, many: frame?.isBatch, text: answer?.body }
}

interface Outcome {
  readonly status: number | undefined
  readonly accepted: unknown
  readonly rejected: unknown
  readonly reasons: readonly string[] | undefined
  readonly events: readonly Seen[]
  readonly many: boolean | undefined
  readonly text: string | undefined
}

const BULK: readonly Seen[] = [
  ['bulk-1', AT, { load: 1 }],
  ['bulk-2', AT, { load: 2 }],
  [UNKNOWN_HOST, null, {}],
]
const PINO: readonly Seen[] = [
  ['pino-1', AT, { load: 1 }],
  ['pino-1', AT + 1000, { load: 2 }],
]
const COLLECTD: readonly Seen[] = [
  ['col-1', AT, { short: 0.5 }],
  ['col-1', AT, { 'idle 0': 97.5 }],
  ['col-2', AT, { 'rx eth0.100': 18446744073709 }],
]
const SYSLOG = ['X-Syslog-Host: web-1', 'X-Syslog-Program: cron', 'X-Syslog-Facility: cron', 'X-Syslog-Level: info']
/** File, headers, whether it is many, and what its events come to. */
const SHAPES: readonly (readonly [string, readonly string[], boolean, readonly Seen[]])[] = [
  ['form.txt', [FORM], false, [['form-1', AT, { load: 0.25, cpu: 0.93, cpus: 10 }]]],
  ['form-ruby-3.4.txt', [`${FORM}; charset=utf-8`], false, [['form-2', AT, { load: 0.5, cpu: 0.5 }]]],
  ['mapping.txt', [FORM], false, [[UNKNOWN_HOST, null, { mapped: 0.93 }]]],
  [
    'mapping.json',
    [JSON_TYPE],
    true,
    [
      [UNKNOWN_HOST, null, { mapped: 0.93 }],
      [UNKNOWN_HOST, null, {}],
    ],
  ],
  ['message.txt', [TEXT], false, [1, 2, 3].map((): Seen => [UNKNOWN_HOST, null, {}])],
  ['syslog-line.txt', [FORM], false, [[UNKNOWN_HOST, null, {}]]],
  ['syslog-line.txt', [FORM, ...SYSLOG], false, [['web-1', null, {}]]],
  ['syslog-line.txt', SYSLOG, false, [['web-1', null, {}]]],
  ['bulk.ndjson', ['Content-Type: application/x-ndjson'], true, BULK],
  ['pino.ndjson', [], true, PINO],
  ['pino-logs.json', [JSON_TYPE], true, PINO],
  [
    'winston.json',
    [JSON_TYPE],
    true,
    [
      ['winston-1', AT, { load: 1 }],
      ['winston-1', null, { load: 2 }],
    ],
  ],
  ['collectd.json', [JSON_TYPE], true, COLLECTD],
]

test('every shape of body comes to its events, in one piece or chunked, plain or packed', async (t) => {
  const server = await start(t)
  const client = await open(t, server.port)
  for (const [file, headers, many, events] of SHAPES) {
    const bytes = fixture(file)
    const requests: Readonly<Record<string, Buffer>> = {
      plain: post(bytes, headers),
      gzip: post(gzipSync(bytes), [...headers, 'Content-Encoding: gzip']),
      deflate: post(deflateSync(bytes), [...headers, 'Content-Encoding: deflate']),
      'deflate without its header': post(deflateRawSync(bytes), [...headers, 'Content-Encoding: deflate']),
      chunked: chunked(bytes, headers),
      'after a byte order mark': post(Buffer.concat([Buffer.from('\ufeff\r\n'), bytes, Buffer.from('\r\n')]), headers),
    }
    for (const [way, request] of Object.entries(requests)) {
      const outcome = await send(server, client, request)
      const name = `${file} ${way} ${headers.join(', ')}`
      t.match(outcome, { status: 200, accepted: events.length, rejected: 0, many }, name)
      t.strictSame(outcome.events, events, name)
    }
  }
})

/** The same request in chunks of a few bytes. */
function chunked(bytes: Buffer, headers: readonly string[]): Buffer {
  const head = ['POST /events HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked', ...headers].join('\r\n')
  const parts: Buffer[] = [Buffer.from(`${head}\r\n\r\n`)]
  for (let from = 0; from < bytes.length; from += 50) {
    const part = bytes.subarray(from, from + 50)
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

test('JSON is read as JSON whatever its labels say, and only what is none is read as its label says', async (t) => {
  const server = await start(t)
  const client = await open(t, server.port)
  const labels = [
    [],
    [JSON_TYPE],
    [FORM],
    [TEXT],
    ['Content-Type: application/vnd.api+json; charset=utf-8'],
    ['content-type: application/x-ndjson', JSON_TYPE],
    ['Content-Type: multipart/form-data; boundary=x'],
    ['Content-Type: '],
    ['Content-Type: \xff/;;='],
    SYSLOG,
  ]
  const json = '[{"host":{"name":"json-1"},"load":1},{"host":{"name":"json-1"},"load":2}]'
  for (const headers of labels) {
    const outcome = await send(server, client, post(json, headers))
    t.strictSame(
      outcome.events,
      [
        ['json-1', null, { load: 1 }],
        ['json-1', null, { load: 2 }],
      ],
      headers.join(', '),
    )
  }
  const form = 'host=form-3&load=3'
  const ways: readonly (readonly [string, readonly string[], number, readonly Seen[]])[] = [
    [form, [FORM], 200, [['form-3', null, { load: 3 }]]],
    [form, ['content-type: text/plain', FORM], 200, [['form-3', null, { load: 3 }]]],
    [form, [TEXT], 200, [[UNKNOWN_HOST, null, {}]]],
    [form, [], 400, []],
    [form, [JSON_TYPE], 400, []],
    ['a line', [], 400, []],
    ['a line', [JSON_TYPE], 400, []],
    ['a line', ['Content-Type: application/json', TEXT], 200, [[UNKNOWN_HOST, null, {}]]],
    ['[INFO] disk full', [TEXT], 200, [[UNKNOWN_HOST, null, {}]]],
    ['[INFO] disk full', [], 400, []],
    [
      '{x} disk full\n[1.5] y',
      [FORM],
      200,
      [
        [UNKNOWN_HOST, null, {}],
        [UNKNOWN_HOST, null, {}],
      ],
    ],
    ['[INFO] caf\xe9', [TEXT], 200, [[UNKNOWN_HOST, null, {}]]],
    // Text that continues like JSON is broken JSON, and is refused.
    ['{"host":"x","load":', [TEXT], 400, []],
    ['[{"host":"x"},', [FORM], 400, []],
    ['[["x"]', [...SYSLOG], 400, []],
    ['{"host":"caf\xe9"}', [TEXT], 400, []],
    ['a\u0000b', [TEXT], 400, []],
    [gzipSync(gzipSync(json)).toString('latin1'), [TEXT], 400, []],
  ]
  for (const [body, headers, status, events] of ways) {
    const outcome = await send(server, client, post(Buffer.from(body, 'latin1'), headers))
    const name = `${body} ${headers.join(', ')}`
    t.equal(outcome.status, status, name)
    t.strictSame(outcome.events, events, name)
    if (status === 400) t.match(outcome.text, /"error":"the body /, name)
  }
  t.match((await send(server, client, post(gzipSync(gzipSync(json)), [JSON_TYPE]))).text, /compressed twice/)
})

test("the field that Logstash's mapping calls the host can be named in the configuration", async (t) => {
  const server = await start(t, { host: { default: ['host.name', 'h'] } })
  const client = await open(t, server.port)
  for (const [file, headers] of [
    ['mapping.json', []],
    ['mapping.txt', [FORM]],
  ] as const) {
    const { events } = await send(server, client, post(fixture(file), headers))
    t.strictSame(events[0], ['map-1', null, { mapped: 0.93 }], file)
  }
  t.strictSame(server.frames[0]?.events[1]?.host, UNKNOWN_HOST, 'a reference that was never resolved is no host')
})

test('a form becomes the event that it was, and lines become messages', async (t) => {
  const events: unknown[] = []
  const server = await start(t, { events })
  const client = await open(t, server.port)
  await send(server, client, post(fixture('form.txt'), [FORM]))
  t.strictSame(events.pop(), {
    host: { name: 'form-1', ip: ['192.0.2.7', '2001:db8::7'] },
    '@timestamp': '2026-11-22T12:00:00.250Z',
    '@version': '1',
    message: '50 % of "all" é & more = {"a"=>1}',
    tags: ['_grokparsefailure', 'x#{y}'],
    event: { dataset: 'system.cpu', created: '2026-11-22T12:00:01.000Z', reason: null, ok: true },
    system: { cpu: { total: { norm: { pct: 0.93 }, pct: 10 } } },
    load: '0.25',
  })
  await send(server, client, post(fixture('message.txt'), [TEXT]))
  t.strictSame(events.splice(0), [
    { message: 'disk full on /var & 5 % left = trouble' },
    { message: '[WARN] retried' },
    { message: '{not JSON}' },
  ])
  await send(server, client, post(fixture('syslog-line.txt'), [FORM, ...SYSLOG]))
  t.strictSame(events.pop(), {
    message: '<13>Nov 22 12:00:00 web-1 cron[17]: job a=b&c=d done',
    log: { syslog: { hostname: 'web-1', facility: { name: 'cron' }, severity: { name: 'info' } } },
    process: { name: 'cron' },
  })
  await send(server, client, post(Buffer.from('caf\xe9', 'latin1'), [TEXT, 'X-Syslog-Host: a', 'X-Syslog-Host: b']))
  t.strictSame(events.pop(), { message: 'caf\ufffd' }, 'two names are none')
  await send(server, client, post(fixture('collectd.json')))
  t.strictSame(events.pop(), {
    '@timestamp': '2026-11-22T12:00:00.250Z',
    host: { name: 'col-2' },
    event: { module: 'collectd', dataset: 'collectd.interface' },
    collectd: {
      plugin: 'interface',
      type: 'if_octets',
      plugin_instance: 'eth0.100',
      interface: { if_octets: { rx: 18446744073709, tx: 7 } },
    },
  })
})

test('equal lines of text are honest repeats, however many come together', async (t) => {
  const server = await start(t)
  const client = await open(t, server.port)
  for (const round of [1, 2, 3]) {
    client.send(post('one\ntwo', [TEXT]))
    const answer = await client.answer()
    // After a start the first repeat of anything might be a retry; here it is the first of its kind.
    t.notOk('duplicate' in (answer?.json() ?? {}), `round ${round}`)
  }
})

test('large forms and texts are read under the same limits', async (t) => {
  const limits = { maxEvents: 100_000 }
  const text = { isForm: true, isText: true }
  const read = async (body: string): Promise<unknown[]> => {
    const found = await readLargeBody(Buffer.from(body), limits, () => text)
    return found.kind === 'empty' ? [] : [...found.parts].flat()
  }
  const line = `line ${'x'.repeat(95)}`
  const lines = Array.from({ length: 30_000 }, (_, i) => `${line} ${i}`)
  t.strictSame(
    await read(lines.join('\n')),
    lines.map((message) => ({ message })),
  )
  t.strictSame(
    await read(`[${lines.join('\n')}`),
    [`[${lines[0]}`, ...lines.slice(1)].map((message) => ({ message })),
  )
  t.strictSame(await read(`a=${'b'.repeat(2 * 1024 * 1024)}`), [OVERSIZED])
  t.strictSame(await read(`a b\n${'b '.repeat(1024 * 1024)}\nc`), [{ message: 'a b' }, OVERSIZED, { message: 'c' }])
  await t.rejects(read('x \n'.repeat(100_001)), { code: 'too_many' })
})

test('a form differs from text with the Content-Type of a form', (t) => {
  for (const form of ['a=', 'a=b', 'a=b&c=d', '%40timestamp=x', 'a.b-c_d*~=+%C3%A9']) t.ok(isForm(form), form)
  const lines = [
    '',
    'a',
    '=a',
    'a=b=c',
    'a=b&',
    '&a=b',
    'a=b&c',
    'a=b c=d',
    'a:b=c',
    'a="b"',
    'PUTVAL h/p/t 1:2',
    'a=b\nc=d',
  ]
  for (const line of lines) t.notOk(isForm(line), line)
  t.strictSame(readForm('a=%FF%41+b&c=100%&a=2&message=%5B%5D&d=%5B%5D&e=%7B%22a%22'), {
    a: '2',
    c: '100%',
    message: '[]',
    d: [],
    e: '{"a"',
  })
  const field = '%5B1%5D'
  const nested = `%5B${'1%2C'.repeat(60_000)}1%5D`
  t.match(
    readForm(`a=${nested}&b=${nested}&c=${field}`),
    { a: Array, b: /^\[1,1,.*\]$/, c: [1] },
    'room for one of them',
  )
  const many = readForm(Array.from({ length: 10_000 }, (_, i) => `f${i}=1`).join('&'))
  t.match(SCHEMAS.judge(many), { code: 'too_many_fields' })
  const evil = readForm(
    '__proto__=%7B%22polluted%22%3D%3E1%7D&a=%7B%22__proto__%22%3D%3E%7B%22polluted%22%3D%3E1%7D%7D',
  )
  t.notOk('polluted' in {} || 'polluted' in evil)
  t.strictSame(SCHEMAS.judge(evil), { kind: 'base', event: { a: {} } })
  t.end()
})

/** Writes what Ruby's inspect writes, in the manner before and since Ruby 3.4. */
function inspect(value: unknown, arrow: string): string {
  if (value === null) return 'nil'
  if (typeof value === 'string') return `"${value.replace(/["\\]|#(?=[{$@])|[^]/gu, escape)}"`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0.0' : String(value)
  if (Array.isArray(value)) return `[${value.map((item) => inspect(item, arrow)).join(', ')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([key, item]) => `${inspect(key, arrow)}${arrow}${inspect(item, arrow)}`)
    .join(', ')}}`
}

const CONTROL: Readonly<Record<string, string>> = {
  '\n': 'n',
  '\t': 't',
  '\r': 'r',
  '\u001b': 'e',
  '\u0007': 'a',
  '\b': 'b',
}

function escape(letter: string): string {
  const code = letter.codePointAt(0) ?? 0
  if (CONTROL[letter] !== undefined) return `\\${CONTROL[letter]}`
  if (/["\\#]/.test(letter)) return `\\${letter}`
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0').toUpperCase()}`
  if (code > 0xffff && code % 2 === 0) return `\\u{${code.toString(16).toUpperCase()}}`
  return code > 0xff && code <= 0xffff && code % 2 === 0
    ? `\\u${code.toString(16).padStart(4, '0').toUpperCase()}`
    : letter
}

test('what inspect wrote is read back, and any other text is left alone', (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('=>', '", "', '}', '__proto__', '\\'),
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      tie('list'),
      tie('map'),
    ),
    list: fc.array(tie('tree'), { maxLength: 4 }),
    map: fc.array(fc.tuple(text, tie('tree')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  }))
  const whole = fc.oneof(fc.array(tree, { maxLength: 4 }), fc.dictionary(text, tree, { maxKeys: 4 }))
  fc.assert(
    fc.property(whole, fc.constantFrom('=>', ' => '), (value, arrow) => {
      return JSON.stringify(readInspect(inspect(value, arrow))) === JSON.stringify(value)
    }),
    { numRuns: 300 },
  )
  // A text that lost or gained a piece is either none of it, or something else that is whole.
  fc.assert(
    fc.property(whole, fc.nat(), fc.constantFrom('', '"', '{', ']', ',', '\\', 'x'), (value, place, piece) => {
      const written = inspect(value, '=>')
      const at = place % written.length
      return [written.slice(0, at), written.slice(0, at) + piece + written.slice(at)].every((broken) => {
        const found = readInspect(broken)
        return found === undefined || typeof readInspect(inspect(found, '=>')) === 'object'
      })
    }),
    { numRuns: 300 },
  )
  const others = [
    '',
    '[',
    '{',
    '[1',
    '[1,]',
    '[,]',
    '{"a"}',
    '{"a"=>}',
    '{"a"=>1,}',
    '{1=>2}',
    '{:a=>1}',
    '{"a":1}',
    '[INFO] x',
    '[INFO]',
    '[1]2',
    '["a]',
    '["\\"]',
    '[#<Object>]',
    '{"a"=>1}}',
    '[nil nil]',
    '[2026-11-22]',
    '[--1]',
    '[1.2.3]',
  ]
  for (const other of others) t.equal(readInspect(other), undefined, other)
  t.strictSame(readInspect('[NaN, -Infinity, 1.0e-09, 1.0e+20, 0.9e0, 1e400, 1180591620717411303424]'), [
    'NaN',
    '-Infinity',
    1e-9,
    1e20,
    0.9,
    '1e400',
    1180591620717411303424,
  ])
  t.strictSame(readInspect(String.raw`["\xC3\xA9\xFF", "\u00E9", "\u{1F600}", "\u{110000}", "\#{x}", "\q", "\u00"]`), [
    'é\ufffd',
    'é',
    '😀',
    '\ufffd',
    '#{x}',
    'q',
    'u00',
  ])
  t.equal(readInspect(`${'['.repeat(64)}${']'.repeat(64)}`)?.constructor, Array)
  t.equal(readInspect('['.repeat(65) + ']'.repeat(65)), undefined)
  t.equal(readInspect('['.repeat(1_000_000)), undefined)
  t.equal(readInspect(`{"a"=>${'{"a"=>'.repeat(100_000)}`), undefined)
  t.end()
})

const AT_ISO = '2026-11-22T12:00:00.250Z'

test('an envelope around events is refused by name, and an event with such a field is not', (t) => {
  const item = { host: 'a' }
  for (const name of ['metrics', 'resourceMetrics', 'resourceLogs', 'resourceSpans', 'records', 'streams']) {
    const refused = refuseEnvelope({ [name]: [item] })
    t.match(refused, { path: `/${name}`, code: 'envelope' })
    t.ok(refused?.reason.includes(`"${name}"`))
    t.match(refuseEnvelope({ [name]: [] }), { code: 'envelope' })
    for (const other of [
      { [name]: item },
      { [name]: ['x'] },
      { [name]: 5 },
      { [name]: [item], host: 'a' },
      [{ [name]: [item] }],
    ]) {
      t.equal(refuseEnvelope(other), undefined, JSON.stringify(other))
    }
  }
  for (const none of [null, 1, 'x', [], {}]) t.equal(refuseEnvelope(none), undefined)
  t.end()
})

test('only events without a time of their own are given the one that other senders wrote', (t) => {
  const at = (fields: object): unknown => (translate(fields) as Record<string, unknown>)['@timestamp']
  t.equal(at({ time: AT }), '2026-11-22T12:00:00.250Z')
  t.equal(at({ time: '2026-11-22T12:00:00+01:00' }), '2026-11-22T12:00:00+01:00')
  t.equal(at({ time: 'noon', timestamp: '2026-11-22T12:00:00.250Z' }), '2026-11-22T12:00:00.250Z')
  t.equal(at({ ISODATE: '2026-11-22T12:00:00+00:00' }), '2026-11-22T12:00:00+00:00')
  const epochs = [1795348800.25, 1795348800250, 1795348800250000, 1795348800250000000, '1795348800.25', '1795348800250']
  for (const epoch of epochs) {
    for (const name of ['time', 'timestamp', 'date']) t.equal(at({ [name]: epoch }), AT_ISO, `${name} ${epoch}`)
  }
  for (const epoch of epochs) t.equal(at({ '@timestamp': epoch }), AT_ISO, `@timestamp ${epoch}`)
  t.equal(at({ '@timestamp': null, time: AT }), AT_ISO)
  t.equal(at({ date: '2026-11-22T12:00:00.250000Z', message: 'x' }), '2026-11-22T12:00:00.250000Z')
  const none = [
    1,
    999_999_999,
    1e11,
    1e14,
    '179534880',
    '1e12',
    Number.NaN,
    '2026-11-22',
    '2026-11-22T12:00:00',
    '2026-13-22T12:00:00Z',
    null,
    {},
    [AT],
    'x',
  ]
  for (const time of none) {
    const event = { time }
    t.equal(translate(event), event, JSON.stringify(event))
  }
  for (const event of [
    null,
    1,
    'x',
    [],
    [{ time: AT }],
    { '@timestamp': 'x', values: [], dsnames: [], plugin: '', type: '' },
  ]) {
    t.equal(translate(event), event, JSON.stringify(event))
  }
  t.strictSame(Object.keys(translate(JSON.parse('{"time":1795348800250,"__proto__":{"a":1}}')) as object), [
    'time',
    '__proto__',
    '@timestamp',
  ])
  const list = {
    values: [1, null],
    dsnames: ['a', 7],
    plugin: '__proto__',
    type: '__proto__',
    type_instance: 'x.y',
    host: 7,
    time: 1e300,
  }
  t.strictSame(SCHEMAS.judge(translate(list)), {
    kind: 'base',
    event: {
      host: { name: 7 },
      event: { module: 'collectd', dataset: 'collectd.__proto__' },
      collectd: { plugin: '__proto__', type: '__proto__', type_instance: 'x.y' },
    },
  })
  for (const broken of [{ values: 1 }, { dsnames: 'x' }, { plugin: 1 }, { type: null }]) {
    const event = { values: [1], dsnames: ['value'], plugin: 'load', type: 'load', ...broken }
    t.equal(translate(event), event, JSON.stringify(broken))
  }
  t.end()
})
