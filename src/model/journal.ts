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
 * A notification to deliver once per id. `data` is a `Notification` as JSON; the journal does not parse it. Effects
 * with the same queue, recipient and `orderingKey` (all episodes of a rule on a host) never overtake each other. An
 * empty `thread` means none.
 */
export interface Effect {
  readonly id: string
  /** The channel that delivers it. */
  readonly queue: Channel
  /** The address. Effects are queued per channel and address. */
  readonly recipient: string
  readonly orderingKey: string
  readonly thread: string
  readonly data: string
}

/** A part of a snapshot, at most 1 MB. The snapshot is complete once all `count` parts are stored. */
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

/** The engine's durable storage. Every method rejects when the storage fails, and leaves nothing half done. */
export interface Journal {
  /** Appends entries. Resolves with their offsets once they are durable. Calls that wait together share a commit. */
  append(entries: readonly NewEntry[]): Promise<readonly Offset[]>
  /** Returns entries after an offset, in order, up to `maxBytes` of data; at least one if there is any. */
  read(after: Offset, maxBytes: number): Promise<readonly Entry[]>
  /** Returns the newest complete snapshot. */
  load(): Promise<Snapshot | undefined>
  /** Stores effects with the offset that caused them, atomically. Ignores an effect whose id is known. */
  commit(upTo: Offset, effects: readonly Effect[], now: Millis): Promise<void>
  /** Stores one part of a snapshot. The last part completes it and deletes what is older than the previous snapshot. */
  saveChunk(chunk: SnapshotChunk): Promise<void>
  /** Reopens the storage after a failure and deletes entries after `upTo`, which no response has confirmed. */
  recover(upTo: Offset): Promise<void>
  readonly outbox: Outbox
  close(): Promise<void>
}

export interface OutboxItem {
  readonly id: string
  readonly data: string
  readonly attempts: number
  /** The message's bytes, once rendered. Every attempt sends the same bytes. */
  readonly rendered?: Uint8Array
}

export type Outcome =
  | { readonly state: 'sent'; readonly answer: string }
  | { readonly state: 'failed'; readonly answer: string }
  | { readonly state: 'withdrawn'; readonly answer: string }
  /** `fault: 'server'`: the server failed rather than the message, so `retryNow` ends the wait. */
  | { readonly state: 'retry'; readonly answer: string; readonly at: Millis; readonly fault?: 'server' }

/** One row of the delivery log. Instants are on the service's clock. */
export interface SendRecord {
  readonly id: string
  readonly data: string
  /**
   * `merged`: never sent, another notification replaced it; the response names that one. `withdrawn`: never sent, its
   * address left the configuration.
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

/** What happened to the earlier effects of the same recipient and thread: their data. */
export interface History {
  /** The newest one that was sent. */
  readonly sent?: string
  /** Those that were not delivered (failed or merged), oldest first. */
  readonly undelivered: readonly string[]
  /** Failures to the same recipient, in any thread, since the last success; absent if there are none. */
  readonly failed?: readonly string[]
}

/** Several effects that one of them replaces. */
export interface Merge {
  /** The effect that is sent, and its new data. */
  readonly into: string
  readonly data: string
  /** The effects it replaces. */
  readonly of: readonly string[]
}

export interface Outbox {
  /**
   * Returns pending items that are due, oldest first: at most `limit` per channel, and at most `perLine` of these for
   * one recipient. So a slow channel or recipient does not block others. Among items of one recipient with the same
   * ordering key (a thread, or all episodes of a rule on a host) only the first is returned, and none while it waits
   * for a retry: nothing overtakes it.
   */
  due(now: Millis, limit: number, perLine?: number): Promise<readonly OutboxItem[]>
  /**
   * Returns all pending items of an item's recipient and thread, itself included, oldest first. Without a thread:
   * itself.
   */
  pendingInThread(id: string): Promise<readonly OutboxItem[]>
  /** Returns what happened to those before it, as far as records are kept. Without a thread: an empty history. */
  history(id: string): Promise<History>
  /**
   * Replaces several items by one, atomically: it gets new data and is rendered again, the others end as `merged`.
   * Returns false, without any change, unless all of them are pending.
   */
  merge(merge: Merge, now: Millis): Promise<boolean>
  rendered(id: string, bytes: Uint8Array): Promise<void>
  outcome(id: string, outcome: Outcome, now: Millis): Promise<void>
  /** Makes items due now that wait because the server failed. Those deferred for other reasons keep their time. */
  retryNow(queue: Channel): Promise<void>
  /** Returns the newest records, newest first. */
  list(limit: number): Promise<readonly SendRecord[]>
  stats(): Promise<OutboxStats>
}
