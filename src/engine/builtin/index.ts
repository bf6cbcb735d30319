import type { BuiltinRule } from '../../model.ts'
import { absence } from './absence.ts'
import { cardinalityLimit } from './cardinality-limit.ts'
import { clockSkew } from './clock-skew.ts'
import { massAbsence } from './mass-absence.ts'
import { outOfRange } from './out-of-range.ts'
import type { BuiltinStateRule, StateRule } from './rule.ts'
import { sourceDegraded } from './source-degraded.ts'
import { sourceDown } from './source-down.ts'
import { unmatchedEvents } from './unmatched-events.ts'

/** The built-in rules, in the order in which they are evaluated. */
export const BUILTINS: Readonly<Record<BuiltinRule, BuiltinStateRule>> = {
  'source-down': sourceDown,
  'source-degraded': sourceDegraded,
  'cardinality-limit': cardinalityLimit,
  'unmatched-events': unmatchedEvents,
  'clock-skew': clockSkew,
  'out-of-range': outOfRange,
  'mass-absence': massAbsence,
}

/** Everything that is evaluated once a tick: the absence rules of the configuration first. */
export const STATE_RULES: readonly StateRule[] = [absence, ...Object.values(BUILTINS)]
