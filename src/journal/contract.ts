import type { Effect, Offset, SnapshotChunk } from '../model.ts'

/** The snapshot in progress and its next part. */
export interface SnapshotProgress {
  readonly upTo: Offset
  readonly count: number
  readonly next: number
}

/**
 * Checks the port's rules for a part of a snapshot: parts come in order, a first part starts a new snapshot (and
 * abandons one in progress), and none is ahead of the entries.
 *
 * @throws {RangeError} if the caller broke a rule; nothing was written.
 */
export function checkChunk(chunk: SnapshotChunk, last: Offset, writing: SnapshotProgress | undefined): void {
  const { upTo, index, count } = chunk
  const due = writing !== undefined && writing.upTo === upTo && writing.count === count ? writing.next : 0
  if (index >= count || (index !== 0 && index !== due)) {
    throw new RangeError(`part ${index} of ${count} of the snapshot at ${upTo} came when part ${due} was due`)
  }
  checkAhead(upTo, last)
}

/** Rejects an offset ahead of the last entry. */
export function checkAhead(upTo: Offset, last: Offset): void {
  if (upTo > last) throw new RangeError(`offset ${upTo} is ahead of the last entry, ${last}`)
}

/** Returns the line that an effect waits in: its queue, a blank, and its recipient. */
export function queueKey({ queue, recipient }: Pick<Effect, 'queue' | 'recipient'>): string {
  return `${queue} ${recipient}`
}

/** The most undelivered notifications that are reported to an address. */
export const MAX_FAILED = 20

/**
 * No attempt is put off for longer than this. An instant further ahead was set before the service's clock was set back,
 * and is due.
 */
export const MAX_RETRY_WAIT = 600_000
