import { isUtf8 } from 'node:buffer'
import { createHash, hash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { UNLABELLED } from './content-type.ts'
import type { ContentLabel } from './content-type.ts'
import { formEvents, mayBePlain, plainKind, textParts } from './text.ts'
import { Refusal } from './refusal.ts'
import { MAX_EVENT, notJson, scanBrackets, scanLines, skipBlank, tooMany } from './scan.ts'
import type { Scan, ByteRange } from './scan.ts'
import { arrayParts, isBulkAction, isObject, lineParts, OVERSIZED, parseLine } from './split.ts'

export interface BodyLimits {
  /** Most events in one body. */
  readonly maxEvents: number
}

/** The events of a body. Taking the parts of a large body parses it bit by bit, and may throw a `Refusal`. */
export type Body = { readonly kind: 'empty' } | Events

export interface Events {
  readonly kind: 'events'
  /** Sixteen hex digits that tell this body from others. */
  readonly id: string
  /** An array, or lines of JSON, of two events or more. */
  readonly many: boolean
  /** How many there are at most: the lines of a large body are counted before they are read. */
  readonly count: number
  readonly parts: Iterable<readonly unknown[]>
}

/** A body up to this size is parsed in one go: that takes some milliseconds, whatever is in it. */
export const SMALL = MAX_EVENT
/** A large body is looked through in slices of so many bytes. */
const SLICE = 4 * 1024 * 1024
/** The blanks that a large body may begin with. */
const MOST_BLANKS = 64 * 1024

/** Looks up what the headers say; asked only where the bytes leave a doubt. */
type AskLabel = () => ContentLabel

const unlabelled: AskLabel = () => UNLABELLED

/**
 * Reads a small inflated body by its bytes: an array of events, one event, or lines of events, whatever the label.
 * A byte order mark is skipped; the lines of a bulk request that only name an index are too; `{"logs":[...]}` is
 * unpacked. What is no JSON is read as its label says: a form, or lines of text.
 *
 * @throws {Refusal} 400 when it is none of these, 413 when there are more than `maxEvents`.
 */
export function readBody(bytes: Buffer, limits: BodyLimits, label: AskLabel = unlabelled): Body {
  const start = skipBlank(bytes, afterMark(bytes), bytes.length)
  if (start === bytes.length) return { kind: 'empty' }
  const id = shortened(hash('sha1', bytes))
  if (!isBracket(bytes[start])) return readPlain(bytes, start, id, limits, label())
  try {
    mustBeUtf8(bytes)
    const events = parseWhole(bytes.toString('utf8', start))
    if (events.length > limits.maxEvents) throw tooMany(limits.maxEvents)
    return { kind: 'events', id, many: events.length > 1, count: events.length, parts: [events] }
  } catch (error) {
    if (!isTextAfterAll(error, bytes, start, label)) throw error
    return readPlain(bytes, start, id, limits, label())
  }
}

function readPlain(bytes: Buffer, start: number, id: string, { maxEvents }: BodyLimits, label: ContentLabel): Body {
  if (plainKind(bytes, start, label) === 'form') return formBody(bytes, start, id)
  const scan = scanLines(bytes, start, maxEvents)
  scan.advance(bytes.length)
  return textBody(bytes, scan.finish(), id, label)
}

/**
 * Reads a body of any size: it is cut into events before anything is parsed, slice by slice, since no body may keep
 * the others waiting for long. An event that is too long to be parsed becomes `OVERSIZED`. Rejects as `readBody`.
 */
export async function readLargeBody(bytes: Buffer, limits: BodyLimits, label: AskLabel = unlabelled): Promise<Body> {
  const begin = afterMark(bytes)
  const start = skipBlank(bytes, begin, Math.min(bytes.length, begin + MOST_BLANKS))
  if (start === bytes.length) return { kind: 'empty' }
  const id = await digest(bytes)
  if (!isBracket(bytes[start])) return readLargePlain(bytes, start, id, limits, label())
  try {
    mustBeUtf8(bytes)
    const { spans, parts } = await cut(bytes, start, limits)
    return { kind: 'events', id, many: spans.length > 1, count: spans.length, parts }
  } catch (error) {
    if (!isTextAfterAll(error, bytes, start, label)) throw error
    return await readLargePlain(bytes, start, id, limits, label())
  }
}

async function readLargePlain(
  bytes: Buffer,
  start: number,
  id: string,
  { maxEvents }: BodyLimits,
  label: ContentLabel,
): Promise<Body> {
  if (plainKind(bytes, start, label) === 'form') return formBody(bytes, start, id)
  return textBody(bytes, await run(scanLines(bytes, start, maxEvents), bytes), id, label)
}

function formBody(bytes: Buffer, start: number, id: string): Events {
  return { kind: 'events', id, many: false, count: 1, parts: [formEvents(bytes, start)] }
}

/** Lines without a time of their own can be equal in all honesty, however many come together: they are not `many`. */
function textBody(bytes: Buffer, spans: readonly ByteRange[], id: string, label: ContentLabel): Events {
  return { kind: 'events', id, many: false, count: spans.length, parts: textParts(bytes, spans, label) }
}

function isTextAfterAll(error: unknown, bytes: Buffer, start: number, label: AskLabel): boolean {
  const isUnreadable = error instanceof Refusal && error.status === 400
  return isUnreadable && mayBePlain(bytes, start) && label().isText
}

interface Cut {
  readonly spans: readonly ByteRange[]
  readonly parts: Iterable<readonly unknown[]>
}

async function cut(bytes: Buffer, start: number, { maxEvents }: BodyLimits): Promise<Cut> {
  const isArray = bytes[start] === 0x5b
  try {
    const spans = await run(scanBrackets(bytes, start, maxEvents), bytes)
    return { spans, parts: isArray ? arrayParts(bytes, spans) : objectParts(bytes, spans) }
  } catch (error) {
    if (isArray || !(error instanceof Refusal)) throw error
    const spans = await run(scanLines(bytes, start, maxEvents), bytes)
    return { spans, parts: lineParts(bytes, spans) }
  }
}

async function run(scan: Scan, bytes: Buffer): Promise<readonly ByteRange[]> {
  for (let to = SLICE; to < bytes.length; to += SLICE) {
    scan.advance(to)
    await nextTurn()
  }
  scan.advance(bytes.length)
  return scan.finish()
}

async function digest(bytes: Buffer): Promise<string> {
  const sum = createHash('sha1')
  for (let from = 0; from < bytes.length; from += SLICE) {
    sum.update(bytes.subarray(from, from + SLICE))
    await nextTurn()
  }
  return shortened(sum.digest('hex'))
}

function shortened(sum: string): string {
  return sum.slice(0, 16)
}

/** One object of a body that is large all the same because of the blanks around it, or too large an event. */
function objectParts(bytes: Buffer, spans: readonly ByteRange[]): readonly (readonly unknown[])[] {
  return spans.map(({ from, to }) => {
    return to - from > MAX_EVENT ? [OVERSIZED] : parseWhole(bytes.toString('utf8', from, to))
  })
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
    readable ||= isObject(event)
    if (!isBulkAction(event)) events.push(event)
  }
  return readable ? events : undefined
}

/** The events of pino-http-send's `{"logs":[...]}`. */
function unpacked(value: unknown): readonly unknown[] | undefined {
  if (!isObject(value) || !Object.hasOwn(value, 'logs')) return undefined
  const { logs }: { logs?: unknown } = value
  return Array.isArray(logs) && Object.keys(value).length === 1 ? logs : undefined
}

function refuse(error: unknown): never {
  const [, position] = /position (\d+)/.exec(error instanceof Error ? error.message : '') ?? []
  throw notJson(position === undefined ? 'it ends too early' : `character ${position} is not what JSON has there`)
}

/** Whether a body begins as JSON does that can hold events. */
function isBracket(first: number | undefined): boolean {
  return first === 0x5b || first === 0x7b
}

/** @throws {Refusal} 400 */
function mustBeUtf8(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new Refusal(400, 'utf8', 'the body is not UTF-8')
}

function afterMark(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
}
