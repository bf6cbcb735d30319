/** All journal engines. Each passes test/journal/conformance.ts. */
export { openMemoryJournal } from './memory/index.ts'
export { openSqliteJournal, type SqliteOptions } from './sqlite/index.ts'
export { JournalDamaged, JournalRefused } from './errors.ts'
