import { crc32 } from 'node:zlib'
import {
  deliveryResult,
  type DeliveryResult,
  type Effect,
  type Log,
  type Millis,
  type Offset,
  type OutboxItem,
  type OutboxTable,
  type SendRecord,
} from '../../model.ts'
import { queueKey, MAX_FAILED, MAX_RETRY_WAIT } from '../contract.ts'
import type { SqlRow, Sql } from './schema.ts'

/** The effects and their outcomes. */
interface EffectTable {
  /** The port's methods. Those that write start a transaction. */
  readonly table: OutboxTable
  /** Ignores effects whose id is known. Must be called in a transaction, as the methods below. */
  add(upTo: Offset, effects: readonly Effect[], now: Millis): void
  discardAfter(upTo: Offset): void
  /**
   * Deletes some of the oldest finished records beyond `keep` that no replay can restore. Returns true if more are
   * left.
   */
  prune(fallback: Offset, keep: number, rows: number): boolean
}

/** Dependencies of the table. */
export interface EffectParts {
  readonly sql: Sql
  readonly transaction: <T>(work: () => T) => T
  readonly file: string
  readonly log?: Log | undefined
}

interface DamagedEffect {
  readonly id: string
  readonly part: 'data' | 'rendered'
}

type ItemRow = {
  readonly id: string
  readonly data: string
  readonly crc: number
  readonly attempts: number
  readonly rendered: Uint8Array | null
  readonly rendered_crc: number | null
}

type RecordRow = {
  readonly id: string
  readonly data: string
  readonly crc: number
  readonly state: SendRecord['state']
  readonly attempts: number
  readonly created_at: Millis
  readonly next_at: Millis | null
  readonly done_at: Millis | null
  /** A `DeliveryResult` as JSON. */
  readonly result: string | null
  readonly merged_into: string | null
}

/**
 * Skips from line to line and takes the first effect of each, so that thousands of waiting ones cost no more than a
 * few; then takes the first ones of each queue, which is the first word of its lines. An effect behind another one with
 * the same ordering key is skipped.
 */
const DUE = `
WITH RECURSIVE lines (line) AS (
  SELECT min(line) FROM effects INDEXED BY pending WHERE state = 'pending'
  UNION ALL
  SELECT (SELECT min(line) FROM effects INDEXED BY pending WHERE state = 'pending' AND line > lines.line)
  FROM lines WHERE line IS NOT NULL
)
SELECT id, data, crc, attempts, rendered, rendered_crc FROM effects WHERE seq IN (
  SELECT seq FROM (
    SELECT first.seq, row_number() OVER (PARTITION BY substr(first.line, 1, instr(first.line, ' ')) ORDER BY first.seq) AS n
    FROM lines JOIN effects AS first ON first.seq IN (
      SELECT seq FROM effects AS one INDEXED BY pending
      WHERE state = 'pending' AND line = lines.line AND (next_at IS NULL OR NOT (next_at > ? AND next_at <= ?)) AND NOT EXISTS (
        SELECT 1 FROM effects AS earlier INDEXED BY queued
        WHERE line = one.line AND about = one.about AND about <> '' AND state = 'pending' AND earlier.seq < one.seq
      ) ORDER BY seq LIMIT ?
    )
  ) WHERE n <= ?
) ORDER BY seq`

const IN_THREAD = `
SELECT id, data, crc, attempts, rendered, rendered_crc FROM effects WHERE seq IN (
  SELECT seq FROM effects WHERE state = 'pending' AND line = ? AND thread = ? AND (thread <> '' OR id = ?)
) ORDER BY seq`

const BEFORE = `
SELECT data FROM effects AS earlier JOIN (SELECT seq, line, thread FROM effects WHERE id = ? AND thread <> '') AS one
ON earlier.line = one.line AND earlier.thread = one.thread AND earlier.seq < one.seq`

/** How many of the newest sent effects are searched for the one sent last. */
const MAX_HISTORY = 200

/** Few effects fail: the last delivery is looked up only if there are failures. */
const FAILED = `
WITH place AS MATERIALIZED (SELECT line FROM effects WHERE id = ? AND thread <> '')
SELECT data FROM place JOIN effects AS lost ON lost.line = place.line AND lost.state = 'failed'
WHERE done_at > (
  SELECT coalesce(max(done_at), 0) FROM effects WHERE seq IN (
    SELECT seq FROM effects WHERE line = (SELECT line FROM place) AND state = 'sent' ORDER BY seq DESC LIMIT ${MAX_HISTORY}
  )
) ORDER BY seq DESC LIMIT ${MAX_FAILED}`

