import { compileMatchers } from '../matcher.ts'
import type { Matcher, Metric, Route, Rule, Severity } from '../model.ts'

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

/** Whether some alert of the rule can fit the matchers. */
export function canFit(matchers: readonly Matcher[], { known, open }: Outlook): boolean {
  const fits = compileMatchers(matchers.filter(({ label }) => !open.includes(label)))
  return known.some((labels) => fits(labels))
}

/** Whether every alert of the rule fits the matchers. */
export function mustFit(matchers: readonly Matcher[], { known, open }: Outlook): boolean {
  const fits = compileMatchers(matchers)
  return !matchers.some(({ label }) => open.includes(label)) && known.every((labels) => fits(labels))
}

/** Whether every alert of the rule fits one of the routes. */
export function isRouted(routes: readonly Route[], { known, open }: Outlook): boolean {
  return known.every((labels) => routes.some(({ matchers }) => mustFit(matchers, { known: [labels], open })))
}
