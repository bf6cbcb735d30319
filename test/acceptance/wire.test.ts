import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { UNKNOWN_HOST } from '../../src/model.ts'
import { clockFrom, runService, temporary, until, type Running } from '../helpers/service.ts'
import { post } from '../ingest/http-helper.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const AT = '2026-11-22T11:59:58Z'
const NEIGHBOURS = Array.from({ length: 124 }, (_, i) => `node-${String(i).padStart(3, '0')}`)
const POSITION = 62
/** So many powers of two add up without rounding. */
const BITS = 50
const YAML = `
metrics:
  cpu: { field: [host.cpu.usage, system.cpu.total.norm.pct], unit: ratio }
  load: { field: load }
  sign0: { field: sign0 }
  sign1: { field: sign1 }
rules: []
`

/** What becomes of an event: refused with a path and a reason, or harmless under the name of a host. */
type Fate = { readonly path: string; readonly reason: RegExp } | { readonly host: string; readonly load?: number }

const refused = (path: string, reason: RegExp): Fate => ({ path, reason })
const harmless = (host: string, load?: number): Fate => (load === undefined ? { host } : { host, load })
const written = (fields: object): string => JSON.stringify({ '@timestamp': AT, ...fields })
const named = (name: unknown, load = 0.5): string => written({ host: { name }, load })
const pct = (text: string): string =>
  `{"@timestamp":"${AT}","host":{"name":"evil"},"event":{"dataset":"system.cpu"},"system":{"cpu":{"total":{"norm":{"pct":${text}}}}}}`
const raw = (host: string, fields: string): string => `{"@timestamp":"${AT}","host":{"name":"${host}"},${fields}}`
const dated = (text: string, host = 'evil'): string => `{"@timestamp":${text},"host":{"name":"${host}"},"load":0.5}`
const PCT = '/system/cpu/total/norm/pct'

