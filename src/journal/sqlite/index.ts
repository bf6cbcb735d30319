import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '../../files.ts'
import { createOutbox, type Journal, type Log, type NewEntry, type Offset } from '../../model.ts'
import { damagedFile, JournalDamaged, JournalFailed, JournalRefused } from '../errors.ts'
import { explainError } from './errors.ts'
import { FORMAT, SETTINGS, TABLES } from './schema.ts'
import { openStore } from './store.ts'
import type { SqliteStore } from './store.ts'

export interface SqliteOptions {
  /** The database file. Created with its folder if it does not exist; the `-wal` file beside it belongs to it. */
  readonly file: string
  /** Number of records of sent or failed effects kept. Default 10,000. */
  readonly keepRecords?: number
  /** Maximum size of the file in bytes: beyond it, writes fail as on a full disk. No limit by default. */
  readonly maxBytes?: number
  /** Receives damage that could be worked around. */
  readonly log?: Log
}

interface Connection {
  readonly store: SqliteStore
  close(): void
}

interface PendingAppend {
  readonly entries: readonly NewEntry[]
  resolve(offsets: readonly Offset[]): void
  reject(error: unknown): void
}

/**
 * Opens the embedded journal: one SQLite file. Its calls are synchronous, so it belongs in a thread that may block on
 * the disk. After a failed write every call is refused until `recover` has verified what is on the disk.
 *
 * @throws {JournalRefused} if another process has the file, or another version or program wrote it.
 * @throws {JournalDamaged} if the file differs from what was written; the message contains the steps that help.
 * @throws {JournalFailed} if the folder or the disk refuses.
 */
export function openSqliteJournal(given: SqliteOptions): Journal {
  const options = { ...given, file: resolve(given.file) }
  const { file, log } = options
  const guard = guardConnection(options)
  const waiting: PendingAppend[] = []

  /** Commits all appends requested in one turn of the event loop together. */
  const flush = (): void => {
    const group = waiting.splice(0)
    if (group.length === 0) return
    try {
      const offsets = guard.run('append', (store) => store.append(group.flatMap(({ entries }) => entries)))
      let from = 0
      for (const one of group) one.resolve(offsets.slice(from, (from += one.entries.length)))
    } catch (error) {
      for (const one of group) one.reject(error)
    }
  }
  const call = async <T>(action: string, work: (store: SqliteStore) => T): Promise<T> => {
    flush()
    return guard.run(action, work)
  }
  return {
    append(entries) {
      if (waiting.length === 0) queueMicrotask(flush)
      return new Promise((resolve, reject) => waiting.push({ entries, resolve, reject }))
    },
    read: (after, maxBytes) => call('read entries', (store) => store.read(after, maxBytes)),
    async load() {
      const { snapshot, spoilt } = await call('load a snapshot', (store) => store.load())
      for (const { offset, why } of spoilt) {
        const next = snapshot === undefined ? 'all entries are folded instead' : `the one at ${snapshot.offset} is used`
        log?.warn(
          { file, offset, why },
          `the snapshot at entry ${offset} is damaged (${why}): ${next}, nothing is lost`,
        )
      }
      return snapshot
    },
    commit: (upTo, effects, now) => call('record effects', (store) => store.commit(upTo, effects, now)),
    saveChunk: (chunk) => call('write a snapshot', (store) => store.saveChunk(chunk)),
    async recover(upTo) {
      flush()
      guard.reopen((store) => store.discardAfter(upTo))
    },
    outbox: createOutbox((method, args) => call('access the outbox', ({ outbox }) => outbox[method](...args))),
    async close() {
      flush()
      guard.close()
    },
  }
}

/** Passes calls to the open file until one fails, then refuses all until the file is reopened. */
function guardConnection(options: SqliteOptions) {
  const { file } = options
  let connection: Connection | undefined = connect(options, true)
  let failure: Error | undefined
  let closed = false

  const run = <T>(action: string, work: (store: SqliteStore) => T): T => {
    if (closed) throw new JournalFailed(file, `could not ${action}: it is closed`)
    if (connection === undefined || failure !== undefined) {
      throw new JournalFailed(file, `could not ${action}: it waits for recovery after a failure`, failure)
    }
    try {
      return work(connection.store)
    } catch (error) {
      // A caller's mistake or one damaged entry leaves the file unchanged; after any other error its state is unknown.
      if (error instanceof RangeError || error instanceof JournalDamaged) throw error
      failure = explainError(error, file, action)
      throw failure
    }
  }
  return {
    run,
    reopen(work: (store: SqliteStore) => void): void {
      if (closed) throw new JournalFailed(file, 'could not recover: it is closed')
      connection?.close()
      connection = undefined
      try {
        connection = connect(options, false)
        work(connection.store)
        failure = undefined
      } catch (error) {
        failure = explainError(error, file, 'recover')
        throw failure
      }
    },
    close(): void {
      closed = true
      connection?.close()
      connection = undefined
    },
  }
}

