import { mkdtempSync, readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { generatedBodies } from './core.ts'
import { CONNECTIONS, cpuOf, end, EVENTS, post, quantile, startService, type Target } from './http.ts'

const HOSTS = 10_000
const EVENTS_PER_HOST = 1.5
const RATE = HOSTS * EVENTS_PER_HOST
/** Within this many seconds every host sends each kind of event at least once, so that all series exist. */
const WARM_UP = 10

/** Metrics and rules for each kind of event, evaluated more than once within the measured time. */
const CONFIG = `metrics:
  cpu: { field: system.cpu.total.norm.pct, unit: ratio }
  iowait: { field: system.cpu.iowait.norm.pct, unit: ratio }
  memory: { field: system.memory.actual.used.pct, unit: ratio }
  swap: { field: system.memory.swap.used.pct, unit: ratio }
  disk: { field: system.filesystem.used.pct, unit: ratio, by: [system.filesystem.mount_point] }
  net_in: { field: system.network.in.bytes, unit: bytes, kind: counter, by: { interface: system.network.name } }
  net_out: { field: system.network.out.bytes, unit: bytes, kind: counter, by: { interface: system.network.name } }
receivers: { ops: { email: { to: [ops@example.org] } } }
rules:
  - { name: cpu-high, when: { metric: cpu, over: 2m, threshold: { of: mean, above: 0.9, clear: 0.85 } }, every: 10s }
  - { name: memory-high, when: { metric: memory, over: 5m, threshold: { of: mean, above: 0.9, clear: 0.8 } }, every: 10s }
  - { name: disk-full, when: { metric: disk, over: 5m, threshold: { of: last, above: 0.9999 } }, every: 10s }
  - name: ssh-guesses
    when:
      over: 2m
      count: { where: { event.dataset: system.auth, message: { contains: Failed password } } }
      threshold: { above: 200 }
    every: 10s
  - { name: host-silent, when: { absence: { after: 3m } }, severity: critical }
`

/** Measures what the service needs for the load of a large cluster, over `seconds` after a warm-up. */
export interface GeneratorResult {
  readonly hosts: number
  /** Events per second: requested, and accepted. */
  readonly wanted: number
  readonly reached: number
  readonly seconds: number
  /** CPU seconds of the whole process per second: 1 is one core. */
  readonly cores: number
  /** Response times in milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** Memory of the process in megabytes: at the end, and the maximum. */
  readonly rss: number
  readonly peak: number
  readonly series: number
}

/** The JSON of one event: what stands before its time, and the pieces between which the host's name stands. */
interface Template {
  readonly head: string
  readonly rest: readonly string[]
}

const TEMPLATES: readonly Template[] = generatedBodies().flatMap((body) =>
  (JSON.parse(body.toString()) as readonly object[]).map((event) => {
    const [head = '', ...rest] = JSON.stringify(event).split(/web-\d{3}\.example\.org|(?<="@timestamp":")[^"]+/)
    return { head, rest }
  }),
)

/** After this many templates, the same kind of event on the same disk or interface is repeated. */
const KINDS = 14
const VARIETIES = Math.floor(TEMPLATES.length / KINDS)

/**
 * Returns event number `n` of the load. Hosts take turns, and each sends all kinds in turn, so that a batch has as many
 * hosts as events and every kind of event. Values differ from event to event.
 */
function eventAt(n: number, now: number): string {
  const host = n % HOSTS
  const kind = (Math.floor(n / HOSTS) + host) % KINDS
  const { head, rest } = TEMPLATES[(n % VARIETIES) * KINDS + kind]!
  return `${head}${new Date(now).toISOString()}${rest.join(`node-${host}.example.org`)}`
}

function batchAt(n: number): Buffer {
  const now = Date.now()
  return Buffer.from(`[${Array.from({ length: EVENTS }, (_, i) => eventAt(n * EVENTS + i, now)).join(',')}]`)
}

/** Returns a line of the process's status, `VmRSS` or `VmHWM`, in megabytes. */
export function memoryOf({ child }: Target, line: string): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024
}

async function figures({ port }: Target): Promise<{ readonly series: number; readonly accepted: number }> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const value = (sample: string): number => Number(text.split(`\nstashwatch_${sample} `)[1]?.split('\n')[0])
  return { series: value('series'), accepted: value('events_total{result="accepted"}') }
}

/**
 * Posts the batches `from` to `to` at the given rate, or as fast as eight concurrent requests allow. Returns the
 * response times.
 */
async function load(service: Target, agent: Agent, from: number, to: number): Promise<number[]> {
  const times: number[] = []
  const began = performance.now()
  const lane = async (first: number): Promise<void> => {
    for (let n = first; n < to; n += CONNECTIONS) {
      const due = began + ((n - from) * EVENTS * 1000) / RATE
      await pause(Math.max(0, due - performance.now()))
      times.push(await post(service, agent, batchAt(n)))
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => lane(from + i)))
  return times
}

/** The share of a core that 10,000 hosts of 1.5 events a second take, in batches of 125 over eight connections. */
export async function measureGenerator(seconds = 20): Promise<GeneratorResult> {
  const folder = mkdtempSync(join(tmpdir(), 'stashwatch-bench-'))
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const service = await startService(folder, CONFIG)
  try {
    const [warm, last] = [WARM_UP, WARM_UP + seconds].map((time) => Math.round((time * RATE) / EVENTS)) as [
      number,
      number,
    ]
    await load(service, agent, 0, warm)
    const before = { ...(await figures(service)), at: performance.now(), cpu: cpuOf(service) }
    const times = await load(service, agent, warm, last)
    const elapsed = (performance.now() - before.at) / 1000
    const cpu = (cpuOf(service) - before.cpu) / 1e6
    const after = await figures(service)
    return {
      hosts: HOSTS,
      wanted: RATE,
      reached: (after.accepted - before.accepted) / elapsed,
      seconds: elapsed,
      cores: cpu / elapsed,
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      max: Math.max(...times),
      rss: memoryOf(service, 'VmRSS'),
      peak: memoryOf(service, 'VmHWM'),
      series: after.series,
    }
  } finally {
    await end([service], agent, folder)
  }
}
