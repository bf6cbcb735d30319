import { MAX_EVENT, notJson } from './scan.ts'
import type { ByteRange } from './scan.ts'

/** Placeholder for an event that is too long to parse. */
export const OVERSIZED = Symbol('oversized event')
/** Placeholder for a line that is not JSON. */
export const UNREADABLE = Symbol('unreadable line')

/** Approximate bytes parsed at a time. */
const PART = 512 * 1024

/**
 * Parses the elements of an array part by part.
 * @throws {BodyRefusal} 400 if they are not JSON.
 */
export function* arrayParts(bytes: Buffer, spans: readonly ByteRange[]): Generator<readonly unknown[]> {
  let group: ByteRange[] = []
  let size = 0
  for (const span of spans) {
    const length = span.to - span.from
    if (length > MAX_EVENT) {
      if (group.length > 0) yield parseElements(bytes, group)
      yield [OVERSIZED]
      group = []
      size = 0
      continue
    }
    group.push(span)
    size += length
    if (size < PART) continue
    yield parseElements(bytes, group)
    group = []
    size = 0
  }
  if (group.length > 0) yield parseElements(bytes, group)
}

/**
 * Parses lines part by part.
 * @throws {BodyRefusal} 400 if no line is an object.
 */
export function* lineParts(bytes: Buffer, spans: readonly ByteRange[]): Generator<readonly unknown[]> {
  let part: unknown[] = []
  let size = 0
  let readable = false
  for (const { from, to } of spans) {
    const event = to - from > MAX_EVENT ? OVERSIZED : parseLine(bytes.toString('utf8', from, to))
    readable ||= isObject(event)
    if (!isBulkAction(event)) part.push(event)
    size += to - from
    if (size < PART) continue
    yield part
    part = []
    size = 0
  }
  if (!readable) throw notJson('neither one object nor lines of objects')
  yield part
}

/** Returns a line's value, or `UNREADABLE`. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return UNREADABLE
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Returns true for a line of Elasticsearch's bulk format that only names the target of the next one. */
export function isBulkAction(value: unknown): boolean {
  if (!isObject(value) || Array.isArray(value)) return false
  const [[key, target] = [], ...others] = Object.entries(value) as [string, unknown][]
  return others.length === 0 && (key === 'index' || key === 'create') && isObject(target)
}

/** Parses consecutive elements together. Text that is valid only when joined yields another number of elements. */
function parseElements(bytes: Buffer, group: readonly ByteRange[]): readonly unknown[] {
  const from = group[0]?.from ?? 0
  let values: unknown
  try {
    values = JSON.parse(`[${bytes.toString('utf8', from, group.at(-1)?.to)}]`)
  } catch {
    throw notJson(`there is an error after byte ${from}`)
  }
  if (!Array.isArray(values) || values.length !== group.length) throw notJson(`there is an error after byte ${from}`)
  return values
}
