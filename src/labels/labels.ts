import type { AlertSnapshot } from '../model.ts'

/** What matchers and groups look at: the labels of the series and the rule, and the alert's own words. */
export type Labels = Readonly<Record<string, string>>

export function alertLabels({ identity, source, severity, ruleLabels }: AlertSnapshot): Labels {
  const { rule, host, labels, measure } = identity
  return { ...ruleLabels, ...labels, rule, host, source, severity, metric: measure.metric }
}

/** The values of some labels as one text; a label that is missing is the empty text. */
export function joinValues(labels: Labels, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => labels[name] ?? ''))
}
