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
  const render = (
    whose: string,
    { subject, body }: Pick<Receiver, 'subject' | 'body'>,
    snapshot: AlertSnapshot,
  ): void => {
    for (const [key, template] of Object.entries({ subject, body })) {
      if (template === undefined) continue
      const text = renderText(template, snapshot).trim()
      if (text === '') warnings.push(`the ${key} of ${whose} comes out empty on a sample alert`)
      else if (key === 'subject') subjects.add(text)
    }
  }
  const samples = rules.map((rule) => ({ rule, snapshot: sampleAlert(rule, config) }))
  for (const { rule, snapshot } of samples) render(rule.name, rule, snapshot)
  const other = rules.find(({ subject, body }) => subject === undefined && body === undefined) ?? rules[0]
  const snapshot = other === undefined ? anyAlert(config) : sampleAlert(other, config)
  for (const receiver of receivers) render(receiver.name, receiver, snapshot)
  return { subjects: [...subjects], warnings: [...warnings, ...findUnsupported(config, samples)] }
}

interface Sample {
  readonly rule: Rule
  readonly snapshot: AlertSnapshot
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
function findUnsupported(config: EngineConfig, samples: readonly Sample[]): readonly string[] {
  return (['subject', 'body'] as const).flatMap((key) => {
    const warn = (whose: string, template: string | undefined, { rule, snapshot }: Sample): readonly string[] => {
      const measured = MEASURED[snapshot.identity.measure.unit]
      if (measured === undefined || template === undefined || !PERCENT.test(template)) return []
      return [
        `the ${key} of ${whose} applies '| percent' to what ${rule.name} ${measured}: write {{value}}, which brings its unit`,
      ]
    }
    return samples.flatMap((sample) => {
      const { rule, snapshot } = sample
      if (rule[key] !== undefined) return warn(rule.name, rule[key], sample)
      const receivers = sampleReceivers(rule, snapshot, config)
      return config.receivers
        .filter(({ name }) => receivers.includes(name))
        .flatMap((receiver) => warn(receiver.name, receiver[key], sample))
    })
  })
}

function renderText(template: string, snapshot: AlertSnapshot): string {
  const labels = [...template.matchAll(/\{\{\s*(label\.[^|}]*?)\s*(?:\||\}\})/g)].map(([, name = '']) => name)
  return compileTemplate(template, [...TEMPLATE_NAMES, ...labels]).render(templateValues(snapshot))
}
