import type { EventFields, EventSamples, Frame } from '../model.ts'

/**
 * The binary form of one request's samples, version 1, little-endian:
 *
 *     version u8 | flags u8 (1 many, 2 maybeRetry, 4 events have ids, 8 events are shown, 16 some are remote) | rcv f64
 *     count of strings, then each: length in bytes, UTF-8      (0 is the source, 1 the batch id)
 *     count of events, then each:
 *       host index x 2 + heartbeat | ts f64 | id index + 1 or 0, with flag 4 only | remote u8, with flag 16 only
 *       count of samples, then each: series index | value f64
 *       with flag 8 only: 0, or 1 + count of shown fields, then each: index of the field | index of its text
 *
 * Counts, lengths and indexes are LEB128: seven bits a byte, the lowest first, the top bit set on all but the last.
 */
const VERSION = 1
const IS_BATCH = 1
const MAYBE_RETRY = 2
const IDS = 4
const SHOWN = 8
const REMOTE = 16
const MAX_VARINT = 5

type FrameErrorCode = 'frame_version' | 'frame_cut' | 'frame_damaged'

/** A frame that cannot be decoded: another version, truncated, or inconsistent. */
export class FrameError extends Error {
  readonly code: FrameErrorCode

  constructor(code: FrameErrorCode, message: string) {
    super(message)
    this.name = 'FrameError'
    this.code = code
  }
}

interface Cursor {
  readonly bytes: Buffer<ArrayBuffer>
  readonly view: DataView
  at: number
}

const cursorOver = (bytes: Buffer<ArrayBuffer>): Cursor => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  at: 0,
})

/**
 * Encodes the samples of one request. The result owns its ArrayBuffer, so that it can be transferred to a thread.
 * Numbers keep their bits (NaN becomes the canonical one). Strings must be well-formed: a lone surrogate has no UTF-8
 * form and would be decoded as U+FFFD.
 */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const indexes = new Map<string, number>()
  const strings: string[] = [frame.source, frame.batchId]
  const tail = cursorOver(Buffer.allocUnsafeSlow(tailBound(frame.events)))
  writeVarint(tail, frame.events.length)
  const ids = frame.events.some(({ id }) => id !== undefined) ? IDS : 0
  const shown = frame.events.some((event) => event.shown !== undefined) ? SHOWN : 0
  const flags = ids | shown | (frame.events.some(({ remote }) => remote === true) ? REMOTE : 0)
  for (const event of frame.events) writeEvent(tail, event, flags, indexes, strings)
  return assemble(frame, flags, strings, tail)
}

function tailBound(events: readonly EventSamples[]): number {
  let bound = MAX_VARINT
  for (const { series, shown = [] } of events)
    bound += 5 * MAX_VARINT + 8 + series.length * (MAX_VARINT + 8) + shown.length * 2 * MAX_VARINT
  return bound
}

function writeEvent(
  to: Cursor,
  event: EventSamples,
  flags: number,
  indexes: Map<string, number>,
  strings: string[],
): void {
  writeVarint(to, internString(event.host, indexes, strings) * 2 + (event.heartbeat ? 1 : 0))
  writeFloat(to, event.ts)
  if ((flags & IDS) !== 0) writeVarint(to, event.id === undefined ? 0 : internString(event.id, indexes, strings) + 1)
  if ((flags & REMOTE) !== 0) writeVarint(to, Number(event.remote === true))
  const { series, values } = event
  writeVarint(to, series.length)
  for (let i = 0; i < series.length; i += 1) {
    writeVarint(to, internString(series[i] ?? '', indexes, strings))
    writeFloat(to, values[i] ?? Number.NaN)
  }
  if ((flags & SHOWN) === 0) return
  writeVarint(to, event.shown === undefined ? 0 : 1 + event.shown.length)
  for (const text of event.shown?.flat() ?? []) writeVarint(to, internString(text, indexes, strings))
}

function internString(text: string, indexes: Map<string, number>, strings: string[]): number {
  const known = indexes.get(text)
  if (known !== undefined) return known
  const index = strings.push(text) - 1
  indexes.set(text, index)
  return index
}

function assemble(frame: Frame, flags: number, strings: readonly string[], tail: Cursor): Uint8Array<ArrayBuffer> {
  const head = cursorOver(Buffer.allocUnsafeSlow(headBound(strings)))
  head.bytes[head.at++] = VERSION
  head.bytes[head.at++] = (frame.isBatch ? IS_BATCH : 0) | (frame.isMaybeRetry ? MAYBE_RETRY : 0) | flags
  writeFloat(head, frame.receivedAt)
  writeVarint(head, strings.length)
  for (const text of strings) writeText(head, text)
  const all = new Uint8Array(head.at + tail.at)
  all.set(head.bytes.subarray(0, head.at))
  all.set(tail.bytes.subarray(0, tail.at), head.at)
  return all
}

/** Returns an upper bound of the head's size: UTF-8 takes at most three bytes per code unit of a string. */
function headBound(strings: readonly string[]): number {
  let bound = 2 + 8 + MAX_VARINT
  for (const text of strings) bound += MAX_VARINT + 3 * text.length
  return bound
}

