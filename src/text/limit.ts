import type { Limit, Op, Unit } from '../model.ts'
import { formatValue } from './format.ts'

const OPERATORS: Readonly<Record<Op, string>> = {
  above: 'above',
  at_least: 'at least',
  below: 'below',
  at_most: 'at most',
}

/** Writes a limit with its number in the metric's unit: `above 90%`; nothing for none. */
export function formatLimit(limit: Limit | undefined, unit: Unit): string {
  return limit === undefined ? '' : `${OPERATORS[limit.op]} ${formatValue(limit.value, unit)}`
}

const AT: Readonly<Record<Op, string>> = {
  above: 'above',
  at_least: 'at or above',
  below: 'below',
  at_most: 'at or below',
}

/** Writes a limit as the place that a value reaches: `at or below 85%`. */
export function formatReach({ op, value }: Limit, unit: Unit): string {
  return `${AT[op]} ${formatValue(value, unit)}`
}

/** Writes a limit beside its figure, which shows the direction: `(threshold 90%)`. */
export function formatThreshold({ value }: Limit, unit: Unit): string {
  return `(threshold ${formatValue(value, unit)})`
}
