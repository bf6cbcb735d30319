import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { clockFrom, runService, type Running, type Taken } from '../helpers/service.ts'

/*
 * Inputs of real senders, and what is expected of them: the folders of ../shared/cases/ingest, posted to a running
 * service.
 */

const CASES = fileURLToPath(new URL('../../../shared/cases/ingest/', import.meta.url))
const skip = existsSync(CASES) ? false : `no cases at ${CASES}: NO input of a real sender was posted`

const NOW = Date.parse('2026-11-22T12:00:00Z')
const PLACE = /"?@(NOW|EPOCH)([+-]\d+)?@"?/g

/** The lines of a case, with times around now. */
function readLines(name: string): readonly string[] {
  const text = readFileSync(`${CASES}${name}/input.ndjson`, 'utf8').replaceAll(PLACE, (_, unit, seconds = '0') => {
    const at = NOW + Number(seconds) * 1000
    return unit === 'EPOCH' ? String(at / 1000) : JSON.stringify(new Date(at).toISOString())
  })
  return text.trim().split('\n')
}

async function start(t: Test, name: string): Promise<Running> {
  const file = `${CASES}${name}/config.yaml`
  const yaml = existsSync(file) ? readFileSync(file, 'utf8') : 'rules: []\n'
  return runService(t, { yaml, clock: clockFrom(NOW) })
}

/** Posts the lines of a case in one request. */
async function postAll(service: Running, name: string): Promise<Taken> {
  return service.post(readLines(name).join('\n'))
}

/** The hosts that the lines of each case belong to, in one request and in one request for each. */
const HOSTS: Readonly<Record<string, readonly string[]>> = {
  '05-vhost-as-host': ['proxy-1'],
  '06-host-spelling': ['NODE-A'],
  '08-syslog-nil': ['10.0.0.5', '10.0.0.6'],
  '11-numeric-host': ['app-1'],
  '12-stock-relay': ['db-9'],
}

for (const [name, hosts] of Object.entries(HOSTS)) {
  test(`${name}: the events belong to ${hosts.join(', ')}`, { skip }, async (t) => {
    const service = await start(t, name)
    const lines = readLines(name)
    t.match(await postAll(service, name), { status: 200, accepted: lines.length, rejected: 0 })
    for (const line of lines) t.match(await service.post(line), { status: 200, accepted: 1 })
    t.strictSame([...(await service.hosts())].sort(), hosts)
  })
}

test('02-fluentbit-date: each reading counts at its own time', { skip }, async (t) => {
  const service = await start(t, '02-fluentbit-date')
  const lines = readLines('02-fluentbit-date')
  t.match(await postAll(service, '02-fluentbit-date'), { status: 200, accepted: lines.length })
  const between = async (from: number, to: number): Promise<unknown> => {
    const query = new URLSearchParams({ host: 'fb-1', metric: 'fb_cpu' })
    query.set('from', String(NOW + from * 1000))
    query.set('to', String(NOW + to * 1000))
    return (await service.get(`/api/v1/aggregate?${query.toString()}`)).json
  }
  const readings = lines.map((line) => JSON.parse(line) as { date: number; cpu_p: number })
  for (const [from, to] of [
    [-300, 0],
    [-200, -100],
  ] as const) {
    const own = readings.filter(({ date }) => date >= NOW / 1000 + from && date < NOW / 1000 + to)
    const sum = own.reduce((total, { cpu_p: cpu }) => total + cpu, 0)
    t.match(await between(from, to), { count: own.length, sum })
  }
  t.equal((await service.metrics()).get('stashwatch_events_untimed_total'), 0)
})

test('09-envelopes: each is refused by its name', { skip }, async (t) => {
  const service = await start(t, '09-envelopes')
  for (const line of readLines('09-envelopes')) {
    const [name = ''] = Object.keys(JSON.parse(line) as object)
    const answer = await service.post(line)
    t.match(answer, { status: 422, accepted: 0, rejected: 1, errors: [{ path: `/${name}` }] })
    t.match(answer.errors[0]?.reason, new RegExp(`the envelope of .* \\("${name}"\\)`))
    t.match(await service.post(`[${line}]`), { status: 422, rejected: 1 })
  }
  t.strictSame(await service.hosts(), [])
  t.equal((await service.metrics()).get('stashwatch_events_rejected_total{reason="envelope"}'), 8)
})

test('01-garbage-cpu-sample: impossible readings are left out, counted and named', { skip }, async (t) => {
  const service = await start(t, '01-garbage-cpu-sample')
  const lines = readLines('01-garbage-cpu-sample')
  t.match(await postAll(service, '01-garbage-cpu-sample'), { status: 200, accepted: lines.length, rejected: 0 })
  const from = String(NOW - 600_000)
  for (const [host, metric, largest] of [
    ['win-1', 'cpu', 0.2],
    ['lxc-1', 'memory', 1],
    ['gpu-1', 'gpu_temperature', 100],
  ] as const) {
    const query = new URLSearchParams({ host, metric, from, to: String(NOW + 60_000) })
    const { json } = await service.get(`/api/v1/aggregate?${query.toString()}`)
    const { mean, count } = json as { readonly mean: number; readonly count: number }
    t.ok(mean > 0 && mean < largest, `${metric} of ${host}: ${mean} of ${count}`)
  }
  t.strictSame((await service.get('/api/v1/alerts')).json, [])
  const { json } = await service.get('/api/v1/rejects')
  t.match(json, { counts: {}, incomplete: { non_numeric: 0, out_of_range: 3 } })
  t.match(JSON.stringify(json), /accepted without cpu of win-1 \(found 22369717\.96%, expected -1% to 102400%\)/)
})
