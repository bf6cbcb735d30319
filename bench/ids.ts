import { encodeFrame } from '../src/extract/frame.ts'
import { createFold, encodeEntry, step } from '../src/engine/step.ts'
import { ALERTING, type EngineConfig, type EventSamples } from '../src/model.ts'

/** Measures what event ids cost the fold: CPU in microseconds per event. */
export interface IdsResult {
  readonly without: number
  readonly withIds: number
  /** With more ids than are remembered. */
  readonly beyond: number
  /** The median of the rounds' own ratios of `beyond` to `withIds`. */
  readonly ratio: number
}

const EVENTS = 125
const BATCHES = 40
const START = Date.parse('2026-11-22T12:00:00Z')
const NOTED = 1_200_000

const CONFIG: EngineConfig = {
  bucket: 10_000,
  lateness: 10_000,
  metrics: [{ name: 'cpu', fields: ['cpu'], unit: 'ratio', kind: 'gauge', by: [], byFields: [] }],
  rules: [],
  receivers: [],
  selfMonitoring: [],
  hosts: { expected: [], retireAfter: 86_400_000 },
  sources: [],
  occasionalSources: [],
  subSources: 16,
  mailsPerMinute: 5,
  alerting: ALERTING,
  limits: { hosts: 20_000, series: 400_000, seriesPerHost: 100, sources: 10 },
}

/** Folds batches of events with new ids, or without ids. Returns the CPU of the fold. */
type Feed = (batches: number) => number

function createFeed(hasIds: boolean): Feed {
  const fold = createFold()
  step(fold, { kind: 'config', data: encodeEntry(CONFIG) })
  step(fold, { kind: 'tick', data: encodeEntry({ now: START, refused: false }) })
  let posted = 0
  const eventOf = (i: number): EventSamples => {
    const event = { host: `host-${i % 200}`, ts: START, heartbeat: false, series: ['cpu'], values: [0.5] }
    return hasIds ? { ...event, id: `${i.toString(16).padStart(8, '0')}b6f1e6a514c0e9d0c0f7f5f7f8f10${i % 97}` } : event
  }
  const frame = (): Uint8Array => {
    const events = Array.from({ length: EVENTS }, () => eventOf(posted++))
    const batchId = String(posted).padStart(16, '0')
    return encodeFrame({ source: 'logstash', batchId, isBatch: true, isMaybeRetry: false, receivedAt: START, events })
  }
  return (batches) => {
    const frames = Array.from({ length: batches }, frame)
    return cpu(() => {
      for (const data of frames) step(fold, { kind: 'batch', data })
    })
  }
}

/** Runs three folds alternately: without ids, with fewer ids than are remembered, and with more. */
export function measureIds(rounds = 25): IdsResult {
  const [plain, known, full] = [createFeed(false), createFeed(true), createFeed(true)]
  for (let i = 0; i < NOTED / EVENTS / BATCHES; i += 1) full(BATCHES)
  const round = (): Round => ({ without: plain(BATCHES), withIds: known(BATCHES), beyond: full(BATCHES) })
  for (let i = 0; i < 8; i += 1) round()
  const measured = Array.from({ length: rounds }, round)
  const each = EVENTS * BATCHES
  return {
    without: median(measured.map(({ without }) => without)) / each,
    withIds: median(measured.map(({ withIds }) => withIds)) / each,
    beyond: median(measured.map(({ beyond }) => beyond)) / each,
    ratio: median(measured.map(({ withIds, beyond }) => beyond / withIds)),
  }
}

type Round = Pick<IdsResult, 'without' | 'withIds' | 'beyond'>

/** The page's part about it. */
export function idsPart({ without, withIds, beyond, ratio }: IdsResult): string {
  const [a, b, c] = [without, withIds, beyond].map((one) => one.toFixed(2))
  return `## Event ids

CPU time of the fold in microseconds per event, in frames of ${EVENTS} events with one sample: without ids, with ids
(\`ingest.event_id_field\`), and with ids where ${NOTED.toLocaleString('en')} others were received before, more than are remembered. Goal: a ratio of the
last two of at most 1.5.

| without ids | with ids | more than are remembered | ratio |
|---|---|---|---|
| ${a} | ${b} | ${c} | **${ratio.toFixed(2)}** |
`
}

/** Returns the CPU of a call, in microseconds. */
function cpu(call: () => void): number {
  const before = process.cpuUsage()
  call()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
