/** An instant or a span in milliseconds; instants count from the Unix epoch and may carry a fraction. */
export type Millis = number

/**
 * Moves instants that lie ahead of the present back to it: the service's clock may have been set back, and nothing that
 * is remembered can have happened later than now.
 */
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

/** Position of an entry in the journal; the first is 1. */
export type Offset = number
