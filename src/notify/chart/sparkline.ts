import { isNumber } from './scale.ts'

const LEVELS = '▁▂▃▄▅▆▇█'

/** A row of bars, one for each value, on a scale from the least to the greatest of all values and bounds. */
export interface Sparkline {
  /** As many characters as there are values; a space where there is none. */
  readonly bars: string
  /** The bar that a value on the same scale would have. */
  readonly bar: (value: number) => string
}

/** @param more values that belong to the scale but are not drawn, such as bounds. */
export function sparkline(values: readonly (number | null)[], more: readonly number[] = []): Sparkline {
  const all = [...values, ...more].filter(isNumber)
  const low = all.reduce((a, b) => Math.min(a, b), Infinity)
  const high = all.reduce((a, b) => Math.max(a, b), -Infinity)
  const bar = (value: number): string => LEVELS[findLevel(value, low, high)] as string
  return { bars: values.map((value) => (isNumber(value) ? bar(value) : ' ')).join(''), bar }
}

/** Halves, since the distance between two numbers need not be one. What never changes is drawn at half height. */
function findLevel(value: number, low: number, high: number): number {
  if (low >= high) return value > high ? 7 : value < low ? 0 : 3
  const share = (value / 2 - low / 2) / (high / 2 - low / 2)
  return Math.max(0, Math.min(7, Math.floor(share * 8)))
}

/** The mean of each `size` neighbours; null where all of them are. */
export function thin(values: readonly (number | null)[], max: number): readonly (number | null)[] {
  const size = Math.ceil(values.length / max)
  return Array.from({ length: Math.ceil(values.length / Math.max(1, size)) }, (_, i) => {
    const some = values.slice(i * size, (i + 1) * size).filter(isNumber)
    return some.length === 0 ? null : some.reduce((sum, value) => sum + value / some.length, 0)
  })
}
