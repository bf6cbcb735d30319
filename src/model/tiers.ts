import type { Millis } from './time.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Windows longer than `beyond` use buckets of this width instead of the configured one. Sorted from the coarsest. */
export const TIERS: readonly { readonly beyond: Millis; readonly width: Millis }[] = [
  { beyond: 24 * HOUR, width: HOUR },
  { beyond: HOUR, width: MINUTE },
]

/** The longest window that a rule may have. */
export const MAX_WINDOW: Millis = 7 * 24 * HOUR

/** Returns the bucket width for windows of length `over`. */
export function bucketWidth(over: Millis, finest: Millis): Millis {
  return TIERS.find(({ beyond }) => over > beyond)?.width ?? finest
}
