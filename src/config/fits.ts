import { compileMatchers } from '../matcher.ts'
import type { Matcher, Metric, Rule, Severity } from '../model.ts'

/** What is known of a rule's alerts before there are any. */
export interface Outlook {
  /** The labels whose values are known, for each severity that the rule has; what is in neither list is missing. */
  readonly known: readonly Readonly<Record<string, string>>[]
  /** Labels that may have any value. */
  readonly open: readonly string[]
}

export function outlookOf(rule: Rule, metrics: ReadonlyMap<string, Metric>): Outlook {
  const metric = rule.kind === 'metric' ? metrics.get(rule.metric) : undefined
  const known = severitiesOf(rule).map((severity) => ({
    ...rule.labels,
    rule: rule.name,
    severity,
    ...(metric ? { metric: metric.name } : {}),
  }))
  return { known, open: ['host', 'source', ...(metric ? metric.by : ['metric'])] }
}

function severitiesOf(rule: Rule): readonly Severity[] {
  if (rule.kind === 'absence') return [rule.severity]
  const thresholds = [rule.threshold, ...rule.overrides.map(({ threshold }) => threshold)]
  return (['warning', 'critical'] as const).filter((severity) => thresholds.some((one) => one[severity].length > 0))
}

/** Matchers, each compiled by itself. */
export type Tests = readonly { readonly label: string; readonly fits: ReturnType<typeof compileMatchers> }[]

export function compileEach(matchers: readonly Matcher[]): Tests {
  return matchers.map((matcher) => ({ label: matcher.label, fits: compileMatchers([matcher]) }))
}

/** Whether some alert of the rule can fit. */
export function canFit(tests: Tests, { known, open }: Outlook): boolean {
  const telling = tests.filter(({ label }) => !open.includes(label))
  return known.some((labels) => telling.every(({ fits }) => fits(labels)))
}

/** Whether every alert of the rule fits. */
export function mustFit(tests: Tests, { known, open }: Outlook): boolean {
  return (
    !tests.some(({ label }) => open.includes(label)) && known.every((labels) => tests.every(({ fits }) => fits(labels)))
  )
}

/** Whether every alert of the rule fits one of the routes. */
export function isRouted(routes: readonly Tests[], { known, open }: Outlook): boolean {
  return known.every((labels) => routes.some((tests) => mustFit(tests, { known: [labels], open })))
}
