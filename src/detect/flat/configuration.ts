import type * as Raw from '../../generated/config.ts'
import { describe } from '../../text/diagnostic.ts'
import type { JsonSchema, ReadContext } from '../detector.ts'
import type { Flat } from './judge.ts'

const TOLERANCE = {
  tolerance: {
    description: "The value has not moved if it varies by this much or less, in the metric's unit.",
    type: 'number',
    minimum: 0,
    default: 0,
    examples: [0.01],
  },
}

export const FLAT_SCHEMA: JsonSchema = {
  title: 'Flat',
  description: 'A value that stopped moving, although it moved in at least 90 % of its earlier windows.',
  type: 'object',
  additionalProperties: false,
  properties: TOLERANCE,
}

export const FLAT_OVERRIDE_SCHEMA: JsonSchema = {
  description: "A tolerance that replaces the rule's.",
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: TOLERANCE,
}

/** Reads the tolerance; undefined for what only counts or grows, which stands still where nothing happens. */
export function readFlat({ flat: raw = {} }: Raw.Condition, context: ReadContext): Flat | undefined {
  const { metric, severity = 'warning', pointer, diagnostics } = context
  const kind = metric === undefined ? 'a count of events' : metric.kind === 'counter' ? 'a counter' : undefined
  if (kind !== undefined) {
    const what = `'flat' does not apply to ${kind}`
    const of = metric === undefined ? 'threshold: { at_most: 0 }' : 'threshold: { of: increase, at_most: 0 }'
    diagnostics.error(
      pointer,
      describe(what, { expected: 'a gauge', fix: `write ${of} for one that stands still` }),
      'key',
    )
    return undefined
  }
  return { severity, tolerance: raw.tolerance ?? 0 }
}
