import { formatBeside, formatCount, formatLimit, formatMeasurement } from '../format.ts'
import type { Describe } from '../params.ts'

/**
 * Describes the value and its position relative to the threshold: `cpu averaged 95% over 2 min (24 samples): above
 * 90%`.
 */
const figure = (judgement: (limit: string, clear: string) => string): Describe => {
  return ({ identity: { measure }, value, evidence: { limit, clear } }, params) => {
    const limits = [limit, clear].flatMap((one) => (one === undefined ? [] : [one.value]))
    const samples = params.number('samples')
    const of = samples === undefined ? '' : ` (${formatCount(samples, 'sample')})`
    const measured = `${formatMeasurement(measure, formatBeside(value, measure.unit, limits))}${of}`
    if (limit === undefined) return measured
    return `${measured}: ${judgement(formatLimit(limit, measure.unit), formatLimit(clear, measure.unit))}`
  }
}

export const THRESHOLD_REASONS: Readonly<Record<string, Describe>> = {
  breached: figure((limit) => limit),
  held: figure((limit, clear) => `no longer ${limit}${clear === '' ? '' : `, but not yet ${clear}`}`),
  cleared: figure((limit, clear) => (clear === '' ? `not ${limit}` : clear)),
  within: figure((limit) => `not ${limit}`),
  no_data: () => 'no data in this window',
  not_covered: () => 'too little data in this window yet',
}
