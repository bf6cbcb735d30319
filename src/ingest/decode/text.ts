import { isGzip } from './inflate.ts'
import type { ContentLabel, SyslogLabel } from './content-type.ts'
import { BodyRefusal } from './refusal.ts'
import { MAX_EVENT, skipBlank, type ByteRange } from './scan.ts'
import { OVERSIZED } from './split.ts'
import { readInspect } from './ruby-inspect.ts'

/** Kind of a body that is not JSON: one form, or lines of text. */
type Plain = 'form' | 'lines'

/** Approximate bytes of text that become events at a time. */
const PART = 512 * 1024

/**
 * Determines the kind of a body that does not start like JSON. Only its headers distinguish text from damaged JSON, and
 * only its bytes distinguish a form from text labelled as one, which syslog-ng sends.
 *
 * @throws {BodyRefusal} 400 if it cannot contain events.
 */
export function plainKind(bytes: Buffer, start: number, label: ContentLabel): Plain {
  if (isGzip(bytes)) throw new BodyRefusal(400, 'json', 'the body is compressed twice: compress it once')
  if (!label.isText) {
    const found = 'the body is not JSON (an array of events, one event, or one event a line)'
    throw new BodyRefusal(400, 'json', `${found}, nor labelled as text/plain or application/x-www-form-urlencoded`)
  }
  if (bytes.includes(0))
    throw new BodyRefusal(400, 'utf8', 'the body is labelled as text and holds NUL bytes: send UTF-8')
  return label.isForm && isForm(formText(bytes, start, start + MAX_EVENT)) ? 'form' : 'lines'
}

/**
 * Returns true if a body that starts with a bracket and is not JSON may be text, as in `[INFO] disk full`. A body that
 * continues like JSON is damaged JSON.
 */
export function mayBePlain(bytes: Buffer, start: number): boolean {
  const next = bytes[skipBlank(bytes, start + 1, bytes.length)]
  const isJson = bytes[start] === 0x7b ? next === 0x22 || next === 0x7d : OPENERS.has(next)
  return !isJson
}

/** Returns the single event of a form. */
export function formEvents(bytes: Buffer, start: number): readonly unknown[] {
  return bytes.length - start > MAX_EVENT ? [OVERSIZED] : [readForm(formText(bytes, start, bytes.length))]
}

/**
 * Yields one event per line, part by part. Bytes that are not UTF-8 become replacement characters and the line is kept:
 * syslog lines use any encoding.
 */
export function* textParts(
  bytes: Buffer,
  spans: readonly ByteRange[],
  label: ContentLabel,
): Generator<readonly unknown[]> {
  const frame = label.syslog === undefined ? {} : syslogFields(label.syslog)
  let part: unknown[] = []
  let size = 0
  for (const { from, to } of spans) {
    const isLong = to - from > MAX_EVENT
    part.push(isLong ? OVERSIZED : { message: bytes.toString('utf8', from, to).trimEnd(), ...frame })
    size += to - from
    if (size < PART) continue
    yield part
    part = []
    size = 0
  }
  yield part
}

/** `{`, `[`, `"`, `]`. */
const OPENERS: ReadonlySet<number | undefined> = new Set([0x7b, 0x5b, 0x22, 0x5d])

function formText(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end).trimEnd()
}

/** Returns the fields that the schema for syslog lines reads. */
function syslogFields({ host, program, facility, level }: SyslogLabel): object {
  const syslog = {
    ...(host === undefined ? {} : { hostname: host }),
    ...(facility === undefined ? {} : { facility: { name: facility } }),
    ...(level === undefined ? {} : { severity: { name: level } }),
  }
  return { log: { syslog }, ...(program === undefined ? {} : { process: { name: program } }) }
}

/** The characters of CGI escaping and the separators between fields. */
const ALPHABET = /^[\w.~*%+=&-]+$/
const ESCAPED = /(?:%[0-9a-f]{2})+/gi
/** One more than the limit of fields in an event, so that a form with more is rejected for their number. */
const MAX_FIELDS = 4097
/** The most characters of hashes and arrays that are parsed in one form, so that no form blocks other requests. */
const MAX_NESTED = 128 * 1024

/**
 * Returns true if a text is a form (`k=v&k=v`) and not merely labelled as one, as the lines of syslog-ng are: all of it
 * is escaped, and every field has a name and one equals sign.
 */
export function isForm(text: string): boolean {
  return ALPHABET.test(text) && text.split('&', MAX_FIELDS).every(isField)
}

function isField(field: string): boolean {
  const equals = field.indexOf('=')
  return equals > 0 && equals === field.lastIndexOf('=')
}

/**
 * Returns the event in Logstash's `form` format. A value that is a hash or an array in the notation of Ruby's `inspect`
 * is parsed, as long as all of them together have less than 128 KiB. The message and all other values stay text. Never
 * throws: bytes that are not UTF-8 become replacement characters.
 */
export function readForm(text: string): object {
  let room = MAX_NESTED
  const entries = text.split('&', MAX_FIELDS).map((field): [string, unknown] => {
    const equals = field.indexOf('=')
    const [name, value] = [unescape(field.slice(0, equals)), unescape(field.slice(equals + 1))]
    const isNested = name !== 'message' && (value[0] === '{' || value[0] === '[')
    if (!isNested || value.length > room) return [name, value]
    room -= value.length
    return [name, readInspect(value) ?? value]
  })
  // `fromEntries` defines properties, so that a key named __proto__ is a field like any other.
  return Object.fromEntries(entries)
}

function unescape(text: string): string {
  const spaced = text.replaceAll('+', ' ')
  if (!spaced.includes('%')) return spaced
  return spaced.replace(ESCAPED, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}
