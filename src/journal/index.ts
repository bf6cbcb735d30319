import type { Journal } from '../model.ts'
import { openMemoryJournal } from './memory/index.ts'
import { openSqliteJournal } from './sqlite/index.ts'
import type { SqliteOptions } from './sqlite/index.ts'

/** Every journal engine, one line each. All of them pass test/journal/conformance.ts. */
export const journals = {
  sqlite: openSqliteJournal,
  memory: openMemoryJournal,
} satisfies Record<string, (options: SqliteOptions) => Journal>

export { openMemoryJournal, openSqliteJournal }
export type { SqliteOptions }
export { describeDamage, JournalDamaged, JournalFailed, JournalRefused } from './errors.ts'
