import { mebibytes, Refusal } from './refusal.ts'

/** Stands for an event that is too long to be parsed. */
export const OVERSIZED = Symbol('oversized event')
/** Stands for a line that is no JSON. */
export const UNREADABLE = Symbol('unreadable line')

/** The events of a body, parsed part by part as they are taken. */
export interface Parts {
  /** How many there are at most: lines that only name an index are still counted in a large body. */
  readonly count: number
  /** Throws a `Refusal` where the body turns out to be no JSON. */
  readonly parts: Iterable<readonly unknown[]>
}

/** The longest event that is parsed, in bytes; it must not hold up the others for long. */
export const MAX_EVENT = 1024 * 1024
/** About so many bytes are parsed at a time. */
const PART = 512 * 1024

/**
 * Cuts a large JSON array into parts without parsing it first.
 *
 * @param start where the opening bracket is.
 * @throws {Refusal} 413 for more than `maxEvents` elements, 400 when the bracket is not closed at the end.
 */
export function splitArray(bytes: Buffer, start: number, maxEvents: number): Parts {
  const { commas, end } = outline(bytes, start, maxEvents)
  const bounds = [start, ...commas, end]
  const empty = commas.length === 0 && isBlank(bytes, start + 1, end)
  return empty ? { count: 0, parts: [] } : { count: bounds.length - 1, parts: arrayParts(bytes, bounds) }
}

/** Cuts a body of lines, each a JSON value, into parts. @throws {Refusal} 413 for more than `maxEvents` lines. */
export function splitLines(bytes: Buffer, start: number, maxEvents: number): Parts {
  const bounds: number[] = []
  for (let at = start; at < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, at)
    const end = newline === -1 ? bytes.length : newline
    if (!isBlank(bytes, at, end)) bounds.push(at, end)
    if (bounds.length / 2 > maxEvents) throw tooMany(maxEvents)
    at = end + 1
  }
  return { count: bounds.length / 2, parts: lineParts(bytes, bounds) }
}

/** Whether a JSON object that begins at `start` is closed at the end of the body. */
export function isClosedObject(bytes: Buffer, start: number): boolean {
  try {
    outline(bytes, start, Number.POSITIVE_INFINITY)
    return true
  } catch {
    return false
  }
}

export function tooMany(maxEvents: number): Refusal {
  return new Refusal(413, 'too_many', `the body holds more than ${maxEvents} events (ingest.max_events)`)
}

/** Says of an oversized event how large it may be. */
export const OVERSIZED_REASON = `the event is larger than ${mebibytes(MAX_EVENT)}; shorten its fields in the pipeline`

/** Finds the commas directly inside the bracket at `start`, and the bracket that closes it. */
function outline(bytes: Buffer, start: number, maxEvents: number): { commas: number[]; end: number } {
  const commas: number[] = []
  const isArray = bytes[start] === 0x5b
  let depth = 0
  let at = start
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === 0x22) {
      for (at += 1; at < bytes.length && bytes[at] !== 0x22; at += 1) if (bytes[at] === 0x5c) at += 1
    } else if (byte === 0x5b || byte === 0x7b) depth += 1
    else if (byte === 0x5d || byte === 0x7d) {
      depth -= 1
      if (depth === 0) break
    } else if (byte === 0x2c && depth === 1 && isArray) {
      commas.push(at)
      if (commas.length >= maxEvents) throw tooMany(maxEvents)
    }
  }
  if (at >= bytes.length) throw notJson('its brackets are not closed')
  if (!isBlank(bytes, at + 1, bytes.length)) throw notJson('something follows its end')
  return { commas, end: at }
}

function* arrayParts(bytes: Buffer, bounds: readonly number[]): Generator<readonly unknown[]> {
  let first = 0
  for (let i = 1; i < bounds.length; i += 1) {
    const from = (bounds[i - 1] ?? 0) + 1
    const to = bounds[i] ?? 0
    const oversized = to - from > MAX_EVENT
    const begin = (bounds[first] ?? 0) + 1
    if (oversized) {
      if (first < i - 1) yield parseElements(bytes, begin, from - 1, i - 1 - first)
      yield [OVERSIZED]
      first = i
    } else if (to - begin > PART || i === bounds.length - 1) {
      yield parseElements(bytes, begin, to, i - first)
      first = i
    }
  }
}

function parseElements(bytes: Buffer, from: number, to: number, count: number): readonly unknown[] {
  let values: unknown
  try {
    values = JSON.parse(`[${bytes.toString('utf8', from, to)}]`)
  } catch {
    throw notJson(`there is an error after byte ${from}`)
  }
  if (!Array.isArray(values) || values.length !== count) throw notJson(`there is an error after byte ${from}`)
  return values
}

function* lineParts(bytes: Buffer, bounds: readonly number[]): Generator<readonly unknown[]> {
  let part: unknown[] = []
  let size = 0
  let readable = false
  for (let i = 0; i < bounds.length; i += 2) {
    const from = bounds[i] ?? 0
    const to = bounds[i + 1] ?? 0
    const event = to - from > MAX_EVENT ? OVERSIZED : parseLine(bytes.toString('utf8', from, to))
    readable ||= isObject(event)
    if (!isBulkAction(event)) part.push(event)
    size += to - from
    if (size > PART) {
      yield part
      part = []
      size = 0
    }
  }
  if (!readable) throw notJson('neither one object nor lines of objects')
  yield part
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** A line of Elasticsearch's bulk format that only says where the next one belongs. */
export function isBulkAction(value: unknown): boolean {
  if (!isObject(value) || Array.isArray(value)) return false
  const [key, ...others] = Object.keys(value)
  return others.length === 0 && (key === 'index' || key === 'create')
}

/** A line's value, or `UNREADABLE`. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return UNREADABLE
  }
}

function notJson(why: string): Refusal {
  return new Refusal(400, 'json', `the body is not JSON: ${why}`)
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) {
    const byte = bytes[i]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false
  }
  return true
}
