import { execFileSync } from 'node:child_process'
import { createFold, encodeEntry, step } from '../src/engine/step.ts'
import { encodeFrame } from '../src/extract/frame.ts'
import type { EngineConfig, EventSamples, Metric } from '../src/model.ts'
import { config, cpuHigh, event, MINUTE, SECOND, silent } from '../test/helpers/play.ts'
import { put } from './page.ts'

const HOSTS = 10_000
const METRICS = ['cpu', 'memory', 'gpu', 'swap']
const TEN = 10 * SECOND
const MONDAY = Date.parse('2026-11-23T07:54:00Z')
const DAYS = 8

/** The longest slice, in milliseconds: the median of what it was each time. */
export interface PaceResult {
  readonly name: string
  readonly times: number
  readonly slices: number
  readonly longest: number
}

export interface PaceResults {
  readonly kinds: readonly PaceResult[]
  /** The cost of folding with reports relative to that without, in alternating batches. */
  readonly reports: number
}

const metrics = METRICS.map((name): Metric => ({
  name,
  fields: [name],
  unit: 'ratio',
  kind: 'gauge',
  by: [],
  byFields: [],
}))
const address = { address: 'ada@example.org' }
const daily = { name: 'ops', email: [address], report: { at: 8 * 60 } }
const weekly = { name: 'week', email: [{ address: 'grace@example.org' }], report: { at: 8 * 60, weekday: 1 } }
const limits = { hosts: 20_000, series: 400_000, seriesPerHost: 100, sources: 10 }
const setting = (change: Partial<EngineConfig> = {}): EngineConfig =>
  config({ metrics, rules: [cpuHigh({ over: MINUTE }), silent()], limits, ...change })

const hosts = Array.from({ length: HOSTS }, (_, i) => `host-${i}`)
const samples = (host: string, now: number): EventSamples =>
  event(host, now, { cpu: 0.3, memory: 0.5, gpu: 0.2, swap: 0.1 })
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

/** CPU of this thread so far, in milliseconds. */
const cpu = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

interface Site {
  post(names: readonly string[], now: number): number[]
  /** Milliseconds of each slice of the tick. */
  tick(now: number): number[]
}

let batches = 0
const frames = (names: readonly string[], now: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(names.length / 125) }, (_, i) => {
    const events = names.slice(125 * i, 125 * i + 125).map((name) => samples(name, now))
    const batchId = (batches++).toString(16).padStart(16, '0')
    return encodeFrame({ source: 'logstash', batchId, isBatch: true, isMaybeRetry: false, receivedAt: now, events })
  })

function open(settings: EngineConfig): Site {
  const fold = createFold()
  step(fold, { kind: 'config', data: encodeEntry(settings) })
  const timed = (kind: 'batch' | 'tick', data: Uint8Array): { took: number; more: boolean } => {
    const began = cpu()
    const { hasMore } = step(fold, { kind, data })
    return { took: cpu() - began, more: hasMore }
  }
  return {
    post: (names, now) => frames(names, now).map((data) => timed('batch', data).took),
    tick(now) {
      const slices: number[] = []
      for (let more = true; more;) {
        const slice = timed('tick', encodeEntry({ now, refused: false }))
        slices.push(slice.took)
        more = slice.more
      }
      return slices
    },
  }
}

function live(site: Site, from: number, to: number, alive: readonly string[]): number[][] {
  const ticks: number[][] = []
  for (let now = from; now < to; now += SECOND) {
    if (now % TEN === 0) site.post(alive, now)
    ticks.push(site.tick(now))
  }
  return ticks
}

const summed = (name: string, ticks: readonly (readonly number[])[]): PaceResult => ({
  name,
  times: ticks.length,
  slices: median(ticks.map(({ length }) => length)),
  longest: median(ticks.map((slices) => Math.max(...slices))),
})

/** All hosts send events; then a tenth of them becomes absent. */
function measureRounds(): PaceResult[] {
  const site = open(setting())
  const start = MONDAY
  live(site, start, start + 4 * MINUTE, hosts)
  const isClosing = (_: unknown, i: number): boolean => i % 10 === 0
  const steady = live(site, start + 4 * MINUTE, start + 8 * MINUTE, hosts).filter(isClosing)
  const fewer = hosts.filter((_, i) => i % 10 !== 0)
  const ticks = live(site, start + 8 * MINUTE, start + 14 * MINUTE, fewer).filter(isClosing)
  const most = Math.max(...ticks.map((slices) => slices.length))
  const silence = ticks.filter((slices) => slices.length > most / 2)
  return [summed('every ten seconds, all is well', steady), summed('a tenth of the hosts is silent', silence)]
}

