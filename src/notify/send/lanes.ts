import { type Channel, keepRecent, type Millis } from '../../model.ts'

/**
 * Notifications under way at once by each way, and at once to one address, so that a server that stalls blocks neither the
 * other ways nor the other addresses.
 */
export interface Lanes {
  readonly lanes?: number
  readonly lanesPerAddress?: number
}

/** An attempt that goes on. */
export interface Attempt {
  readonly channel: Channel
  readonly address: string
  /** The other end has had all for long, and only its answer is missing. */
  isSlow: boolean
  done: Promise<void>
}

const LANES = 5
export const LANES_PER_ADDRESS = 3
/** So many slow ones do not count for their way; for their address they do. */
const MAX_SLOW = 20

/** Whether an attempt has to wait for others to end. */
export function isTaken(
  underway: Iterable<Attempt>,
  { channel, address }: Attempt,
  { lanes = LANES, lanesPerAddress = LANES_PER_ADDRESS }: Lanes,
): boolean {
  const sameWay = [...underway].filter((other) => other.channel === channel)
  const sameAddress = sameWay.filter((other) => other.address === address)
  const slow = sameWay.filter(({ isSlow }) => isSlow).length
  return sameAddress.length >= lanesPerAddress || sameWay.length - Math.min(slow, MAX_SLOW) >= lanes
}

/** Asks whether one more may go now, and counts it if so. */
export type RateLimiter = (now: Millis) => boolean

const MINUTE = 60_000

/**
 * Lets through at most so many in any minute, however the minute is laid: the first ones at once, so that an alert that
 * comes alone never waits. Without a number everything goes.
 */
export function createRateLimiter(perMinute: number | undefined): RateLimiter {
  if (perMinute === undefined) return () => true
  let gone: readonly Millis[] = []
  return (now) => {
    gone = keepRecent(gone, MINUTE, now)
    if (gone.length >= perMinute) return false
    gone = [...gone, now]
    return true
  }
}
