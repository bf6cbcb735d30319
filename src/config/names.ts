import { OWN_RULES } from '../model.ts'
import type { Matcher } from '../model.ts'
import type * as Raw from '../generated/config.ts'
import { meant, nearest } from '../spelling.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'

/** Each name is a receiver's. Where a receiver's own name is at fault, who is meant cannot be known. */
export function checkReceivers(
  names: readonly string[],
  pointer: string,
  known: readonly string[],
  report: Report,
): void {
  if (!known.every((name) => report.usable(below('/receivers', name)))) return
  for (const [index, name] of names.entries()) {
    const at = below(pointer, index)
    if (!known.includes(name)) report.mistake(at, `no receiver is named ${report.written(at)}${meant(name, known)}`)
  }
}

/** What alerts of this configuration can be called by: their labels, and all values that some of those have. */
export interface Vocabulary {
  readonly labels: readonly string[]
  readonly values: ReadonlyMap<string, readonly string[]>
}

/** Labels that every alert has. */
const ALWAYS: readonly string[] = ['rule', 'host', 'source', 'severity', 'metric']

/** Labels that the configuration itself adds: those of rules, and the fields that tell a metric's series apart. */
export function ownLabels(
  rules: readonly Raw.Rule[],
  metrics: Readonly<Record<string, Raw.Metric>>,
  report: Report,
): readonly string[] {
  // What else is wrong with a rule or a metric takes nothing from the labels that it gives.
  const reads = (pointer: string, key: string): boolean => report.usable(pointer) && report.clean(below(pointer, key))
  const ofRules = rules.filter((_, index) => reads(below('/rules', index), 'labels'))
  const ofMetrics = Object.entries(metrics).filter(([name]) => reads(below('/metrics', name), 'by'))
  return [
    ...new Set([
      ...ofRules.flatMap(({ labels = {} }) => Object.keys(labels)),
      ...ofMetrics.flatMap(([, { by = [] }]) => by),
    ]),
  ]
}

export function readVocabulary(rules: readonly Raw.Rule[], labels: readonly string[], report: Report): Vocabulary {
  const names = rules.filter((_, index) => report.clean(below('/rules', index))).map(({ name }) => name)
  return {
    labels: [...ALWAYS, ...labels],
    values: new Map([
      ['rule', [...names, ...Object.values(OWN_RULES)]],
      ['severity', ['warning', 'critical']],
    ]),
  }
}

/** A rule knows all labels that its own alerts have. */
export function checkLabels(labels: readonly string[], own: readonly string[], pointer: string, report: Report): void {
  const known = [...ALWAYS, ...own]
  for (const [index, label] of labels.entries()) {
    const at = below(pointer, index)
    if (known.includes(label)) continue
    report.mistake(at, `no alert of this rule has a label ${report.written(at)}${meant(label, known)}`)
  }
}

/** A label that no alert has is perhaps misspelt. */
export function warnOfLabel(label: string, pointer: string, { labels }: Vocabulary, report: Report): void {
  if (labels.includes(label) || report.expanded(pointer)) return
  report.warn(pointer, `no rule or metric gives alerts a label '${label}'${guess(label, labels)}`)
}

/** A matcher that asks for a rule or severity that is not there never fits. */
export function warnOfMatcher({ label, op, value }: Matcher, pointer: string, words: Vocabulary, report: Report): void {
  warnOfLabel(label, pointer, words, report)
  const known = words.values.get(label)
  if (op !== '=' || known === undefined || known.includes(value) || report.expanded(pointer)) return
  report.warn(pointer, `no ${label} is named '${value}'${guess(value, known)}`)
}

function guess(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near === undefined ? '' : `: did you mean '${near}'?`
}
