import { type Channel, keepRecent, type Millis } from '../../model.ts'

/**
 * Maximum attempts in flight per channel and per address, so that a stalled server blocks no other channel or address.
 */
export interface Lanes {
  readonly lanes?: number
  readonly lanesPerAddress?: number
}

/** An attempt in flight. */
export interface Attempt {
  readonly channel: Channel
  readonly address: string
  /** Everything was sent a while ago, and only the response is missing. */
  isSlow: boolean
  done: Promise<void>
}

const LANES = 5
export const LANES_PER_ADDRESS = 3
/** Up to this many slow attempts do not count toward the limit of their channel. They count for their address. */
const MAX_SLOW = 20

/** Returns true if an attempt must wait for others to end. */
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

/** Returns true if one more may be sent now, and counts it. */
export type RateLimiter = (now: Millis) => boolean

const MINUTE = 60_000

/**
 * Limits how many pass in any minute. The first ones pass immediately, so a single alert never waits. Without a number
 * there is no limit.
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
