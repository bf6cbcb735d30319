import { decodeFrame } from '../extract/frame.ts'
import {
  ALERTING,
  type Command,
  type CommandReply,
  type Effect,
  type EngineConfig,
  type Entry,
  type OutOfRange,
  type Tick,
} from '../model.ts'
import { createDispatchPlan } from '../dispatch/plan.ts'
import { flushAfterEntry } from '../dispatch/step.ts'
import { foldBatch } from './batch.ts'
import { applyCommand, type Started } from './commands.ts'
import { configure } from './configure.ts'
import { emptyState, type Fold, type State } from './state.ts'
import { foldTick } from './tick.ts'
import { createPlan } from './plan.ts'
import { alertLookup } from './evaluate/lookup.ts'

/** Result of one entry. */
export interface FoldResult {
  readonly effects: readonly Effect[]
  readonly duplicate: boolean
  readonly known: number
  readonly refused: number
  readonly outOfRange?: OutOfRange
  readonly hasMore: boolean
  /** Answer to the author of a command. */
  readonly reply?: CommandReply
}

const NOTHING: FoldResult = { effects: [], duplicate: false, known: 0, refused: 0, hasMore: false }

/** Creates a fold over a state. A new state gets its configuration from the first `config` entry. */
export function createFold(state: State = emptyState()): Fold {
  const config = { ...EMPTY, ...state.config }
  return { state, plan: createPlan(config), dispatchPlan: createDispatchPlan(config), counters: new Map() }
}

/**
 * Folds one journal entry into the state and returns the effects to carry out. Pure: the result depends on nothing but
 * the state and the entry.
 */
export function step(fold: Fold, entry: Pick<Entry, 'kind' | 'data'>): FoldResult {
  const { state } = fold
  const { effects = [], ...result } = foldEntry(fold, entry)
  const sent = flushAfterEntry(state.dispatch, fold.dispatchPlan, alertLookup(fold), state.now)
  return { ...NOTHING, ...result, effects: [...effects, ...sent] }
}

function foldEntry(fold: Fold, entry: Pick<Entry, 'kind' | 'data'>): Partial<FoldResult> {
  if (entry.kind === 'batch') return foldBatch(fold, decodeFrame(entry.data))
  const value: unknown = JSON.parse(new TextDecoder().decode(entry.data))
  if (entry.kind === 'tick') return foldTick(fold, value as Tick)
  if (entry.kind !== 'config') return { reply: applyCommand(fold, value as Command | Started) }
  configure(fold, value as EngineConfig)
  return {}
}

/** Encodes the data of any entry but a batch. */
export function encodeEntry(value: Tick | EngineConfig | Command | Started): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

const EMPTY: EngineConfig = {
  bucket: 10_000,
  lateness: 10_000,
  metrics: [],
  rules: [],
  receivers: [],
  selfMonitoring: [],
  sources: [],
  occasionalSources: [],
  subSources: 0,
  hosts: { expected: [], retireAfter: 86_400_000 },
  mailsPerMinute: 5,
  alerting: ALERTING,
  limits: { hosts: 0, series: 0, seriesPerHost: 0, sources: 1 },
}
