import type { Effect, Offset, SnapshotChunk } from '../model.ts'

/** The snapshot under way: the part that is due next. */
export interface Writing {
  readonly upTo: Offset
  readonly count: number
  readonly next: number
}

/**
 * The rules of the port for a part of a snapshot: parts come in their order, a first part starts a new snapshot (and
 * gives up one under way), and none is ahead of the entries.
 *
 * @throws {RangeError} the caller is wrong; nothing was written.
 */
export function checkChunk(chunk: SnapshotChunk, last: Offset, writing: Writing | undefined): void {
  const { upTo, index, count } = chunk
  const due = writing !== undefined && writing.upTo === upTo && writing.count === count ? writing.next : 0
  if (index >= count || (index !== 0 && index !== due)) {
    throw new RangeError(`part ${index} of ${count} of the snapshot at ${upTo} came when part ${due} was due`)
  }
  checkAhead(upTo, last)
}

/** Nothing may claim to come from entries that are not there. */
export function checkAhead(upTo: Offset, last: Offset): void {
  if (upTo > last) throw new RangeError(`offset ${upTo} is ahead of the last entry, ${last}`)
}

/** Where an effect waits: the first word is the queue. */
export function queueKey({ queue, recipient }: Pick<Effect, 'queue' | 'recipient'>): string {
  return `${queue} ${recipient}`
}

/** At most this many undelivered effects of an address are returned. */
export const MOST_FAILED = 20

/** The answer in the record of an effect that another one tells. */
export function toldWith(id: string): string {
  return `told together with ${id}`
}
