import { createIds, type Ids, type PackedIds, packIds, unpackIds } from './ids.ts'

/** Ids of what was taken: of bodies whose events carry times, of other bodies, and of events where a field names them. */
export interface Known {
  readonly batches: Ids
  readonly singles: Ids
  readonly events: Ids
}

export type PackedKnown = { readonly [kind in keyof Known]: PackedIds }

/** For how many ticks ids are remembered. Counted in ticks: a service that is down ages nothing. */
const REMEMBER: { readonly [kind in keyof Known]: number } = { batches: 3600, singles: 300, events: 3600 }

/** An id is remembered from this tick on. */
export function rememberedSince(kind: keyof Known, ticks: number): number {
  return Math.max(0, ticks - REMEMBER[kind])
}

/** Names a body: two sources may post equal ones. */
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
