import { existsSync, readFileSync } from 'node:fs'
import { encodeFrame } from '../src/extract/frame.ts'
import { createExtractor, type Extract } from '../src/extract/samples.ts'
import { createSchemas, type Schemas } from '../src/ingest/schema/index.ts'
import type { CountRule, EventSamples, Metric } from '../src/model.ts'

const EVENTS = 125
const BODIES = 40
const START = Date.parse('2026-11-22T12:00:00Z')
const CORPORA = new URL('../../shared/corpora/', import.meta.url)
const CORPUS_FILES = ['beats-system.logstash.ndjson', 'filebeat-raw.ndjson']

/** CPU of one kind of traffic, in microseconds per event, and the ratio of the whole path to bare `JSON.parse`. */
export interface CoreResult {
  readonly traffic: string
  readonly bytesPerEvent: number
  readonly samplesPerEvent: number
  readonly frameBytesPerEvent: number
  readonly parse: number
  readonly whole: number
  /** The median of the rounds' own ratios: neighbours on the machine slow both halves of a round alike. */
  readonly ratio: number
}

/**
 * Measures parse + judge + extract + frame against bare `JSON.parse(body.toString())` of the same 125-event bodies:
 * generated traffic, and real events where the corpora are present. `rounds` interleaved rounds, medians.
 */
export function measureCore(rounds = 25): CoreResult[] {
  const results = [measureTraffic('generated', generatedBodies(), rounds)]
  const real = corpusBodies()
  if (real !== undefined) results.push(measureTraffic('real events', real, rounds))
  return results
}

function measureTraffic(traffic: string, bodies: readonly Buffer[], rounds: number): CoreResult {
  const schemas = createSchemas(new URL('../schemas/events/', import.meta.url))
  const rules = RULES.map((rule) => ({ ...rule, placeholders: [], zeroes: false }))
  const extract = createExtractor({ metrics: METRICS, rules, host: {} })
  let sink = 0
  const bare = (): void => {
    for (const body of bodies) sink += (JSON.parse(body.toString()) as unknown[]).length
  }
  const whole = (): void => {
    for (const body of bodies) sink += digest(body, schemas, extract).frame.length
  }
  for (let i = 0; i < 8; i += 1) {
    bare()
    whole()
  }
  const pairs = Array.from({ length: rounds }, (_, i) =>
    i % 2 === 0 ? pair(bare, whole) : pair(whole, bare).reverse(),
  )
  if (sink === 0) throw new Error('nothing was measured')
  const digests = bodies.map((body) => digest(body, schemas, extract))
  const events = bodies.length * EVENTS
  return {
    traffic,
    bytesPerEvent: sum(bodies.map((body) => body.length)) / events,
    samplesPerEvent: sum(digests.flatMap(({ samples }) => samples.map(({ values }) => values.length))) / events,
    frameBytesPerEvent: sum(digests.map(({ frame }) => frame.length)) / events,
    parse: median(pairs.map(([first]) => first!)) / events,
    whole: median(pairs.map(([, second]) => second!)) / events,
    ratio: median(pairs.map(([first, second]) => second! / first!)),
  }
}

function digest(body: Buffer, schemas: Schemas, extract: Extract): { samples: EventSamples[]; frame: Uint8Array } {
  const events = JSON.parse(body.toString()) as unknown[]
  const samples: EventSamples[] = []
  for (const event of events) {
    const judged = schemas.judge(event)
    if ('reason' in judged) throw new Error(`${judged.path}: ${judged.reason}`)
    const extracted = extract(judged.event, judged.kind)
    if ('reason' in extracted) throw new Error(`${extracted.path}: ${extracted.reason}`)
    samples.push(extracted)
  }
  const head = {
    source: 'logstash-a',
    batchId: '00c0ffee00c0ffee',
    isBatch: true,
    isMaybeRetry: false,
    receivedAt: START,
  }
  return { samples, frame: encodeFrame({ ...head, events: samples }) }
}

