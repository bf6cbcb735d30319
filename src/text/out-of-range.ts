import type { OutOfRangeReading, Unit } from '../model.ts'
import { describe } from './diagnostic.ts'
import { formatValue } from './format.ts'
import type { Params } from './params.ts'

type Outside = Pick<OutOfRangeReading, 'value' | 'min' | 'max' | 'unit' | 'kind'>

const UNITS: readonly Unit[] = ['ratio', 'percent', 'bytes', 'seconds', 'celsius', 'count', 'none']

/** The reading in the params of a reason. */
export function readOutside(params: Params): Outside {
  const [value = NaN, min = NaN, max = NaN] = [params.number('value'), params.number('min'), params.number('max')]
  const unit = UNITS.find((one) => one === params.text('unit')) ?? 'none'
  return { value, min, max, unit, kind: params.text('kind') === 'counter' ? 'counter' : 'gauge' }
}

/** Says what bounds the readings of a series are outside of: `are outside -1% to 102400% (the last one 22369700%)`. */
export function describeOutside(outside: Outside): string {
  const verb = outside.kind === 'counter' ? 'lead to a rate outside' : 'are outside'
  return `${verb} ${formatBounds(outside)} (the last one ${format(outside.value, outside)})`
}

/** Says of a reading of an accepted event that it was left out, and what to do where it is right. */
export function describeLeftOut(reading: OutOfRangeReading): string {
  const { host, metric, labels, value, kind } = reading
  const series = [metric, ...Object.values(labels)].filter((part) => part !== '').join(' ')
  const found = `${kind === 'counter' ? 'a rate of ' : ''}${format(value, reading)}`
  const fix = `if it is right, set min or max of metric ${metric}`
  return describe(`accepted without ${series} of ${host}`, { found, expected: formatBounds(reading), fix })
}

function formatBounds(outside: Outside): string {
  return `${format(outside.min, outside)} to ${format(outside.max, outside)}`
}

function format(value: number, { unit, kind }: Outside): string {
  return `${formatValue(value, unit)}${kind === 'counter' ? '/s' : ''}`
}
