import type { DatabaseSync } from 'node:sqlite'
import { placeOf } from './place.ts'
import { EFFECTS } from './sqlite-schema.ts'

/**
 * Brings a file of format 1 up to format 2, whose effects know their place in the outbox and may be merged. All or
 * nothing, so that a crash or a full disk leaves the file as it was.
 */
export function stepUp(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    db.exec(`DROP INDEX pending; DROP INDEX done; ALTER TABLE effects RENAME TO effects_1; ${EFFECTS}`)
    db.exec(`
      INSERT INTO effects
      SELECT seq, id, up_to, state, attempts, created_at, next_at, done_at, answer, '', '', crc, data, rendered_crc, rendered
      FROM effects_1 ORDER BY seq;
      DROP TABLE effects_1;`)
    putInPlace(db)
    db.exec("UPDATE meta SET value = 2 WHERE key = 'format'; COMMIT")
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

/** What is done waits nowhere. */
function putInPlace(db: DatabaseSync): void {
  const put = db.prepare('UPDATE effects SET line = ?, thread = ? WHERE seq = ?')
  const waiting = db.prepare("SELECT seq, data FROM effects WHERE state = 'pending'").all()
  for (const { seq, data } of waiting) {
    const { line, thread } = placeOf(String(data))
    put.run(line, thread, Number(seq))
  }
}
