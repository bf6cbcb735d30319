import { AGGREGATE_SCHEMA } from '../../configuration.ts'
import type { JsonSchema } from '../../detector.ts'

const BOUNDS = {
  up: {
    description: "Anomalous if the value rises by this much or more, in the metric's unit.",
    type: 'number',
    exclusiveMinimum: 0,
    examples: [0.2],
  },
  down: {
    description: "Anomalous if the value falls by this much or more, in the metric's unit.",
    type: 'number',
    exclusiveMinimum: 0,
    examples: [0.2],
  },
  up_factor: {
    description: 'Anomalous if the value rises to this many times the reference or more.',
    type: 'number',
    exclusiveMinimum: 1,
    examples: [3],
  },
  down_factor: {
    description: 'Anomalous if the value falls to the reference divided by this, or less.',
    type: 'number',
    exclusiveMinimum: 1,
    examples: [3],
  },
  min_change: {
    description:
      "Smallest change that a factor applies to, in the metric's unit. Default: 0.05 for ratios, 5 for percentages, 10 for counts of events; otherwise required.",
    type: 'number',
    exclusiveMinimum: 0,
    examples: [100],
  },
  clear: {
    description:
      'The alert resolves when the difference to the reference is at most this share of the change that starts one.',
    type: 'number',
    minimum: 0,
    exclusiveMaximum: 1,
    examples: [0.5],
  },
}

export const CHANGE_SCHEMA: JsonSchema = {
  title: 'Change',
  description: 'How far the value of the window may be from that of the window before it, the reference.',
  type: 'object',
  additionalProperties: false,
  properties: {
    of: AGGREGATE_SCHEMA,
    ...BOUNDS,
  },
}

export const CHANGE_OVERRIDE_SCHEMA: JsonSchema = {
  description: "Changes that replace the rule's; an omitted direction keeps the rule's.",
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: BOUNDS,
}
