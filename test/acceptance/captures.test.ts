import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { test } from 'tap'
import { UNKNOWN_HOST } from '../../src/model.ts'
import { clockFrom, runService, type Running, type RunOptions } from '../helpers/service.ts'
import { open } from '../ingest/http-helper.ts'

const CAPTURES = fileURLToPath(new URL('../../../shared/wire/captures/', import.meta.url))
const skip = existsSync(CAPTURES) ? false : `no captures at ${CAPTURES}: Logstash's own bytes were NOT replayed`

/** Shortly after the captures were taken. */
const NOW = Date.parse('2026-11-22T05:40:00Z')
/** The password of the captured Basic header. */
const SECRET = 's3cr:et ?'
const YAML = `
metrics:
  cpu: { field: [host.cpu.usage, system.cpu.total.norm.pct], unit: ratio }
  f: { field: f }
  f1: { field: f1 }
  fsmall: { field: fsmall }
  f20: { field: f20 }
  big: { field: big }
  bd: { field: bd }
  bdbig: { field: bdbig }
  bdsmall: { field: bdsmall }
  neg0: { field: neg0 }
  i64: { field: i64 }
  nan: { field: v }
  inf: { field: inf }
  none: { field: n }
  truth: { field: t }
  empty: { field: e }
rules: []
`

const bytesOf = (folder: string): Buffer[] =>
  readdirSync(`${CAPTURES}${folder}`)
    .sort()
    .map((file) => readFileSync(`${CAPTURES}${folder}/${file}`))

/** The body of a request, as text. */
function inflated(request: Buffer = Buffer.alloc(0)): string {
  const body = request.subarray(request.indexOf('\r\n\r\n') + 4)
  return String(body[0] === 0x1f ? gunzipSync(body) : body)
}

async function start(t: Parameters<typeof runService>[0], change: Partial<RunOptions> = {}): Promise<Running> {
  return runService(t, { yaml: YAML, clock: clockFrom(NOW), ...change })
}

/** What arrived, beside who it is about: the CPU of the two hosts that report any. */
const ARRIVED = { node01: { count: 1, sum: 0.93 }, node02: { count: 1, sum: 0.12 } }

async function cpuOf(service: Running, times: number): Promise<unknown> {
  const found: Record<string, unknown> = {}
  for (const [host, { count, sum }] of Object.entries(ARRIVED)) {
    const view = await service.aggregate(host, 'cpu')
    found[host] = view?.count === count * times && view.sum === sum * times ? { count, sum } : view
  }
  return found
}

for (const folder of ['json', 'json_gzip', 'json_batch', 'json_batch_gzip', 'auth']) {
  test(`what Logstash's plugin wrote as ${folder} is taken byte for byte, and counts`, { skip }, async (t) => {
    const tokens = `ingest: { tokens: [{ name: logstash-a, token: "${SECRET}" }] }\n`
    const service = await start(t, folder === 'auth' ? { yaml: tokens + YAML } : {})
    const client = await open(t, service.port)
    const requests = bytesOf(folder)
    const each = requests.length === 1 ? 3 : 1
    for (const bytes of requests) {
      client.send(bytes.subarray(0, 90), bytes.subarray(90))
      const answer = await client.answer()
      t.equal(answer?.status, 200)
      t.strictSame(answer?.json(), { accepted: each, rejected: 0, errors: [] })
    }
    t.strictSame([...(await service.hosts())].sort(), ['legacy-host', 'node01', 'node02'])
    t.strictSame(await cpuOf(service, 1), ARRIVED)
    t.equal(await service.aggregate('legacy-host', 'cpu'), undefined, 'a plain line is no measurement')
    const { text } = await service.get('/api/v1/hosts')
    t.ok(text.includes(`"source":"${folder === 'auth' ? 'logstash-a' : '127.0.0.1'}"`), 'the token names the source')

    let repeats = 0
    for (const bytes of requests) client.send(bytes)
    for (let i = 0; i < requests.length; i++) {
      const again = await client.answer()
      t.equal(again?.status, 200)
      // Equal single events with whole seconds are honest repeats as long as each was answered.
      const isWhole = each === 1 && /"@timestamp":"[^"]*:\d\d(?:\.0+)?Z"/.test(inflated(requests[i]))
      t.equal(again?.json()['duplicate'], isWhole ? undefined : true)
      if (isWhole) repeats += 1
    }
    t.strictSame(await cpuOf(service, 1), ARRIVED, 'an array, and an event with a fraction of a second, counts once')
    const metrics = await service.metrics()
    t.equal(metrics.get('stashwatch_events_total{result="accepted"}'), 3 + repeats)
    t.equal(metrics.get('stashwatch_events_total{result="duplicate"}'), 3 - repeats)
  })
}

test('a wrong token is refused with the bytes of Logstash, and nothing of them arrives', { skip }, async (t) => {
  const tokens = 'ingest: { tokens: [{ name: logstash-a, token: "another token" }] }\n'
  const service = await start(t, { yaml: tokens + YAML })
  const client = await open(t, service.port)
  for (const bytes of [...bytesOf('auth'), ...bytesOf('json_batch')]) {
    client.send(bytes)
    const answer = await client.answer()
    t.match(answer, { status: 401, headers: { connection: 'keep-alive', 'www-authenticate': /^Bearer .*Basic / } })
  }
  t.strictSame(await service.hosts(), [])
})

test('the odd but honest events of Logstash are all taken, each about whom it names', { skip }, async (t) => {
  const service = await start(t)
  const client = await open(t, service.port)
  const [bytes = Buffer.alloc(0)] = bytesOf('edge')
  const events = JSON.parse(bytes.toString().split('\r\n\r\n')[1] ?? '') as unknown[]
  client.send(bytes)
  const answer = await client.answer()
  t.equal(answer?.status, 200)
  t.strictSame(answer?.json(), { accepted: events.length, rejected: 0, errors: [] })
  t.strictSame([...(await service.hosts())].sort(), ['nested', UNKNOWN_HOST, 'web-1'].sort())

  const numbers = { f: 0.1, f1: 1, fsmall: 1e-9, f20: 1e20, big: 1180591620717411303424, bd: 0.9, bdbig: 1e30 }
  for (const [metric, sum] of Object.entries({ ...numbers, bdsmall: 1.2e-10, neg0: -0, i64: 2 ** 62 })) {
    const view = await service.aggregate(UNKNOWN_HOST, metric)
    t.strictSame([view?.count, view?.sum], [1, sum + 0], metric)
  }
  for (const metric of ['nan', 'inf', 'none', 'truth', 'empty', 'cpu']) {
    t.equal(await service.aggregate(UNKNOWN_HOST, metric), undefined, `${metric} is no measurement`)
  }
})
