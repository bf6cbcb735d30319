/** The built-in rules. Their names are reserved. */
export const BUILTIN_RULES = {
  source: 'source-down',
  degraded: 'source-degraded',
  mass: 'mass-absence',
  clock: 'clock-skew',
  cap: 'cardinality-limit',
} as const

export type BuiltinRule = (typeof BUILTIN_RULES)[keyof typeof BUILTIN_RULES]

const NAMES: ReadonlySet<string> = new Set(Object.values(BUILTIN_RULES))

/** Returns true for a built-in rule. Its alerts may be about a source or the service instead of a host. */
export function isBuiltinRule(name: string): name is BuiltinRule {
  return NAMES.has(name)
}
