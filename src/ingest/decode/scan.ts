import { mebibytes, BodyRefusal } from './refusal.ts'

/** Scans a large body slice by slice, so that other requests are handled in between. */
export interface Scan {
  /** Scans the bytes up to `to`. Throws a `Refusal` as soon as it finds an error. */
  advance(to: number): void
  /**
   * Ends the scan after all bytes.
   * @throws {BodyRefusal} if something is missing.
   */
  finish(): ByteRange[]
}

/** Byte range of an event, surrounding blanks included; `to` is exclusive. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

/**
 * Finds the elements of the array, or the one object, that starts at `start` by counting brackets. The result is valid
 * JSON only if all of its elements are.
 */
export function scanBrackets(bytes: Buffer, start: number, maxEvents: number): Scan {
  const isArray = bytes[start] === 0x5b
  const spans: ByteRange[] = []
  let from = isArray ? start + 1 : start
  let at = start
  let depth = 0
  let inText = false
  let closed = false

  const element = (to: number): void => {
    if (spans.length >= maxEvents) throw tooMany(maxEvents)
    spans.push({ from, to })
    from = to + 1
  }
  const close = (byte: number): void => {
    depth -= 1
    if (depth > 0) return
    closed = true
    if (byte !== (isArray ? 0x5d : 0x7d)) throw notJson('its brackets do not match')
    if (!isArray) element(at + 1)
    else if (spans.length > 0 || !isBlank(bytes, from, at)) element(at)
  }

  return {
    advance(to) {
      while (at < to) {
        const byte = bytes[at]
        if (inText) {
          if (byte === 0x22) inText = false
          else if (byte === 0x5c) at += 1
        } else if (closed) {
          if (byte !== undefined && !BLANK.has(byte)) throw notJson('something follows its end')
        } else if (byte === 0x22) inText = true
        else if (byte === 0x5b || byte === 0x7b) depth += 1
        else if (byte === 0x5d || byte === 0x7d) close(byte)
        else if (byte === 0x2c && depth === 1 && isArray) element(at)
        at += 1
      }
    },
    finish() {
      if (!closed) throw notJson('its brackets are not closed')
      return spans
    },
  }
}

/** Finds the lines that are not blank. */
export function scanLines(bytes: Buffer, start: number, maxEvents: number): Scan {
  const spans: ByteRange[] = []
  let from = start
  let at = start
  let text = false

  const line = (): void => {
    if (text) spans.push({ from, to: at })
    if (spans.length > maxEvents) throw tooMany(maxEvents)
    text = false
    from = at + 1
  }
  return {
    advance(to) {
      for (; at < to; at += 1) {
        const byte = bytes[at]
        if (byte === 0x0a) line()
        else if (!text && byte !== undefined) text = !BLANK.has(byte)
      }
    },
    finish() {
      line()
      return spans
    },
  }
}

const BLANK: ReadonlySet<number> = new Set([0x20, 0x0a, 0x0d, 0x09])

/** Returns the position of the first byte at or after `from` that is not blank, or `to`. */
export function skipBlank(bytes: Buffer, from: number, to: number): number {
  let at = from
  for (; at < to; at += 1) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
  }
  return at
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  return skipBlank(bytes, from, to) === to
}

export function tooMany(maxEvents: number): BodyRefusal {
  return new BodyRefusal(
    413,
    'too_many',
    `the body holds more than ${maxEvents} events (ingest.max_events): send smaller batches`,
  )
}

export function notJson(why: string): BodyRefusal {
  return new BodyRefusal(400, 'json', `the body is not JSON: ${why}`)
}

/** The longest event that is parsed, in bytes; longer ones would block other requests. */
export const MAX_EVENT = 1024 * 1024
/** Reason for rejecting an oversized event, with the limit. */
export const OVERSIZED_REASON = `the event is larger than ${mebibytes(MAX_EVENT)}; shorten its fields in the pipeline`
