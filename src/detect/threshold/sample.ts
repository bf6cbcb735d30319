import { type Bound, isUpper, type Unit } from '../../model.ts'
import type { Sample } from '../detector.ts'
import type { Threshold } from './judge.ts'

/**
 * A value beyond the first bound, as far as its unit allows but not beyond the bound of a higher severity; and one on the
 * good side of every `clear`.
 */
export function sample({ of, warning, critical }: Threshold, unit: Unit): Sample {
  const [bound = critical[0] as Bound] = warning
  const side = isUpper(bound.op) ? 1 : -1
  const next = warning.length === 0 ? undefined : critical.find((one) => isUpper(one.op) === isUpper(bound.op))?.value
  const other = [...warning, ...critical].find((one) => isUpper(one.op) !== isUpper(bound.op))?.clear
  const whole = unit === 'ratio' ? 1 : unit === 'percent' ? 100 : undefined
  const end = next ?? (whole !== undefined && side > 0 && bound.value < whole ? whole : undefined)
  const isCounted = of === 'count'
  const step = Math.max(Math.abs(bound.value) * 0.2, bound.value === 0 || isCounted ? 1 : 0)
  const bad =
    end === undefined || end === bound.value ? bound.value + side * step : bound.value + (end - bound.value) / 2
  const away = Math.max(Math.abs(bound.clear) * 0.3, bound.clear === 0 && side < 0 ? 1 : 0)
  const beyond = bound.clear - side * away
  const healthy = side < 0 && whole !== undefined && bound.clear <= whole ? Math.min(beyond, whole) : beyond
  const good = other === undefined ? healthy : (bound.clear + other) / 2
  if (!isCounted) return { bad: tidy(bad), good: tidy(good) }
  return {
    bad: Math.max(0, Math.round(bad + side * 0.5)),
    good: Math.max(0, side > 0 ? Math.floor(good) : Math.ceil(good)),
  }
}

const tidy = (value: number): number => Number(value.toPrecision(4))
