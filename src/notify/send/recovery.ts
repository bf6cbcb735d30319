import type { Clock, Millis, Outbox, Channel } from '../../model.ts'
import type { Delivery } from '../notifier.ts'

/** A way that comes and goes hastens what waits for it no oftener than this. */
const PAUSE = 30_000

/** Takes note of how an attempt over a way ended. Never rejects. */
export type ServerRecovery = (channel: Channel, delivery: Delivery) => Promise<void>

/**
 * Once a way works again, what its trouble kept waiting is due at once, and not each at a time of its own. What waited
 * when this was created counts too: its trouble may have ended while stashwatch was stopped.
 */
export function createRecovery(outbox: Outbox, clock: Clock): ServerRecovery {
  const well = new Set<Channel>()
  const lastRetry = new Map<Channel, Millis>()
  return async (channel, { state, fault }) => {
    if (fault !== undefined) well.delete(channel)
    const now = clock.now()
    const pause = Math.abs(now - (lastRetry.get(channel) ?? Number.NEGATIVE_INFINITY))
    if (state !== 'sent' || well.has(channel) || pause < PAUSE) return
    well.add(channel)
    try {
      await outbox.retryNow(channel)
      lastRetry.set(channel, now)
    } catch {
      // The next success tries again; who reads the outbox says what is wrong with it.
      well.delete(channel)
    }
  }
}
