import { deserialize, serialize } from 'node:v8'
import { storeFrame, readStore, type StoreFrame, writeChunk, chunkSize, type Store } from '../aggregate/store.ts'
import type { Offset, SnapshotChunk } from '../model.ts'
import { type PackedKnown, packKnown, unpackKnown } from './repeats.ts'
import { copyStats } from './report/periods.ts'
import type { State } from './state.ts'

/** Increased when the shape of the state changes. Snapshots of other versions are refused. */
const VERSION = 1
const PART_BYTES = 1 << 20
const LENGTH_BYTES = 4

/** A snapshot that this version cannot read. */
class SnapshotError extends Error {
  readonly code = 'snapshot_version'
}

/** A snapshot in progress: the state as of an offset, while the live state changes. */
interface SnapshotWriter {
  readonly count: number
  /** Returns the next part, about 1 MB at most; undefined after the last. */
  take(): SnapshotChunk | undefined
  /** Abandons the snapshot and stops tracking writes to the state. */
  drop(): void
}

/**
 * Starts a snapshot. Format: the length of the head, the head (everything but the cells), then the cells of all stores,
 * chunk by chunk. The head is copied now; cells are copied when their part is taken, or just before they change.
 */
export function startSnapshot(state: State, upTo: Offset): SnapshotWriter {
  const heads = headParts(state)
  const cells = [...state.stores.values()].flatMap(cellParts)
  const parts = [...heads.map((bytes) => ({ take: () => bytes, drop: () => undefined })), ...cells]
  const count = parts.length
  let next = 0
  return {
    count,
    take() {
      const part = parts[next]
      if (part === undefined) return undefined
      const chunk: SnapshotChunk = { upTo, index: next, count, data: part.take() }
      next++
      if (next === count) for (const one of parts) one.drop()
      return chunk
    },
    drop() {
      next = count
      for (const part of parts) part.drop()
    },
  }
}

interface Part {
  take(): Uint8Array
  drop(): void
}

function headParts(state: State): readonly Uint8Array[] {
  const stores = new Map([...state.stores].map(([name, store]) => [name, storeFrame(store)]))
  const head = serialize({ version: VERSION, state: { ...state, stores, known: packKnown(state.known, state.ticks) } })
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(head.length)
  const bytes = Buffer.concat([length, head])
  const count = Math.ceil(bytes.length / PART_BYTES)
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * PART_BYTES, (i + 1) * PART_BYTES))
}

function cellParts(store: Store): readonly Part[] {
  const { layout, chunks } = store
  const saved: (Uint8Array | undefined)[] = []
  const isTaken: boolean[] = []
  const count = chunks.length
  const save = (i: number): Uint8Array => saved[i] ?? writeChunk(layout, chunks[i] as Store['chunks'][number])
  store.onWrite = (i) => {
    if (i < count && isTaken[i] !== true) saved[i] ??= save(i)
  }
  const group = Math.max(1, Math.floor(PART_BYTES / chunkSize(layout)))
  const take = (from: number): Uint8Array => {
    const indexes = Array.from({ length: Math.min(group, count - from) }, (_, i) => from + i)
    const bytes = Buffer.concat(indexes.map(save))
    for (const i of indexes) {
      isTaken[i] = true
      saved[i] = undefined
    }
    return bytes
  }
  const drop = (): void => {
    store.onWrite = undefined
  }
  return Array.from({ length: Math.ceil(count / group) }, (_, i) => ({ take: () => take(i * group), drop }))
}

/** State with its large tables packed. */
interface SnapshotState extends Omit<State, 'stores' | 'known'> {
  readonly stores: Map<string, StoreFrame>
  readonly known: PackedKnown
}

/**
 * Restores the state from a snapshot's bytes.
 *
 * @throws {SnapshotError} if another version wrote it.
 */
export function readSnapshot(bytes: Uint8Array): State {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const { version, state } = deserialize(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length)) as {
    version: number
    state: SnapshotState
  }
  if (version !== VERSION) {
    throw new SnapshotError(
      `the snapshot in the journal has version ${version}, and this version of stashwatch reads version ${VERSION}: ` +
        'start the version that wrote it, or name another data folder (`data:` in the configuration)',
    )
  }
  let at = LENGTH_BYTES + length
  const take = (size: number): ArrayBuffer => new Uint8Array(bytes.subarray(at, (at += size))).buffer
  const stores = new Map([...state.stores].map(([name, frame]) => [name, readStore(frame, take)]))
  return { ...state, known: unpackKnown(state.known), stores, reportStats: copyStats(state.reportStats) }
}

/** The most that a start replays: a snapshot is due after this many journal bytes or ticks. */
export interface SnapshotPolicy {
  readonly bytes: number
  readonly ticks: number
}

export const SNAPSHOTS: SnapshotPolicy = { bytes: 32 << 20, ticks: 60 }

/** Upper bound of the average write rate in bytes per second: larger snapshots are taken less often. */
const RATE = 1 << 19

/** Decides when a snapshot is due and provides its parts one by one. */
interface Snapshots {
  /** Records that an entry of `bytes` bytes was written. */
  count(bytes: number): void
  tick(state: State, folded: Offset): void
  cut(state: State, folded: Offset): void
  take(): SnapshotChunk | undefined
  /** Abandons the snapshot after a part could not be written. */
  drop(): void
  isWriting(): boolean
  /** Returns the number of entries that no snapshot covers yet. */
  entries(): number
}

export function createSnapshots(policy: SnapshotPolicy): Snapshots {
  let current: SnapshotWriter | undefined
  let left = 0
  let size = 0
  let since = { bytes: 0, ticks: 0, entries: 0 }
  const cut = (state: State, folded: Offset): void => {
    current?.drop()
    current = startSnapshot(state, folded)
    left = current.count
    size = left * PART_BYTES
    since = { bytes: 0, ticks: 0, entries: 0 }
  }
  return {
    count(bytes) {
      since.bytes += bytes
      since.entries++
    },
    tick(state, folded) {
      since.ticks++
      const isDue = since.bytes >= policy.bytes || since.ticks >= policy.ticks
      const isRested = since.ticks >= Math.min(600, size / RATE)
      if (left === 0 && isDue && isRested) cut(state, folded)
    },
    cut,
    take() {
      const part = current?.take()
      left = part === undefined ? 0 : left - 1
      return part
    },
    drop() {
      current?.drop()
      left = 0
    },
    isWriting: () => left > 0,
    entries: () => since.entries,
  }
}
