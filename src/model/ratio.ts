/** A ratio is a share of a whole, 1. What is more than this is no rounding any more: it may be in percent, or of many cores. */
export const MOST_RATIO = 1.1
