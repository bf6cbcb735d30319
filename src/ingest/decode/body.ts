import { isUtf8 } from 'node:buffer'
import { createHash, hash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { UNLABELLED } from './content-type.ts'
import type { ContentLabel } from './content-type.ts'
import { formEvents, mayBePlain, plainKind, textParts } from './text.ts'
import { BodyRefusal } from './refusal.ts'
import { MAX_EVENT, notJson, scanBrackets, scanLines, skipBlank, tooMany } from './scan.ts'
import type { Scan, ByteRange } from './scan.ts'
import { arrayParts, isBulkAction, isObject, lineParts, OVERSIZED, parseLine } from './split.ts'

interface BodyLimits {
  /** The most events in one body. */
  readonly maxEvents: number
}

/** Events of a body. Iterating over the parts of a large body parses them one by one and may throw a `Refusal`. */
export type Body = { readonly kind: 'empty' } | Events

export interface Events {
  readonly kind: 'events'
  /** Sixteen hex digits that identify this body. */
  readonly id: string
  /** True for an array, or lines of JSON, with two or more events. */
  readonly isBatch: boolean
  /** The most events there can be: the lines of a large body are counted before they are parsed. */
  readonly count: number
  readonly parts: Iterable<readonly unknown[]>
}

/** Up to this size a body is parsed at once, which takes a few milliseconds whatever its content. */
export const SMALL = MAX_EVENT
/** Bytes of a large body that are scanned per slice. */
const SLICE = 4 * 1024 * 1024
/** The most blanks before the content of a large body. */
const MAX_BLANKS = 64 * 1024

/** Reads the headers; called only if the bytes leave the format open. */
type AskLabel = () => ContentLabel

const unlabelled: AskLabel = () => UNLABELLED

/**
 * Reads a small inflated body by its bytes: an array of events, one event, or lines of events, whatever the headers
 * say. Skips a byte order mark and the lines of a bulk request that only name an index; unpacks `{"logs":[...]}`. A
 * body that is not JSON is read according to its headers, as a form or as lines of text.
 *
 * @throws {BodyRefusal} 400 if it is none of these, 413 if there are more than `maxEvents`.
 */
export function readBody(bytes: Buffer, limits: BodyLimits, label: AskLabel = unlabelled): Body {
  const start = skipBlank(bytes, afterMark(bytes), bytes.length)
  if (start === bytes.length) return { kind: 'empty' }
  const id = shortened(hash('sha1', bytes))
  if (!isBracket(bytes[start])) return readPlain(bytes, start, id, limits, label())
  try {
    mustBeUtf8(bytes)
    const events = parseWhole(bytes, start, bytes.length, limits)
    if (events.length > limits.maxEvents) throw tooMany(limits.maxEvents)
    return { kind: 'events', id, isBatch: events.length > 1, count: events.length, parts: [events] }
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
 * Reads a body of any size. It is split into events before parsing, slice by slice, since no body may block other
 * requests for long. An event that is too long to parse becomes `OVERSIZED`. Rejects like `readBody`.
 */
export async function readLargeBody(bytes: Buffer, limits: BodyLimits, label: AskLabel = unlabelled): Promise<Body> {
  const begin = afterMark(bytes)
  const start = skipBlank(bytes, begin, Math.min(bytes.length, begin + MAX_BLANKS))
  if (start === bytes.length) return { kind: 'empty' }
  const id = await digest(bytes)
  if (!isBracket(bytes[start])) return readLargePlain(bytes, start, id, limits, label())
  try {
    mustBeUtf8(bytes)
    const { spans, parts } = await splitBody(bytes, start, limits)
    return { kind: 'events', id, isBatch: spans.length > 1, count: spans.length, parts }
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
  return { kind: 'events', id, isBatch: false, count: 1, parts: [formEvents(bytes, start)] }
}

/**
 * Returns the events of a text body. Lines without a time of their own may be equal by chance, however many arrive
 * together, so they are not `many`.
 */
function textBody(bytes: Buffer, spans: readonly ByteRange[], id: string, label: ContentLabel): Events {
  return { kind: 'events', id, isBatch: false, count: spans.length, parts: textParts(bytes, spans, label) }
}

function isTextAfterAll(error: unknown, bytes: Buffer, start: number, label: AskLabel): boolean {
  const isUnreadable = error instanceof BodyRefusal && error.status === 400
  return isUnreadable && mayBePlain(bytes, start) && label().isText
}

interface SplitBody {
  readonly spans: readonly ByteRange[]
  readonly parts: Iterable<readonly unknown[]>
}

async function splitBody(bytes: Buffer, start: number, { maxEvents }: BodyLimits): Promise<SplitBody> {
  const isArray = bytes[start] === 0x5b
  try {
    const spans = await run(scanBrackets(bytes, start, maxEvents), bytes)
    return { spans, parts: isArray ? arrayParts(bytes, spans) : objectParts(bytes, spans, maxEvents) }
  } catch (error) {
    if (isArray || !(error instanceof BodyRefusal)) throw error
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

/** Parses the only object of a body that is large because of surrounding blanks, or because the event is. */
function objectParts(bytes: Buffer, spans: readonly ByteRange[], maxEvents: number): readonly (readonly unknown[])[] {
  return spans.map(({ from, to }) => {
    return to - from > MAX_EVENT ? [OVERSIZED] : parseWhole(bytes, from, to, { maxEvents })
  })
}

function parseWhole(bytes: Buffer, from: number, to: number, limits: BodyLimits): readonly unknown[] {
  const text = bytes.toString('utf8', from, to)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const events = text[0] === '[' ? parseDamagedArray(bytes, from, limits) : parseLines(text)
    return events ?? refuse(error, text)
  }
  if (Array.isArray(value)) return value
  return unpacked(value) ?? [value]
}

/**
 * Parses the elements of an array that is not JSON as a whole: a damaged event does not cost the others. Returns
 * undefined unless the array is complete and at least one element is JSON.
 */
function parseDamagedArray(bytes: Buffer, start: number, { maxEvents }: BodyLimits): readonly unknown[] | undefined {
  try {
    const scan = scanBrackets(bytes, start, maxEvents)
    scan.advance(bytes.length)
    return [...arrayParts(bytes, scan.finish())].flat()
  } catch (error) {
    if (error instanceof BodyRefusal && error.status === 400) return undefined
    throw error
  }
}

/** Parses lines of JSON. Returns undefined unless at least one of them is an object: the text is then damaged JSON. */
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

/** Returns the events of pino-http-send's `{"logs":[...]}`. */
function unpacked(value: unknown): readonly unknown[] | undefined {
  if (!isObject(value) || !Object.hasOwn(value, 'logs')) return undefined
  const { logs }: { logs?: unknown } = value
  return Array.isArray(logs) && Object.keys(value).length === 1 ? logs : undefined
}

/** Refuses a body with what V8 says of it: a position, or for short text the unexpected token. */
function refuse(error: unknown, text: string): never {
  const message = error instanceof Error ? error.message : ''
  const [, position] = /position (\d+)/.exec(message) ?? []
  if (position !== undefined && Number(position) < text.length)
    throw notJson(`character ${position} is not what JSON has there`)
  const [, token] = /^Unexpected token '(.*?)',/su.exec(message) ?? []
  throw notJson(token === undefined ? 'it ends too early' : `'${token}' is not what JSON has there`)
}

/** Returns true if a body starts like JSON that can contain events. */
function isBracket(first: number | undefined): boolean {
  return first === 0x5b || first === 0x7b
}

/** @throws {BodyRefusal} 400 */
function mustBeUtf8(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new BodyRefusal(400, 'utf8', 'the body is not UTF-8')
}

function afterMark(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
}
