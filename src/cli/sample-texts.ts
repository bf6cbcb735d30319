import type { AlertFacts, EngineConfig, Receiver } from '../model.ts'
import { anyAlert, sampleAlert } from '../service/samples.ts'
import { compileTemplate, TEMPLATE_NAMES, templateValues } from '../template.ts'

/** What the templates of a configuration make of sample alerts. */
export interface SampleTexts {
  /** Subjects, in the order of rules and receivers, each once. */
  readonly subjects: readonly string[]
  /** Sentences about texts that come out empty. */
  readonly warnings: readonly string[]
}

/** Renders the subject and text of each rule and receiver on a sample alert. */
export function renderSamples(config: EngineConfig): SampleTexts {
  const { rules, receivers } = config
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
  for (const rule of rules) render(rule.name, rule, sampleAlert(rule, config))
  const other = rules.find(({ subject, body }) => subject === undefined && body === undefined) ?? rules[0]
  const facts = other === undefined ? anyAlert(config) : sampleAlert(other, config)
  for (const receiver of receivers) render(receiver.name, receiver, facts)
  return { subjects: [...subjects], warnings }
}

function textOf(template: string, facts: AlertFacts): string {
  const labels = [...template.matchAll(/\{\{\s*(label\.[^|}]*?)\s*(?:\||\}\})/g)].map(([, name = '']) => name)
  return compileTemplate(template, [...TEMPLATE_NAMES, ...labels]).render(templateValues(facts))
}
