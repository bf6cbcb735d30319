import type { Millis } from './time.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The longest windows have coarser buckets than the configured ones: wider windows than `beyond` have these. */
export const TIERS: readonly { readonly beyond: Millis; readonly width: Millis }[] = [
  { beyond: 24 * HOUR, width: HOUR },
  { beyond: HOUR, width: MINUTE },
]

/** The longest window. */
export const LONGEST_WINDOW: Millis = 7 * 24 * HOUR

/** The width of the buckets that windows of a length are made of. */
export function bucketWidth(over: Millis, finest: Millis): Millis {
  return TIERS.find(({ beyond }) => over > beyond)?.width ?? finest
}
