import type { AlertSnapshot, EngineConfig, Receiver, Rule, Unit } from '../../model.ts'
import { anyAlert, sampleReceivers, sampleAlert } from '../../preview/samples.ts'
import { compileTemplate, TEMPLATE_NAMES, templateValues } from '../../text/template.ts'

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
  const render = (whose: string, { subject, body }: Pick<Receiver, 'subject' | 'body'>, facts: AlertSnapshot): void => {
    for (const [key, template] of Object.entries({ subject, body })) {
      if (template === undefined) continue
      const text = renderText(template, facts).trim()
      if (text === '') warnings.push(`the ${key} of ${whose} comes out empty on a sample alert`)
      else if (key === 'subject') subjects.add(text)
    }
  }
  const samples = rules.map((rule) => ({ rule, facts: sampleAlert(rule, config) }))
  for (const { rule, facts } of samples) render(rule.name, rule, facts)
  const other = rules.find(({ subject, body }) => subject === undefined && body === undefined) ?? rules[0]
  const facts = other === undefined ? anyAlert(config) : sampleAlert(other, config)
  for (const receiver of receivers) render(receiver.name, receiver, facts)
  return { subjects: [...subjects], warnings: [...warnings, ...misfits(config, samples)] }
}

interface Sample {
  readonly rule: Rule
  readonly facts: AlertSnapshot
}

const PERCENT = /\{\{\s*(?:value|peak)\s*\|\s*percent\s*\}\}/
/** How the figures of a rule that are no shares are measured. */
const MEASURED: Partial<Readonly<Record<Unit, string>>> = {
  bytes: 'measures in bytes',
  seconds: 'measures in seconds',
  count: 'counts',
  none: 'measures without a unit',
}

/** Sentences about templates that write as a percentage what is no share. */
function misfits(config: EngineConfig, samples: readonly Sample[]): readonly string[] {
  return (['subject', 'body'] as const).flatMap((key) => {
    const warn = (whose: string, template: string | undefined, { rule, facts }: Sample): readonly string[] => {
      const measured = MEASURED[facts.identity.measure.unit]
      if (measured === undefined || template === undefined || !PERCENT.test(template)) return []
      return [
        `the ${key} of ${whose} applies '| percent' to what ${rule.name} ${measured}: write {{value}}, which brings its unit`,
      ]
    }
    return samples.flatMap((sample) => {
      const { rule, facts } = sample
      if (rule[key] !== undefined) return warn(rule.name, rule[key], sample)
      const hearers = sampleReceivers(rule, facts, config)
      return config.receivers
        .filter(({ name }) => hearers.includes(name))
        .flatMap((receiver) => warn(receiver.name, receiver[key], sample))
    })
  })
}

function renderText(template: string, facts: AlertSnapshot): string {
  const labels = [...template.matchAll(/\{\{\s*(label\.[^|}]*?)\s*(?:\||\}\})/g)].map(([, name = '']) => name)
  return compileTemplate(template, [...TEMPLATE_NAMES, ...labels]).render(templateValues(facts))
}
