import { execFileSync } from 'node:child_process'
import { encodeFrame } from '../src/extract/frame.ts'
import { runQuery } from '../src/engine/query/index.ts'
import type { Fold } from '../src/engine/state.ts'
import { createFold, encodeEntry, type FoldResult, step } from '../src/engine/step.ts'
import {
  type AbsenceRule,
  ALERTING,
  type EngineConfig,
  type EventSamples,
  type MetricRule,
  type Notification,
} from '../src/model.ts'
import { openAlerts } from '../test/helpers/play.ts'

const REAL = 1000
const HOT = 10
const INVENTED = 1_000_000
const MINUTE = 60_000
const START = Math.floor(Date.now() / MINUTE) * MINUTE
const FLOOD = { from: START + 10 * MINUTE, to: START + 30 * MINUTE }
const END = START + 32 * MINUTE

/** Measures the cost of a million invented host names beside 1,000 real hosts, and their effect on these. */
export interface InventedResult {
  readonly rules: string
  readonly admitted: number
  readonly evicted: number
  readonly refused: number
  /** Resident memory, and the engine's part of it, in megabytes: before the first invented name and at the end. */
  readonly resident: readonly [before: number, after: number]
  readonly held: readonly [before: number, after: number]
  /** Real hosts with all samples of the last two minutes, and real alerts that still fire. */
  readonly windows: number
  readonly alerts: number
  /** Mails about a reached limit. */
  readonly notified: number
  /** The longest batch and the longest slice of a second, in milliseconds of CPU. */
  readonly longestBatch: number
  readonly longestSlice: number
}

const shared = { severity: 'warning', notify: ['ops'], hosts: [], labels: {} } as const

const hot: MetricRule = {
  ...shared,
  kind: 'metric',
  name: 'cpu-high',
  metric: 'cpu',
  over: 2 * MINUTE,
  every: MINUTE,
  for: 0,
  keepFiringFor: 0,
  overrides: [],
  condition: {
    detector: 'threshold',
    params: { of: 'mean', warning: [{ op: 'above', value: 0.9, clear: 0.85 }], critical: [] },
  },
}
const silent: AbsenceRule = { ...shared, kind: 'absence', name: 'host-silent', after: 3 * MINUTE }

/** With and without an absence rule, which raises an alert for each invented host. */
const KINDS = { threshold: [hot], 'threshold, absence': [hot, silent] } as const

/** The limits are those that hold when none are configured. */
const configOf = (rules: EngineConfig['rules']): EngineConfig => ({
  bucket: 10_000,
  lateness: 10_000,
  metrics: [{ name: 'cpu', fields: ['cpu'], unit: 'ratio', kind: 'gauge', by: [], byFields: [] }],
  rules,
  receivers: [{ name: 'ops', email: [{ address: 'ops@example.org' }] }],
  selfMonitoring: ['ops'],
  sources: [],
  occasionalSources: [],
  subSources: 16,
  mailsPerMinute: 5,
  hosts: { expected: [], retireAfter: 86_400_000 },
  alerting: ALERTING,
  limits: { hosts: 20_000, series: 400_000, seriesPerHost: 1000, sources: 100 },
})

const eventOf = (host: string, ts: number, cpu: number): EventSamples => ({
  host,
  ts,
  heartbeat: false,
  series: ['cpu'],
  values: [cpu],
})

/** Folds the entries, and records the longest of each kind and every mail about a reached limit. */
interface Run {
  readonly fold: Fold
  notified: number
  longestBatch: number
  longestSlice: number
  batches: number
}

function timed(run: Run, kind: 'batch' | 'tick', data: Uint8Array): FoldResult {
  const began = process.cpuUsage()
  const result = step(run.fold, { kind, data })
  const { user, system } = process.cpuUsage(began)
  const took = (user + system) / 1000
  if (kind === 'batch') run.longestBatch = Math.max(run.longestBatch, took)
  else run.longestSlice = Math.max(run.longestSlice, took)
  for (const effect of result.effects) {
    const mail = JSON.parse(effect.data) as Notification
    if (mail.alerts.some((alert) => alert.identity.rule === 'cardinality-limit' && alert.state === 'firing'))
      run.notified++
  }
  return result
}

function post(run: Run, source: string, now: number, events: readonly EventSamples[]): void {
  for (let first = 0; first < events.length; first += 125) {
    const batchId = (run.batches++).toString(16).padStart(16, '0')
    const part = events.slice(first, first + 125)
    timed(
      run,
      'batch',
      encodeFrame({ source, batchId, isBatch: true, isMaybeRetry: false, receivedAt: now, events: part }),
    )
  }
}

function second(run: Run, now: number): void {
  const turn = (now / 1000) % 10
  const real = Array.from({ length: REAL / 10 }, (_, i) => turn + 10 * i)
  post(
    run,
    'logstash',
    now,
    real.map((i) => eventOf(`host-${i}`, now, i < HOT ? 0.99 : 0.1)),
  )
  const [first, last] = [now - 1000, now].map((at) =>
    Math.floor((INVENTED * (at - FLOOD.from)) / (FLOOD.to - FLOOD.from)),
  ) as [number, number]
  if (first >= 0 && last <= INVENTED)
    post(
      run,
      'stranger',
      now,
      Array.from({ length: last - first }, (_, i) => eventOf(`invented-${first + i}`, now, 0.5)),
    )
  const tick = encodeEntry({ now, refused: false })
  while (timed(run, 'tick', tick).hasMore);
}

function memory(): { resident: number; held: number } {
  globalThis.gc?.()
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  return { resident: rss / 1e6, held: (heapUsed + arrayBuffers) / 1e6 }
}

function withWindows(fold: Fold): number {
  const names = Array.from({ length: REAL }, (_, i) => `host-${i}`)
  const span = { metric: 'cpu', from: END - 2 * MINUTE, to: END }
  return names.filter((host) => runQuery(fold, { kind: 'aggregate', host, ...span })?.count === 12).length
}

function measure(rules: keyof typeof KINDS): InventedResult {
  const run: Run = { fold: createFold(), notified: 0, longestBatch: 0, longestSlice: 0, batches: 0 }
  const { fold } = run
  step(fold, { kind: 'config', data: encodeEntry(configOf(KINDS[rules])) })
  for (let now = START; now <= FLOOD.from; now += 1000) second(run, now)
  const before = memory()
  run.longestBatch = 0
  run.longestSlice = 0
  for (let now = FLOOD.from + 1000; now <= END; now += 1000) second(run, now)
  const after = memory()
  const refused = fold.counters.get('hosts_refused') ?? 0
  return {
    rules,
    admitted: INVENTED - refused,
    evicted: fold.counters.get('hosts_evicted') ?? 0,
    refused,
    resident: [before.resident, after.resident],
    held: [before.held, after.held],
    windows: withWindows(fold),
    alerts: openAlerts(fold).filter((alert) => alert.identity.rule === 'cpu-high' && alert.lifecycle.state === 'firing')
      .length,
    notified: run.notified,
    longestBatch: run.longestBatch,
    longestSlice: run.longestSlice,
  }
}

/** Each runs in a process of its own, so that its memory has nothing else. */
export function measureInvented(): readonly InventedResult[] {
  const file = new URL(import.meta.url).pathname
  return Object.keys(KINDS).map(
    (rules) =>
      JSON.parse(execFileSync(process.execPath, ['--expose-gc', file, rules], { encoding: 'utf8' })) as InventedResult,
  )
}

if (import.meta.main)
  process.stdout.write(JSON.stringify(measure(process.argv[2] === 'threshold' ? 'threshold' : 'threshold, absence')))
