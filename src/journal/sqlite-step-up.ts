import type { DatabaseSync } from 'node:sqlite'
import { placeOf } from './place.ts'
import { EFFECTS, FORMAT } from './sqlite-schema.ts'

/**
 * Brings a file of an older format up to ours: effects of format 1 did not know their place in the outbox and could not
 * be merged, those of format 2 did not know what they are about and could not be withdrawn, and none knew
 * whose fault it was that they wait. All or nothing, so that a crash or a full disk leaves the file
 * as it was.
 */
export function stepUp(db: DatabaseSync, from: number): void {
  const place = from === 1 ? "'', '', ''" : "line, '', thread"
  db.exec('BEGIN IMMEDIATE')
  try {
    db.exec(`DROP INDEX pending; DROP INDEX done; ALTER TABLE effects RENAME TO old_effects; ${EFFECTS}`)
    db.exec(`
      INSERT INTO effects
      SELECT seq, id, up_to, state, attempts, created_at, next_at, NULL, done_at, answer, ${place}, crc, data, rendered_crc, rendered
      FROM old_effects ORDER BY seq;
      DROP TABLE old_effects;`)
    putInPlace(db)
    db.exec(`UPDATE meta SET value = ${FORMAT} WHERE key = 'format'; COMMIT`)
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

/** What is done waits nowhere. */
function putInPlace(db: DatabaseSync): void {
  const put = db.prepare('UPDATE effects SET line = ?, about = ?, thread = ? WHERE seq = ?')
  const waiting = db.prepare("SELECT seq, data FROM effects WHERE state = 'pending'").all()
  for (const { seq, data } of waiting) {
    const { line, about, thread } = placeOf(String(data))
    put.run(line, about, thread, Number(seq))
  }
}
