/** An instant or a duration in milliseconds. Instants count from the Unix epoch and may have a fraction. */
export type Millis = number

/** Moves remembered instants that are in the future back to `now`. The service's clock may have been set back. */
export function clampToNow<K extends string>(
  of: { [Key in K]?: Millis | undefined },
  now: Millis,
  ...instants: readonly K[]
): void {
  for (const instant of instants) {
    const at = of[instant]
    if (at !== undefined && at > now) of[instant] = now
  }
}

/** Returns the instants within the last `span`. Those in the future are dropped: the clock may have been set back. */
export function keepRecent(instants: readonly Millis[], span: Millis, now: Millis): Millis[] {
  return instants.filter((at) => at <= now && now - at < span)
}

/** Position of an entry in the journal; the first is 1. */
export type Offset = number

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
