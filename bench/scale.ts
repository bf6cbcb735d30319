import { execFileSync } from 'node:child_process'
import { encodeFrame } from '../src/extract/frame.ts'
import { startSnapshot, readSnapshot } from '../src/engine/snapshot.ts'
import { createFold, encodeEntry, step } from '../src/engine/step.ts'
import type { Fold } from '../src/engine/state.ts'
import { ALERTING, type EngineConfig, type Metric, type MetricRule, type Of } from '../src/model.ts'

const METRICS = 20
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const START = Math.floor(Date.now() / MINUTE) * MINUTE

/** Measures what a large site costs the engine: hosts with 20 metrics each. */
export interface ScaleResult {
  readonly rules: string
  readonly series: number
  /** Bytes per series, including everything that the engine keeps. */
  readonly bytesPerSeries: number
  /** CPU in milliseconds to evaluate every series once, and of the longest slice. */
  readonly evaluation: number
  readonly longestSlice: number
  /** Milliseconds until a snapshot is restored, and its size. */
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
  byFields: [],
}))

const rule = (of: Of, metric: string, over: number, every: number): MetricRule => ({
  kind: 'metric',
  name: `${of}-${metric}`,
  metric,
  over,
  every,
  for: 0,
  keepFiringFor: 0,
  severity: 'warning',
  notify: ['ops'],
  hosts: [],
  labels: {},
  overrides: [],
  condition: {
    detector: 'threshold',
    params: { of, warning: [{ op: 'above', value: 0.9, clear: 0.8 }], critical: [] },
  },
})

const configOf = ({ of, over, every }: Site): EngineConfig => ({
  bucket: 10_000,
  lateness: 10_000,
  metrics,
  rules: metrics.flatMap((metric) => of.map((one) => rule(one, metric.name, over, every))),
  receivers: [{ name: 'ops', email: [{ address: 'ops@example.org' }] }],
  selfMonitoring: ['ops'],
  hosts: { expected: [], retireAfter: 86_400_000 },
  sources: [],
  occasionalSources: [],
  subSources: 16,
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

/** All hosts send events at the same instant. */
function report(fold: Fold, hosts: number, now: number): void {
  const series = metrics.map((metric) => metric.name)
  for (let first = 0; first < hosts; first += 125) {
    const events = Array.from({ length: 125 }, (_, i) => {
      const values = series.map((__, k) => 0.25 + ((first + i + k) % 32) / 64)
      return { host: `host-${first + i}`, ts: now, heartbeat: false, series, values }
    })
    const batchId = `${now}-${first}`.padStart(20, '0').slice(-16)
    const data = encodeFrame({
      source: 'logstash',
      batchId,
      isBatch: true,
      isMaybeRetry: false,
      receivedAt: now,
      events,
    })
    step(fold, { kind: 'batch', data })
  }
}

/** Returns the CPU of each slice of one second. */
function tick(fold: Fold, now: number): number[] {
  const slices: number[] = []
  const data = encodeEntry({ now, refused: false })
  const slice = (): boolean => {
    let hasMore = false
    slices.push(cpu(() => ({ hasMore } = step(fold, { kind: 'tick', data }))))
    return hasMore
  }
  while (slice());
  return slices
}

const used = (): number => {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Runs in a process of its own, so that its memory has nothing else. */
export function measureScale(site: keyof typeof SITES): ScaleResult {
  const file = new URL(import.meta.url).pathname
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', file, site], { encoding: 'utf8' })) as ScaleResult
}

/** Rules, the number of their hosts, how often each sends, and the time until the windows are full. */
interface Site {
  readonly of: readonly Of[]
  readonly over: number
  readonly every: number
  readonly hosts: number
  readonly period: number
  readonly span: number
}

const LARGE = { over: 5 * MINUTE, every: MINUTE, hosts: 10_000, period: 10 * SECOND, span: 9 * MINUTE }

/** Rules that need one column, and all columns; and rules with long windows, on fewer hosts. */
export const SITES = {
  'mean over 5m': { ...LARGE, of: ['mean'] },
  'all columns over 5m': { ...LARGE, of: ['mean', 'stddev', 'min', 'max', 'last'] },
  'mean over 6h': {
    of: ['mean'],
    over: 6 * HOUR,
    every: MINUTE,
    hosts: 500,
    period: MINUTE,
    span: 6 * HOUR + 5 * MINUTE,
  },
  'mean over 7d': { of: ['mean'], over: 168 * HOUR, every: HOUR, hosts: 500, period: HOUR, span: 170 * HOUR },
} as const satisfies Record<string, Site>

function measure(rules: keyof typeof SITES): ScaleResult {
  const site: Site = SITES[rules]
  const before = used()
  const fold = createFold()
  step(fold, { kind: 'config', data: encodeEntry(configOf(site)) })
  let full: number[] = []
  for (let now = START; now <= START + site.span; now += site.period / 10) {
    if ((now - START) % site.period === 0) report(fold, site.hosts, now)
    const slices = tick(fold, now)
    // Ticks in which windows close evaluate every series. The last one is warm.
    if (slices.length > 10) full = slices
  }
  const bytesPerSeries = (used() - before) / fold.state.series
  const cut = beginCutTimed(fold)
  const bytes = Buffer.concat(cut.parts)
  const began = performance.now()
  readSnapshot(bytes)
  return {
    rules,
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
  const cut = startSnapshot(fold.state, 1)
  let longest = performance.now() - began
  for (;;) {
    began = performance.now()
    const part = cut.take()
    longest = Math.max(longest, performance.now() - began)
    if (part === undefined) return { parts, longest }
    parts.push(part.data)
  }
}

if (import.meta.main) process.stdout.write(JSON.stringify(measure(process.argv[2] as keyof typeof SITES)))
