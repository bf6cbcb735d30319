import { execFileSync } from 'node:child_process'
import { encodeFrame } from '../src/extract/frame.ts'
import { beginCut, readSnapshot } from '../src/engine/snapshot.ts'
import { createFold, encodeEntry, step } from '../src/engine/step.ts'
import type { Fold } from '../src/engine/state.ts'
import { ALERTING, type EngineConfig, type Metric, type MetricRule, type Of } from '../src/model.ts'

const HOSTS = 10_000
const METRICS = 20
const MINUTE = 60_000
const START = Math.floor(Date.now() / MINUTE) * MINUTE

/** What a large site costs the engine: 10,000 hosts with 20 metrics each, windows of 5 minutes in buckets of 10 s. */
export interface ScaleResult {
  readonly columns: string
  readonly series: number
  /** Bytes of one series, all that the engine keeps counted in. */
  readonly bytesPerSeries: number
  /** CPU in milliseconds of judging every series once, and of the longest slice of it. */
  readonly evaluation: number
  readonly longestSlice: number
  /** Milliseconds until a snapshot of it is the state again, and its size. */
  readonly restore: number
  readonly snapshotBytes: number
  /** The longest time that a snapshot keeps the engine from answering, in milliseconds. */
  readonly longestPart: number
}

const name = (i: number): string => `metric_${i}`
const metrics: readonly Metric[] = Array.from({ length: METRICS }, (_, i) => ({
  name: name(i),
  fields: [name(i)],
  unit: 'ratio',
  kind: 'gauge',
  by: [],
}))

const rule = (of: Of, metric: string): MetricRule => ({
  kind: 'metric',
  name: `${of}-${metric}`,
  metric,
  over: 5 * MINUTE,
  every: MINUTE,
  for: 0,
  keepFiringFor: 0,
  severity: 'warning',
  notify: ['ops'],
  hosts: [],
  labels: {},
  overrides: [],
  threshold: { of, warning: [{ op: 'above', value: 0.9, clear: 0.8 }], critical: [] },
})

const configOf = (kinds: readonly Of[]): EngineConfig => ({
  bucket: 10_000,
  lateness: 10_000,
  metrics,
  rules: metrics.flatMap((metric) => kinds.map((of) => rule(of, metric.name))),
  receivers: [{ name: 'ops', email: [{ address: 'ops@example.org' }] }],
  system: ['ops'],
  hosts: { expected: [], forgetAfter: 86_400_000 },
  sources: [],
  mailsPerMinute: 5,
  alerting: ALERTING,
  limits: { hosts: 20_000, series: 400_000, seriesPerHost: 100, sources: 10 },
})

const cpu = (call: () => unknown): number => {
  const before = process.cpuUsage()
  call()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** All hosts report at one instant. */
function report(fold: Fold, now: number): void {
  const series = metrics.map((metric) => metric.name)
  for (let first = 0; first < HOSTS; first += 125) {
    const events = Array.from({ length: 125 }, (_, i) => {
      const values = series.map((__, k) => 0.25 + ((first + i + k) % 32) / 64)
      return { host: `host-${first + i}`, ts: now, heartbeat: false, series, values }
    })
    const batchId = `${now}-${first}`.padStart(20, '0').slice(-16)
    const data = encodeFrame({ source: 'logstash', batchId, many: true, maybeRetry: false, rcv: now, events })
    step(fold, { kind: 'batch', data })
  }
}

/** CPU of each slice that a second takes. */
function tick(fold: Fold, now: number): number[] {
  const slices: number[] = []
  const data = encodeEntry({ now, refused: false })
  const slice = (): boolean => {
    let more = false
    slices.push(cpu(() => ({ more } = step(fold, { kind: 'tick', data }))))
    return more
  }
  while (slice());
  return slices
}

const used = (): number => {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** In a process of its own, so that nothing else is in its memory. */
export function measureScale(columns: keyof typeof KINDS): ScaleResult {
  const file = new URL(import.meta.url).pathname
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', file, columns], { encoding: 'utf8' })) as ScaleResult
}

/** Rules that ask for one column, and for all of them. */
const KINDS = { mean: ['mean'], all: ['mean', 'stddev', 'min', 'max', 'last'] } as const satisfies Record<string, readonly Of[]>

function measure(columns: keyof typeof KINDS): ScaleResult {
  const before = used()
  const fold = createFold()
  step(fold, { kind: 'config', data: encodeEntry(configOf(KINDS[columns])) })
  let full: number[] = []
  for (let now = START; now <= START + 9 * MINUTE; now += 1000) {
    if (now % 10_000 === 0) report(fold, now)
    const slices = tick(fold, now)
    // The ticks at which a minute has closed judge every series; the last ones run warm.
    if (slices.length > full.length || now > START + 8 * MINUTE) full = slices.length > 10 ? slices : full
  }
  const bytesPerSeries = (used() - before) / fold.state.series
  const cut = beginCutTimed(fold)
  const bytes = Buffer.concat(cut.parts)
  const began = performance.now()
  readSnapshot(bytes)
  return {
    columns,
    series: fold.state.series,
    bytesPerSeries,
    evaluation: full.reduce((sum, slice) => sum + slice, 0),
    longestSlice: Math.max(...full),
    restore: performance.now() - began,
    snapshotBytes: bytes.length,
    longestPart: cut.longest,
  }
}

function beginCutTimed(fold: Fold): { parts: Uint8Array[]; longest: number } {
  const parts: Uint8Array[] = []
  let began = performance.now()
  const cut = beginCut(fold.state, 1)
  let longest = performance.now() - began
  for (;;) {
    began = performance.now()
    const part = cut.take()
    longest = Math.max(longest, performance.now() - began)
    if (part === undefined) return { parts, longest }
    parts.push(part.data)
  }
}

if (import.meta.main) process.stdout.write(JSON.stringify(measure(process.argv[2] === 'all' ? 'all' : 'mean')))
