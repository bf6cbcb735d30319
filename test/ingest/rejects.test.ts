import { test } from 'tap'
import { createRejects } from '../../src/ingest/rejects.ts'
import { createRetries } from '../../src/ingest/retries.ts'
import type { Log } from '../../src/model.ts'
import { createVirtualClock } from '../helpers/clock.ts'
import { type Line, recorder } from '../helpers/log.ts'
import { runService } from '../helpers/service.ts'

const lines: object[] = []
const quiet: Log = { debug: () => {}, info: () => {}, warn: (fields) => void lines.push(fields), error: () => {} }

test('the last refused events are kept, bounded in number and size, whatever they are like', (t) => {
  const rejects = createRejects({ clock: createVirtualClock(), log: quiet })
  const add = (event: unknown, code = 'schema'): void => {
    const sample = { index: 0, path: '/x', reason: 'r'.repeat(1e6), code, event }
    rejects.add({ source: 'a', counts: new Map([[code, 1]]), samples: [sample] })
  }
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)
  const hostile: unknown[] = [
    deep,
    JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, i])),
    { message: 'x'.repeat(10_000_000) },
    { ['k'.repeat(1_000_000)]: 1 },
    JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{}},"big":1e999}'),
    { text: '\ud800 \u0000 \u2028', list: Array.from({ length: 100_000 }, () => 'item') },
    null,
    undefined,
    'text',
    42,
  ]
  for (const event of hostile) add(event)
  for (const item of rejects.list().recent) t.ok(JSON.stringify(item).length < 6000)
  t.notOk('polluted' in {})
  for (let i = 0; i < 300; i += 1) add({ i }, 'timestamp')
  const { counts, recent } = rejects.list()
  t.strictSame(counts, { schema: hostile.length, timestamp: 300 })
  t.equal(recent.length, 100)
  t.match(recent[0], { receivedAt: '2026-11-22T12:00:00.000Z', source: 'a', index: 0, path: '/x', code: 'timestamp' })
  t.match(recent[0], { event: { i: 299 } })
  t.end()
})

test('what was refused is handed on once, by source and reason, without what the limits of the engine refused', (t) => {
  const rejects = createRejects({ clock: createVirtualClock(), log: quiet })
  const counts = new Map([
    ['schema', 30],
    ['host', 1],
    ['cardinality', 5],
  ])
  const samples = [
    { reason: 'r', code: 'schema', path: `/${'x'.repeat(500)}` },
    { reason: 'r', code: 'cardinality' },
  ]
  rejects.add({ source: 'a', counts, samples })
  rejects.add({ source: 'b', counts: new Map([['json', 1]]), samples: [{ reason: 'r', code: 'json' }] })
  const taken = rejects.take()
  t.strictSame(taken, [
    { source: 'a', code: 'schema', count: 30, path: `/${'x'.repeat(99)}` },
    { source: 'a', code: 'host', count: 1, path: '' },
    { source: 'b', code: 'json', count: 1, path: '' },
  ])
  t.strictSame(rejects.take(), [])
  rejects.add({ source: 'a', counts: new Map([['schema', 2]]), samples: [] })
  rejects.giveBack(taken)
  t.match(rejects.take(), [{ source: 'a', code: 'schema', count: 32 }, {}, {}])
  for (let i = 0; i < 1000; i++) rejects.add({ source: `s-${i}`, counts: new Map([['schema', 1]]), samples: [] })
  const many = rejects.take()
  t.equal(many.length, 51)
  t.equal(
    many.reduce((sum, { count }) => sum + count, 0),
    1000,
  )
  t.end()
})

test('secrets in refused events are masked, by the name of their field and inside texts', (t) => {
  const rejects = createRejects({ clock: createVirtualClock(), log: quiet })
  const secret = 'hunter2hunter2'
  const event = {
    user: 'ada',
    password: secret,
    headers: { Authorization: `Bearer ${secret}`, 'x-api-key': secret, cookie: { session: secret } },
    nested: [{ client_secret: [secret] }, { 'aws.secretAccessKey': secret }],
    message: `password=${secret} token: "${secret}" https://ada:${secret}@example.org/x Bearer ${secret}`,
    url: 'http://localhost:8080/path',
  }
  rejects.add({ source: 'a', counts: new Map([['schema', 1]]), samples: [{ reason: 'r', code: 'schema', event }] })
  const text = JSON.stringify(rejects.list())
  t.notMatch(text, secret)
  t.match(text, 'http://localhost:8080/path')
  t.match(text, '"user":"ada"')
  t.end()
})