/** Writes a string. Most names are short and ASCII, and a loop writes those faster than a native call. */
function writeText(to: Cursor, text: string): void {
  const start = to.at
  writeVarint(to, text.length)
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) {
      to.at = start
      writeVarint(to, Buffer.byteLength(text))
      to.at += to.bytes.write(text, to.at)
      return
    }
    to.bytes[to.at++] = unit
  }
}

function writeVarint(to: Cursor, value: number): void {
  let rest = value
  while (rest > 0x7f) {
    to.bytes[to.at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  to.bytes[to.at++] = rest
}

function writeFloat(to: Cursor, value: number): void {
  to.view.setFloat64(to.at, value, true)
  to.at += 8
}

/** Decodes what `encodeFrame` wrote. Throws a `FrameError` if the bytes are not exactly one frame of this version. */
export function decodeFrame(data: Uint8Array): Frame {
  const from = cursorOver(toBuffer(data))
  const version = readByte(from)
  if (version !== VERSION) {
    const meant = `this release reads version ${VERSION}: read it with the release that wrote it`
    throw new FrameError('frame_version', `the frame has version ${version}; ${meant}`)
  }
  const flags = readByte(from)
  const receivedAt = readFloat(from)
  const strings = Array.from({ length: readCount(from, 1) }, () => readText(from))
  const events = Array.from({ length: readCount(from, 10) }, () => readEvent(from, flags, strings))
  if (from.at !== from.bytes.length) throw damaged(`${from.bytes.length - from.at} bytes follow the last event`)
  return {
    source: textAt(strings, 0),
    batchId: textAt(strings, 1),
    isBatch: (flags & IS_BATCH) !== 0,
    isMaybeRetry: (flags & MAYBE_RETRY) !== 0,
    receivedAt,
    events,
  }
}

/**
 * Returns a view of the bytes where possible. SharedArrayBuffers do not occur: frames come from a transfer or from the
 * journal.
 */
function toBuffer(data: Uint8Array): Buffer<ArrayBuffer> {
  return data.buffer instanceof ArrayBuffer
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(new Uint8Array(data))
}

function readEvent(from: Cursor, flags: number, strings: readonly string[]): EventSamples {
  const head = readVarint(from)
  const host = textAt(strings, head >>> 1)
  const ts = readFloat(from)
  const id = (flags & IDS) === 0 ? 0 : readVarint(from)
  const isRemote = (flags & REMOTE) !== 0 && readVarint(from) === 1
  const count = readCount(from, 9)
  const series: string[] = []
  const values: number[] = []
  for (let i = 0; i < count; i += 1) {
    series.push(textAt(strings, readVarint(from)))
    values.push(readFloat(from))
  }
  const shown = (flags & SHOWN) === 0 ? undefined : readShown(from, strings)
  return {
    ...(id === 0 ? {} : { id: textAt(strings, id - 1) }),
    host,
    ts,
    heartbeat: (head & 1) === 1,
    ...(isRemote ? { remote: true } : {}),
    series,
    values,
    ...(shown === undefined ? {} : { shown }),
  }
}

function readShown(from: Cursor, strings: readonly string[]): EventFields | undefined {
  const count = readVarint(from)
  if (count === 0) return undefined
  if ((count - 1) * 2 > from.bytes.length - from.at) throw cut(from)
  return Array.from({ length: count - 1 }, () => [textAt(strings, readVarint(from)), textAt(strings, readVarint(from))])
}

/**
 * Reads a count of items of at least `size` bytes. A count that exceeds the remaining bytes is refused before memory is
 * allocated.
 */
function readCount(from: Cursor, size: number): number {
  const count = readVarint(from)
  if (count * size > from.bytes.length - from.at) throw cut(from)
  return count
}

function readText(from: Cursor): string {
  const end = readVarint(from) + from.at
  if (end > from.bytes.length) throw cut(from)
  const text = from.bytes.toString('utf8', from.at, end)
  from.at = end
  return text
}

function textAt(strings: readonly string[], index: number): string {
  const text = strings[index]
  if (text === undefined) throw damaged(`it names string ${index} of ${strings.length}`)
  return text
}

function readByte(from: Cursor): number {
  const byte = from.bytes[from.at]
  if (byte === undefined) throw cut(from)
  from.at += 1
  return byte
}

function readVarint(from: Cursor): number {
  let value = 0
  for (let shift = 0; shift < 7 * MAX_VARINT; shift += 7) {
    const byte = readByte(from)
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return value >>> 0
  }
  throw damaged(`a number at byte ${from.at} does not end`)
}

function readFloat(from: Cursor): number {
  if (from.at + 8 > from.bytes.length) throw cut(from)
  const value = from.view.getFloat64(from.at, true)
  from.at += 8
  return value
}

const cut = (from: Cursor): FrameError =>
  new FrameError('frame_cut', `the frame ends after ${from.bytes.length} bytes, but more was announced`)

const damaged = (what: string): FrameError => new FrameError('frame_damaged', `the frame is damaged: ${what}`)
