import { isSecretName, MASKED, maskText } from '../text/mask.ts'

const MAX_TEXT_LENGTH = 512
const MAX_DEPTH = 8
/** Overhead of each value besides its text. */
const OVERHEAD = 4

/**
 * Returns a copy of an event for storage and display: secrets are masked, texts are cut, and parts that are too deep or
 * too long are replaced by an ellipsis. It has about `room` characters as JSON, whatever the event contains.
 */
export function excerpt(event: unknown, room: number): unknown {
  let left = room

  const clip = (value: unknown, depth: number): unknown => {
    left -= OVERHEAD
    if (typeof value === 'string') return clipText(value)
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
    if (typeof value !== 'object' || value === null) return value
    if (depth >= MAX_DEPTH) return '…'
    return Array.isArray(value) ? clipArray(value, depth) : clipFields(value, depth)
  }
  const clipText = (text: string): string => {
    const end = Math.max(0, Math.min(MAX_TEXT_LENGTH, left))
    const kept = maskText(text, end)
    left -= kept.length
    return kept
  }
  const clipArray = (items: readonly unknown[], depth: number): unknown[] => {
    const out: unknown[] = []
    for (const item of items) {
      if (left <= 0) return [...out, '…']
      out.push(clip(item, depth + 1))
    }
    return out
  }
  const clipFields = (fields: object, depth: number): object => {
    const out: [string, unknown][] = []
    for (const key in fields) {
      if (left <= 0) return Object.fromEntries([...out, ['…', '…']])
      const value: unknown = Reflect.get(fields, key)
      const name = clipText(key)
      out.push([name, isSecretName(name) ? MASKED : clip(value, depth + 1)])
    }
    // `fromEntries` defines properties, so that a key named __proto__ is a field like any other.
    return Object.fromEntries(out)
  }

  return clip(event, 0)
}