/** Daily reports, and weekly ones on the first and last day of a week. */
function measureReports(): PaceResult {
  const site = open(setting({ receivers: [daily, weekly] }))
  const mornings: number[][] = []
  for (let day = 0; day < DAYS; day++) {
    const from = MONDAY + day * 24 * 60 * MINUTE
    for (const [i, slices] of live(site, from, from + 6 * MINUTE + SECOND, hosts).entries()) {
      if (i === 6 * 60) mornings.push(slices)
    }
  }
  return summed('reports of a day, or a day and a week, are made', mornings)
}

/** A full site gets new hosts, each replacing one that is gone. */
function measureEviction(): PaceResult {
  const site = open(setting({ rules: [cpuHigh({ over: MINUTE })] }))
  const name = (kind: string, i: number): string => `${kind}-${i}`
  for (let i = 0; i < 40; i++)
    site.post(
      Array.from({ length: 500 }, (_, k) => name('old', 500 * i + k)),
      MONDAY + i * SECOND,
    )
  const batchesOfNew: number[][] = []
  for (let i = 0; i < 40; i++) {
    const now = MONDAY + 30 * MINUTE + i * SECOND
    site.tick(now)
    batchesOfNew.push(
      site.post(
        Array.from({ length: 500 }, (_, k) => name('new', 500 * i + k)),
        now,
      ),
    )
  }
  return summed('batches of 125 new hosts, where 20,000 are known', batchesOfNew)
}

/** Folds equal batches alternately with and without reports. */
function measureShare(): number {
  const folds = [[], [daily]].map((receivers) => {
    const fold = createFold()
    step(fold, { kind: 'config', data: encodeEntry(setting({ receivers })) })
    return fold
  })
  const ratios: number[] = []
  for (let now = MONDAY; now < MONDAY + 10 * MINUTE; now += TEN) {
    const took = [0, 0]
    for (const fold of folds) while (step(fold, { kind: 'tick', data: encodeEntry({ now, refused: false }) }).hasMore);
    for (const [i, data] of frames(hosts, now).entries()) {
      for (const k of i % 2 === 0 ? [0, 1] : [1, 0]) {
        const began = cpu()
        step(folds[k]!, { kind: 'batch', data })
        took[k]! += cpu() - began
      }
    }
    if (now > MONDAY + 2 * MINUTE) ratios.push(took[1]! / took[0]!)
  }
  return median(ratios)
}

/** Runs in a process of its own, so that its memory has nothing else. */
export function measurePace(): PaceResults {
  const file = new URL(import.meta.url).pathname
  return JSON.parse(execFileSync(process.execPath, [file, 'measure'], { encoding: 'utf8' })) as PaceResults
}

export function pacePart({ kinds, reports }: PaceResults): string {
  const rows = kinds.map(
    ({ name, times, slices, longest }) => `| ${name} | ${times} | ${slices} | **${longest.toFixed(1)}** |`,
  )
  return `${TITLE}

${HOSTS} hosts with ${METRICS.length} shares each, a rule for one of them and one for absent hosts. The thread that commits works
in slices; the longest slice of a tick (or batch), in milliseconds of CPU, and the number of slices, are medians of so many
times. Goal: 10 ms.

| what | times | slices | longest slice |
|---|---|---|---|
${rows.join('\n')}

Folding the same batches takes **${reports.toFixed(3)}** times as long if a receiver has a report (median of alternating pairs).
`
}

const TITLE = '## Smoothness'

if (import.meta.main) {
  if (process.argv[2] === 'measure') {
    const kinds = [...measureRounds(), measureReports(), measureEviction()]
    process.stdout.write(JSON.stringify({ kinds, reports: measureShare() } satisfies PaceResults))
  } else {
    const part = pacePart(measurePace())
    put(TITLE, part)
    process.stdout.write(part)
  }
}
