import type { Effect, Journal, NewEntry, Offset } from '../../model.ts'
import type { EngineEvent } from './protocol.ts'
import type { Fold } from '../state.ts'
import { type FoldResult, step } from '../step.ts'

/** Writes entries and folds them, in this order. After a failure it continues from what is proven to be on disk. */
export interface JournalWriter {
  /** Rejects if the journal fails; then nothing was written or folded. */
  write(entries: readonly NewEntry[]): Promise<readonly FoldResult[]>
  /** Does other work with the journal, whose failure counts as well. Resolves to false if it fails. */
  attempt(work: () => Promise<void>): Promise<boolean>
  reopen(): Promise<void>
  /** Returns the offset of the newest folded entry. */
  folded(): Offset
  failed(): boolean
  /** Returns the seconds that each use of the journal took since the last call. */
  takeTimes(): readonly number[]
}

/** The journal failed within the last `mendEvery` milliseconds and was not reopened yet. */
class JournalDown extends Error {
  readonly code = 'JOURNAL_FAILED'

  constructor() {
    super('the journal could not be written a moment ago; it is tried again within a second')
  }
}

/**
 * @param reopenInterval the shortest time in milliseconds between two attempts to reopen the journal, since each reads all
 *   of it.
 */
export function createJournalWriter(
  journal: Journal,
  fold: Fold,
  start: Offset,
  report: (report: EngineEvent) => void,
  reopenInterval = 1000,
): JournalWriter {
  const health = createHealth(report)
  let folded = start
  let reopenAfter = 0
  let pendingEffects: readonly Effect[] = []

  const reopen = async (): Promise<void> => {
    if (!health.failed()) return
    if (performance.now() < reopenAfter) throw new JournalDown()
    reopenAfter = performance.now() + reopenInterval
    await journal.recover(folded)
    reopenAfter = 0
    health.recovered()
  }
  /** Effects that could not be recorded stay pending and are recorded with the next entry. */
  const record = async (effects: readonly Effect[]): Promise<void> => {
    pendingEffects = [...pendingEffects, ...effects]
    if (
      pendingEffects.length === 0 ||
      !(await health.attempt(() => journal.commit(folded, pendingEffects, fold.state.now)))
    )
      return
    report({ kind: 'effects', count: pendingEffects.length })
    pendingEffects = []
  }
  return {
    async write(entries) {
      await reopen()
      const offsets = await health.timed(() => journal.append(entries))
      const steps = entries.map((entry, i) =>
        foldSafely(fold, entry, (message) => report({ kind: 'fault', offset: offsets[i] ?? 0, message })),
      )
      folded = offsets.at(-1) ?? folded
      await record(steps.flatMap((one) => one.effects))
      return steps
    },
    attempt: health.attempt,
    reopen,
    folded: () => folded,
    failed: health.failed,
    takeTimes: health.takeTimes,
  }
}

/** Tracks whether the journal works, and how many seconds each use of it took. A change is reported once. */
interface Health {
  readonly timed: <T>(work: () => Promise<T>) => Promise<T>
  readonly attempt: (work: () => Promise<void>) => Promise<boolean>
  readonly recovered: () => void
  readonly failed: () => boolean
  readonly takeTimes: () => readonly number[]
}

function createHealth(report: (report: EngineEvent) => void): Health {
  let failed = false
  let times: number[] = []
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    try {
      return await work()
    } catch (error) {
      if (!failed) report({ kind: 'journal', ok: false, message: errorText(error) })
      failed = true
      throw error
    } finally {
      times.push((performance.now() - began) / 1000)
    }
  }
  return {
    timed,
    attempt: (work) =>
      timed(work).then(
        () => true,
        () => false,
      ),
    recovered() {
      failed = false
      report({ kind: 'journal', ok: true, message: 'the journal accepts entries again' })
    },
    failed: () => failed,
    takeTimes() {
      const taken = times
      times = []
      return taken
    },
  }
}

/** Folds one entry. An entry that makes the fold throw must not stop the others, neither now nor in a replay. */
export function foldSafely(fold: Fold, entry: NewEntry, onError: (message: string) => void): FoldResult {
  try {
    return step(fold, entry)
  } catch (error) {
    onError(errorText(error))
    return { effects: [], duplicate: false, known: 0, refused: 0, hasMore: false }
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