export function openEffects(parts: EffectParts): EffectTable {
  const { sql } = parts
  const insert = sql.prepare(`
    INSERT INTO effects (id, up_to, state, attempts, created_at, data, crc, line, about, thread)
    VALUES (?, ?, 'pending', 0, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING`)
  const deleteAfter = sql.prepare('DELETE FROM effects WHERE up_to > ?')
  return {
    table: openTable(parts),
    add(upTo, effects, now) {
      for (const effect of effects) {
        const { id, data, orderingKey, thread } = effect
        insert.run(id, upTo, now, data, crc32(data), queueKey(effect), orderingKey, thread)
      }
    },
    discardAfter: (upTo) => void deleteAfter.run(upTo),
    prune: openPruning(sql),
  }
}

function openTable(parts: EffectParts): OutboxTable {
  const { sql, transaction } = parts
  const render = sql.prepare(`
    UPDATE effects SET rendered = ?, rendered_crc = ? WHERE id = ? AND state = 'pending' AND rendered IS NULL`)
  const records = `
    SELECT id, data, crc, state, attempts, created_at, next_at, done_at, result, merged_into FROM effects`
  const newest = sql.prepare(`${records} ORDER BY seq DESC LIMIT ?`)
  const one = sql.prepare(`${records} WHERE id = ?`)
  const retryNow = sql.prepare(`
    UPDATE effects SET next_at = NULL, fault = NULL
    WHERE state = 'pending' AND fault IS NOT NULL AND substr(line, 1, instr(line, ' ') - 1) = ?`)
  const count = sql.prepare("SELECT count(*) AS n, min(created_at) AS oldest FROM effects WHERE state = 'pending'")
  const [merge, outcome] = [openMerge(sql), openOutcome(sql)]
  return {
    due: openDue(parts),
    pendingInThread: openPendingInThread(sql),
    history: openHistory(sql),
    merge: (asked, now) => transaction(() => merge(asked, now)),
    rendered: (id, bytes) => transaction(() => void render.run(bytes, crc32(bytes), id)),
    outcome: (id, ended, now) => transaction(() => outcome(id, ended, now)),
    retryNow: (queue) => transaction(() => void retryNow.run(queue)),
    list: (limit) => newest.all(limit).map((row) => readRecord(row as RecordRow)),
    find(id) {
      const row = one.get(id)
      return row === undefined ? null : readRecord(row as RecordRow)
    },
    stats() {
      const { n, oldest } = count.get() as { n: number; oldest: Millis | null }
      return { pending: n, ...(oldest !== null && { oldest }) }
    },
  }
}

/**
 * Creates the method that finds due items. A damaged effect must not be sent: its rendered bytes are dropped, or it
 * fails permanently.
 */
function openDue({ sql, transaction, file, log }: EffectParts): OutboxTable['due'] {
  const due = sql.prepare(DUE)
  const forgetRendered = sql.prepare('UPDATE effects SET rendered = NULL, rendered_crc = NULL WHERE id = ?')
  const fail = sql.prepare(`
    UPDATE effects SET attempts = attempts + 1, state = 'failed', result = NULL, done_at = ?, next_at = NULL,
      rendered = NULL, rendered_crc = NULL
    WHERE id = ? AND state = 'pending'`)
  return (now, limit, perQueue = limit) => {
    const rows = due.all(now, now + MAX_RETRY_WAIT, perQueue, limit).map((row) => row as ItemRow)
    for (const effect of rows.flatMap(findDamage)) {
      const { id, part } = effect
      const next = part === 'data' ? 'it cannot be sent and counts as failed' : 'it is rendered once more'
      log?.error({ file, ...effect }, `the ${part} of effect ${id} is damaged: ${next}`)
      transaction(() => (part === 'data' ? fail.run(now, id) : forgetRendered.run(id)))
    }
    return rows.filter(intact).map(readItem)
  }
}

/** Creates the method that lists a thread. It skips damaged effects; `due` reports them. */
function openPendingInThread(sql: Sql): OutboxTable['pendingInThread'] {
  const place = sql.prepare('SELECT line, thread FROM effects WHERE id = ?')
  const inThread = sql.prepare(IN_THREAD)
  return (id) => {
    const { line, thread } = (place.get(id) ?? { line: '', thread: '' }) as { line: string; thread: string }
    const rows = inThread.all(line, thread, id).map((row) => row as ItemRow)
    return rows.filter(intact).map(readItem)
  }
}

