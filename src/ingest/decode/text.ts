import { isForm, readForm } from './form.ts'
import { isGzip } from './inflate.ts'
import type { ContentLabel, SyslogLabel } from './content-type.ts'
import { Refusal } from './refusal.ts'
import { MAX_EVENT, skipBlank } from './scan.ts'
import type { ByteRange } from './scan.ts'
import { OVERSIZED } from './split.ts'

/** Kind of a body that is not JSON: one form, or lines of text. */
export type Plain = 'form' | 'lines'

/** Approximate bytes of text that become events at a time. */
const PART = 512 * 1024

/**
 * Determines the kind of a body that does not start like JSON. Only its headers distinguish text from damaged JSON, and
 * only its bytes distinguish a form from text labelled as one, which syslog-ng sends.
 *
 * @throws {Refusal} 400 if it cannot contain events.
 */
export function plainKind(bytes: Buffer, start: number, label: ContentLabel): Plain {
  if (isGzip(bytes)) throw new Refusal(400, 'json', 'the body is compressed twice: compress it once')
  if (!label.isText) {
    const found = 'the body is not JSON (an array of events, one event, or one event a line)'
    throw new Refusal(400, 'json', `${found}, nor labelled as text/plain or application/x-www-form-urlencoded`)
  }
  if (bytes.includes(0)) throw new Refusal(400, 'utf8', 'the body is labelled as text and holds NUL bytes: send UTF-8')
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
