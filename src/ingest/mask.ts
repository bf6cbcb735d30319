const SECRET_KEY =
  /pass(word|wd|phrase)|pwd|secret|token|authorization|api[-_. ]?key|credential|cookie|private[-_. ]?key/i
/** `password=...`, `"token": "..."`, `Bearer ...` inside a text. */
const SECRET_TEXT =
  /((?:password|passwd|pwd|secret|token|api[-_]?key)["']?\s{0,3}[=:]\s{0,3}["']?|(?:bearer|basic) )[^\s"',;&]{1,512}/gi
/** `https://user:...@host` inside a text. */
const SECRET_URL = /(:\/\/[^\s:/@]{1,64}:)[^\s/@]{1,256}(?=@)/g
const MASKED = '***'
const MAX_TEXT_LENGTH = 512
const MAX_DEPTH = 8
/** Overhead of each value beside its text. */
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
    const kept = text.slice(0, end).replace(SECRET_TEXT, `$1${MASKED}`).replace(SECRET_URL, `$1${MASKED}`)
    left -= kept.length
    return text.length > end ? `${kept}…` : kept
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
      out.push([name, SECRET_KEY.test(name) ? MASKED : clip(value, depth + 1)])
    }
    // `fromEntries` defines properties, so that a key named __proto__ is a field like any other.
    return Object.fromEntries(out)
  }

  return clip(event, 0)
}
