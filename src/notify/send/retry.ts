import { createHash } from 'node:crypto'
import type { Millis, Notification, OutboxItem } from '../../model.ts'
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
    state: 'failed',
    response: `given up after ${GIVE_UP_AFTER / HOUR} h: ${delivery.response}`,
    isTooLate: true,
  }
}
