import type { Bound, Op } from './configuration.ts'
import type { Limit } from './evidence.ts'

/** Returns true if values above a limit with this operator breach it. */
export function isUpper(op: Op): boolean {
  return op === 'above' || op === 'at_least'
}

/** Returns true if a value breaches a limit. */
export function isBeyond({ op, value: limit }: Limit, value: number): boolean {
  if (op === 'above') return value > limit
  if (op === 'at_least') return value >= limit
  if (op === 'below') return value < limit
  return value <= limit
}

/**
 * Returns true if a value ends an alert. The `clear` value itself does, unless it is an inclusive bound's own value.
 */
export function isCleared(bound: Bound, value: number): boolean {
  if (isBeyond(bound, value)) return false
  return isUpper(bound.op) ? value <= bound.clear : value >= bound.clear
}

/** Returns the limit that breaches a bound: `above 0.9`. */
export function limitOf({ op, value }: Bound): Limit {
  return { op, value: exact(value) }
}

/** Returns the limit that ends an alert: `at_most 0.85`; `below 0.9` where 0.9 itself breaches the bound. */
export function clearOf(bound: Bound): Limit {
  const isIn = isCleared(bound, bound.clear)
  const op = isUpper(bound.op) ? (isIn ? 'at_most' : 'below') : isIn ? 'at_least' : 'above'
  return { op, value: exact(bound.clear) }
}

/**
 * Returns the limit that ends an alert about a count, in whole numbers: `at_most 0` where the bound is `at_least 1`.
 */
export function wholeClearOf(bound: Bound): Limit {
  const upper = isUpper(bound.op)
  const inside = upper ? Math.floor(bound.clear) : Math.ceil(bound.clear)
  return clearOf({ ...bound, clear: isCleared(bound, inside) ? inside : inside + (upper ? -1 : 1) })
}

/** Removes the digits that floating-point arithmetic added, but none that a person wrote. */
function exact(value: number): number {
  return Number(value.toPrecision(12))
}
