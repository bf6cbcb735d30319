import {
  createOutbox,
  type Entry,
  type Journal,
  type NewEntry,
  type Offset,
  type Snapshot,
  type SnapshotChunk,
} from '../../model.ts'
import { checkAhead, checkChunk } from '../contract.ts'
import { JournalFailed } from '../errors.ts'
import { createMemoryOutbox } from './outbox.ts'

interface MemoryOptions {
  /** Number of records of sent or failed effects kept. Default 10,000. */
  readonly keepRecords?: number
}

/** Opens a journal that lives as long as its process, for tests and for replaying recorded events. */
export function openMemoryJournal(options: MemoryOptions = {}): Journal {
  const outbox = createMemoryOutbox(options.keepRecords ?? 10_000)
  const log = createMemoryLog()
  let closed = false
  const call = async <T>(work: () => T): Promise<T> => {
    if (closed) throw new JournalFailed('in memory', 'it is closed')
    return work()
  }
  return {
    append: (entries) => call(() => log.append(entries)),
    read: (after, maxBytes) => call(() => log.read(after, maxBytes)),
    load: () => call(() => log.load()),
    commit: (upTo, effects, now) =>
      call(() => {
        checkAhead(upTo, log.last())
        outbox.add(upTo, effects, now)
      }),
    saveChunk: (chunk) =>
      call(() => {
        if (log.save(chunk)) outbox.prune(log.fallback())
      }),
    recover: (upTo) =>
      call(() => {
        checkAhead(upTo, log.last())
        log.forgetAfter(upTo)
        outbox.discardAfter(upTo)
      }),
    outbox: createOutbox((method, args) => call(() => outbox.table[method](...args))),
    async close() {
      closed = true
    },
  }
}

/** Creates the entries and snapshots. Input is copied, and not by `slice`, which shares the bytes of a Buffer. */
function createMemoryLog() {
  let entries: Entry[] = []
  let last: Offset = 0
  /** The newest complete snapshot and the one before it. */
  let snapshots: Snapshot[] = []
  let writing: SnapshotChunk[] = []
  const fallback = (): Offset => snapshots[1]?.offset ?? 0

  return {
    last: () => last,
    fallback,
    append(added: readonly NewEntry[]): Offset[] {
      const from = last
      for (const { kind, data } of added) entries.push({ offset: (last += 1), kind, data: new Uint8Array(data) })
      return added.map((_, index) => from + index + 1)
    },
    read: (after: Offset, maxBytes: number) => takeBytes(entries, after, maxBytes),
    load: () => snapshots[0],
    /** Returns true if the part completed its snapshot. */
    save(chunk: SnapshotChunk): boolean {
      const { upTo, index, count, data } = chunk
      const before = writing.at(-1)
      checkChunk(chunk, last, before && { upTo: before.upTo, count: before.count, next: before.index + 1 })
      writing = [...(index === 0 ? [] : writing), { upTo, index, count, data: new Uint8Array(data) }]
      if (index + 1 < count) return false
      const state = Buffer.concat(writing.map((part) => part.data))
      snapshots = [{ offset: upTo, state }, ...snapshots].slice(0, 2)
      writing = []
      entries = entries.filter(({ offset }) => offset > fallback())
      return true
    },
    forgetAfter(upTo: Offset): void {
      entries = entries.filter(({ offset }) => offset <= upTo)
      snapshots = snapshots.filter(({ offset }) => offset <= upTo)
      writing = []
      last = upTo
    },
  }
}

function takeBytes(entries: readonly Entry[], after: Offset, maxBytes: number): Entry[] {
  const from = Math.max(0, after + 1 - (entries[0]?.offset ?? 0))
  let bytes = 0
  let to = from
  while (to < entries.length && (to === from || bytes < maxBytes)) bytes += entries[to++]?.data.length ?? 0
  return entries.slice(from, to)
}
