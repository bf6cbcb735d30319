import { decodeFrame } from '../extract/frame.ts'
import { ALERTING, type Effect, type EngineConfig, type Entry, type Millis, type Tick } from '../model.ts'
import { foldBatch } from './batch.ts'
import { configure } from './configure.ts'
import { count, emptyState, type Fold, type State } from './state.ts'
import { foldTick } from './tick.ts'
import { createPlan } from './plan.ts'

/** What one entry led to. */
export interface Step {
  readonly effects: readonly Effect[]
  readonly duplicate: boolean
  readonly known: number
  readonly refused: number
  readonly more: boolean
}

/** A wish of the operator, or a fact about the service itself, that the folds must know of. */
export type Command = { readonly kind: 'started'; readonly now: Millis }

const NOTHING: Step = { effects: [], duplicate: false, known: 0, refused: 0, more: false }

/** A fold over a state; a new one begins with the configuration that comes with the first `config` entry. */
export function createFold(state: State = emptyState()): Fold {
  return { state, plan: createPlan({ ...EMPTY, ...state.config }), tallies: new Map() }
}

/**
 * The main path: one entry of the journal is folded into the state, and what is to be done outside comes back. Pure:
 * no clock, no chance, nothing but the state and the entry.
 */
export function step(fold: Fold, entry: Pick<Entry, 'kind' | 'data'>): Step {
  if (entry.kind === 'batch') return { ...NOTHING, ...foldBatch(fold, decodeFrame(entry.data)) }
  const value: unknown = JSON.parse(new TextDecoder().decode(entry.data))
  if (entry.kind === 'tick') return { ...NOTHING, ...foldTick(fold, value as Tick) }
  if (entry.kind === 'config') return { ...NOTHING, effects: configure(fold, { ...EMPTY, ...(value as EngineConfig) }) }
  return obey(fold, value as Command)
}

/** The service was started: what passed since the newest tick was not watched. */
function obey(fold: Fold, command: Command): Step {
  const { state } = fold
  count(fold, 'starts')
  if (state.now > 0 && command.now - state.now > 5000) {
    state.gaps.push({ from: state.now, to: command.now })
    if (state.gaps.length > 10) state.gaps.shift()
  }
  return NOTHING
}

/** The entry data of everything but a batch. */
export function encodeEntry(value: Tick | EngineConfig | Command): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

const EMPTY: EngineConfig = {
  bucket: 10_000,
  lateness: 10_000,
  metrics: [],
  rules: [],
  receivers: [],
  system: [],
  sources: [],
  mailsPerMinute: 5,
  alerting: ALERTING,
  limits: { hosts: 0, series: 0, seriesPerHost: 0, sources: 1 },
}
