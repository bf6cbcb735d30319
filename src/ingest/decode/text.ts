import { isForm, readForm } from './form.ts'
import { isGzip } from './inflate.ts'
import type { ContentLabel, SyslogLabel } from './content-type.ts'
import { Refusal } from './refusal.ts'
import { MAX_EVENT, skipBlank } from './scan.ts'
import type { ByteRange } from './scan.ts'
import { OVERSIZED } from './split.ts'

/** A body that is no JSON: one form, or lines of text. */
export type Plain = 'form' | 'lines'

/** About so many bytes of text become events at a time. */
const PART = 512 * 1024

/**
 * Says what a body is that does not begin as JSON: only its label tells text from something that broke, and only
 * its bytes tell a form from text under a form's label, which is what syslog-ng sends.
 *
 * @throws {Refusal} 400 for what cannot be events.
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
 * Whether a body that begins with a bracket and is no JSON can be text after all, as in `[INFO] disk full`. What
 * goes on like JSON was meant to be JSON, and is broken.
 */
export function mayBePlain(bytes: Buffer, start: number): boolean {
  const next = bytes[skipBlank(bytes, start + 1, bytes.length)]
  const isJson = bytes[start] === 0x7b ? next === 0x22 || next === 0x7d : OPENERS.has(next)
  return !isJson
}

/** The one event of a form. */
export function formEvents(bytes: Buffer, start: number): readonly unknown[] {
  return bytes.length - start > MAX_EVENT ? [OVERSIZED] : [readForm(formText(bytes, start, bytes.length))]
}

/** An event a line, part by part. Bytes that are no UTF-8 cost themselves: syslog lines are in any encoding. */
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

/** Where the schema for syslog lines looks. */
function syslogFields({ host, program, facility, level }: SyslogLabel): object {
  const syslog = {
    ...(host === undefined ? {} : { hostname: host }),
    ...(facility === undefined ? {} : { facility: { name: facility } }),
    ...(level === undefined ? {} : { severity: { name: level } }),
  }
  return { log: { syslog }, ...(program === undefined ? {} : { process: { name: program } }) }
}
