/**
 * The largest plausible ratio, with a margin over 1 for rounding. Beyond it the value is probably a percentage, or a
 * sum over several cores.
 */
export const MAX_RATIO = 1.1
