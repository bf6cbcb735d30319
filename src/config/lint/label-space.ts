import { ruleSeverities } from '../../detect/index.ts'
import { compileMatchers } from '../../labels/matcher.ts'
import { BUILTIN_RULE_NAMES } from '../../model.ts'
import type { Matcher, Metric, Rule, Severity } from '../../model.ts'

/** The labels that alerts of a rule can have. */
export interface LabelSpace {
  /** The labels with known values, once for each severity of the rule. A label in neither list is missing. */
  readonly known: readonly Readonly<Record<string, string>>[]
  /** Labels that may have any value. */
  readonly open: readonly string[]
}

export function readLabelSpace(rule: Rule, metrics: ReadonlyMap<string, Metric>): LabelSpace {
  const metric = rule.kind === 'metric' ? metrics.get(rule.metric) : undefined
  const known = listSeverities(rule).map((severity) => ({
    ...rule.labels,
    rule: rule.name,
    severity,
    ...(metric ? { metric: metric.name } : {}),
  }))
  const by = rule.kind === 'count' ? ['metric', ...rule.by] : (metric?.by ?? ['metric'])
  return { known, open: ['host', 'source', ...by] }
}

/** The alerts of the service itself, with any other labels. */
export const BUILTIN_SPACES: readonly LabelSpace[] = BUILTIN_RULE_NAMES.map((rule) => ({
  known: [
    { rule, severity: 'warning' },
    { rule, severity: 'critical' },
  ],
  open: ['host', 'source', 'metric'],
}))

function listSeverities(rule: Rule): readonly Severity[] {
  return rule.kind === 'absence' ? [rule.severity] : ruleSeverities(rule)
}

/** Matchers that are compiled one by one. */
export type CompiledMatchers = readonly {
  readonly label: string
  readonly matches: ReturnType<typeof compileMatchers>
}[]

export function compileMatcherList(matchers: readonly Matcher[]): CompiledMatchers {
  return matchers.map((matcher) => ({ label: matcher.label, matches: compileMatchers([matcher]) }))
}

/** Returns true if an alert of the rule may match. */
export function mayMatch(matchers: CompiledMatchers, { known, open }: LabelSpace): boolean {
  const decisive = matchers.filter(({ label }) => !open.includes(label))
  return known.some((labels) => decisive.every(({ matches }) => matches(labels)))
}

/** Returns true if every alert of the rule matches. */
export function alwaysMatches(matchers: CompiledMatchers, { known, open }: LabelSpace): boolean {
  return (
    !matchers.some(({ label }) => open.includes(label)) &&
    known.every((labels) => matchers.every(({ matches }) => matches(labels)))
  )
}

/** Returns true if every alert of the rule matches one of the routes. */
export function isRouted(routes: readonly CompiledMatchers[], { known, open }: LabelSpace): boolean {
  return known.every((labels) => routes.some((route) => alwaysMatches(route, { known: [labels], open })))
}

/** Returns true if two alerts, one of each list, may have equal values of all these labels. */
export function mayAgree(
  sources: readonly LabelSpace[],
  targets: readonly LabelSpace[],
  equal: readonly string[],
): boolean {
  return sources.some((one) =>
    targets.some((other) =>
      equal.every((label) => {
        if (one.open.includes(label) || other.open.includes(label)) return true
        return (one.known[0]?.[label] ?? '') === (other.known[0]?.[label] ?? '')
      }),
    ),
  )
}
