import type { AlertSnapshot } from '../model.ts'

/**
 * The labels that matchers and grouping use: those of the series and the rule, and `rule`, `host`, `source`, `severity`
 * and `metric`.
 */
export type Labels = Readonly<Record<string, string>>

/**
 * Returns an alert's labels. Those of the alert itself take precedence over those of the series, and these over the
 * rule's.
 */
export function alertLabels({ identity, source, severity, ruleLabels }: AlertSnapshot): Labels {
  const { rule, host, labels, measure } = identity
  return { ...ruleLabels, ...labels, rule, host, source, severity, metric: measure.metric }
}

/** Returns the values of some labels as one text, unique per combination. A missing label has the empty value. */
export function joinValues(labels: Labels, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => labels[name] ?? ''))
}