test('rejected events are logged once in ten seconds, with their number', async (t) => {
  const clock = createVirtualClock()
  lines.length = 0
  const rejects = createRejects({ clock, log: quiet })
  const samples = [{ reason: 'r', code: 'schema' }]
  const add = (): void => rejects.add({ source: 'a', counts: new Map([['schema', 3]]), samples })
  add()
  add()
  await clock.advance(10_000)
  add()
  t.match(lines, [{ rejected: 3 }, { rejected: 6 }])
  t.equal(lines.length, 2)
})

test('a body may be a retry when its answer was lost or late, once for each such answer', async (t) => {
  const clock = createVirtualClock()
  const retries = createRetries(clock)
  t.equal(retries.arrive('a'), true, 'the process has just restarted')
  retries.leave('a', clock.now(), true)
  t.equal(retries.arrive('a'), false, 'seen since')
  retries.leave('a', clock.now(), true)
  await clock.advance(5 * 60_000)
  t.equal(retries.arrive('b'), false)
  retries.leave('b', clock.now(), false)
  t.equal(retries.arrive('b'), true, 'its answer was lost')
  retries.leave('b', clock.now(), true)
  t.equal(retries.arrive('b'), false, 'the retry was answered')

  const since = clock.now()
  await clock.advance(9_001)
  t.equal(retries.arrive('b'), true, 'the first has waited for longer than Logstash does')
  retries.leave('b', since, true)
  t.equal(retries.arrive('b'), true, 'its answer was late')
  retries.leave('b', clock.now(), true)
  retries.leave('b', clock.now(), false)
  await clock.advance(5 * 60_000 + 1)
  t.equal(retries.arrive('b'), false, 'forgotten')
  for (let i = 0; i < 60_000; i += 1) {
    retries.arrive(`c${i}`)
    retries.leave(`c${i}`, clock.now(), false)
  }
  t.equal(retries.arrive('c0'), false, 'the oldest made room')
  t.equal(retries.arrive('c59999'), true)
})

test('a value that is no number costs its sample only, and is not passed over in silence', async (t) => {
  const service = await runService(t, { yaml: 'metrics: { cpu: { field: cpu, unit: ratio } }\nrules: []' })
  const body = [
    { host: { name: 'a' }, cpu: '95%' },
    { host: { name: 'a' }, cpu: null },
    { host: { name: 'a' }, cpu: '0.5' },
  ].map((one) => ({ ...one, '@timestamp': new Date().toISOString() }))
  t.match(await service.post(body), { status: 200, accepted: 3, rejected: 0 })
  t.match(await service.aggregate('a', 'cpu'), { count: 1, sum: 0.5 })
  t.equal((await service.metrics()).get('stashwatch_samples_dropped_total{reason="non_numeric"}'), 1)
  const { recent, counts } = JSON.parse((await service.get('/api/v1/rejects')).text) as {
    recent: object[]
    counts: object
  }
  t.match(recent, [
    { code: 'non_numeric', reason: /accepted without cpu: the field holds no number/, event: { cpu: '95%' } },
  ])
  t.strictSame(counts, {}, 'and is no refused event')
})

test('events without a readable time are counted, and one an hour of each source is stored and logged', async (t) => {
  const notified: Line[] = []
  const clock = createVirtualClock()
  let now = clock.now()
  const rejects = createRejects({ clock: { ...clock, now: () => now }, log: recorder(notified) })
  const post = (source: string): void =>
    rejects.recordUntimed({ source, count: 10, sample: { reason: 'no time', code: 'untimed', event: { a: 1 } } })
  for (const source of ['a', 'a', 'b', 'a']) post(source)
  const sources = (): unknown[] => rejects.list().recent.map((one) => (one as { source: string }).source)
  t.strictSame(sources(), ['b', 'a'])
  t.strictSame(rejects.list().incomplete, { non_numeric: 0, out_of_range: 0, unmatched: 0, untimed: 40 })
  t.strictSame(rejects.list().counts, {}, 'they are not rejected')
  t.equal(notified.length, 2)
  now += 3_600_000
  post('a')
  t.match(notified.at(-1), { fields: { source: 'a', events: 30 } })
})
