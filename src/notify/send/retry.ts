import { createHash } from 'node:crypto'
import type { Millis, Notification, OutboxItem } from '../../model.ts'
import type { Delivery } from '../notifier.ts'

const FIRST_RETRY = 5_000
const LAST_RETRY = 240_000
/** The longest that another end can ask us to wait; as long as the longest wait without its asking. */
const LONGEST_WAIT = 300_000
const HOUR = 3_600_000
const GIVE_UP = 24 * HOUR

/**
 * How long to wait after so many attempts before this one: 5 s, 10 s, 20 s, ... 4 minutes, and up to a quarter more, so
 * that what failed together does not come back together. How much more is the notification's own, not chance.
 */
export function retryDelay(attempts: number, id: string): Millis {
  const share = createHash('sha256').update(`${id} ${attempts}`).digest().readUInt32BE() / 2 ** 32
  return Math.round(Math.min(LAST_RETRY, FIRST_RETRY * 2 ** Math.min(attempts, 10)) * (1 + share / 4))
}

/** When to try again: later where the other end asked for time, within reason. */
export function retryAt({ attempts, id }: OutboxItem, { wait = 0 }: Delivery, now: Millis): Millis {
  return now + Math.max(retryDelay(attempts, id), Math.min(wait, LONGEST_WAIT))
}

export interface CheckedDelivery extends Delivery {
  /** Not refused: it waited too long. */
  readonly isTooLate?: true
}

/** An alert that is a day old alarms nobody any more. One that waited for a stashwatch that was down is tried once. */
export function checkAge(delivery: Delivery, { decidedAt }: Notification, now: Millis): CheckedDelivery {
  if (delivery.state !== 'retry' || now - decidedAt < GIVE_UP) return delivery
  return { state: 'failed', answer: `given up after ${GIVE_UP / HOUR} h: ${delivery.answer}`, isTooLate: true }
}
