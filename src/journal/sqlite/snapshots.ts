import { crc32 } from 'node:zlib'
import type { Offset, Snapshot, SnapshotChunk } from '../../model.ts'
import { checkChunk } from '../contract.ts'
import type { SnapshotProgress } from '../contract.ts'
import type { SqlRow, Sql } from './schema.ts'

/** An unusable snapshot, with the reason. */
export interface DamagedSnapshot {
  readonly id: number
  readonly offset: Offset
  readonly why: string
}

/** The snapshots and their parts. Methods that write must be called in a transaction. */
interface SnapshotTable {
  /** Returns the highest offset of any snapshot, 0 without one. */
  highest(): Offset
  /**
   * Returns the offset of the complete snapshot before the newest, 0 without one. Older entries are never needed again.
   */
  fallback(): Offset
  /** Returns the newest usable snapshot, and the newer unusable ones. */
  load(usable: (offset: Offset) => boolean): {
    readonly snapshot: Snapshot | undefined
    readonly spoilt: DamagedSnapshot[]
  }
  /**
   * Returns true if the part completed its snapshot.
   * @throws {RangeError} if the part is not the next one, or is ahead of the last entry.
   */
  save(chunk: SnapshotChunk, last: Offset): boolean
  drop(id: number): void
  discardAfter(upTo: Offset): void
  /** Deletes some parts of dropped snapshots. Returns true if more are left. */
  prune(parts: number): boolean
}

/** The newest snapshot and the one before it are kept. */
const MAX_SNAPSHOTS = 2

type SnapshotRow = { readonly id: number; readonly up_to: Offset; readonly parts: number }
type PartRow = { readonly part: number; readonly crc: number; readonly data: Uint8Array }

export function openSnapshots(sql: Sql): SnapshotTable {
  const complete = sql.prepare("SELECT id, up_to, parts FROM snapshots WHERE state = 'complete' ORDER BY id DESC")
  const insert = sql.prepare("INSERT INTO snapshots (up_to, parts, state) VALUES (?, ?, 'writing') RETURNING id")
  const finish = sql.prepare("UPDATE snapshots SET state = 'complete' WHERE id = ?")
  const dropOne = sql.prepare("UPDATE snapshots SET state = 'dropped' WHERE id = ?")
  const dropUnfinished = sql.prepare("UPDATE snapshots SET state = 'dropped' WHERE state = 'writing'")
  const dropAfter = sql.prepare("UPDATE snapshots SET state = 'dropped', up_to = ? WHERE up_to > ?")
  const highest = sql.prepare('SELECT max(up_to) AS n FROM snapshots')
  const insertPart = sql.prepare('INSERT INTO chunks (snapshot, part, crc, data) VALUES (?, ?, ?, ?)')
  const partsOf = sql.prepare('SELECT part, crc, data FROM chunks WHERE snapshot = ? ORDER BY part')
  const rows = (): SnapshotRow[] => complete.all().map((row) => row as SnapshotRow)
  let writing: (SnapshotProgress & { readonly id: number }) | undefined

  const begin = ({ upTo, count }: SnapshotChunk): number => {
    dropUnfinished.run()
    return insert.get(upTo, count)?.['id'] as number
  }
  return {
    highest: () => Number(highest.get()?.['n'] ?? 0),
    fallback: () => rows()[1]?.up_to ?? 0,
    load: (usable) => loadNewest(rows(), (id) => partsOf.iterate(id), usable),
    save(chunk, last) {
      checkChunk(chunk, last, writing)
      const { upTo, index, count, data } = chunk
      const id = index === 0 || writing === undefined ? begin(chunk) : writing.id
      insertPart.run(id, index, checksum(upTo, count, index, data), data)
      writing = { id, upTo, count, next: index + 1 }
      if (writing.next < count) return false
      writing = undefined
      finish.run(id)
      for (const old of rows().slice(MAX_SNAPSHOTS)) dropOne.run(old.id)
      return true
    },
    drop: (id) => void dropOne.run(id),
    discardAfter: (upTo) => void dropAfter.run(upTo, upTo),
    prune: openPruning(sql),
  }
}

function openPruning(sql: Sql): (parts: number) => boolean {
  const dropped = sql.prepare("SELECT id FROM snapshots WHERE state = 'dropped' ORDER BY id LIMIT 1")
  const deleteParts = sql.prepare(
    'DELETE FROM chunks WHERE rowid IN (SELECT rowid FROM chunks WHERE snapshot = ? ORDER BY part LIMIT ?)',
  )
  const deleteRow = sql.prepare('DELETE FROM snapshots WHERE id = ?')
  return (parts) => {
    const id = dropped.get()?.['id'] as number | undefined
    if (id === undefined) return false
    if (Number(deleteParts.run(id, parts).changes) < parts) deleteRow.run(id)
    return true
  }
}

function loadNewest(
  rows: readonly SnapshotRow[],
  partsOf: (id: number) => Iterable<SqlRow>,
  usable: (offset: Offset) => boolean,
): ReturnType<SnapshotTable['load']> {
  const spoilt: DamagedSnapshot[] = []
  for (const { id, up_to: offset, parts } of rows) {
    const state = usable(offset) ? assemble(offset, parts, partsOf(id)) : 'the entries after it are gone'
    if (typeof state !== 'string') return { snapshot: { offset, state }, spoilt }
    spoilt.push({ id, offset, why: state })
  }
  return { snapshot: undefined, spoilt }
}

/** Returns the whole state, or the reason why it is unusable. */
function assemble(upTo: Offset, count: number, rows: Iterable<SqlRow>): Uint8Array | string {
  const parts: Uint8Array[] = []
  for (const row of rows) {
    const { part, crc, data } = row as PartRow
    if (part !== parts.length) break
    if (checksum(upTo, count, part, data) !== crc) return `part ${part + 1} of ${count} does not match its checksum`
    parts.push(data)
  }
  if (parts.length !== count) return `part ${parts.length + 1} of ${count} is missing`
  return concat(parts)
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Includes the position: a part of another snapshot is never accepted. */
function checksum(upTo: Offset, count: number, part: number, data: Uint8Array): number {
  return crc32(data, crc32(`${upTo} ${count} ${part}`))
}