/** CPU of two calls, in microseconds. */
const pair = (first: () => void, second: () => void): number[] => [cpu(first), cpu(second)]

function cpu(call: () => void): number {
  const before = process.cpuUsage()
  call()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

function corpusBodies(): Buffer[] | undefined {
  if (!CORPUS_FILES.every((name) => existsSync(new URL(name, CORPORA)))) return undefined
  const [beats = [], lines = []] = CORPUS_FILES.map((name) =>
    readFileSync(new URL(name, CORPORA), 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  )
  // Three of four events are metrics, as with Metricbeat and Filebeat in one pipeline.
  return bodiesOf((i) => (i % 4 === 3 ? lines[i % lines.length]! : beats[i % beats.length]!))
}

/** Bodies of 125 events each, as Logstash posts events of Metricbeat and Filebeat: about 1.1 kB per event. */
export function generatedBodies(): Buffer[] {
  const builders = [cpuEvent, memoryEvent, filesystemEvent, networkEvent, cpuEvent, memoryEvent, authEvent]
  return bodiesOf((i) => JSON.stringify(builders[i % builders.length]!(i)))
}

const bodiesOf = (event: (i: number) => string): Buffer[] =>
  Array.from({ length: BODIES }, (_, body) =>
    Buffer.from(`[${Array.from({ length: EVENTS }, (__, i) => event(body * EVENTS + i)).join(',')}]`),
  )

const spread = (i: number, salt: number): number => ((i * 2_654_435_761 + salt * 40_503) % 10_000) / 10_000
const ratio = (i: number, salt: number): number => Number(spread(i, salt).toFixed(4))
const bytes = (i: number, salt: number): number => Math.floor(spread(i, salt) * 64e9)

function envelope(i: number, dataset: string, beat: string): Record<string, unknown> {
  const host = `web-${String(i % 200).padStart(3, '0')}.example.org`
  const [module, name] = dataset.split('.')
  return {
    '@timestamp': new Date(START + i * 7).toISOString(),
    '@version': '1',
    agent: {
      type: beat,
      version: '8.15.3',
      name: host,
      id: '9f0c6f1e-33aa-4c21-8a55-0d6f1c9b7e10',
      ephemeral_id: '5b1d3c2a-77d0-4f0e-9c55-2e7a1b0c9d8e',
    },
    ecs: { version: '8.0.0' },
    event: { module, dataset, duration: 115_000 + i },
    metricset: { name, period: 10_000 },
    service: { type: module },
    host: hostFields(i, host),
    tags: ['beats_input_raw_event'],
  }
}

const OS = {
  family: 'debian',
  kernel: '6.1.0-27-amd64',
  name: 'Debian GNU/Linux',
  platform: 'debian',
  type: 'linux',
  version: '12 (bookworm)',
  codename: 'bookworm',
}

const hostFields = (i: number, name: string): Record<string, unknown> => ({
  name,
  hostname: name,
  architecture: 'x86_64',
  containerized: true,
  id: 'b0c2a6d1f5e94b7c8d3e2f1a0b9c8d7e',
  ip: [`10.0.${i % 200}.17`, 'fe80::42:acff:fe11:2'],
  mac: ['02-42-AC-11-00-02'],
  os: OS,
})

function cpuEvent(i: number): unknown {
  const share = (salt: number): unknown => ({ pct: ratio(i, salt) * 4, norm: { pct: ratio(i, salt) } })
  const cpu = {
    cores: 4,
    total: share(1),
    user: share(2),
    system: share(3),
    idle: share(4),
    iowait: share(5),
    steal: share(6),
  }
  return { ...envelope(i, 'system.cpu', 'metricbeat'), system: { cpu } }
}

function memoryEvent(i: number): unknown {
  const used = (salt: number): unknown => ({ bytes: bytes(i, salt), pct: ratio(i, salt) })
  const actual = { free: bytes(i, 4), used: used(5) }
  const swap = { total: bytes(i, 6), free: bytes(i, 7), used: used(8) }
  const memory = { total: 64e9, free: bytes(i, 2), used: used(3), actual, swap }
  return { ...envelope(i, 'system.memory', 'metricbeat'), system: { memory } }
}

function filesystemEvent(i: number): unknown {
  const place = { mount_point: i % 2 === 0 ? '/' : '/var', device_name: '/dev/sda2', type: 'ext4' }
  const counts = { total: 107e9, available: bytes(i, 2), free: bytes(i, 3), files: 6_553_600, free_files: 6_127_444 }
  const filesystem = { ...place, ...counts, used: { bytes: bytes(i, 4), pct: ratio(i, 5) } }
  return { ...envelope(i, 'system.filesystem', 'metricbeat'), system: { filesystem } }
}

function networkEvent(i: number): unknown {
  const way = (salt: number): unknown => ({
    bytes: bytes(i, salt),
    packets: bytes(i, salt + 1),
    errors: 0,
    dropped: i % 3,
  })
  const network = { name: i % 2 === 0 ? 'eth0' : 'lo', in: way(2), out: way(4) }
  return { ...envelope(i, 'system.network', 'metricbeat'), system: { network } }
}

function authEvent(i: number): unknown {
  const message = `Failed password for root from 198.51.100.${i % 250} port ${20_000 + (i % 40_000)} ssh2`
  const line = `Nov 22 12:00:00 web-${i % 200} sshd[${i}]: ${message}`
  const fields = {
    fileset: { name: 'auth' },
    input: { type: 'log' },
    log: { offset: i * 90, file: { path: '/var/log/auth.log' } },
  }
  const base = envelope(i, 'system.auth', 'filebeat')
  return { ...base, ...fields, message: line, process: { name: 'sshd', pid: i }, original: line }
}

const gauge = (name: string, fields: readonly string[], by: readonly string[] = []): Metric => ({
  name,
  fields,
  by: by.map((path) => path.slice(path.lastIndexOf('.') + 1)),
  byFields: by,
  unit: 'ratio',
  kind: 'gauge',
})

/** A typical configuration: the documented metrics, and as many more. */
export const METRICS: readonly Metric[] = [
  gauge('cpu', ['host.cpu.usage', 'system.cpu.total.norm.pct']),
  gauge('cpu.user', ['system.cpu.user.norm.pct']),
  gauge('cpu.system', ['system.cpu.system.norm.pct']),
  gauge('cpu.iowait', ['system.cpu.iowait.norm.pct']),
  gauge('cpu.steal', ['system.cpu.steal.norm.pct']),
  gauge('memory', ['system.memory.actual.used.pct']),
  gauge('memory.used', ['system.memory.used.pct']),
  gauge('swap', ['system.memory.swap.used.pct']),
  gauge('load', ['system.load.1']),
  gauge('disk', ['system.filesystem.used.pct'], ['system.filesystem.mount_point']),
  gauge('disk.free', ['system.filesystem.available'], ['system.filesystem.mount_point']),
  gauge('net.in', ['system.network.in.bytes'], ['system.network.name']),
  gauge('net.out', ['system.network.out.bytes'], ['system.network.name']),
  gauge('net.errors', ['system.network.in.errors'], ['system.network.name']),
  gauge('machine.cpu', ['machine.cpu_usage']),
  gauge('machine.memory', ['machine.memory_usage']),
]

export const RULES: readonly CountRule[] = [
  {
    kind: 'count',
    name: 'ssh-failures',
    severity: 'warning',
    notify: [],
    hosts: [],
    labels: {},
    over: 300_000,
    every: 30_000,
    for: 0,
    keepFiringFor: 0,
    condition: {
      detector: 'threshold',
      params: { of: 'count', warning: [{ op: 'above', value: 20, clear: 19 }], critical: [] },
    },
    overrides: [],
    by: [],
    byFields: [],
    where: [
      { field: 'event.dataset', oneOf: ['system.auth'] },
      { field: 'message', contains: 'Failed password' },
    ],
  },
]
