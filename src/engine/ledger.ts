import type { Effect, Journal, NewEntry, Offset } from '../model.ts'
import type { Report } from './protocol.ts'
import type { Fold } from './state.ts'
import { type Step, step } from './step.ts'

/** Writes entries and folds them, in this order; after a failure it goes on from what is proven to be on disk. */
export interface Ledger {
  /** Rejects when the journal fails; then nothing has happened. */
  write(entries: readonly NewEntry[]): Promise<readonly Step[]>
  /** Does something else with the journal, whose failure counts likewise; resolves to false then. */
  attempt(work: () => Promise<void>): Promise<boolean>
  mend(): Promise<void>
  /** Offset of the newest entry that is folded. */
  folded(): Offset
  failed(): boolean
  /** Seconds that each use of the journal took since the last call. */
  takeTimes(): readonly number[]
}

export function createLedger(journal: Journal, fold: Fold, start: Offset, report: (report: Report) => void): Ledger {
  let folded = start
  let failed = false
  let owed: readonly Effect[] = []
  let times: number[] = []

  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    try {
      return await work()
    } catch (error) {
      if (!failed) report({ kind: 'journal', ok: false, message: messageOf(error) })
      failed = true
      throw error
    } finally {
      times.push((performance.now() - began) / 1000)
    }
  }
  const attempt = (work: () => Promise<void>): Promise<boolean> =>
    timed(work).then(
      () => true,
      () => false,
    )
  const mend = async (): Promise<void> => {
    if (!failed) return
    await journal.recover(folded)
    failed = false
    report({ kind: 'journal', ok: true, message: 'the journal takes entries again' })
  }
  /** What could not be recorded is owed, and recorded with the next entry. */
  const record = async (effects: readonly Effect[]): Promise<void> => {
    owed = [...owed, ...effects]
    if (owed.length === 0 || !(await attempt(() => journal.commit(folded, owed, fold.state.now)))) return
    report({ kind: 'effects', count: owed.length })
    owed = []
  }
  return {
    async write(entries) {
      await mend()
      const offsets = await timed(() => journal.append(entries))
      const steps = entries.map((entry, i) =>
        foldSafely(fold, entry, (message) => report({ kind: 'fault', offset: offsets[i] ?? 0, message })),
      )
      folded = offsets.at(-1) ?? folded
      await record(steps.flatMap((one) => one.effects))
      return steps
    },
    attempt,
    mend,
    folded: () => folded,
    failed: () => failed,
    takeTimes() {
      const taken = times
      times = []
      return taken
    },
  }
}

/** One entry that makes the fold throw must not stop the others, now or at any replay. */
export function foldSafely(fold: Fold, entry: NewEntry, onError: (message: string) => void): Step {
  try {
    return step(fold, entry)
  } catch (error) {
    onError(messageOf(error))
    return { effects: [], duplicate: false, known: 0, refused: 0, more: false }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
