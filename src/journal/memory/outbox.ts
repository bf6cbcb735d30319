import type {
  Channel,
  Effect,
  History,
  Merge,
  Millis,
  Offset,
  Outcome,
  OutboxItem,
  OutboxTable,
  SendRecord,
} from '../../model.ts'
import { queueKey, MOST_FAILED } from '../contract.ts'

/** The outbox of the memory journal. */
export interface MemoryOutbox {
  /** The port's methods. */
  readonly table: OutboxTable
  add(upTo: Offset, effects: readonly Effect[], now: Millis): void
  forgetAfter(upTo: Offset): void
  /** Deletes the oldest finished records beyond the limit that no replay can restore. */
  prune(fallback: Offset): void
}

interface Place {
  readonly line: string
  readonly about: string
  readonly thread: string
}

interface Kept {
  readonly upTo: Offset
  readonly place: Place
  readonly record: SendRecord
  readonly rendered?: Uint8Array
  /** Set while it waits for a retry after a failure of the server. */
  readonly fault?: 'server'
}

export function createMemoryOutbox(keepRecords: number): MemoryOutbox {
  /** By id, in order of arrival. */
  const effects = new Map<string, Kept>()
  return {
    table: createTable(effects),
    add(upTo, added, now) {
      for (const effect of added) {
        const { id, data, orderingKey: about, thread } = effect
        if (effects.has(id)) continue
        const record: SendRecord = { id, data, state: 'pending', attempts: 0, createdAt: now }
        effects.set(id, { upTo, place: { line: queueKey(effect), about, thread }, record })
      }
    },
    forgetAfter(upTo) {
      for (const [id, kept] of effects) if (kept.upTo > upTo) effects.delete(id)
    },
    prune(fallback) {
      const done = [...effects.values()].filter(({ record }) => record.state !== 'pending')
      const excess = Math.max(0, done.length - keepRecords)
      const old = done.filter(({ upTo }) => upTo <= fallback).slice(0, excess)
      for (const { record } of old) effects.delete(record.id)
    },
  }
}

function createTable(effects: Map<string, Kept>): OutboxTable {
  const pending = (): Kept[] => [...effects.values()].filter(({ record }) => record.state === 'pending')
  return {
    due(now, limit, perLine = limit) {
      const due = firstOfQueues(pending()).filter(
        ({ record }) => record.nextAttemptAt === undefined || record.nextAttemptAt <= now,
      )
      const ofLines = firstOfEach(due, perLine, ({ line }) => line)
      return firstOfEach(ofLines, limit, ({ line }) => line.slice(0, line.indexOf(' ') + 1)).map(toItem)
    },
    pendingInThread(id) {
      const kept = effects.get(id)
      if (kept === undefined) return []
      return pending()
        .filter((other) => areSiblings(other, kept))
        .map(toItem)
    },
    history: (id) => earlierThan(effects, id),
    merge: (merge, now) => mergeInto(effects, merge, now),
    rendered(id, bytes) {
      const kept = effects.get(id)
      if (kept?.record.state !== 'pending' || kept.rendered !== undefined) return
      effects.set(id, { ...kept, rendered: new Uint8Array(bytes) })
    },
    outcome(id, outcome, now) {
      const kept = effects.get(id)
      if (kept?.record.state === 'pending') effects.set(id, settled(kept, outcome, now))
    },
    retryNow: (queue) => retryNow(effects, queue),
    list: (limit) =>
      [...effects.values()]
        .reverse()
        .slice(0, limit)
        .map(({ record }) => record),
    stats() {
      const created = pending().map(({ record }) => record.createdAt)
      if (created.length === 0) return { pending: 0 }
      return { pending: created.length, oldest: created.reduce((a, b) => Math.min(a, b)) }
    },
  }
}

function retryNow(effects: Map<string, Kept>, queue: Channel): void {
  for (const [id, { fault, ...kept }] of effects) {
    const { nextAttemptAt: _, ...record } = kept.record
    if (fault !== undefined && kept.place.line.startsWith(`${queue} `)) effects.set(id, { ...kept, record })
  }
}

function mergeInto(effects: Map<string, Kept>, { into, data, of }: Merge, now: Millis): boolean {
  const all = [into, ...of].map((id) => effects.get(id))
  if (all.some((kept) => kept?.record.state !== 'pending')) return false
  for (const id of of) effects.set(id, merged(effects.get(id) as Kept, into, now))
  const { rendered: _, ...kept } = effects.get(into) as Kept
  effects.set(into, { ...kept, record: { ...kept.record, data } })
  return true
}

function firstOfQueues(all: readonly Kept[]): readonly Kept[] {
  const seen = new Set<string>()
  return all.filter(({ place: { line, about } }) => {
    const key = JSON.stringify([line, about])
    const isFirst = about === '' || !seen.has(key)
    seen.add(key)
    return isFirst
  })
}

function earlierThan(effects: ReadonlyMap<string, Kept>, id: string): History {
  const one = effects.get(id)
  if (one === undefined || one.place.thread === '') return { undelivered: [] }
  const all = [...effects.values()]
  const before = all.slice(0, all.indexOf(one)).filter((other) => areSiblings(other, one))
  const sent = before.findLast(({ record }) => record.state === 'sent')?.record.data
  const failed = failedBefore(all, one)
  const untold = before.filter(({ record: { state } }) => state === 'failed' || state === 'merged')
  return {
    ...(sent !== undefined && { sent }),
    undelivered: untold.map(({ record }) => record.data),
    ...(failed.length > 0 && { failed }),
  }
}

/** Returns the effects that failed for an address since the newest one delivered. */
function failedBefore(all: readonly Kept[], { place: { line } }: Kept): readonly string[] {
  const done = all.filter(({ place }) => place.line === line)
  const newest = Math.max(
    0,
    ...done.map(({ record: { state, finishedAt = 0 } }) => (state === 'sent' ? finishedAt : 0)),
  )
  const failed = done.filter(({ record: { state, finishedAt = 0 } }) => state === 'failed' && finishedAt > newest)
  return failed.slice(-MOST_FAILED).map(({ record }) => record.data)
}

function firstOfEach(all: readonly Kept[], most: number, keyOf: (place: Place) => string): readonly Kept[] {
  const counts = new Map<string, number>()
  return all.filter(({ place }) => {
    const key = keyOf(place)
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count <= most
  })
}

function areSiblings(a: Kept, b: Kept): boolean {
  if (a.record.id === b.record.id) return true
  return a.place.thread !== '' && a.place.thread === b.place.thread && a.place.line === b.place.line
}

function merged({ upTo, place, record }: Kept, into: string, now: Millis): Kept {
  const { id, data, attempts, createdAt } = record
  return { upTo, place, record: { id, data, attempts, createdAt, state: 'merged', mergedInto: into, finishedAt: now } }
}

function settled({ upTo, place, record, rendered }: Kept, outcome: Outcome, now: Millis): Kept {
  const { id, data, createdAt } = record
  const { state, answer } = outcome
  const attempts = record.attempts + Number(state !== 'withdrawn')
  const base = { id, data, createdAt, attempts, response: answer }
  if (state !== 'retry') return { upTo, place, record: { ...base, state, finishedAt: now } }
  const { at: nextAttemptAt, fault } = outcome
  const kept = { ...(rendered && { rendered }), ...(fault && { fault }) }
  return { upTo, place, record: { ...base, state: 'pending', nextAttemptAt }, ...kept }
}

function toItem({ record, rendered }: Kept): OutboxItem {
  const { id, data, attempts } = record
  return { id, data, attempts, ...(rendered && { rendered }) }
}
