/** No measurement is longer; the limit keeps hostile text cheap. */
const MAX_LENGTH = 100
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/**
 * Returns the number in a field: a finite number, or its decimal text as grok and mutate produce it ("0.93", ".93",
 * "1e3", "-5"). NaN for everything else: null, booleans, arrays, "", " ", "NaN", "0x10", "1e999", "%{x}".
 */
export function parseNumber(value: unknown): number {
  if (typeof value === 'number') return Number.isFinite(value) ? value : Number.NaN
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !DECIMAL.test(value)) return Number.NaN
  const number = Number(value)
  return Number.isFinite(number) ? number : Number.NaN
}
