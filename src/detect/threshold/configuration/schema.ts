import { AGGREGATE_SCHEMA } from '../../configuration.ts'
import type { JsonSchema } from '../../detector.ts'

const BOUNDS = {
  above: {
    description: 'Upper bound, exclusive: breached above this value.',
    type: 'number',
    examples: [0.9],
  },
  at_least: {
    description: 'Upper bound, inclusive: breached at this value and above.',
    type: 'number',
    examples: [50],
  },
  below: {
    description: 'Lower bound, exclusive: breached below this value.',
    type: 'number',
    examples: [1],
  },
  at_most: {
    description: 'Lower bound, inclusive: breached at this value and below.',
    type: 'number',
    examples: [0],
  },
  clear: {
    description:
      'The value at which the alert is over again. Default: 5 % inside the bound, as far as the unit can reach; the bound itself for counts, for min, max and last, and for below and at_most of what has no unit.',
    type: 'number',
    examples: [0.85],
  },
}

const SEVERITIES = {
  warning: {
    description: 'Bounds of a warning.',
    allOf: [
      {
        $ref: '#/definitions/bounds',
      },
    ],
  },
  critical: {
    description: 'Bounds of a critical alert.',
    allOf: [
      {
        $ref: '#/definitions/bounds',
      },
    ],
  },
}

export const THRESHOLD_SCHEMA: JsonSchema = {
  title: 'Threshold',
  description: 'Aggregation of the window and its bounds, either directly or under warning: and critical:.',
  type: 'object',
  additionalProperties: false,
  properties: {
    of: AGGREGATE_SCHEMA,
    ...BOUNDS,
    ...SEVERITIES,
  },
}

export const THRESHOLD_OVERRIDE_SCHEMA: JsonSchema = {
  description: "Bounds that replace the rule's; an omitted severity keeps the rule's bounds.",
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: { ...BOUNDS, ...SEVERITIES },
}
