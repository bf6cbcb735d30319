import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { generatedBodies } from './core.ts'

export const CONNECTIONS = 8
export const EVENTS = 125
/** Batches per round and server. */
const ROUND = 320

/** CPU of whole processes in microseconds per event, closed loop, and the median of the rounds' ratios. */
export interface HttpResult {
  readonly bare: number
  readonly service: number
  readonly ratio: number
}

/** Response times in milliseconds at a fixed rate. */
export interface PacedResult {
  readonly eventsPerSecond: number
  readonly series: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Target {
  readonly child: ChildProcess
  readonly port: number
  readonly path: string
}

/** Returns the first result of `find` over the lines of output. */
async function lineOf<T>({ stdout }: ChildProcess, find: (line: string) => T | undefined): Promise<T> {
  if (stdout === null) throw new Error('no output to read')
  for await (const line of createInterface({ input: stdout })) {
    const found = find(line)
    if (found === undefined) continue
    stdout.resume()
    return found
  }
  throw new Error('it ended before it listened')
}

async function startBare(): Promise<Target> {
  const file = new URL('bare.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  return { child, port: await lineOf(child, Number), path: '/' }
}

/** The real service as a process of its own; `more` is added to its configuration. */
export async function startService(folder: string, more = ''): Promise<Target> {
  const config = join(folder, 'stashwatch.yaml')
  writeFileSync(config, 'listen: 127.0.0.1:0\ndata: ./data\ningest: { requests_per_minute: 10000000 }\n' + more)
  const main = new URL('../src/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, 'start', '--config', config], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await lineOf(child, (line) => (JSON.parse(line) as { url?: string }).url)
  return { child, port: Number(new URL(url).port), path: '/events' }
}

/** Returns the CPU of a process and its threads, in microseconds (Linux counts hundredths of a second). */
export function cpuOf({ child }: Target): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

const TEMPLATES = generatedBodies().map((body) => body.toString().split(/(?<="@timestamp":")[^"]+/))

/** A body of 125 different events with the present time. */
function bodyAt(n: number): Buffer {
  const parts = TEMPLATES[n % TEMPLATES.length] ?? []
  const now = Date.now() - EVENTS
  return Buffer.from(parts.map((part, i) => (i === 0 ? part : new Date(now + i).toISOString() + part)).join(''))
}

/** Posts one body. Returns the milliseconds from the first byte sent to the complete response. */
export async function post(target: Target, agent: Agent, body: Buffer): Promise<number> {
  const began = performance.now()
  const sent = request({
    agent,
    port: target.port,
    path: target.path,
    method: 'POST',
    headers: { 'content-length': body.length },
  })
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.resume()
  await once(answer, 'end')
  if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`)
  return performance.now() - began
}

/** Posts a round over all connections, one request at a time on each. Returns microseconds of CPU per event. */
async function closedLoop(target: Target, agent: Agent, offset: number): Promise<number> {
  const bodies = Array.from({ length: ROUND }, (_, i) => bodyAt(offset + i))
  const before = cpuOf(target)
  const worker = async (): Promise<void> => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) await post(target, agent, body)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  return (cpuOf(target) - before) / (ROUND * EVENTS)
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
export const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? NaN

/** The whole path with its commit against the bare server, same bodies, rounds in turn. */
export async function measureHttp(rounds = 9): Promise<HttpResult> {
  const folder = mkdtempSync(join(tmpdir(), 'stashwatch-bench-'))
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const [bare, service] = [await startBare(), await startService(folder)]
  try {
    const pairs: { bare: number; service: number }[] = []
    for (let round = -2; round < rounds; round++) {
      const offset = (round + 2) * ROUND
      const pair = { bare: await closedLoop(bare, agent, offset), service: await closedLoop(service, agent, offset) }
      if (round >= 0) pairs.push(pair)
    }
    return {
      bare: median(pairs.map((pair) => pair.bare)),
      service: median(pairs.map((pair) => pair.service)),
      ratio: median(pairs.map((pair) => pair.service / pair.bare)),
    }
  } finally {
    await end([bare, service], agent, folder)
  }
}

export async function end(targets: readonly Target[], agent: Agent, folder: string): Promise<void> {
  agent.destroy()
  for (const { child } of targets) {
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    await exit
  }
  rmSync(folder, { recursive: true, force: true })
}

/** Twenty series for each host: CPU, load, memory and swap, eight mount points, four interfaces in both directions. */
async function fill(target: Target, agent: Agent, hosts: number): Promise<void> {
  for (let first = 0; first < hosts; first += 100) {
    const events = Array.from({ length: 100 }, (_, i) => hostEvents(`resident-${first + i}`)).flat()
    await post(target, agent, Buffer.from(JSON.stringify(events)))
  }
}

function hostEvents(name: string): object[] {
  const event = (dataset: string, system: object): object => ({
    '@timestamp': new Date().toISOString(),
    host: { name },
    event: { dataset: `system.${dataset}` },
    system,
  })
  const mounts = ['/', '/home', '/var', '/scratch', '/tmp', '/boot', '/opt', '/srv']
  return [
    event('cpu', { cpu: { total: { norm: { pct: 0.25 } } } }),
    event('load', { load: { norm: { 1: 0.5 } } }),
    event('memory', { memory: { actual: { used: { pct: 0.5 } }, swap: { used: { pct: 0 } } } }),
    ...mounts.map((mount) => event('filesystem', { filesystem: { mount_point: mount, used: { pct: 0.5 } } })),
    ...['eth0', 'eth1', 'ib0', 'ib1'].map((nic) =>
      event('network', { network: { name: nic, in: { bytes: 1 }, out: { bytes: 1 } } }),
    ),
  ]
}

/** Response times at 5,000 events per second over eight connections, with 200,000 series in memory. */
export async function measurePaced(seconds = 20): Promise<PacedResult> {
  const folder = mkdtempSync(join(tmpdir(), 'stashwatch-bench-'))
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const service = await startService(folder)
  try {
    await fill(service, agent, 10_000)
    const times: number[] = []
    const period = (1000 * EVENTS * CONNECTIONS) / 5000
    const began = performance.now()
    const worker = async (lane: number): Promise<void> => {
      for (let n = 0; n * period < seconds * 1000; n++) {
        const due = began + n * period + (lane * period) / CONNECTIONS
        await pause(Math.max(0, due - performance.now()))
        times.push(await post(service, agent, bodyAt(n * CONNECTIONS + lane)))
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, lane) => worker(lane)))
    const text = await (await fetch(`http://127.0.0.1:${service.port}/metrics`)).text()
    const series = Number(/^stashwatch_series (\d+)/m.exec(text)?.[1])
    const elapsed = (performance.now() - began) / 1000
    return {
      eventsPerSecond: Math.round((times.length * EVENTS) / elapsed),
      series,
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      max: Math.max(...times),
    }
  } finally {
    await end([service], agent, folder)
  }
}
