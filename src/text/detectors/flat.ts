import { formatDuration, formatValue } from '../format.ts'
import type { Describe } from '../params.ts'

/** Says that a value stands still, and where: `temperature has stood at 41 °C for 30 min; it moved in 100% of the windows before`. */
const still: Describe = ({ identity: { measure } }, params) => {
  const over = measure.kind === 'state' ? '' : ` for ${formatDuration(measure.over)}`
  const at = params.number('at')
  const where = at === undefined ? 'has not moved' : `has stayed at ${formatValue(at, measure.unit)}`
  return `${measure.metric} ${where}${over}`
}

const withShare = (tail: (percent: string) => string): Describe => {
  return (evaluated, params, time) => {
    const moved = params.number('moved')
    return `${still(evaluated, params, time)}${moved === undefined ? '' : tail(`${moved}%`)}`
  }
}

export const FLAT_REASONS: Readonly<Record<string, Describe>> = {
  flat_still: withShare((percent) => `; it moved in ${percent} of the windows before`),
  flat_usual: withShare((percent) => `, which is usual: it moved in ${percent} of the windows before`),
  flat_moving: ({ identity: { measure }, value }) => `${measure.metric} varied by ${formatValue(value, measure.unit)}`,
  flat_learning: (_, params) =>
    `learning whether the value usually moves: ${params.number('windows') ?? 0} of ${params.number('of') ?? 0} windows`,
}
