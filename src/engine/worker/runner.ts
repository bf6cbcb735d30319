import {
  type Command,
  type CommandReply,
  type EngineConfig,
  type Journal,
  type Millis,
  type NewEntry,
  type Offset,
  type Tick,
  type AlertState,
  type Counter,
  COUNTERS,
  type EngineStats,
  type OutboxStats,
} from '../../model.ts'
import { createJournalWriter, foldSafely, type JournalWriter } from './journal-writer.ts'
import type { EngineEvent } from './protocol.ts'
import { createSnapshots, readSnapshot, type SnapshotPolicy, SNAPSHOTS } from '../snapshot.ts'
import type { Fold } from '../state.ts'
import { createFold, encodeEntry, type FoldResult } from '../step.ts'

/** Owns the fold and its journal. */
export interface EngineRunner {
  readonly fold: Fold
  /**
   * Commits entries in one transaction and folds them. Rejects if the journal fails; then nothing was written or
   * folded.
   */
  write(entries: readonly NewEntry[]): Promise<readonly FoldResult[]>
  /** Rejects if the journal fails; then nothing was written or folded, and the caller must pass its rejects again. */
  tick(tick: Tick): Promise<void>
  configure(config: EngineConfig): Promise<void>
  /** Rejects if the journal fails, with nothing written or folded, or if the fold could not apply the command. */
  command(command: Command): Promise<CommandReply>
  /** Returns true if `work` has something to do between requests. */
  hasWork(): boolean
  /** Does one slice of pending work: the rest of a tick, or one part of a snapshot. */
  work(): Promise<void>
  /** Writes a whole snapshot, for a quick next start. */
  saveOnStop(): Promise<void>
}

interface RunnerPolicy extends SnapshotPolicy {
  /** Shortest time in milliseconds between two attempts to reopen a failed journal. */
  readonly reopenInterval?: number
}

const READ_BYTES = 8 << 20

/**
 * Restores the state: loads the newest snapshot, replays the journal after it, and applies the current configuration.
 */
export async function startRunner(
  journal: Journal,
  config: EngineConfig,
  now: Millis,
  report: (report: EngineEvent) => void,
  policy: RunnerPolicy = SNAPSHOTS,
): Promise<EngineRunner> {
  const snapshot = await journal.load()
  const fold = createFold(snapshot === undefined ? undefined : readSnapshot(snapshot.state))
  const replayed = await replay(journal, fold, snapshot?.offset ?? 0, now)
  const downFrom = fold.state.now === 0 ? undefined : fold.state.now
  fold.counters.clear()
  const runner = createRunner(
    createJournalWriter(journal, fold, replayed.offset, report, policy.reopenInterval),
    journal,
    fold,
    report,
    policy,
  )
  await runner.write([{ kind: 'command', data: encodeEntry({ kind: 'started', now }) }])
  if (JSON.stringify(fold.state.config) !== JSON.stringify(config)) await runner.configure(config)
  report({ kind: 'ready', replayed: replayed.count, downFrom })
  return runner
}

/** Folds the entries that the snapshot does not cover. Effects recorded before the stop are recognized by their ids. */
async function replay(
  journal: Journal,
  fold: Fold,
  after: Offset,
  now: Millis,
): Promise<{ offset: Offset; count: number }> {
  let offset = after
  let count = 0
  for (;;) {
    const entries = await journal.read(offset, READ_BYTES)
    if (entries.length === 0) return { offset, count }
    const effects = entries.flatMap((entry) => foldSafely(fold, entry, () => undefined).effects)
    offset = entries.at(-1)?.offset ?? offset
    count += entries.length
    if (effects.length > 0) await journal.commit(offset, effects, now)
  }
}

function createRunner(
  writer: JournalWriter,
  journal: Journal,
  fold: Fold,
  report: (report: EngineEvent) => void,
  policy: SnapshotPolicy,
): EngineRunner {
  const snapshots = createSnapshots(policy)
  let unfinished: Tick | undefined
  const write = async (entries: readonly NewEntry[]): Promise<readonly FoldResult[]> => {
    const steps = await writer.write(entries)
    for (const entry of entries) snapshots.count(entry.data.length)
    return steps
  }
  const tickOnce = async (tick: Tick): Promise<void> => {
    const [result] = await write([{ kind: 'tick', data: encodeEntry(tick) }])
    // `rejects` counts with the first slice only.
    unfinished = result?.hasMore === true ? { now: tick.now, refused: tick.refused } : undefined
  }
  const saveChunk = async (): Promise<void> => {
    const part = snapshots.take()
    if (part !== undefined && !(await writer.attempt(() => journal.saveChunk(part)))) snapshots.drop()
  }
  return {
    fold,
    write,
    async tick(tick) {
      await tickOnce(tick)
      // This must not reject: the tick is already folded, and a caller that retries would count its rejects twice.
      const outbox = await journal.outbox.stats().catch(() => undefined)
      if (outbox !== undefined) {
        report({ kind: 'stats', stats: collectStats(fold, snapshots.entries(), writer.takeTimes(), outbox) })
      }
      snapshots.tick(fold.state, writer.folded())
    },
    async configure(config) {
      await write([{ kind: 'config', data: encodeEntry(config) }])
    },
    async command(command) {
      const [result] = await write([{ kind: 'command', data: encodeEntry(command) }])
      if (result?.reply === undefined) throw new Error(`the command '${command.kind}' could not be obeyed`)
      return result.reply
    },
    hasWork: () => !writer.failed() && (unfinished !== undefined || snapshots.isWriting()),
    async work() {
      if (unfinished !== undefined) await tickOnce(unfinished).catch(() => undefined)
      else await saveChunk()
    },
    async saveOnStop() {
      await writer.reopen()
      snapshots.cut(fold.state, writer.folded())
      while (snapshots.isWriting()) await saveChunk()
    },
  }
}

/** Collects the engine's figures for the metrics. */
function collectStats(fold: Fold, lag: number, commits: readonly number[], outbox: OutboxStats): EngineStats {
  const { state } = fold
  const alerts: Record<AlertState, number> = { pending: 0, firing: 0, recovering: 0, resolved: state.resolved.length }
  for (const host of state.hosts.values()) for (const alert of host.alerts.values()) alerts[alert.lifecycle.state]++
  for (const alert of state.alerts.values()) alerts[alert.lifecycle.state]++
  return {
    hosts: state.hosts.size,
    series: state.series,
    sources: state.sources.size,
    alerts,
    counters: readCounters(fold),
    outbox,
    lag,
    commits,
  }
}

function readCounters({ counters }: Fold): EngineStats['counters'] {
  return Object.fromEntries(COUNTERS.map((name) => [name, counters.get(name) ?? 0])) as Record<Counter, number>
}
