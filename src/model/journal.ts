import type { Channel } from './notification.ts'
import type { Millis, Offset } from './time.ts'

export type EntryKind = 'batch' | 'tick' | 'command' | 'config'

export interface NewEntry {
  readonly kind: EntryKind
  readonly data: Uint8Array
}

export interface Entry extends NewEntry {
  readonly offset: Offset
}

/**
 * Something to be done outside, once per id. The data is a `Notification` as JSON, which the journal does not read.
 * Effects of one recipient leave through one queue in the order of their keys: what has the same `orderingKey` (all
 * episodes of a rule on a host) never overtakes. An empty `thread` is none.
 */
export interface Effect {
  readonly id: string
  /** The way that it leaves. */
  readonly queue: Channel
  /** The address; effects for one address in one queue are a line. */
  readonly recipient: string
  readonly orderingKey: string
  readonly thread: string
  readonly data: string
}

/** A part of a snapshot, at most 1 MB. The snapshot counts once all its `count` parts are there. */
export interface SnapshotChunk {
  readonly upTo: Offset
  readonly index: number
  readonly count: number
  readonly data: Uint8Array
}

export interface Snapshot {
  readonly offset: Offset
  readonly state: Uint8Array
}

/** The engine's memory. All methods reject with an error when the storage fails; nothing is then half done. */
export interface Journal {
  /** Resolves once the entries are durable, with their offsets. Calls that wait together share a commit. */
  append(entries: readonly NewEntry[]): Promise<readonly Offset[]>
  /** Entries after an offset, in order, until `maxBytes` of data are reached; at least one if there is any. */
  read(after: Offset, maxBytes: number): Promise<readonly Entry[]>
  /** The newest complete snapshot. */
  load(): Promise<Snapshot | undefined>
  /** Records effects with the offset that they came from, atomically. An effect whose id is known is ignored. */
  commit(upTo: Offset, effects: readonly Effect[], now: Millis): Promise<void>
  /** Writes one part of a snapshot; the last part completes it and lets go of what is older than the one before. */
  saveChunk(chunk: SnapshotChunk): Promise<void>
  /** After a failure: opens the storage anew and forgets entries after `upTo`, which nobody was told are safe. */
  recover(upTo: Offset): Promise<void>
  readonly outbox: Outbox
  close(): Promise<void>
}

export interface OutboxItem {
  readonly id: string
  readonly data: string
  readonly attempts: number
  /** The message's bytes, once rendered; every attempt sends the same. */
  readonly rendered?: Uint8Array
}

export type Outcome =
  | { readonly state: 'sent'; readonly answer: string }
  | { readonly state: 'failed'; readonly answer: string }
  | { readonly state: 'withdrawn'; readonly answer: string }
  /** `fault`: the trouble was the way's own, and `hasten` ends the wait. */
  | { readonly state: 'retry'; readonly answer: string; readonly at: Millis; readonly fault?: 'server' }

/** One row of the registry of sends. Instants are those of the service's clock. */
export interface SendRecord {
  readonly id: string
  readonly data: string
  /**
   * `merged`: never sent, and told by another one; the answer says by which. `withdrawn`: never sent, since its address
   * left the configuration.
   */
  readonly state: 'pending' | 'sent' | 'failed' | 'merged' | 'withdrawn'
  readonly attempts: number
  readonly createdAt: Millis
  readonly finishedAt?: Millis
  readonly nextAttemptAt?: Millis
  readonly response?: string
}

export interface OutboxStats {
  readonly pending: number
  readonly oldest?: Millis
}

/** What became of the effects before one in its line and its thread: their data. */
export interface History {
  /** The newest that was sent. */
  readonly sent?: string
  /** Those that nobody got, oldest first: they failed, or were merged. */
  readonly undelivered: readonly string[]
  /** Those of its line, whatever their thread, that failed since the newest of the line that was sent; absent for none. */
  readonly failed?: readonly string[]
}

/** Several effects that one of them tells from now on. */
export interface Merge {
  /** The one that goes out, and its new data. */
  readonly into: string
  readonly data: string
  /** Those whose place it takes. */
  readonly of: readonly string[]
}

export interface Outbox {
  /**
   * Pending items whose time has come, oldest first: at most `limit` of those that leave the same way. Of these, the
   * items for one address are a line; at most `perLine` of each are given. So no way and no line hides another. Of what
   * is about the same in a line (a thread, all episodes of a rule on a host) only the first is given, and while that
   * waits for its retry, none: nothing overtakes it.
   */
  due(now: Millis, limit: number, perLine?: number): Promise<readonly OutboxItem[]>
  /** All pending items of the line and the thread of one, with itself, oldest first. Without a thread: itself. */
  pendingInThread(id: string): Promise<readonly OutboxItem[]>
  /** What became of those before it, as far as their records are kept. Without a thread: nothing. */
  history(id: string): Promise<History>
  /**
   * Lets one item take the place of others: it gets new data and is rendered anew, they end as `merged`, all at once.
   * False, and nothing happens, unless all of them are pending.
   */
  merge(merge: Merge, now: Millis): Promise<boolean>
  rendered(id: string, bytes: Uint8Array): Promise<void>
  outcome(id: string, outcome: Outcome, now: Millis): Promise<void>
  /** What waits for its retry because the way was in trouble is due now; what was deferred for itself keeps its time. */
  retryNow(queue: Channel): Promise<void>
  /** Newest first. */
  list(limit: number): Promise<readonly SendRecord[]>
  stats(): Promise<OutboxStats>
}
