import { deserialize, serialize } from 'node:v8'
import type { SnapshotChunk, Offset } from '../model.ts'
import { emptyState, type State } from './state.ts'

/** Raised when the shape of the state changes in a way that an older snapshot cannot fill. */
const VERSION = 1
const CHUNK_BYTES = 1 << 20

/** A snapshot that this version cannot read. */
export class SnapshotError extends Error {
  readonly code = 'snapshot_version'
}

/** The state as parts of at most 1 MB, to be written between commits. */
export function cutSnapshot(state: State, upTo: Offset): readonly SnapshotChunk[] {
  const bytes = serialize({ version: VERSION, state })
  const count = Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES))
  return Array.from({ length: count }, (_, index) => ({
    upTo,
    index,
    count,
    data: bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  }))
}

/** The state out of a snapshot's bytes. Fields that the snapshot does not know begin empty. */
export function readSnapshot(bytes: Uint8Array): State {
  const { version, state } = deserialize(bytes) as { version: number; state: State }
  if (version !== VERSION) {
    throw new SnapshotError(`the snapshot has version ${version}, this program reads ${VERSION}: run the version that wrote it`)
  }
  return { ...emptyState(), ...state }
}

/** How much may be replayed at the next start before a snapshot is taken. */
export interface SnapshotPolicy {
  readonly bytes: number
  readonly ticks: number
}

export const SNAPSHOTS: SnapshotPolicy = { bytes: 32 << 20, ticks: 60 }

/** Ticks between snapshots grow with their size, so that at most this many bytes a second are written. */
const RATE = 1 << 19

/** Says when a snapshot is due, and hands out its parts one by one. */
export interface Snapshots {
  /** An entry of so many bytes was written. */
  count(bytes: number): void
  tick(state: State, folded: Offset): void
  cut(state: State, folded: Offset): void
  take(): SnapshotChunk | undefined
  /** A part could not be written: the whole is given up. */
  drop(): void
  isWriting(): boolean
  /** Entries that no snapshot covers yet. */
  entries(): number
}

export function createSnapshots(policy: SnapshotPolicy): Snapshots {
  let parts: SnapshotChunk[] = []
  let size = 0
  let since = { bytes: 0, ticks: 0, entries: 0 }
  const cut = (state: State, folded: Offset): void => {
    parts = [...cutSnapshot(state, folded)]
    size = parts.reduce((sum, part) => sum + part.data.length, 0)
    since = { bytes: 0, ticks: 0, entries: 0 }
  }
  return {
    count(bytes) {
      since.bytes += bytes
      since.entries++
    },
    tick(state, folded) {
      since.ticks++
      const isDue = since.bytes >= policy.bytes || since.ticks >= Math.max(policy.ticks, size / RATE)
      if (parts.length === 0 && isDue) cut(state, folded)
    },
    cut,
    take: () => parts.shift(),
    drop() {
      parts = []
    },
    isWriting: () => parts.length > 0,
    entries: () => since.entries,
  }
}
