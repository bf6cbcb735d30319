/** The built-in rules. Their names are reserved. Each is a file in `engine/builtin/`. */
export const BUILTIN_RULES = {
  source: 'source-down',
  degraded: 'source-degraded',
  mass: 'mass-absence',
  clock: 'clock-skew',
  cap: 'cardinality-limit',
  unmatched: 'unmatched-events',
  range: 'out-of-range',
} as const

export type BuiltinRule = (typeof BUILTIN_RULES)[keyof typeof BUILTIN_RULES]

export const BUILTIN_RULE_NAMES: readonly BuiltinRule[] = Object.values(BUILTIN_RULES)

const NAMES: ReadonlySet<string> = new Set(BUILTIN_RULE_NAMES)
const ABOUT_SOURCES: ReadonlySet<string> = new Set([BUILTIN_RULES.source, BUILTIN_RULES.degraded, BUILTIN_RULES.mass])

/** Returns true for a built-in rule. Its alerts may be about a source or the service instead of a host. */
export function isBuiltinRule(name: string): name is BuiltinRule {
  return NAMES.has(name)
}

/** Returns true for a rule whose alerts are about a source. */
export function isAboutSource(name: string): boolean {
  return ABOUT_SOURCES.has(name)
}
