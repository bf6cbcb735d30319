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
/** The maximum delay that a server can ask for. It equals the longest delay without such a request. */
const MAX_RETRY_AFTER = 300_000
const HOUR = 3_600_000
const GIVE_UP_AFTER = 24 * HOUR

/**
 * Returns the delay after so many attempts: 5 s, 10 s, 20 s, ... 4 minutes, extended by up to a quarter, so that
 * notifications that failed together are spread out. The extension follows from the id; it is not random.
 */
export function retryDelay(attempts: number, id: string): Millis {
  const share = createHash('sha256').update(`${id} ${attempts}`).digest().readUInt32BE() / 2 ** 32
  return Math.round(Math.min(MAX_RETRY_DELAY, MIN_RETRY_DELAY * 2 ** Math.min(attempts, 10)) * (1 + share / 4))
}

/** Returns the time of the next attempt. It respects the delay that the server asked for, up to a maximum. */
export function retryAt({ attempts, id }: OutboxItem, { retryAfter = 0 }: Delivery, now: Millis): Millis {
  return now + Math.max(retryDelay(attempts, id), Math.min(retryAfter, MAX_RETRY_AFTER))
}

export interface CheckedDelivery extends Delivery {
  /** Set if it was not rejected, but given up. */
  readonly isTooLate?: true
}

/** Gives up on a notification after a day. One that waited while stashwatch was down is tried once. */
export function checkAge(delivery: Delivery, { decidedAt }: Notification, now: Millis): CheckedDelivery {
  if (delivery.state !== 'retry' || now - decidedAt < GIVE_UP_AFTER) return delivery
  return {
    ...deliveryResult(delivery),
    state: 'failed',
    why: givenUp(delivery.why),
    isTooLate: true,
  }
}

/** @param last the code of the last attempt, which is kept. */
function givenUp(last: Reason | undefined): Reason {
  return {
    code: 'given_up',
    params: { after: GIVE_UP_AFTER, ...(last !== undefined && { why: last.code, ...last.params }) },
  }
}

/**
 * Returns true if a notification is not sent because its address left the configuration. A removed webhook or
 * Alertmanager cannot be reached; a person still gets the resolution of an alert that they were notified of.
 */
export function isWithdrawn({ channel, decidedAt, alerts, replaces }: Notification, left: Millis): boolean {
  const wasNotified = replaces === undefined || replaces.reason === 'repeat_interval'
  const isEnd = alerts.length > 0 && wasNotified && alerts.every(({ state }) => state === 'resolved')
  return channel !== 'email' || (decidedAt <= left && !isEnd)
}

export function withdrawal(left: Millis): Delivery {
  return { state: 'withdrawn', why: { code: 'receiver_removed', params: { at: left } } }
}

/** Minimum interval between two calls of `retryNow` for one channel. */
const PAUSE = 30_000

/** Records how an attempt on a channel ended. Never rejects. */
export type ServerRecovery = (channel: Channel, delivery: Delivery) => Promise<void>

/**
 * Makes notifications due immediately once their channel works again, if they waited because its server failed. This
 * includes those that waited at the start, because the failure may have ended while stashwatch was stopped.
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
      // The next success tries again. A broken outbox is reported where it is read.
      well.delete(channel)
    }
  }
}
