import {
  type Channel,
  deliveryResult,
  type Effect,
  type History,
  type Merge,
  type Millis,
  type Offset,
  type Outcome,
  type OutboxItem,
  type OutboxTable,
  type SendRecord,
} from '../../model.ts'
import { queueKey, MAX_FAILED, MAX_RETRY_WAIT } from '../contract.ts'

/** The outbox of the memory journal. */
interface MemoryOutbox {
  /** The port's methods. */
  readonly table: OutboxTable
  add(upTo: Offset, effects: readonly Effect[], now: Millis): void
  discardAfter(upTo: Offset): void
  /** Deletes the oldest finished records beyond the limit that no replay can restore. */
  prune(fallback: Offset): void
}

interface QueuePosition {
  readonly queue: string
  readonly orderingKey: string
  readonly thread: string
}

interface StoredEffect {
  readonly upTo: Offset
  readonly position: QueuePosition
  readonly record: SendRecord
  readonly rendered?: Uint8Array
  /** Set while it waits for a retry after a failure of the server. */
  readonly fault?: 'server'
}

export function createMemoryOutbox(keepRecords: number): MemoryOutbox {
  /** By id, in order of arrival. */
  const effects = new Map<string, StoredEffect>()
  return {
    table: createTable(effects),
    add(upTo, added, now) {
      for (const effect of added) {
        const { id, data, orderingKey, thread } = effect
        if (effects.has(id)) continue
        const record: SendRecord = { id, data, state: 'pending', attempts: 0, createdAt: now }
        effects.set(id, { upTo, position: { queue: queueKey(effect), orderingKey, thread }, record })
      }
    },
    discardAfter(upTo) {
      for (const [id, stored] of effects) if (stored.upTo > upTo) effects.delete(id)
    },
    prune(fallback) {
      const done = [...effects.values()].filter(({ record }) => record.state !== 'pending')
      const excess = Math.max(0, done.length - keepRecords)
      const old = done.filter(({ upTo }) => upTo <= fallback).slice(0, excess)
      for (const { record } of old) effects.delete(record.id)
    },
  }
}

function createTable(effects: Map<string, StoredEffect>): OutboxTable {
  const pending = (): StoredEffect[] => [...effects.values()].filter(({ record }) => record.state === 'pending')
  return {
    due(now, limit, perQueue = limit) {
      const due = firstOfQueues(pending()).filter(({ record: { nextAttemptAt = now } }) => {
        return nextAttemptAt <= now || nextAttemptAt > now + MAX_RETRY_WAIT
      })
      const ofLines = firstOfEach(due, perQueue, ({ queue }) => queue)
      return firstOfEach(ofLines, limit, ({ queue }) => queue.slice(0, queue.indexOf(' ') + 1)).map(toItem)
    },
    pendingInThread(id) {
      const stored = effects.get(id)
      if (stored === undefined) return []
      return pending()
        .filter((other) => isSameThread(other, stored))
        .map(toItem)
    },
    history: (id) => findHistory(effects, id),
    merge: (merge, now) => mergeInto(effects, merge, now),
    rendered(id, bytes) {
      const stored = effects.get(id)
      if (stored?.record.state !== 'pending' || stored.rendered !== undefined) return
      effects.set(id, { ...stored, rendered: new Uint8Array(bytes) })
    },
    outcome(id, outcome, now) {
      const stored = effects.get(id)
      if (stored?.record.state === 'pending') effects.set(id, applyOutcome(stored, outcome, now))
    },
    retryNow: (queue) => retryNow(effects, queue),
    list: (limit) =>
      [...effects.values()]
        .reverse()
        .slice(0, limit)
        .map(({ record }) => record),
    find: (id) => effects.get(id)?.record ?? null,
    stats() {
      const created = pending().map(({ record }) => record.createdAt)
      if (created.length === 0) return { pending: 0 }
      return { pending: created.length, oldest: created.reduce((a, b) => Math.min(a, b)) }
    },
  }
}

