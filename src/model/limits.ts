import type { Limit } from './evidence.ts'
import type { Op } from './configuration.ts'

/** Whether values above a limit of this kind breach it, and not those below. */
export function isUpper(op: Op): boolean {
  return op === 'above' || op === 'at_least'
}

/** Whether a value breaches a limit. */
export function isBeyond({ op, value: limit }: Limit, value: number): boolean {
  if (op === 'above') return value > limit
  if (op === 'at_least') return value >= limit
  if (op === 'below') return value < limit
  return value <= limit
}
