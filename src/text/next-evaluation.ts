import type { Evaluation, NextEvaluation } from '../model.ts'
import { formatTime, formatValue, listNames } from './format.ts'

/** Describes what the next evaluation of a rule waits for. */
export function describeNextEvaluation(next: NextEvaluation, rule: string, host?: string): string {
  switch (next.kind) {
    case 'window': {
      const clocks = next.sources.map(({ source, clock }) => `${source} is at ${clockText(clock)}`)
      const closes = `window ${clockText(next.end)} closes ${next.wait / 1000} s after the clock of its source passes it`
      return clocks.length === 0 ? closes : `${closes}; ${clocks.join(', ')}`
    }
    case 'first_event':
      return `the first event with ${next.metric}`
    case 'every_second':
      return 'evaluated every second'
    case 'source_delivery':
      return 'the next 10 s in which a source delivers'
    case 'rule_removed':
      return `none: ${rule} was removed from the configuration${next.at === undefined ? '' : ` at ${formatTime(next.at)}`}`
    default:
      return `none: ${describeNotApplicable(next.hosts, rule, host)}`
  }
}

/** Describes why a rule does not evaluate a host. */
export function describeNotApplicable(hosts: readonly string[], rule: string, host = 'this host'): string {
  return `${rule} applies to ${listNames(hosts)}, not to ${host}`
}

/**
 * Describes what to check in the configuration if a value is implausible for its unit; undefined if it is plausible.
 */
export function describeHint({
  hint,
  measure,
  value,
}: Pick<Evaluation, 'hint' | 'measure' | 'value'>): string | undefined {
  if (hint === undefined || value === null) return undefined
  const read = `${measure.metric} is a ratio, so ${formatValue(value, 'none')} means ${formatValue(value, 'ratio')}`
  return `${read}. Is unit: percent meant? Only CPU that is not divided by the number of cores exceeds 1.`
}

function clockText(at: number | null): string {
  return at === null || !Number.isFinite(at) ? 'no time yet' : new Date(at).toISOString().slice(11, 19)
}
