import { createHash } from 'node:crypto'
import {
  type Channel,
  type Clock,
  deliveryResult,
  type Millis,
  type Notification,
  type Outbox,
  type OutboxItem,
  type Reason,
} from '../../model.ts'
import type { Delivery } from '../notifier.ts'

const MIN_RETRY_DELAY = 5_000
const MAX_RETRY_DELAY = 240_000
/** The longest that another end can ask us to wait; as long as the longest wait without its asking. */
const MAX_RETRY_AFTER = 300_000
const HOUR = 3_600_000
const GIVE_UP_AFTER = 24 * HOUR

/**
 * How long to wait after so many attempts before this one: 5 s, 10 s, 20 s, ... 4 minutes, and up to a quarter more, so
 * that what failed together does not come back together. How much more is the notification's own, not chance.
 */
export function retryDelay(attempts: number, id: string): Millis {
  const share = createHash('sha256').update(`${id} ${attempts}`).digest().readUInt32BE() / 2 ** 32
  return Math.round(Math.min(MAX_RETRY_DELAY, MIN_RETRY_DELAY * 2 ** Math.min(attempts, 10)) * (1 + share / 4))
}

/** When to try again: later where the other end asked for time, within reason. */
export function retryAt({ attempts, id }: OutboxItem, { retryAfter = 0 }: Delivery, now: Millis): Millis {
  return now + Math.max(retryDelay(attempts, id), Math.min(retryAfter, MAX_RETRY_AFTER))
}

export interface CheckedDelivery extends Delivery {
  /** Not refused: it waited too long. */
  readonly isTooLate?: true
}

/** An alert that is a day old alarms nobody any more. One that waited for a stashwatch that was down is tried once. */
export function checkAge(delivery: Delivery, { decidedAt }: Notification, now: Millis): CheckedDelivery {
  if (delivery.state !== 'retry' || now - decidedAt < GIVE_UP_AFTER) return delivery
  return {
    ...deliveryResult(delivery),
    state: 'failed',
    why: givenUp(delivery.why),
    isTooLate: true,
  }
}

/** @param last the code of the last attempt, which stays known. */
function givenUp(last: Reason | undefined): Reason {
  return {
    code: 'given_up',
    params: { after: GIVE_UP_AFTER, ...(last !== undefined && { why: last.code, ...last.params }) },
  }
}

/**
 * Whether a notification to an address that left the configuration is nobody's any more. A machine that left has no
 * way; a person is still told the end of what was told before.
 */
export function isWithdrawn({ channel, decidedAt, alerts, replaces }: Notification, left: Millis): boolean {
  const wasNotified = replaces === undefined || replaces.reason === 'repeat_interval'
  const isEnd = alerts.length > 0 && wasNotified && alerts.every(({ state }) => state === 'resolved')
  return channel !== 'email' || (decidedAt <= left && !isEnd)
}

export function withdrawal(left: Millis): Delivery {
  return { state: 'withdrawn', why: { code: 'receiver_removed', params: { at: left } } }
}

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
