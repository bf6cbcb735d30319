import type { Clock, Millis, Outbox, Via } from '../../model.ts'
import type { Delivery } from '../notifier.ts'

/** A way that comes and goes hastens what waits for it no oftener than this. */
const PAUSE = 30_000

/** Takes note of how an attempt over a way ended. Never rejects. */
export type Recovery = (via: Via, delivery: Delivery) => Promise<void>

/**
 * Once a way works again, what its trouble kept waiting is due at once, and not each at a time of its own. What waited
 * when this was created counts too: its trouble may have ended while stashwatch was stopped.
 */
export function createRecovery(outbox: Outbox, clock: Clock): Recovery {
  const well = new Set<Via>()
  const hastened = new Map<Via, Millis>()
  return async (via, { state, fault }) => {
    if (fault !== undefined) well.delete(via)
    const now = clock.now()
    const pause = Math.abs(now - (hastened.get(via) ?? Number.NEGATIVE_INFINITY))
    if (state !== 'sent' || well.has(via) || pause < PAUSE) return
    well.add(via)
    try {
      await outbox.hasten(via)
      hastened.set(via, now)
    } catch {
      // The next success tries again; who reads the outbox says what is wrong with it.
      well.delete(via)
    }
  }
}
