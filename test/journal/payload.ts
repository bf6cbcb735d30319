import type { Effect, EntryKind, NewEntry, Offset } from '../../src/model.ts'

const KINDS: readonly EntryKind[] = ['batch', 'tick', 'command', 'config']

/** The entry that belongs at an offset: of a size and content of its own, so that a torn or moved one shows. */
export function entryFor(offset: Offset): NewEntry {
  const data = Buffer.alloc(1 + ((offset * 1567) % 9000), `entry ${offset};`)
  return { kind: KINDS[offset % KINDS.length]!, data }
}

/** An effect that belongs to no thread and that nothing has to wait for. */
export function unthreaded(id: string, data = ''): Effect {
  return { id, queue: 'email', recipient: '', orderingKey: '', thread: '', data }
}