/** Each is one event's JSON text. */
const EVIL: Readonly<Record<string, readonly [string, Fate]>> = {
  null: ['null', refused('', /expected an object, found null/)],
  'a number': ['42', refused('', /expected an object, found a number/)],
  'a text': ['"event"', refused('', /expected an object, found a string/)],
  'a boolean': ['true', refused('', /expected an object, found a boolean/)],
  'an array in the array': ['[{"host":"x"}]', refused('', /expected an object, found an array/)],
  'an empty object': ['{}', refused('', /at least one field/)],
  'a field 100,000 levels deep': [
    `{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
    refused('/a', /64 levels/),
  ],
  'arrays 70 levels deep': [`{"a":${'['.repeat(70)}${']'.repeat(70)}}`, refused('/a', /64 levels/)],
  'a dotted key 100 levels deep': [`{"${'a.'.repeat(100)}a":1}`, refused(`/${'a.'.repeat(50)}`, /64 levels/)],
  '10,000 fields': [
    JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, i]))),
    refused('/f4096', /4096 fields/),
  ],
  'more than a megabyte': [written({ host: 'evil', message: 'x'.repeat(1_100_000) }), refused('', /larger than 1 MiB/)],
  'a host of 64 KB': [named('h'.repeat(65_536)), refused('/host/name', /at most 255 characters, found 65536/)],
  'a host that is a number': [written({ host: 7, agent: { name: 'numbered' }, load: 0.5 }), harmless('numbered', 0.5)],
  'a time that is a number': [dated('-1'), refused('/@timestamp', /expected a string, found -1/)],
  'a time that is an object': [dated('{}'), refused('/@timestamp', /found an object/)],
  'a time that is null': [dated('null'), refused('/@timestamp', /found null/)],
  'a time in words': [dated('"soon"'), refused('/@timestamp', /ISO 8601 .*found "soon"/)],
  'a 30th of February': [dated('"2026-02-30T00:00:00Z"'), refused('/@timestamp', /found "2026-02-30/)],
  'a time without a zone': [dated('"2026-11-22T12:00:00"'), refused('/@timestamp', /with a zone/)],
  'the year 9999': [dated('"9999-12-31T23:59:59Z"', 'year 9999'), harmless('year 9999', 0.5)],
  'the year 275760': [dated('"+275760-09-12T00:00:00Z"', 'year 275760'), harmless('year 275760', 0.5)],
  'the year 1970': [dated('"1970-01-01T00:00:00Z"', 'year 1970'), harmless('year 1970', 0.5)],
  'the past of a known host': [
    `{"@timestamp":"1970-01-01T00:00:00Z","host":"node-000","sign0":1}`,
    harmless('node-000'),
  ],
  'a measurement that is null': [pct('null'), refused(PCT, /expected a number, found null/)],
  'a measurement that is true': [pct('true'), refused(PCT, /expected a number, found true/)],
  'a measurement that is an empty text': [pct('""'), refused(PCT, /expected a number, found ""/)],
  'a measurement that is a blank': [pct('" "'), refused(PCT, /expected a number, found " "/)],
  'a measurement that is an array': [pct('[0.97]'), refused(PCT, /expected a number, found an array/)],
  'a measurement that is an object': [pct('{}'), refused(PCT, /expected a number, found an object/)],
  'a measurement "NaN"': [pct('"NaN"'), refused(PCT, /found "NaN"/)],
  'a measurement "-Infinity"': [pct('"-Infinity"'), refused(PCT, /found "-Infinity"/)],
  'a measurement "0x10"': [pct('"0x10"'), refused(PCT, /found "0x10"/)],
  'a measurement "1e999"': [pct('"1e999"'), refused(PCT, /found "1e999"/)],
  'a measurement 1e999': [pct('1e999'), refused(PCT, /found a number beyond the range/)],
  'a measurement "%{x}"': [pct('"%{[cpu][pct]}"'), refused(PCT, /expected a number/)],
  'a measurement "0,93"': [pct('"0,93"'), refused(PCT, /found "0,93"/)],
  'no measurement in an unknown kind': [raw('unknown kind', '"load":null'), harmless('unknown kind')],
  'infinity in an unknown kind': [raw('infinite', '"load":1e999'), harmless('infinite')],
  '"NaN" in an unknown kind': [raw('not a number', '"load":"NaN"'), harmless('not a number')],
  'numeric text': [raw('text', '"load":"0.93"'), harmless('text', 0.93)],
  'numeric text with an exponent': [raw('exponent', '"load":"-1E-3"'), harmless('exponent', -0.001)],
  'the same key twice': [raw('twice', '"load":1,"load":2'), harmless('twice', 2)],
  __proto__: [raw('proto', '"__proto__":{"polluted":1,"load":9,"host":{"name":"x"}}'), harmless('proto')],
  '__proto__ inside': [raw('proto in', '"a":{"__proto__":{"polluted":1}},"load":0.5'), harmless('proto in', 0.5)],
  '__proto__ in escapes': [
    raw('proto esc', String.raw`"__proto\u005f_":{"polluted":1},"load":0.5`),
    harmless('proto esc', 0.5),
  ],
  '__proto__ as a dotted key': [raw('proto dot', '"__proto__.polluted":1,"load":0.5'), harmless('proto dot', 0.5)],
  '__proto__ within a dotted key': [
    raw('proto dots', '"a.__proto__.polluted":1,"load":0.5'),
    harmless('proto dots', 0.5),
  ],
  'constructor.prototype': [
    raw('constructor', '"constructor":{"prototype":{"polluted":1}},"load":0.5'),
    harmless('constructor', 0.5),
  ],
  'a host __proto__': [named('__proto__'), harmless('__proto__', 0.5)],
  'a host toString': [named('toString'), harmless('toString', 0.5)],
  'a host of a header': [named('evil\r\nBcc: x@example.net'), harmless('evil\r\nBcc: x@example.net', 0.5)],
  'a host of HTML': [named('<script>alert(1)</script>'), harmless('<script>alert(1)</script>', 0.5)],
  'a host from right to left': [named('\u202egro.elpmaxe'), harmless('\u202egro.elpmaxe', 0.5)],
  'a host of a formula': [named('=cmd|/c calc!A1'), harmless('=cmd|/c calc!A1', 0.5)],
  'a host of a template': [named('{{server}}${HOME}'), harmless('{{server}}${HOME}', 0.5)],
  'a host with NUL and ANSI': [named('a\u0000\u001b[31m'), harmless('a\u0000\u001b[31m', 0.5)],
  'half a pair in the host': [raw('half \\ud800', '"load":0.5'), harmless('half \ufffd', 0.5)],
  'a reference that was never resolved': [named('%{[host][name]}'), harmless(UNKNOWN_HOST, 0.5)],
}
const KINDS = Object.entries(EVIL)

const start = (
  t: Parameters<typeof runService>[0],
  change: { yaml?: string; folder?: string } = {},
): Promise<Running> => runService(t, { yaml: YAML, clock: clockFrom(NOW), ...change })

/** A batch of honest neighbours around one event; each of the neighbours brings a number that only this batch has. */
function batchAround(evil: string, kind: number): string {
  const honest = NEIGHBOURS.map((host) =>
    written({ host: { name: host }, [`sign${Math.floor(kind / BITS)}`]: 2 ** (kind % BITS) }),
  )
  return `[${[...honest.slice(0, POSITION), evil, ...honest.slice(POSITION)].join(',')}]`
}

/** The kinds of which the neighbours of a host are missing or counted more than once. */
async function miscounted(service: Running, host: string): Promise<string[]> {
  const wrong: string[] = []
  for (let part = 0; part * BITS < KINDS.length; part++) {
    const kinds = KINDS.slice(part * BITS, (part + 1) * BITS)
    const view = await service.aggregate(host, `sign${part}`)
    if (view?.count === kinds.length && view.sum === 2 ** kinds.length - 1) continue
    wrong.push(`${host}: ${view?.count} of ${kinds.length}, sum ${view?.sum}`)
  }
  return wrong
}

const events = async (service: Running): Promise<Record<string, number | undefined>> => {
  const metrics = await service.metrics()
  const of = (result: string): number | undefined => metrics.get(`stashwatch_events_total{result="${result}"}`)
  return { accepted: of('accepted'), rejected: of('rejected'), duplicate: of('duplicate') }
}

test(`one evil event of ${KINDS.length} kinds costs itself, and none of its 124 neighbours`, async (t) => {
  const service = await start(t)
  let [accepted, rejected] = [0, 0]
  for (const [kind, [name, [text, fate]]] of KINDS.entries()) {
    const answer = await service.post(batchAround(text, kind))
    t.equal(answer.status, 200, name)
    const isRefused = 'path' in fate
    t.strictSame([answer.accepted, answer.rejected], isRefused ? [124, 1] : [125, 0], name)
    accepted += answer.accepted
    rejected += answer.rejected
    if (!isRefused) continue
    const [error] = answer.errors
    t.equal(error?.index, POSITION, name)
    t.ok(fate.path === '' ? error?.path === '' : error?.path.startsWith(fate.path), `${name}: ${error?.path}`)
    t.match(error?.reason, fate.reason, name)
  }
  t.strictSame((await Promise.all(NEIGHBOURS.map((host) => miscounted(service, host)))).flat(), [])
  t.strictSame(await events(service), { accepted, rejected, duplicate: 0 }, 'what was counted is what was posted')

  const hosts = await service.hosts()
  for (const [name, [, fate]] of KINDS) {
    if ('path' in fate) continue
    t.ok(hosts.includes(fate.host), `${name} is about ${JSON.stringify(fate.host)}`)
    const view = await service.aggregate(fate.host, 'load')
    t.strictSame(view && [view.count, view.sum], fate.load === undefined ? undefined : [1, fate.load], name)
  }
  t.equal(hosts.includes('evil'), false, 'nothing of a refused event is left')
  t.equal(await service.aggregate(UNKNOWN_HOST, 'cpu'), undefined)
  t.equal(Reflect.get({}, 'polluted'), undefined)

  const { json } = await service.get('/api/v1/rejects')
  const counts = json['counts'] as Record<string, number>
  t.equal(
    Object.values(counts).reduce((sum, one) => sum + one, 0),
    rejected,
    JSON.stringify(counts),
  )
  const { text } = await service.get('/metrics')
  t.notMatch(text, /Bcc|<script|elpmaxe|node-000/, 'no text of an event becomes a label')
  t.ok(text.length < 256 * 1024)
})

test('a body of which nothing can be accepted is answered 422, or as its sender needs it', async (t) => {
  const service = await start(t)
  t.match(await service.post([null, {}]), {
    status: 422,
    accepted: 0,
    rejected: 2,
    errors: [{ index: 0 }, { index: 1 }],
  })
  t.match(await service.post(pct('null')), { status: 422, accepted: 0, rejected: 1, errors: [{ index: 0, path: PCT }] })
  t.match(await service.post([]), { status: 200, accepted: 0, rejected: 0, errors: [] })
  t.strictSame(await events(service), { accepted: 0, rejected: 3, duplicate: 0 })
  const lenient = await start(t, { yaml: `ingest: { all_rejected_status: 200 }\n${YAML}` })
  t.match(await lenient.post([null, {}]), { status: 200, accepted: 0, rejected: 2 })
  t.match(await lenient.post(pct('null')), { status: 200, accepted: 0, rejected: 1 })
})

/** Sends a request whole and goes away before its answer can have come. */
function sendAndLeave(port: number, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.write(post(body), () => socket.destroy())
    })
    socket.on('close', () => resolve()).on('error', reject)
  })
}

test('what is sent again counts once, whatever happened to the first answer', async (t) => {
  const folder = temporary(t)
  let service = await start(t, { folder })
  const array = (host: string): object[] => [1, 2, 4].map((load) => ({ '@timestamp': AT, host: { name: host }, load }))
  const one = (host: string): object => ({
    '@timestamp': AT,
    host: { name: host },
    load: 3,
    message: 'Failed password',
  })
  const counted = async (host: string): Promise<unknown> => {
    const view = await service.aggregate(host, 'load')
    return view && [view.count, view.sum]
  }
  t.match(await service.post(array('array')), { status: 200, accepted: 3 })
  t.match(await service.post(array('array')), { status: 200, accepted: 3, rejected: 0, duplicate: true })
  const zipped = await service.ask('POST', '/', gzipSync(JSON.stringify(array('array'))), {
    'content-encoding': 'gzip',
  })
  t.match(zipped.json, { accepted: 3, duplicate: true }, 'the same body, packed and at another path')
  t.strictSame(await counted('array'), [3, 7])

  await service.post(one('honest'))
  t.equal((await service.post(one('honest'))).duplicate, undefined, 'two equal lines in one second are two events')
  t.strictSame(await counted('honest'), [2, 6])

  for (const [host, body, once] of [
    ['cut array', array('cut array'), [3, 7]],
    ['cut single', one('cut single'), [1, 3]],
  ] as const) {
    await sendAndLeave(service.port, JSON.stringify(body))
    await until('the first delivery is counted', async () => (await counted(host)) !== undefined)
    t.equal((await service.post(body)).duplicate, true, host)
    t.strictSame(await counted(host), once, host)
  }
  const before = await events(service)
  t.strictSame(before, { accepted: 9, rejected: 0, duplicate: 10 })

  await service.stop()
  service = await start(t, { folder })
  t.match(await service.post(array('array')), { status: 200, accepted: 3, duplicate: true }, 'across a restart too')
  t.match(await service.post(one('cut single')), { status: 200, duplicate: true })
  t.equal((await service.post(one('cut single'))).duplicate, undefined, 'one restart excuses one retry')
  t.strictSame(await counted('array'), [3, 7])
  t.strictSame(await counted('cut single'), [2, 6])
  t.strictSame(
    await events(service),
    { accepted: 1, rejected: 0, duplicate: 4 },
    'counters add up to what was received',
  )
})

test('equal bodies of events without times of their own count each time, from each source', async (t) => {
  const service = await start(t, {})
  const body = ['one', 'two'].map((host) => ({ host: { name: host }, load: 3 }))
  const timed = ['three', 'four'].map((host) => ({ '@timestamp': AT, host: { name: host }, load: 3 }))
  for (let i = 0; i < 3; i += 1) {
    const answer = await service.post(body)
    t.match(answer, { status: 200, accepted: 2 })
    t.equal(answer.duplicate, undefined)
  }
  for (const source of ['logstash-a', 'logstash-b']) {
    t.equal((await service.post(timed, { 'x-source': source })).duplicate, undefined, source)
    t.equal((await service.post(timed, { 'x-source': source })).duplicate, true, source)
  }
  t.strictSame(await events(service), { accepted: 10, rejected: 0, duplicate: 4 })
})

test('what comes without a token, or cannot be read, leaves nothing behind', async (t) => {
  const token = 'correct horse battery'
  const service = await runService(t, {
    yaml: `ingest: { tokens: [{ name: logstash-a, token: "${token}" }] }\n${YAML}`,
    clock: clockFrom(NOW),
  })
  const body = named('intruder')
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
  const tries: Record<string, string>[] = [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: `Bearer ${token.slice(0, -1)}` },
    { authorization: `Bearer ${token}!` },
    { authorization: `Bearer ${token.toUpperCase()}` },
    { authorization: token },
    { authorization: basic(token) },
    { authorization: basic(`${token}:`) },
    { authorization: basic('logstash-a:null') },
    { cookie: `token=${token}`, 'x-forwarded-for': '127.0.0.1', 'x-source': 'logstash-a' },
    { 'x-http-method-override': 'GET', 'x-original-url': '/-/healthy' },
  ]
  for (const headers of tries) {
    const { status, headers: answered } = await service.ask('POST', '/events', body, headers)
    t.strictSame(
      [status, answered['set-cookie'], answered['location']],
      [401, undefined, undefined],
      JSON.stringify(headers),
    )
  }
  for (const path of ['/events?token=x', '/events/', '/ingest', '/'])
    t.equal((await service.ask('PUT', path, body)).status, 401)
  for (const path of ['//events', '/events/..', '/%2e/events', '/events;a', '/events%00', '/v1//events']) {
    t.match((await service.ask('POST', path, body)).status, /40[145]/, path)
  }
  const authorization = `Bearer ${token}`
  const unreadable: Record<string, readonly [string | Buffer, Record<string, string>, number]> = {
    truncated: [body.slice(0, -3), {}, 400],
    'two arrays': [`[${body}][${body}]`, {}, 400],
    'UTF-16': [Buffer.from(`[${body}]`, 'utf16le'), {}, 400],
    'invalid UTF-8': [Buffer.concat([Buffer.from('[{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}]')]), {}, 400],
    'no gzip': [Buffer.from(gzipSync(body).subarray(2)), { 'content-encoding': 'gzip' }, 400],
    'broken gzip': [gzipSync(body).subarray(0, -6), { 'content-encoding': 'gzip' }, 400],
    brotli: [body, { 'content-encoding': 'br' }, 415],
  }
  for (const [name, [bytes, headers, status]] of Object.entries(unreadable)) {
    const answer = await service.ask('POST', '/events', bytes, { authorization, ...headers })
    t.equal(answer.status, status, name)
    t.notMatch(answer.text, /node_modules|\.ts:|Error:/, 'no insides')
  }
  t.strictSame(await service.hosts(), [])
  t.strictSame(await events(service), { accepted: 0, rejected: 0, duplicate: 0 })
  t.match(await service.post(body, { authorization }), { status: 200, accepted: 1 }, 'and the token itself is good')
  t.notMatch(JSON.stringify([service.lines, (await service.get('/api/v1/rejects')).text]), /correct horse/)
})

test('100,000 invented hosts are refused and counted, and known hosts lose nothing', async (t) => {
  const service = await start(t, { yaml: `limits: { hosts: 1000 }\n${YAML}` })
  const known = Array.from({ length: 10 }, (_, i) => `known-${i}`)
  const honest = (round: number): string[] =>
    known.map((host, i) => written({ host: { name: host }, load: round + i / 8 }))
  await service.post(`[${honest(0).join(',')}]`)
  const before = process.memoryUsage.rss()
  let [received, accepted, rejected] = [10, 10, 0]
  for (let round = 1; round <= 100; round++) {
    const invented = Array.from({ length: 1000 }, (_, i) => named(`invented-${round}-${i}`))
    const answer = await service.post(`[${[...invented, ...honest(round)].join(',')}]`)
    if (answer.status !== 200) t.fail(`answered ${answer.status}`)
    received += 1010
    accepted += answer.accepted
    rejected += answer.rejected
  }
  const growth = (process.memoryUsage.rss() - before) / 2 ** 20
  t.ok(growth < 200, `grew by ${growth.toFixed(0)} MB`)
  t.equal(accepted + rejected, received)
  t.strictSame(await events(service), { accepted, rejected, duplicate: 0 })
  const metrics = await service.metrics()
  t.equal(metrics.get('stashwatch_events_rejected_total{reason="cardinality"}'), rejected)
  const hosts = await service.hosts()
  t.equal(hosts.length, 1000, 'as many as may be known')
  t.equal(rejected, 100_000 - (1000 - known.length))
  for (const [i, host] of known.entries()) {
    const view = await service.aggregate(host, 'load')
    t.strictSame([view?.count, view?.sum], [101, 5050 + 101 * (i / 8)], host)
  }
  const { text } = await service.get('/api/v1/rejects')
  t.ok(text.includes('beyond the configured limits') && text.length < 512 * 1024)
})
