import type { Bound, Op } from './configuration.ts'

/** Whether a figure is on the wrong side of a bound. */
export function isBeyond({ op, value: bound }: Bound, value: number): boolean {
  if (op === 'above') return value > bound
  if (op === 'at_least') return value >= bound
  if (op === 'below') return value < bound
  return value <= bound
}

/** The `clear` value itself is on the good side, unless it is the bound and the bound is inclusive. */
export function isCleared(bound: Bound, value: number): boolean {
  if (isBeyond(bound, value)) return false
  return isUpper(bound.op) ? value <= bound.clear : value >= bound.clear
}

/** Whether too much is beyond it, not too little. */
export function isUpper(op: Op): boolean {
  return op === 'above' || op === 'at_least'
}

const WORDS: Readonly<Record<Op, string>> = {
  above: 'above',
  at_least: 'at least',
  below: 'below',
  at_most: 'at most',
}

/** A bound in words and numbers: `above 0.9`. */
export function boundText(bound: Bound): string {
  return `${WORDS[bound.op]} ${exactText(bound.value)}`
}

/** What ends an alert: `at most 0.85`; `below 0.9` where 0.9 itself is beyond the bound. */
export function clearText(bound: Bound): string {
  const isIn = isCleared(bound, bound.clear)
  const word = isUpper(bound.op) ? (isIn ? 'at most' : 'below') : isIn ? 'at least' : 'above'
  return `${word} ${exactText(bound.clear)}`
}

/** What ends an alert about a count, in whole numbers: `at most 0` where the bound is `at least 1`. */
export function wholeClearText(bound: Bound): string {
  const upper = isUpper(bound.op)
  const inside = upper ? Math.floor(bound.clear) : Math.ceil(bound.clear)
  return clearText({ ...bound, clear: isCleared(bound, inside) ? inside : inside + (upper ? -1 : 1) })
}

/** A number with all digits that it was written with, but not those that reckoning with it added. */
function exactText(value: number): string {
  return String(Number(value.toPrecision(12)))
}
