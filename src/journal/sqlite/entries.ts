import { crc32 } from 'node:zlib'
import type { Entry, EntryKind, NewEntry, Offset } from '../../model.ts'
import { damagedEntries, JournalDamaged } from '../errors.ts'
import type { SqlRow, Sql } from './schema.ts'

/** The entries table. Methods that write must be called in a transaction. */
interface EntryTable {
  /** Returns the highest offset ever assigned, 0 before the first. */
  last(): Offset
  /** Returns the offset of the oldest entry kept; one more than `last` if there is none. */
  first(): Offset
  append(entries: readonly NewEntry[]): Offset[]
  /** @throws {JournalDamaged} if an entry is missing or differs from what was written. */
  read(after: Offset, maxBytes: number): Entry[]
  discardAfter(upTo: Offset): void
  /** Deletes some of the entries up to an offset. Returns true if more are left. */
  prune(upTo: Offset, rows: number): boolean
}

type EntryRow = {
  readonly offset: Offset
  readonly kind: EntryKind | 'lost'
  readonly data: Uint8Array
  readonly crc: number
}

/** @param covered no offset up to this one is assigned again, even if its entry is gone. */
export function openEntries(sql: Sql, file: string, covered: Offset): EntryTable {
  const insert = sql.prepare('INSERT INTO entries (offset, kind, data, crc) VALUES (?, ?, ?, ?)')
  const select = sql.prepare('SELECT offset, kind, data, crc FROM entries WHERE offset > ? ORDER BY offset')
  const deleteAfter = sql.prepare('DELETE FROM entries WHERE offset > ?')
  const deleteUpTo = sql.prepare('DELETE FROM entries WHERE offset <= ?')
  const highest = sql.prepare('SELECT max(offset) AS n FROM entries').get()?.['n']
  const lowest = sql.prepare('SELECT min(offset) AS n FROM entries').get()?.['n']
  let last = Math.max(Number(highest ?? 0), covered)
  let first = Number(lowest ?? last + 1)

  return {
    last: () => last,
    first: () => first,
    append(entries) {
      return entries.map(({ kind, data }) => {
        last += 1
        insert.run(last, kind, data, checksum(last, kind, data))
        return last
      })
    },
    read: (after, maxBytes) => readEntries(file, select.iterate(after), Math.max(after + 1, first), last, maxBytes),
    discardAfter(upTo) {
      deleteAfter.run(upTo)
      last = Math.min(last, upTo)
      first = Math.min(first, last + 1)
    },
    prune(upTo, rows) {
      if (first > upTo) return false
      const end = Math.min(upTo, first + rows - 1)
      deleteUpTo.run(end)
      first = end + 1
      return first <= upTo
    },
  }
}

function readEntries(file: string, rows: Iterable<SqlRow>, from: Offset, last: Offset, maxBytes: number): Entry[] {
  const entries: Entry[] = []
  let [expected, bytes] = [from, 0]
  for (const row of rows) {
    const entry = verify(file, row as EntryRow, expected)
    expected += 1
    if (entry === undefined) continue
    entries.push(entry)
    bytes += entry.data.length
    if (bytes >= maxBytes) return entries
  }
  if (expected <= last) throw missing(file, expected, last)
  return entries
}

/** Returns the entry of a row; undefined if an operator marked it as lost. */
function verify(file: string, row: EntryRow, expected: Offset): Entry | undefined {
  const { offset, kind, data, crc } = row
  if (offset !== expected) throw missing(file, expected, offset - 1)
  if (kind === 'lost') return undefined
  if (checksum(offset, kind, data) === crc) return { offset, kind, data }
  const what = `entry ${offset} (${kind}, ${data.length} bytes) does not match its checksum`
  throw new JournalDamaged(damagedEntries(file, offset, offset, what))
}

function missing(file: string, from: Offset, to: Offset): JournalDamaged {
  const what = from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`
  return new JournalDamaged(damagedEntries(file, from, to, what))
}

/** Includes the offset, so that an entry at a wrong offset is detected. */
function checksum(offset: Offset, kind: string, data: Uint8Array): number {
  return crc32(data, crc32(`${offset} ${kind}`))
}
