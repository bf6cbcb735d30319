import { formatBeside, formatCount, formatValue, formatLimit, formatMeasurement } from '../format.ts'
import type { Describe } from '../params.ts'

/**
 * Describes the value and the one before: `cpu averaged 90% over 5 min (30 samples), before that 40%: at least 60%`.
 */
const compared = (judgement: (limit: string, clear: string) => string): Describe => {
  return ({ identity: { measure }, value, evidence: { limit, clear, expected } }, params) => {
    const { unit } = measure
    const limits = [limit, clear].flatMap((one) => (one === undefined ? [] : [one.value]))
    const samples = params.number('samples')
    const of = samples === undefined ? '' : ` (${formatCount(samples, 'sample')})`
    const before = expected === undefined ? '' : `, before that ${formatValue(expected, unit)}`
    const measured = `${formatMeasurement(measure, formatBeside(value, unit, limits))}${of}${before}`
    return limit === undefined
      ? measured
      : `${measured}: ${judgement(formatLimit(limit, unit), formatLimit(clear, unit))}`
  }
}

export const CHANGE_REASONS: Readonly<Record<string, Describe>> = {
  change_large: compared((limit) => limit),
  change_held: compared((limit, clear) => `no longer ${limit}, but not yet ${clear}`),
  change_small: compared((limit) => `not ${limit}`),
  change_learning: () => 'no earlier window to compare with yet',
}
