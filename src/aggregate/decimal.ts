/** Powers of ten that a double holds exactly. */
const POWERS: readonly number[] = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

/** Enough for any reading; fewer than a double holds, so that the rounding errors of a hundred additions are cut off. */
const DIGITS = 13

/**
 * Rounds a calculated value to 13 digits, counted from the first digit of the larger of `value` and `shift`: the shift
 * that a sum was accumulated with is what its rounding errors are proportional to. Twelve samples of 0.95 have a mean
 * of 0.9500000000000001 in binary arithmetic, which is above 0.95; rounded it is 0.95 again. Values of 1e13 and more,
 * or below 1e-10, are returned as they are.
 */
export function roundDecimal(value: number, shift = 0): number {
  const size = Math.max(Math.abs(value), Math.abs(shift))
  if (!(size < 1e13)) return value
  const power = POWERS[DIGITS - Math.ceil(Math.log10(size))]
  return power === undefined ? value : Math.round(value * power) / power
}