/** @param create false if the file must exist: a journal that vanished during use is not replaced by an empty one. */
function connect({ file, keepRecords = 10_000, maxBytes, log }: SqliteOptions, create: boolean): Connection {
  let made: CreatedFolder | undefined
  let db: DatabaseSync | undefined
  try {
    if (!create && !existsSync(file)) throw new JournalFailed(file, 'is gone; put the file back where it was')
    made = createFile(file)
    db = new DatabaseSync(file)
    prepare(db, file, maxBytes)
    if (made !== undefined) syncFolders(made)
    const store = openStore(db, { file, keepRecords, log })
    return { store, close: () => closeIgnoringErrors(db) }
  } catch (error) {
    closeIgnoringErrors(db)
    if (made !== undefined) for (const name of [file, `${file}-wal`]) rmSync(name, { force: true })
    throw explainError(error, file, 'be opened')
  }
}

/** The folder of a new file, and the parent of the topmost folder created for it. */
interface CreatedFolder {
  readonly folder: string
  readonly top: string
}

/**
 * Creates the file, accessible to its owner only. An existing file is not opened: closing a descriptor of it would
 * release the lock of another connection of this process.
 */
function createFile(file: string): CreatedFolder | undefined {
  if (existsSync(file)) {
    if (statSync(file).size > 0) return undefined
    throw new JournalDamaged(damagedFile(file, 'it is empty'))
  }
  const folder = dirname(file)
  const firstMade = makeFolder(folder, 0o700)
  closeSync(openSync(file, 'wx', 0o600))
  return { folder, top: firstMade === undefined ? folder : dirname(firstMade) }
}

/**
 * Syncs the folders. Without this a power failure may remove a file whose content is safe: its name is content of the
 * folder.
 */
function syncFolders({ folder, top }: CreatedFolder): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  if (folder !== top) syncFolders({ folder: dirname(folder), top })
}

/**
 * Takes the lock, which excludes a second process and keeps the WAL's index in memory; creates or checks the tables;
 * checkpoints the WAL. The checkpoint is required: frames whose sync failed may be readable and yet not on the disk,
 * and a power failure would lose them with everything appended after them in the same WAL.
 */
function prepare(db: DatabaseSync, file: string, maxBytes: number | undefined): void {
  db.exec('PRAGMA locking_mode = EXCLUSIVE')
  const tables = db
    .prepare('SELECT name FROM sqlite_schema')
    .all()
    .map(({ name }) => name)
  const isNew = tables.length === 0
  if (!isNew) checkFormat(db, file, tables.includes('meta') && tables.includes('entries'))
  db.exec(SETTINGS)
  if (maxBytes !== undefined) db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize(db)))}`)
  if (isNew) db.exec(`BEGIN; ${TABLES} COMMIT`)
  const problems = db
    .prepare('PRAGMA quick_check(3)')
    .all()
    .map((row) => row['quick_check'])
  if (problems.join('; ') !== 'ok') throw new JournalDamaged(damagedFile(file, problems.join('; ')))
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
}

function checkFormat(db: DatabaseSync, file: string, ours: boolean): void {
  if (!ours) {
    throw new JournalRefused('JOURNAL_FOREIGN', file, 'is a database of another program: name another data folder')
  }
  const format = Number(db.prepare("SELECT value FROM meta WHERE key = 'format'").get()?.['value'])
  if (format === FORMAT) return
  if (!Number.isSafeInteger(format))
    throw new JournalDamaged(damagedFile(file, 'it does not tell the number of its format'))
  const what =
    `has format ${format}, and this version of stashwatch reads format ${FORMAT}: start the version that wrote it, ` +
    'or name another data folder (`data:` in the configuration)'
  throw new JournalRefused('JOURNAL_FORMAT', file, what)
}

function pageSize(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA page_size').get()?.['page_size'])
}

/** Closes the database. After a failure the close may fail too; recovery works with the file as it is. */
function closeIgnoringErrors(db: DatabaseSync | undefined): void {
  try {
    db?.close()
  } catch {
    // Nothing depends on this: opening checks everything again.
  }
}
