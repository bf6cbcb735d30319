import { createIds, type Ids, type PackedIds, packIds, unpackIds } from './ids.ts'

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
