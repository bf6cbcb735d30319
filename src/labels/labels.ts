import type { AlertFacts } from '../model.ts'

/** What matchers and groups look at: the labels of the series and the rule, and the alert's own words. */
export type Labels = Readonly<Record<string, string>>

export function labelsOf({ identity, source, severity, ruleLabels }: AlertFacts): Labels {
  const { rule, host, labels, measure } = identity
  return { ...ruleLabels, ...labels, rule, host, source, severity, metric: measure.metric }
}

/** The values of some labels as one text; a label that is missing is the empty text. */
export function valuesOf(labels: Labels, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => labels[name] ?? ''))
}
