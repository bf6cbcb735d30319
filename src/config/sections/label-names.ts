import type * as Raw from '../../generated/config.ts'
import type { Metric } from '../../model.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'

/** A label of the series of a metric, and the dotted path of the field that holds its value. */
interface SeriesLabel {
  readonly label: string
  readonly field: string
  /** Key or index under `by`. */
  readonly key: string | number
}

/** Reads `by` of a metric or a count: the labels, and the fields that hold their values. */
export function readBy(
  raw: Raw.Metric['by'],
  pointer: string,
  diagnostics: Diagnostics,
): Pick<Metric, 'by' | 'byFields'> {
  const labels = readSeriesLabels(raw)
  checkSeriesLabels(labels, ALERT_LABELS, pointer, diagnostics)
  return { by: labels.map(({ label }) => label), byFields: labels.map(({ field }) => field) }
}

/** Labels that every alert has. */
export const ALERT_LABELS: readonly string[] = ['rule', 'host', 'source', 'severity', 'metric']

/** Returns the labels of `by`: the keys of a mapping, or the last parts of the paths of a list. */
export function readSeriesLabels(by: Raw.Metric['by'] = []): readonly SeriesLabel[] {
  if (!Array.isArray(by)) return Object.entries(by).map(([label, field]) => ({ label, field, key: label }))
  return by.map((field: string, key) => ({ label: field.slice(field.lastIndexOf('.') + 1), field, key }))
}

const LABEL = /^[A-Za-z][A-Za-z0-9_]{0,99}$/

/** Checks that each label is valid, that no two are equal, and that none hides a label that every alert has. */
function checkSeriesLabels(
  labels: readonly SeriesLabel[],
  reserved: readonly string[],
  pointer: string,
  diagnostics: Diagnostics,
): void {
  const taken = new Map<string, SeriesLabel>()
  for (const one of labels) {
    const { label, field, key } = one
    const at = below(pointer, key)
    const shown = diagnostics.isExpanded(at) ? diagnostics.describeValue(at) : `'${label}'`
    const other = taken.get(label)
    const what = !LABEL.test(label)
      ? `${shown} is not a valid label`
      : reserved.includes(label)
        ? `the label ${shown} is reserved, because every alert has it`
        : other && `two fields have the same label ${shown}`
    taken.set(label, one)
    if (what === undefined) continue
    const name = diagnostics.isExpanded(at) ? 'LABEL: PATH' : `NAME: ${field}`
    diagnostics.error(at, describe(what, { fix: `name the labels, such as by: { ${name} }` }), hasKey(key))
  }
}

/** The label of a mapping is its key. */
function hasKey(key: string | number): 'key' | undefined {
  return typeof key === 'string' ? 'key' : undefined
}
