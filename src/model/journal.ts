import type { Channel, DeliveryResult } from './notification.ts'
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

export type Outcome = DeliveryResult &
  (
    | { readonly state: 'sent' | 'failed' | 'withdrawn' }
    /** `fault: 'server'`: the server failed rather than the message, so `retryNow` ends the wait. */
    | { readonly state: 'retry'; readonly at: Millis; readonly fault?: 'server' }
  )

/** Returns the fields of a result alone. */
export function deliveryResult({ response, why, replies }: DeliveryResult): DeliveryResult {
  return {
    ...(response !== undefined && { response }),
    ...(why !== undefined && { why }),
    ...(replies !== undefined && { replies }),
  }
}

/** One row of the delivery log: a notification and the result of its last attempt. Instants are on the service's clock. */
export interface SendRecord extends DeliveryResult {
  readonly id: string
  readonly data: string
  /**
   * `merged`: never sent, another notification replaced it. `withdrawn`: never sent, its address left the
   * configuration.
   */
  readonly state: 'pending' | 'sent' | 'failed' | 'merged' | 'withdrawn'
  readonly attempts: number
  readonly createdAt: Millis
  readonly finishedAt?: Millis
  readonly nextAttemptAt?: Millis
  /** Set on a merged one: the id of the notification that replaced it. */
  readonly mergedInto?: string
  /** Set where the data does not match its checksum, so that it cannot be sent. */
  readonly damaged?: true
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

/** What an outbox can do. Both journal engines implement it; a method is declared nowhere else. */
export interface OutboxMethods {
  /**
   * Returns pending items that are due, oldest first: at most `limit` per channel, and at most `perLine` of these for
   * one recipient. So a slow channel or recipient does not block others. Among items of one recipient with the same
   * ordering key (a thread, or all episodes of a rule on a host) only the first is returned, and none while it waits
   * for a retry: nothing overtakes it.
   */
  due(now: Millis, limit: number, perQueue?: number): readonly OutboxItem[]
  /**
   * Returns all pending items of an item's recipient and thread, itself included, oldest first. Without a thread:
   * itself.
   */
  pendingInThread(id: string): readonly OutboxItem[]
  /** Returns what happened to those before it, as far as records are kept. Without a thread: an empty history. */
  history(id: string): History
  /**
   * Replaces several items by one, atomically: it gets new data and is rendered again, the others end as `merged`.
   * Returns false, without any change, unless all of them are pending.
   */
  merge(merge: Merge, now: Millis): boolean
  /** Stores the bytes of a pending item, unless it has some. */
  rendered(id: string, bytes: Uint8Array): void
  /** Records the outcome of an attempt. The first final outcome stands. */
  outcome(id: string, outcome: Outcome, now: Millis): void
  /** Makes items due now that wait because the server failed. Those deferred for other reasons keep their time. */
  retryNow(queue: Channel): void
  /** Returns the newest records, newest first. */
  list(limit: number): readonly SendRecord[]
  /** Returns the record of one item, or null if none is kept. */
  find(id: string): SendRecord | null
  stats(): OutboxStats
}

export type OutboxArgs<M extends keyof OutboxMethods> = Parameters<OutboxMethods[M]>
type OutboxValue<M extends keyof OutboxMethods> = ReturnType<OutboxMethods[M]>

/** The synchronous methods, as a journal engine implements them. */
export type OutboxTable = { readonly [M in keyof OutboxMethods]: (...args: OutboxArgs<M>) => OutboxValue<M> }

/** The asynchronous methods, as callers see them: behind the journal, or from another thread. */
export type Outbox = { readonly [M in keyof OutboxMethods]: (...args: OutboxArgs<M>) => Promise<OutboxValue<M>> }

/** The names at run time. The type makes a missing one an error. */
const METHODS: { readonly [M in keyof OutboxMethods]: M } = {
  due: 'due',
  pendingInThread: 'pendingInThread',
  history: 'history',
  merge: 'merge',
  rendered: 'rendered',
  outcome: 'outcome',
  retryNow: 'retryNow',
  list: 'list',
  find: 'find',
  stats: 'stats',
}

/** Creates an outbox that passes every call to one function. */
export function createOutbox(
  call: <M extends keyof OutboxMethods>(method: M, args: OutboxArgs<M>) => Promise<OutboxValue<M>>,
): Outbox {
  const through = <M extends keyof OutboxMethods>(method: M) =>
    [method, (...args: OutboxArgs<M>) => call(method, args)] as const
  return Object.fromEntries(Object.values(METHODS).map(through)) as Outbox
}
