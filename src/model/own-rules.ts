/** The product's own rules: what nobody has to configure. Their names are taken. */
export const OWN_RULES = {
  source: 'source-down',
  degraded: 'source-degraded',
  mass: 'mass-silence',
  clock: 'clock-off',
  cap: 'limit-reached',
} as const
