import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { Refusal } from './refusal.ts'
import { isBulkAction, isClosedObject, isObject, MAX_EVENT, OVERSIZED, parseLine } from './split.ts'
import { splitArray, splitLines, tooMany } from './split.ts'
import type { Parts } from './split.ts'

export interface BodyLimits {
  /** Most events in one body. */
  readonly maxEvents: number
}

/** The events of a body. Taking the parts of a large body parses it bit by bit, and may throw a `Refusal`. */
export type Body =
  | { readonly kind: 'empty' }
  | ({
      readonly kind: 'events'
      /** Sixteen hex digits that tell this body from others. */
      readonly id: string
      /** An array, or lines, of two events or more. */
      readonly many: boolean
    } & Parts)

/** A body up to this size is parsed in one go: that takes some milliseconds, whatever is in it. */
export const SMALL = MAX_EVENT

/**
 * Reads an inflated body, whatever its label: an array of events, one event, or lines of events. A byte order mark
 * is skipped; the lines of a bulk request that only name an index are too; `{"logs":[...]}` is unpacked.
 *
 * @throws {Refusal} 400 when it is neither, 413 when there are more than `maxEvents`.
 */
export function readBody(bytes: Buffer, limits: BodyLimits): Body {
  const start = skipBlank(bytes, hasMark(bytes) ? 3 : 0)
  if (start === bytes.length) return { kind: 'empty' }
  const first = bytes[start]
  if (first !== 0x5b && first !== 0x7b) {
    throw new Refusal(400, 'json', 'the body must be JSON: an array of events, one event, or one event a line')
  }
  if (!isUtf8(bytes)) throw new Refusal(400, 'utf8', 'the body is not UTF-8')
  const events = bytes.length > SMALL ? readLarge(bytes, start, limits) : readSmall(bytes, start, limits)
  return { kind: 'events', id: hash('sha1', bytes).slice(0, 16), many: events.count > 1, ...events }
}

function readSmall(bytes: Buffer, start: number, { maxEvents }: BodyLimits): Parts {
  const text = bytes.toString('utf8', start)
  const events = parseWhole(text)
  if (events.length > maxEvents) throw tooMany(maxEvents)
  return { count: events.length, parts: [events] }
}

function parseWhole(text: string): readonly unknown[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return parseLines(text) ?? refuse(error)
  }
  if (Array.isArray(value)) return value
  return unpacked(value) ?? [value]
}

/** Lines of JSON, at least one of them an object; otherwise the text is something that broke. */
function parseLines(text: string): readonly unknown[] | undefined {
  if (text[0] !== '{' || !text.includes('\n')) return undefined
  const events: unknown[] = []
  let readable = false
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const event = parseLine(line)
    if (isBulkAction(event)) continue
    readable ||= isObject(event)
    events.push(event)
  }
  return readable ? events : undefined
}

/** A large body is cut into events before anything is parsed: no body may keep the others waiting for long. */
function readLarge(bytes: Buffer, start: number, { maxEvents }: BodyLimits): Parts {
  if (bytes[start] === 0x5b) return splitArray(bytes, start, maxEvents)
  return isClosedObject(bytes, start) ? { count: 1, parts: [[OVERSIZED]] } : splitLines(bytes, start, maxEvents)
}

/** The events of pino-http-send's `{"logs":[...]}`. */
function unpacked(value: unknown): readonly unknown[] | undefined {
  if (!isObject(value) || !Object.hasOwn(value, 'logs')) return undefined
  const { logs }: { logs?: unknown } = value
  return Array.isArray(logs) && Object.keys(value).length === 1 ? logs : undefined
}

function refuse(error: unknown): never {
  const [, position] = /position (\d+)/.exec(error instanceof Error ? error.message : '') ?? []
  const where = position === undefined ? 'it ends too early' : `character ${position} is not what JSON has there`
  throw new Refusal(400, 'json', `the body is not JSON: ${where}`)
}

function hasMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

function skipBlank(bytes: Buffer, from: number): number {
  let at = from
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
  }
  return at
}
