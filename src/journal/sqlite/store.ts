import { statSync } from 'node:fs'
import type { Effect, Entry, Log, Millis, NewEntry, Offset, OutboxTable, Snapshot, SnapshotChunk } from '../../model.ts'
import { checkAhead } from '../contract.ts'
import { damagedEntries, damagedSnapshots, JournalDamaged } from '../errors.ts'
import { openEntries } from './entries.ts'
import { type EffectParts, openEffects } from './outbox.ts'
import type { Sql } from './schema.ts'
import { openSnapshots } from './snapshots.ts'
import type { DamagedSnapshot } from './snapshots.ts'

/** An open journal file. Methods are synchronous. A method that throws has written nothing. */
export interface SqliteStore {
  append(entries: readonly NewEntry[]): Offset[]
  read(after: Offset, maxBytes: number): Entry[]
  load(): { readonly snapshot: Snapshot | undefined; readonly spoilt: readonly DamagedSnapshot[] }
  commit(upTo: Offset, effects: readonly Effect[], now: Millis): void
  saveChunk(chunk: SnapshotChunk): void
  discardAfter(upTo: Offset): void
  readonly outbox: OutboxTable
}

interface StoreOptions {
  readonly file: string
  /** Number of records of sent or failed effects kept. */
  readonly keepRecords: number
  /** Gets a message when damage could be worked around. */
  readonly log?: Log | undefined
}

/**
 * Deletion is spread over the calls that write: a slice takes about a millisecond (256 rows of 13 kB, or two parts of a
 * snapshot), while one transaction for everything would delay responses for seconds.
 */
const SLICE = { rows: 256, parts: 2 }

/** A WAL of this size shows that checkpoints fail: SQLite checkpoints at 4 MB. */
const WAL_LIMIT = 64 * 1024 * 1024
/** Transactions between two checks of the files. */
const CHECK_EVERY = 256

export function openStore(db: Sql, options: StoreOptions): SqliteStore {
  const { file } = options
  const start = Number(db.prepare("SELECT value FROM meta WHERE key = 'start'").get()?.['value'] ?? 0)
  const snapshots = openSnapshots(db)
  const entries = openEntries(db, file, Math.max(snapshots.highest(), start))
  const transaction = openTransactions(db, file)
  const effects = openEffects({ sql: db, transaction, file, log: options.log })
  let pruning = true

  const prune = (written: number): void => {
    if (!pruning) return
    const fallback = snapshots.fallback()
    const rows = Math.max(SLICE.rows, 2 * written)
    const more = [
      entries.prune(fallback, rows),
      snapshots.prune(SLICE.parts),
      effects.prune(fallback, options.keepRecords, SLICE.rows),
    ]
    pruning = more.includes(true)
  }
  const load: SqliteStore['load'] = () => {
    const found = snapshots.load((offset) => entries.first() <= offset + 1 && offset <= entries.last())
    if (found.snapshot === undefined && entries.first() > start + 1) {
      throw new JournalDamaged(damagedSnapshots(file, entries.first() - 1, noneUsable(found.spoilt)))
    }
    if (found.spoilt.length > 0) transaction(() => found.spoilt.forEach(({ id }) => snapshots.drop(id)))
    return found
  }
  return {
    append(added) {
      if (added.length === 0) return []
      return transaction(() => {
        const offsets = entries.append(added)
        prune(added.length)
        return offsets
      })
    },
    read: (after, maxBytes) => entries.read(after, maxBytes),
    load,
    commit(upTo, added, now) {
      checkAhead(upTo, entries.last())
      if (added.length > 0) transaction(() => effects.add(upTo, added, now))
    },
    saveChunk: (chunk) =>
      transaction(() => {
        pruning = snapshots.save(chunk, entries.last()) || pruning
        prune(0)
      }),
    discardAfter(upTo) {
      const last = entries.last()
      if (last < upTo) {
        const what = `the entries from ${last + 1} to ${upTo} were written and are gone`
        throw new JournalDamaged(damagedEntries(file, last + 1, upTo, what))
      }
      transaction(() => [entries, snapshots, effects].forEach((table) => table.discardAfter(upTo)))
    },
    outbox: effects.table,
  }
}

/** Runs work in a transaction that is on the disk when it returns. If it throws, nothing is kept. */
function openTransactions(db: Sql, file: string): EffectParts['transaction'] {
  const [begin, commit, rollback] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT'), db.prepare('ROLLBACK')]
  const checkpoint = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
  let count = 0
  /** Detects what SQLite does not report: failed checkpoints, and a deleted file, which the next start would miss. */
  const look = (): void => {
    statSync(file)
    if (statSync(`${file}-wal`).size > WAL_LIMIT) checkpoint.get()
  }
  return (work) => {
    count += 1
    if (count % CHECK_EVERY === 0) look()
    begin.run()
    try {
      const result = work()
      commit.run()
      return result
    } catch (error) {
      try {
        rollback.run()
      } catch {
        // SQLite has already rolled back; the first error has the cause.
      }
      throw error
    }
  }
}

function noneUsable(spoilt: readonly DamagedSnapshot[]): string {
  const reasons = spoilt.map(({ offset, why }) => `the snapshot at entry ${offset} cannot be used (${why})`)
  return reasons.join(', ') || 'there is no snapshot'
}
