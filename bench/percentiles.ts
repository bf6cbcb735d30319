import { addSample } from '../src/aggregate/ring.ts'
import { addSeries, createStore, type Layout, type Store } from '../src/aggregate/store.ts'
import { computeFigure, readWindow } from '../src/aggregate/window.ts'
import { dice } from './site.ts'

/** What percentiles cost for one kind of series, beside the mean of the same samples. */
export interface PercentilesResult {
  /** Samples in a bucket of 10 s. */
  readonly samples: number
  /** Memory of a series beyond that of its mean, in bytes: what its distributions hold, without the tables' overhead. */
  readonly bytes: number
  /** CPU per sample and per evaluation of a window, in microseconds, and the median of the rounds' ratios to the mean. */
  readonly sample: number
  readonly evaluation: number
  readonly ratio: number
  /** Largest relative error of p50, p95, p99 and p99.9, in percent. */
  readonly error: number
}

const WIDTH = 10_000
const WINDOW = 30
const SERIES = 64
const SHARES = [50, 95, 99, 99.9]

const layout = (distributions: boolean): Layout => ({
  width: WIDTH,
  cells: WINDOW + 12,
  squares: false,
  extremes: distributions,
  last: false,
  counter: false,
  extraLateness: false,
  learnt: [],
  distributions,
})

interface Filled {
  readonly store: Store
  readonly values: readonly number[]
  readonly microseconds: number
}

/** Latencies with a long tail: log-normal, from 10 ms to some seconds. */
function fill(distributions: boolean, samples: number, seed: number): Filled {
  const random = dice(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const values = Array.from({ length: WINDOW * samples }, () => Math.exp(-2 + normal()))
  const store = createStore(layout(distributions))
  const slots = Array.from({ length: SERIES }, () => addSeries(store))
  const before = process.cpuUsage()
  for (const slot of slots) {
    for (const [i, value] of values.entries()) {
      const bucket = Math.floor(i / samples)
      addSample(store, slot, bucket, bucket * WIDTH + (i % samples), value)
    }
  }
  return { store, values, microseconds: spent(before) / (values.length * SERIES) }
}

function spent(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

const SPAN = { from: 0, to: WINDOW }

function evaluate(store: Store, of: 'mean' | 'p95', times: number): number {
  const before = process.cpuUsage()
  for (let i = 0; i < times; i += 1) {
    for (let slot = 0; slot < SERIES; slot += 1) computeFigure(store, slot, SPAN, of, readWindow(store, slot, SPAN))
  }
  return spent(before) / (times * SERIES)
}

function measure(samples: number): PercentilesResult {
  const rounds = Array.from({ length: 7 }, (_, seed) => {
    const [plain, full] = [fill(false, samples, seed), fill(true, samples, seed)]
    const [mean, p95] = [evaluate(plain.store, 'mean', 20), evaluate(full.store, 'p95', 20)]
    return { full, sample: full.microseconds, evaluation: p95, ratio: p95 / mean }
  })
  return {
    samples,
    bytes: Math.max(...rounds.map(({ full }) => (8 * full.store.held) / SERIES)),
    sample: median(rounds.map((round) => round.sample)),
    evaluation: median(rounds.map((round) => round.evaluation)),
    ratio: median(rounds.map((round) => round.ratio)),
    error: 100 * Math.max(...rounds.map(({ full }) => largestError(full))),
  }
}

function largestError({ store, values }: Filled): number {
  const sorted = values.toSorted((a, b) => a - b)
  const window = readWindow(store, 0, SPAN)
  const errors = SHARES.map((percent) => {
    const exact = sorted[Math.ceil((percent * sorted.length) / 100 - 1e-9) - 1] ?? Number.NaN
    return Math.abs(computeFigure(store, 0, SPAN, `p${percent}`, window) - exact) / exact
  })
  return Math.max(...errors)
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
const fixed = (value: number, digits = 2): string => value.toFixed(digits)

export const measurePercentiles = (): readonly PercentilesResult[] => [1, 6, 100, 1000].map(measure)

export function percentilesPart(results: readonly PercentilesResult[]): string {
  const rows = results.map(
    ({ samples, bytes, sample, evaluation, ratio, error }) =>
      `| ${samples} | ${fixed(bytes, 0)} | ${fixed(sample)} | ${fixed(evaluation)} | ${fixed(ratio, 1)} | **${fixed(error, 1)}** |`,
  )
  return `## Percentiles

p95 over 5 minutes of log-normal samples, by the number of samples in a bucket of 10 seconds. Memory in bytes that a series
takes beyond its extremes, without the overhead of tables; CPU in microseconds per sample and per evaluation, and the ratio
of an evaluation to that of a mean of the same samples; the largest relative error of p50, p95, p99 and p99.9, in percent.

| samples | bytes | sample | evaluation | to a mean | error, % |
|---|---|---|---|---|---|
${rows.join('\n')}
`
}
