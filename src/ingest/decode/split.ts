import { MAX_EVENT, notJson } from './scan.ts'
import type { ByteRange } from './scan.ts'

/** Placeholder for an event that is too long to parse. */
export const OVERSIZED = Symbol('oversized event')
/** Placeholder for an element or a line that is not JSON. */
export const UNREADABLE = Symbol('unreadable line')

/** Approximate bytes parsed at a time. */
const PART = 512 * 1024

/**
 * Parses the elements of an array part by part. An element that is not JSON becomes `UNREADABLE`; nothing after the
 * last comma is no element.
 *
 * @throws {BodyRefusal} 400 if no element is JSON, although there are some.
 */
export function* arrayParts(bytes: Buffer, spans: readonly ByteRange[]): Generator<readonly unknown[]> {
  let readable = spans.length === 0
  for (const group of groupElements(spans)) {
    const [only] = group
    const isLarge = only !== undefined && only.to - only.from > MAX_EVENT
    const values = isLarge ? [OVERSIZED] : parseElements(bytes, group)
    readable ||= isLarge || values.some((value) => value !== UNREADABLE)
    yield values
  }
  if (!readable) throw notJson('no element of the array is JSON')
}

/** Groups consecutive elements of about `PART` bytes in all. A larger one than can be parsed is alone. */
function* groupElements(spans: readonly ByteRange[]): Generator<readonly ByteRange[]> {
  let group: ByteRange[] = []
  let size = 0
  for (const span of spans) {
    const length = span.to - span.from
    const isLarge = length > MAX_EVENT
    if (group.length > 0 && (isLarge || size >= PART)) {
      yield group
      group = []
      size = 0
    }
    if (isLarge) yield [span]
    else {
      group.push(span)
      size += length
    }
  }
  if (group.length > 0) yield group
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

/** Parses consecutive elements together, and if that fails one by one. */
function parseElements(bytes: Buffer, group: readonly ByteRange[]): readonly unknown[] {
  try {
    const values: unknown = JSON.parse(`[${bytes.toString('utf8', group[0]?.from, group.at(-1)?.to)}]`)
    // Text that is valid only when joined has another number of elements.
    if (Array.isArray(values) && values.length === group.length) return values
  } catch {
    // One of them is not JSON.
  }
  return group.flatMap((span) => parseElement(bytes, span))
}

function parseElement(bytes: Buffer, { from, to }: ByteRange): readonly unknown[] {
  const text = bytes.toString('utf8', from, to)
  const isEnd = bytes[to] === CLOSE_BRACKET
  return isEnd && text.trim() === '' ? [] : [parseLine(text)]
}

const CLOSE_BRACKET = 0x5d
