import type { Journal } from '../model.ts'
import { openMemoryJournal } from './memory/index.ts'
import { openSqliteJournal } from './sqlite/index.ts'
import type { SqliteOptions } from './sqlite/index.ts'

/** All journal engines. Each passes test/journal/conformance.ts. */
export const journals = {
  sqlite: openSqliteJournal,
  memory: openMemoryJournal,
} satisfies Record<string, (options: SqliteOptions) => Journal>

export { openMemoryJournal, openSqliteJournal }
export type { SqliteOptions }
export { describeDamage, JournalDamaged, JournalFailed, JournalRefused } from './errors.ts'
