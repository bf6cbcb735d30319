import { damagedFile, JournalDamaged, JournalFailed, JournalRefused } from '../errors.ts'

/** SQLite's primary result codes with a meaning of their own here (sqlite.org/rescode.html). */
const BUSY = 5
const READONLY = 8
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

const IN_USE =
  'is in use by another process. One stashwatch at a time writes to a data folder: stop the other one, or give this ' +
  'one a folder of its own (`data:` in the configuration)'

/** Converts an error of SQLite or of the file system to one that the operator can act on. */
export function explainError(error: unknown, file: string, action: string): Error {
  if (error instanceof JournalDamaged || error instanceof JournalRefused || error instanceof JournalFailed) return error
  const text = error instanceof Error ? error.message : String(error)
  const code = resultCode(error)
  if (code === BUSY) return new JournalRefused('JOURNAL_IN_USE', file, IN_USE)
  if (code === CORRUPT || code === NOTADB) return new JournalDamaged(damagedFile(file, text), error)
  return new JournalFailed(file, `could not ${action}: ${text} (${hint(error, code)})`, error)
}

/** Returns the primary result code. SQLite reports an extended one, with the primary code in its low byte. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

function hint(error: unknown, code: number | undefined): string {
  const system = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === FULL || system === 'ENOSPC') return 'make room; it goes on by itself then'
  if (code === READONLY || code === CANTOPEN || system === 'EACCES' || system === 'EPERM' || system === 'EROFS') {
    return 'the folder and the file must belong to the user that stashwatch runs as, on a disk that can be written'
  }
  return code === undefined ? 'look at the folder and its disk' : `SQLite's code ${code}; look at the disk's own errors`
}
