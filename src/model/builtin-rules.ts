/** The product's own rules: what nobody has to configure. Their names are taken. */
export const OWN_RULES = {
  source: 'source-down',
  degraded: 'source-degraded',
  mass: 'mass-silence',
  clock: 'clock-off',
  cap: 'limit-reached',
} as const

/** The name of one of the product's own rules. */
export type BuiltinRule = (typeof OWN_RULES)[keyof typeof OWN_RULES]

const NAMES: ReadonlySet<string> = new Set(Object.values(OWN_RULES))

/** Whether a rule is the product's own, so that its alerts may be about a source or the service and no host. */
export function isBuiltinRule(name: string): name is BuiltinRule {
  return NAMES.has(name)
}