function retryNow(effects: Map<string, StoredEffect>, queue: Channel): void {
  for (const [id, { fault, ...stored }] of effects) {
    const { nextAttemptAt: _, ...record } = stored.record
    if (fault !== undefined && stored.position.queue.startsWith(`${queue} `)) effects.set(id, { ...stored, record })
  }
}

function mergeInto(effects: Map<string, StoredEffect>, { into, data, of }: Merge, now: Millis): boolean {
  const all = [into, ...of].map((id) => effects.get(id))
  if (all.some((stored) => stored?.record.state !== 'pending')) return false
  for (const id of of) effects.set(id, markMerged(effects.get(id) as StoredEffect, into, now))
  const { rendered: _, ...kept } = effects.get(into) as StoredEffect
  effects.set(into, { ...kept, record: { ...kept.record, data } })
  return true
}

function firstOfQueues(all: readonly StoredEffect[]): readonly StoredEffect[] {
  const seen = new Set<string>()
  return all.filter(({ position: { queue, orderingKey } }) => {
    const key = JSON.stringify([queue, orderingKey])
    const isFirst = orderingKey === '' || !seen.has(key)
    seen.add(key)
    return isFirst
  })
}

function findHistory(effects: ReadonlyMap<string, StoredEffect>, id: string): History {
  const one = effects.get(id)
  if (one === undefined || one.position.thread === '') return { undelivered: [] }
  const all = [...effects.values()]
  const before = all.slice(0, all.indexOf(one)).filter((other) => isSameThread(other, one))
  const sent = before.findLast(({ record }) => record.state === 'sent')?.record.data
  const failed = failedBefore(all, one)
  const undelivered = before.filter(({ record: { state } }) => state === 'failed' || state === 'merged')
  return {
    ...(sent !== undefined && { sent }),
    undelivered: undelivered.map(({ record }) => record.data),
    ...(failed.length > 0 && { failed }),
  }
}

/** Returns the effects that failed for an address since the newest one delivered. */
function failedBefore(all: readonly StoredEffect[], { position: { queue } }: StoredEffect): readonly string[] {
  const done = all.filter(({ position }) => position.queue === queue)
  const newest = Math.max(
    0,
    ...done.map(({ record: { state, finishedAt = 0 } }) => (state === 'sent' ? finishedAt : 0)),
  )
  const failed = done.filter(({ record: { state, finishedAt = 0 } }) => state === 'failed' && finishedAt > newest)
  return failed.slice(-MAX_FAILED).map(({ record }) => record.data)
}

function firstOfEach(
  all: readonly StoredEffect[],
  max: number,
  keyOf: (position: QueuePosition) => string,
): readonly StoredEffect[] {
  const counts = new Map<string, number>()
  return all.filter(({ position }) => {
    const key = keyOf(position)
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count <= max
  })
}

function isSameThread(a: StoredEffect, b: StoredEffect): boolean {
  if (a.record.id === b.record.id) return true
  return a.position.thread !== '' && a.position.thread === b.position.thread && a.position.queue === b.position.queue
}

function markMerged({ upTo, position, record }: StoredEffect, into: string, now: Millis): StoredEffect {
  const { id, data, attempts, createdAt } = record
  return {
    upTo,
    position,
    record: { id, data, attempts, createdAt, state: 'merged', mergedInto: into, finishedAt: now },
  }
}

function applyOutcome({ upTo, position, record, rendered }: StoredEffect, outcome: Outcome, now: Millis): StoredEffect {
  const { id, data, createdAt } = record
  const { state } = outcome
  const attempts = record.attempts + Number(state !== 'withdrawn')
  const base = { id, data, createdAt, attempts, ...deliveryResult(outcome) }
  if (state !== 'retry') return { upTo, position, record: { ...base, state, finishedAt: now } }
  const { at: nextAttemptAt, fault } = outcome
  const stored = { ...(rendered && { rendered }), ...(fault && { fault }) }
  return { upTo, position, record: { ...base, state: 'pending', nextAttemptAt }, ...stored }
}

function toItem({ record, rendered }: StoredEffect): OutboxItem {
  const { id, data, attempts } = record
  return { id, data, attempts, ...(rendered && { rendered }) }
}
