import type { AlertFacts, EngineConfig, Receiver, Rule } from '../model.ts'
import { compileTemplate, TEMPLATE_NAMES, templateValues } from '../template.ts'

/** What the templates of a configuration make of sample alerts. */
export interface SampleTexts {
  /** Subjects, in the order of rules and receivers, each once. */
  readonly subjects: readonly string[]
  /** Sentences about texts that come out empty. */
  readonly warnings: readonly string[]
}

/** Renders the subject and text of each rule and receiver on a sample alert. */
export function renderSamples({ rules, receivers, metrics }: EngineConfig): SampleTexts {
  const byOf = (rule: Rule | undefined): readonly string[] =>
    rule?.kind === 'metric' ? (metrics.find(({ name }) => name === rule.metric)?.by ?? []) : []
  const subjects = new Set<string>()
  const warnings: string[] = []
  const render = (whose: string, { subject, body }: Pick<Receiver, 'subject' | 'body'>, facts: AlertFacts): void => {
    for (const [key, template] of Object.entries({ subject, body })) {
      if (template === undefined) continue
      const text = textOf(template, facts).trim()
      if (text === '') warnings.push(`the ${key} of ${whose} comes out empty on a sample alert`)
      else if (key === 'subject') subjects.add(text)
    }
  }
  for (const rule of rules) render(rule.name, rule, sampleOf(rule, byOf(rule)))
  const other = rules.find(({ subject, body }) => subject === undefined && body === undefined) ?? rules[0]
  for (const receiver of receivers) render(receiver.name, receiver, sampleOf(other, byOf(other)))
  return { subjects: [...subjects], warnings }
}

function textOf(template: string, facts: AlertFacts): string {
  const labels = [...template.matchAll(/\{\{\s*(label\.[^|}]*?)\s*(?:\||\}\})/g)].map(([, name = '']) => name)
  return compileTemplate(template, [...TEMPLATE_NAMES, ...labels]).render(templateValues(facts))
}

const AT = Date.UTC(2026, 0, 5, 8)

/** @param by fields whose values tell the rule's alerts apart. */
function sampleOf(rule: Rule | undefined, by: readonly string[]): AlertFacts {
  return {
    episode: '0123456789abcdef',
    code: 'SMPL2',
    rule: rule?.name ?? 'sample',
    host: 'web-1',
    labels: Object.fromEntries(by.map((field) => [field, 'sample'])),
    ruleLabels: rule?.labels ?? {},
    what: 'mean of cpu over 2m',
    metric: rule?.kind === 'metric' ? rule.metric : 'cpu',
    unit: 'ratio',
    state: 'firing',
    severity: rule?.severity ?? 'warning',
    value: 0.95,
    bound: 'above 0.9',
    clear: 'at most 0.85',
    since: AT - 60_000,
    at: AT,
    peak: 0.97,
    reason: 'a sample',
    source: 'logstash-a',
    gaps: [],
  }
}
