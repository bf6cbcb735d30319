/** Ids of accepted input: bodies whose events carry times, other bodies, and events with an id field. */
export interface Known {
  readonly batches: Ids
  readonly singles: Ids
  readonly events: Ids
}

export type PackedKnown = { readonly [kind in keyof Known]: PackedIds }

/** Ticks for which ids are remembered. Ticks rather than time, so that downtime expires nothing. */
const ID_RETENTION_TICKS: { readonly [kind in keyof Known]: number } = { batches: 3600, singles: 300, events: 3600 }

/** Returns the oldest tick whose ids are still remembered. */
export function rememberedSince(kind: keyof Known, ticks: number): number {
  return Math.max(0, ticks - ID_RETENTION_TICKS[kind])
}

/** Returns the id of a body. It contains the source, since two sources may post equal bodies. */
export function bodyId(source: string, batchId: string): string {
  return `${source}\n${batchId}`
}

export function emptyKnown(): Known {
  return { batches: createIds(), singles: createIds(), events: createIds() }
}

export function packKnown(known: Known, ticks: number): PackedKnown {
  const pack = (kind: keyof Known): PackedIds => packIds(known[kind], rememberedSince(kind, ticks))
  return { batches: pack('batches'), singles: pack('singles'), events: pack('events') }
}

export function unpackKnown({ batches, singles, events }: PackedKnown): Known {
  return { batches: unpackIds(batches), singles: unpackIds(singles), events: unpackIds(events) }
}

/**
 * A hash table of recent ids, in insertion order, each with its tick: 64-bit fingerprints in ring buffers. Each id
 * links to the previous one whose fingerprint starts alike, so that a lookup follows a short chain. A chain ends at a
 * link to something newer, since the target was overwritten. Expired ids cost nothing at lookup, however many come and
 * go.
 */
export interface Ids {
  low: Uint32Array
  high: Uint32Array
  ticks: Uint32Array
  /** Positions plus one: of the previous id in the chain, and of the newest id by the start of its fingerprint. */
  before: Uint32Array
  newest: Uint32Array
  /** Position of the next id, and the number of ids. */
  next: number
  count: number
}

/** The ids in a snapshot: the columns, oldest first. */
interface PackedIds {
  readonly low: Uint32Array
  readonly high: Uint32Array
  readonly ticks: Uint32Array
}

/** The most ids kept, at 20 bytes each: 10 MiB. Sizes are powers of two, so that positions can be masked. */
export const MAX_IDS = 1 << 19
const MIN_CAPACITY = 1 << 10
/** Only ids chosen for it make longer chains; the oldest of such ids are forgotten early. */
const MAX_PROBES = 64

export function createIds(capacity = MIN_CAPACITY): Ids {
  const column = (): Uint32Array => new Uint32Array(capacity)
  return { low: column(), high: column(), ticks: column(), before: column(), newest: column(), next: 0, count: 0 }
}

/** Returns true if an id was recorded at tick `since` or later. */
export function hasId(ids: Ids, id: string, since: number): boolean {
  const { low, high, ticks, before, newest } = ids
  const print = fingerprint(id)
  const mask = low.length - 1
  let age = -1
  let place = (newest[print.low & mask] ?? 0) - 1
  for (let steps = 0; place >= 0 && steps < MAX_PROBES; steps += 1) {
    const older = (ids.next - 1 - place) & mask
    if (older <= age || older >= ids.count) return false
    if (low[place] === print.low && high[place] === print.high) return (ticks[place] ?? 0) >= since
    age = older
    place = (before[place] ?? 0) - 1
  }
  return false
}

/**
 * Records an id, or records it anew. When the columns are full, ids from before `since` are overwritten first, then the
 * columns grow, and at `MAX_IDS` the oldest id is overwritten.
 */
export function rememberId(ids: Ids, id: string, tick: number, since: number): void {
  if (ids.count === ids.low.length && ids.count < MAX_IDS && (ids.ticks[ids.next] ?? 0) >= since) grow(ids)
  insertId(ids, fingerprint(id), tick)
}

function insertId(ids: Ids, { low, high }: Fingerprint, tick: number): void {
  const { next } = ids
  const mask = ids.low.length - 1
  ids.low[next] = low
  ids.high[next] = high
  ids.ticks[next] = tick
  ids.before[next] = ids.newest[low & mask] ?? 0
  ids.newest[low & mask] = next + 1
  ids.next = (next + 1) & mask
  ids.count = Math.min(ids.count + 1, ids.low.length)
}

function grow(ids: Ids): void {
  Object.assign(ids, unpackIds(packIds(ids, 0), 2 * ids.low.length))
}

/** Returns the ids recorded at tick `since` or later. */
export function packIds(ids: Ids, since: number): PackedIds {
  const mask = ids.low.length - 1
  const first = (ids.next - ids.count) & mask
  let gone = 0
  while (gone < ids.count && (ids.ticks[(first + gone) & mask] ?? 0) < since) gone += 1
  const from = (first + gone) & mask
  const length = ids.count - gone
  const inOrder = (column: Uint32Array): Uint32Array => {
    const end = column.subarray(from, from + length)
    const packed = new Uint32Array(length)
    packed.set(end)
    packed.set(column.subarray(0, length - end.length), end.length)
    return packed
  }
  return { low: inOrder(ids.low), high: inOrder(ids.high), ticks: inOrder(ids.ticks) }
}

export function unpackIds({ low, high, ticks }: PackedIds, capacity = MIN_CAPACITY): Ids {
  let room = capacity
  while (room < low.length) room *= 2
  const ids = createIds(room)
  for (let i = 0; i < low.length; i += 1) insertId(ids, { low: low[i] ?? 0, high: high[i] ?? 0 }, ticks[i] ?? 0)
  return ids
}

interface Fingerprint {
  readonly low: number
  readonly high: number
}

/**
 * Returns two hashes in the manner of MurmurHash3, with its constants, in one pass over the text, two characters at a
 * time.
 */
function fingerprint(text: string): Fingerprint {
  let low = 0x1747b28c
  let high = 0x2e2a5b1d
  for (let i = 0; i < text.length; i += 2) {
    const block = text.charCodeAt(i) | (i + 1 < text.length ? text.charCodeAt(i + 1) << 16 : 0)
    low ^= Math.imul(rotated(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593)
    low = (Math.imul(rotated(low, 13), 5) + 0xe6546b64) | 0
    high ^= Math.imul(rotated(Math.imul(block, 0x239b961b), 16), 0x38b34ae5)
    high = (Math.imul(rotated(high, 17), 5) + 0x0bcaa747) | 0
  }
  return { low: finished(low ^ text.length), high: finished(high ^ text.length) }
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function finished(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
