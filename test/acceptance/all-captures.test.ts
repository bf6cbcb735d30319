import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test, type Test } from 'tap'
import { UNKNOWN_HOST } from '../../src/model.ts'
import { clockFrom, runService, type Running } from '../helpers/service.ts'
import { open } from '../ingest/http-helper.ts'

const CAPTURES = fileURLToPath(new URL('../../../shared/wire/captures/', import.meta.url))
const skip = existsSync(CAPTURES) ? false : `no captures at ${CAPTURES}: the senders' own bytes were NOT replayed`

/** Shortly after the captures were taken. */
const NOW = Date.parse('2026-11-22T06:01:00Z')
const PATHS = 'paths: [/ingest, /single, /default, /array, /ndjson]'
const SERVICE = `
metrics:
  cpu: { field: [system.cpu.total.norm.pct, cpu, n.cpu] }
rules:
  - name: lines
    when: { count: { where: { message: { contains: "cpu usage" } } }, over: 1m, threshold: { above: 1000000 } }
    every: 1m
`

interface Outcome {
  /** Events accepted, request by request. None is rejected. */
  readonly accepted: readonly number[]
  /** Whom they are about. */
  readonly hosts: readonly string[]
  /** The CPU that a host reports once. */
  readonly cpu?: Readonly<Record<string, number>>
  /** Events that hold the line which syslog-ng was given. */
  readonly lines?: number
}

type Outcomes = Readonly<Record<string, Outcome>>

const CPU = { node01: 0.93, node02: 0.12 }
const NODES: Outcome = { accepted: [1, 1, 1], hosts: ['legacy-host', 'node01', 'node02'], cpu: CPU }
const BATCH: Outcome = { ...NODES, accepted: [3] }
const MAPPED: Outcome = { accepted: [1, 1, 1], hosts: [UNKNOWN_HOST, 'node01', 'node02'], cpu: CPU }

/** Every folder of captures and what becomes of it, by what `ingest` says beside the paths. */
const OUTCOMES: Readonly<Record<string, Outcomes>> = {
  '': {
    edge: { accepted: [21], hosts: ['nested', UNKNOWN_HOST, 'web-1'] },
    form: NODES,
    headers_json: NODES,
    json: NODES,
    json_batch: BATCH,
    json_batch_gzip: BATCH,
    json_gzip: NODES,
    message: { accepted: [1, 1, 1], hosts: [UNKNOWN_HOST] },
    'syslog-ng': { accepted: [1, 1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1], hosts: ['localhost'], lines: 16 },
  },
  // The password of the captured Basic header.
  ', tokens: [{ name: captured, token: "s3cr:et ?" }]': { auth: BATCH },
  ', host: { default: [host.name, h] }': {
    form_mapping: { accepted: [1, 1, 1], hosts: [UNKNOWN_HOST, 'node01', 'node02'] },
    json_batch_mapping: { ...MAPPED, accepted: [3] },
    json_mapping: MAPPED,
  },
}

test('every folder of captures has an outcome here', { skip }, async (t) => {
  t.strictSame(
    readdirSync(CAPTURES).sort(),
    Object.values(OUTCOMES)
      .flatMap((group) => Object.keys(group))
      .sort(),
  )
})

for (const [ingest, outcomes] of Object.entries(OUTCOMES)) {
  const names = Object.keys(outcomes).join(', ')
  test(`what was captured is taken byte for byte and stands under its hosts: ${names}`, { skip }, async (t) => {
    const yaml = `ingest: { ${PATHS}${ingest} }\n${SERVICE}`
    const service = await runService(t, { yaml, clock: clockFrom(NOW) })
    const known = [...new Set(Object.values(outcomes).flatMap(({ hosts }) => hosts))].sort()
    const total = Object.values(outcomes)
      .flatMap(({ accepted }) => accepted)
      .reduce((sum, each) => sum + each, 0)
    for (const [folder, outcome] of Object.entries(outcomes)) {
      const before = await measured(service, known)
      await replay(t, service, folder, outcome)
      const after = await measured(service, known)
      for (const host of known) {
        const [count, value] = host in (outcome.cpu ?? {}) ? [1, outcome.cpu?.[host] ?? 0] : [0, 0]
        const added = (after[host]?.cpu ?? 0) - (before[host]?.cpu ?? 0)
        t.equal((after[host]?.reports ?? 0) - (before[host]?.reports ?? 0), count, `${folder}: reports of ${host}`)
        t.ok(Math.abs(added - value) < 1e-9, `${folder}: the CPU of ${host} is ${added}`)
        const lines = (after[host]?.lines ?? 0) - (before[host]?.lines ?? 0)
        t.equal(lines, outcome.hosts.includes(host) ? (outcome.lines ?? 0) : 0, `${folder}: lines of ${host}`)
      }
      const hosts = await service.hosts()
      t.strictSame(
        outcome.hosts.filter((host) => !hosts.includes(host)),
        [],
        `${folder}: every host is known`,
      )
    }
    t.strictSame([...(await service.hosts())].sort(), known, 'and no other')
    const scrape = await service.metrics()
    t.equal(scrape.get('stashwatch_events_total{result="accepted"}'), total)
    t.equal(scrape.get('stashwatch_events_total{result="rejected"}'), 0)
    t.equal(scrape.get('stashwatch_events_total{result="duplicate"}'), 0)
  })
}

async function replay(t: Test, service: Running, folder: string, { accepted }: Outcome): Promise<void> {
  const client = await open(t, service.port)
  const files = readdirSync(`${CAPTURES}${folder}`).sort()
  t.equal(files.length, accepted.length, folder)
  for (const [i, file] of files.entries()) {
    const bytes = readFileSync(`${CAPTURES}${folder}/${file}`)
    client.send(bytes.subarray(0, 60), bytes.subarray(60))
    const answer = await client.answer()
    t.equal(answer?.status, 200, `${folder}/${file}`)
    t.strictSame(answer?.json(), { accepted: accepted[i], rejected: 0, errors: [] }, `${folder}/${file}`)
    t.equal(answer?.headers.connection, 'keep-alive')
    t.notOk(answer && ('set-cookie' in answer.headers || 'location' in answer.headers))
  }
  client.socket.destroy()
}

interface Measured {
  readonly reports: number
  readonly cpu: number
  readonly lines: number
}

async function measured(service: Running, hosts: readonly string[]): Promise<Readonly<Record<string, Measured>>> {
  const found: Record<string, Measured> = {}
  for (const host of hosts) {
    const [cpu, lines] = [await service.aggregate(host, 'cpu'), await service.aggregate(host, 'count(lines)')]
    found[host] = { reports: cpu?.count ?? 0, cpu: cpu?.sum ?? 0, lines: lines?.sum ?? 0 }
  }
  return found
}
