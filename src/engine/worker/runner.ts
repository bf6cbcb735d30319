import type { Command, CommandAnswer, EngineConfig, Journal, Millis, NewEntry, Offset, Tick } from '../../model.ts'
import { createJournalWriter, foldSafely, type JournalWriter } from './journal-writer.ts'
import type { EngineEvent } from './protocol.ts'
import { createSnapshots, readSnapshot, type SnapshotPolicy, SNAPSHOTS } from '../snapshot.ts'
import type { Fold } from '../state.ts'
import { collectStats } from './stats.ts'
import { createFold, encodeEntry, type Step } from '../step.ts'

/** The fold with its journal. One owner. */
export interface Runner {
  readonly fold: Fold
  /** Makes entries durable in one commit and folds them; rejects when the journal fails, and nothing has happened. */
  write(entries: readonly NewEntry[]): Promise<readonly Step[]>
  /** Rejects when the journal fails; then nothing has happened, and what was refused has to be told again. */
  tick(tick: Tick): Promise<void>
  configure(config: EngineConfig): Promise<void>
  /** Rejects when the journal fails, and nothing has happened; or when the fold fails. */
  command(command: Command): Promise<CommandAnswer>
  /** Whether `work` has something to do between requests. */
  hasWork(): boolean
  /** Does one slice of what waits: the rest of a tick, or one part of a snapshot. */
  work(): Promise<void>
  /** Writes a whole snapshot, for a quick start next time. */
  settle(): Promise<void>
}

export interface RunnerPolicy extends SnapshotPolicy {
  /** Shortest time in milliseconds between two tries to open a failed journal anew. */
  readonly mendEvery?: number
}

const READ_BYTES = 8 << 20

/** Opens the memory: newest snapshot, then what the journal holds beyond it, then the present configuration. */
export async function startRunner(
  journal: Journal,
  config: EngineConfig,
  now: Millis,
  report: (report: EngineEvent) => void,
  policy: RunnerPolicy = SNAPSHOTS,
): Promise<Runner> {
  const snapshot = await journal.load()
  const fold = createFold(snapshot === undefined ? undefined : readSnapshot(snapshot.state))
  const replayed = await replay(journal, fold, snapshot?.offset ?? 0, now)
  const downFrom = fold.state.now === 0 ? undefined : fold.state.now
  fold.counters.clear()
  const runner = createRunner(
    createJournalWriter(journal, fold, replayed.offset, report, policy.mendEvery),
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

/** Folds what the snapshot does not cover. Effects that were recorded before the stop are known by their ids. */
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
  ledger: JournalWriter,
  journal: Journal,
  fold: Fold,
  report: (report: EngineEvent) => void,
  policy: SnapshotPolicy,
): Runner {
  const snapshots = createSnapshots(policy)
  let unfinished: Tick | undefined
  const write = async (entries: readonly NewEntry[]): Promise<readonly Step[]> => {
    const steps = await ledger.write(entries)
    for (const entry of entries) snapshots.count(entry.data.length)
    return steps
  }
  const tickOnce = async (tick: Tick): Promise<void> => {
    const [result] = await write([{ kind: 'tick', data: encodeEntry(tick) }])
    // What was refused is counted with the first slice only.
    unfinished = result?.more === true ? { now: tick.now, refused: tick.refused } : undefined
  }
  const savePart = async (): Promise<void> => {
    const part = snapshots.take()
    if (part !== undefined && !(await ledger.attempt(() => journal.saveChunk(part)))) snapshots.drop()
  }
  return {
    fold,
    write,
    async tick(tick) {
      await tickOnce(tick)
      // If this rejects, the counts of the tick may be sent again; the tick itself is already applied.
      const outbox = await journal.outbox.stats().catch(() => undefined)
      if (outbox !== undefined) {
        report({ kind: 'stats', stats: collectStats(fold, snapshots.entries(), ledger.takeTimes(), outbox) })
      }
      snapshots.tick(fold.state, ledger.folded())
    },
    async configure(config) {
      await write([{ kind: 'config', data: encodeEntry(config) }])
    },
    async command(command) {
      const [result] = await write([{ kind: 'command', data: encodeEntry(command) }])
      if (result?.answer === undefined) throw new Error(`the command '${command.kind}' could not be obeyed`)
      return result.answer
    },
    hasWork: () => !ledger.failed() && (unfinished !== undefined || snapshots.isWriting()),
    async work() {
      if (unfinished !== undefined) await tickOnce(unfinished).catch(() => undefined)
      else await savePart()
    },
    async settle() {
      await ledger.mend()
      snapshots.cut(fold.state, ledger.folded())
      while (snapshots.isWriting()) await savePart()
    },
  }
}