function openHistory(sql: Sql): OutboxTable['history'] {
  const sent = sql.prepare(`${BEFORE} WHERE state = 'sent' ORDER BY earlier.seq DESC LIMIT 1`)
  const undelivered = sql.prepare(`${BEFORE} WHERE state IN ('failed', 'merged') ORDER BY earlier.seq`)
  const failed = sql.prepare(FAILED)
  const dataOf = ({ data }: SqlRow): string => String(data)
  return (id) => {
    const last = sent.get(id)
    const lost = failed.all(id).map(dataOf)
    return {
      ...(last !== undefined && { sent: dataOf(last) }),
      undelivered: undelivered.all(id).map(dataOf),
      ...(lost.length > 0 && { failed: lost.toReversed() }),
    }
  }
}

/**
 * Creates the method that records outcomes. The first final outcome stands. An id that is not pending (a recovery
 * removed it) has no outcome to record.
 */
function openOutcome(sql: Sql): OutboxTable['outcome'] {
  const again = sql.prepare(`
    UPDATE effects SET attempts = attempts + 1, result = ?, next_at = ?, fault = ? WHERE id = ? AND state = 'pending'`)
  const finish = sql.prepare(`
    UPDATE effects SET attempts = attempts + (?2 <> 'withdrawn'), result = ?1, state = ?2, done_at = ?3,
      next_at = NULL, rendered = NULL, rendered_crc = NULL
    WHERE id = ?4 AND state = 'pending'`)
  return (id, outcome, now) => {
    const result = JSON.stringify(deliveryResult(outcome))
    if (outcome.state === 'retry') again.run(result, outcome.at, outcome.fault ?? null, id)
    else finish.run(result, outcome.state, now, id)
  }
}

function openMerge(sql: Sql): OutboxTable['merge'] {
  const state = sql.prepare('SELECT state FROM effects WHERE id = ?')
  const end = sql.prepare(`
    UPDATE effects SET state = 'merged', result = NULL, merged_into = ?, done_at = ?, next_at = NULL,
      rendered = NULL, rendered_crc = NULL
    WHERE id = ?`)
  const change = sql.prepare(`
    UPDATE effects SET data = ?, crc = ?, rendered = NULL, rendered_crc = NULL WHERE id = ?`)
  return ({ into, data, of }, now) => {
    if ([into, ...of].some((id) => state.get(id)?.['state'] !== 'pending')) return false
    for (const id of of) end.run(into, now, id)
    change.run(data, crc32(data), into)
    return true
  }
}

function openPruning(sql: Sql): EffectTable['prune'] {
  const done = sql.prepare("SELECT count(*) AS n FROM effects WHERE state <> 'pending'")
  const remove = sql.prepare(`
    DELETE FROM effects WHERE seq IN (
      SELECT seq FROM effects WHERE state <> 'pending' AND up_to <= ? ORDER BY seq LIMIT ?)`)
  return (fallback, keep, rows) => {
    const excess = Number(done.get()?.['n']) - keep
    if (excess <= 0) return false
    const removed = Number(remove.run(fallback, Math.min(excess, rows)).changes)
    return removed === rows
  }
}

function intact({ data, crc }: Pick<ItemRow, 'data' | 'crc'>): boolean {
  return crc32(data) === crc
}

function renderedIntact({ rendered, rendered_crc }: ItemRow): boolean {
  return rendered === null || crc32(rendered) === rendered_crc
}

function findDamage(row: ItemRow): DamagedEffect[] {
  if (!intact(row)) return [{ id: row.id, part: 'data' }]
  return renderedIntact(row) ? [] : [{ id: row.id, part: 'rendered' }]
}

function readItem(row: ItemRow): OutboxItem {
  const { id, data, attempts, rendered } = row
  return { id, data, attempts, ...(rendered !== null && renderedIntact(row) && { rendered }) }
}

function readRecord(row: RecordRow): SendRecord {
  const { id, data, state, attempts, created_at: createdAt } = row
  const { next_at: nextAttemptAt, done_at: finishedAt, merged_into: mergedInto } = row
  return {
    id,
    data,
    state,
    attempts,
    createdAt,
    ...(nextAttemptAt !== null && { nextAttemptAt }),
    ...(finishedAt !== null && { finishedAt }),
    ...(row.result !== null && readResult(row.result)),
    ...(mergedInto !== null && { mergedInto }),
    ...(!intact(row) && { damaged: true }),
  }
}

/** Parses a result. It has no checksum; a damaged one is dropped, so that its record is still listed. */
function readResult(json: string): DeliveryResult {
  try {
    return JSON.parse(json) as DeliveryResult
  } catch {
    return {}
  }
}
