import { BUILTIN_RULE_NAMES } from '../../model.ts'
import type { Matcher, Metric } from '../../model.ts'
import type * as Raw from '../../generated/config.ts'
import { suggest, nearest } from '../../text/suggest.ts'
import { ALERT_LABELS, readSeriesLabels } from './label-names.ts'
import { below } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'

/** Checks that each name is a receiver's, unless a receiver's own name is invalid. */
export function checkReceivers(
  names: readonly string[],
  pointer: string,
  known: readonly string[],
  diagnostics: Diagnostics,
): void {
  if (!known.every((name) => diagnostics.isUsable(below('/receivers', name)))) return
  for (const [index, name] of names.entries()) {
    const at = below(pointer, index)
    if (!known.includes(name))
      diagnostics.error(at, `unknown receiver ${diagnostics.describeValue(at)}${suggest(name, known)}`)
  }
}

/** The labels of the alerts of a configuration, and the values of the labels that have a fixed set. */
export interface Vocabulary {
  readonly labels: readonly string[]
  readonly values: ReadonlyMap<string, readonly string[]>
}

/** Lists the labels that the configuration adds: those of rules, and the `by` labels of metrics and counts. */
export function listCustomLabels(
  rules: readonly Raw.Rule[],
  metrics: Readonly<Record<string, Raw.Metric>>,
  diagnostics: Diagnostics,
): readonly string[] {
  // Another error in a rule or a metric does not change its labels.
  const reads = (pointer: string, key: string): boolean =>
    diagnostics.isUsable(pointer) && diagnostics.isClean(below(pointer, key))
  const ofRules = rules.filter((_, index) => reads(below('/rules', index), 'labels'))
  const ofCounts = rules.filter((_, index) => reads(below('/rules', index), 'when/count/by'))
  const ofMetrics = Object.entries(metrics).filter(([name]) => reads(below('/metrics', name), 'by'))
  return [
    ...new Set([
      ...ofRules.flatMap(({ labels = {} }) => Object.keys(labels)),
      ...ofCounts.flatMap(({ when }) => readSeriesLabels(when?.count?.by).map(({ label }) => label)),
      ...ofMetrics.flatMap(([, { by }]) => readSeriesLabels(by).map(({ label }) => label)),
    ]),
  ]
}

/** The labels of series by the dotted paths of their fields; without paths that have several labels. */
export function listLabelPaths(series: readonly Pick<Metric, 'by' | 'byFields'>[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string | undefined>()
  for (const { by, byFields } of series) {
    for (const [i, path] of byFields.entries()) {
      const isOther = labels.has(path) && labels.get(path) !== by[i]
      labels.set(path, isOther ? undefined : by[i])
    }
  }
  return new Map([...labels].filter((entry): entry is [string, string] => entry[1] !== undefined))
}

export function readVocabulary(
  rules: readonly Raw.Rule[],
  labels: readonly string[],
  diagnostics: Diagnostics,
): Vocabulary {
  const names = rules.filter((_, index) => diagnostics.isClean(below('/rules', index))).map(({ name }) => name)
  return {
    labels: [...ALERT_LABELS, ...labels],
    values: new Map([
      ['rule', [...names, ...BUILTIN_RULE_NAMES]],
      ['severity', ['warning', 'critical']],
    ]),
  }
}

/** Checks that the alerts of a rule have these labels. */
export function checkLabels(
  labels: readonly string[],
  configured: readonly string[],
  pointer: string,
  diagnostics: Diagnostics,
): void {
  const known = [...ALERT_LABELS, ...configured]
  for (const [index, label] of labels.entries()) {
    const at = below(pointer, index)
    if (known.includes(label)) continue
    diagnostics.error(
      at,
      `alerts of this rule have no label ${diagnostics.describeValue(at)}${guessLabel(label, known)}`,
    )
  }
}

/** Warns of a label that no alert has. */
export function checkLabelName(label: string, pointer: string, { labels }: Vocabulary, diagnostics: Diagnostics): void {
  if (labels.includes(label) || diagnostics.isExpanded(pointer)) return
  const guess = dottedLabel(label, labels) ?? nearest(label, labels)
  diagnostics.warn(pointer, `no rule or metric adds a label '${label}'${formatGuess(guess)}`)
}

/** Warns of a matcher for a label, rule or severity that does not exist. */
export function checkMatcherLabel(
  { label, op, value }: Matcher,
  pointer: string,
  words: Vocabulary,
  diagnostics: Diagnostics,
): void {
  checkLabelName(label, pointer, words, diagnostics)
  const known = words.values.get(label)
  if (op !== '=' || known === undefined || known.includes(value) || diagnostics.isExpanded(pointer)) return
  diagnostics.warn(pointer, `unknown ${label} '${value}'${formatGuess(nearest(value, known))}`)
}

/** The label of a series that was written as the dotted path of its field. */
function dottedLabel(label: string, known: readonly string[]): string | undefined {
  const last = label.slice(label.lastIndexOf('.') + 1)
  return last !== label && known.includes(last) ? last : undefined
}

function guessLabel(label: string, known: readonly string[]): string {
  const dotted = dottedLabel(label, known)
  return dotted === undefined ? suggest(label, known) : formatGuess(dotted)
}

function formatGuess(guess: string | undefined): string {
  return guess === undefined ? '' : `: did you mean '${guess}'?`
}
