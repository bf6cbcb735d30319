import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { resolve } from 'node:path'

/** A value of a file of events: its text, and the line on which it starts, from 1. */
export interface Piece {
  readonly line: number
  /** Undefined if it is longer than an event may be. */
  readonly text: string | undefined
}

/** Maximum size of an event that the service reads, in bytes. */
const MAX_EVENT = 1024 * 1024
const [NEWLINE, QUOTE, BACKSLASH, COMMA] = [0x0a, 0x22, 0x5c, 0x2c]
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d]
/** Matches the end of the first line of a file with one event over many lines. */
const MULTILINE_START = /^\s*\{(?:.*[{[,])?\s*$/

/**
 * Streams a file of events of any size: lines of JSON, arrays, or consecutive values; plain or gzip. `-` is standard
 * input. Calls `take` with each value. Rejects if the file cannot be read or inflated.
 */
export async function readEventsFile(name: string, cwd: string, take: (piece: Piece) => void): Promise<void> {
  const file = name === '-' ? createReadStream('', { fd: 0, autoClose: false }) : createReadStream(resolve(cwd, name))
  const splitter = createSplitter(take)
  for await (const chunk of inflated(file)) splitter.push(chunk)
  splitter.end()
}

/** Returns the bytes of a stream, inflated if they start like gzip. */
async function* inflated(file: Readable): AsyncGenerator<Buffer> {
  const chunks = file[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let head = Buffer.alloc(0)
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    head = Buffer.concat([head, next.value])
    if (head.length > 1) break
  }
  const whole = Readable.from(joinChunks(head, chunks))
  if (head[0] !== 0x1f || head[1] !== 0x8b) yield* whole as AsyncIterable<Buffer>
  // An error of either stream destroys the other, and is thrown to the reader.
  else yield* pipeline(whole, createGunzip(), () => undefined) as AsyncIterable<Buffer>
}

async function* joinChunks(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head
  yield* { [Symbol.asyncIterator]: () => rest }
}

interface Splitter {
  push(chunk: Buffer): void
  end(): void
}

/**
 * Splits bytes into values. Lines are split at their ends, so that a broken line costs only itself. If the file starts
 * with an array, or with an event over several lines, values are found by counting brackets. At most one value is kept
 * in memory.
 */
export function createSplitter(take: (piece: Piece) => void): Splitter {
  const collected = createCollector(take)
  let cutter: Cutter | undefined
  let first: Buffer[] = []
  const decide = (end: boolean): void => {
    const head = Buffer.concat(first)
    const start = skipBlank(head)
    const lineEnd = head.indexOf(NEWLINE, start)
    if (start === head.length && !end) {
      // Leading blanks are not kept.
      for (const byte of head) collected.line += byte === NEWLINE ? 1 : 0
      first = []
      return
    }
    if (!end && lineEnd === -1 && head.length < MAX_EVENT) return
    const line = head.toString('utf8', start, lineEnd === -1 ? undefined : lineEnd)
    cutter =
      head[start] === OPEN_BRACKET || MULTILINE_START.test(line) ? cutByBrackets(collected) : cutByLines(collected)
    first = []
    cutter(withoutMark(head))
  }
  return {
    push(chunk) {
      if (cutter !== undefined) return cutter(chunk)
      first.push(chunk)
      decide(false)
    },
    end() {
      if (cutter === undefined) decide(true)
      collected.emit()
    },
  }
}

type Cutter = (chunk: Buffer) => void

interface Collector {
  /** The current line. */
  line: number
  /** Starts a value, unless one has started. */
  begin(): void
  /** Adds bytes to the current value. */
  add(bytes: Buffer): void
  /** Ends the current value. Blank values are dropped. */
  emit(): void
}

function createCollector(take: (piece: Piece) => void): Collector {
  let parts: Buffer[] = []
  let size = 0
  let begun: number | undefined
  return {
    line: 1,
    begin() {
      begun ??= this.line
    },
    add(bytes) {
      this.begin()
      size += bytes.length
      if (size <= MAX_EVENT) parts.push(bytes)
      else parts = []
    },
    emit() {
      const text = size > MAX_EVENT ? undefined : Buffer.concat(parts).toString('utf8').trim()
      if (text !== '') take({ line: begun ?? this.line, text })
      parts = []
      size = 0
      begun = undefined
    },
  }
}

function cutByLines(collected: Collector): Cutter {
  return (chunk) => {
    let from = 0
    for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      if (to > from) collected.add(chunk.subarray(from, to))
      collected.emit()
      collected.line += 1
      from = to + 1
    }
    if (from < chunk.length) collected.add(chunk.subarray(from))
  }
}

/**
 * Splits top-level values, and elements of top-level arrays. Text between them that is not JSON becomes a value of its
 * own.
 */
function cutByBrackets(collected: Collector): Cutter {
  let depth = 0
  let inText = false
  let escaped = false
  return (chunk) => {
    let from = depth > 0 || inText ? 0 : -1
    const finish = (to: number): void => {
      if (from !== -1) collected.add(chunk.subarray(from, to))
      collected.emit()
      from = -1
    }
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at]
      if (byte === NEWLINE) collected.line += 1
      if (inText) {
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inText = false
      } else if (depth === 0 && (byte === OPEN_BRACKET || byte === CLOSE_BRACKET || byte === COMMA)) finish(at)
      else {
        if (from === -1 && !isBlank(byte)) {
          from = at
          collected.begin()
        }
        if (byte === QUOTE) inText = true
        else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1
        else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
          depth = Math.max(0, depth - 1)
          if (depth === 0) finish(at + 1)
        }
      }
    }
    if (from !== -1) collected.add(chunk.subarray(from))
  }
}

const isBlank = (byte: number | undefined): boolean =>
  byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)

/** Returns the start of the text, after a byte order mark and blanks. */
function skipBlank(bytes: Buffer): number {
  let at = bytes.length - withoutMark(bytes).length
  while (at < bytes.length && isBlank(bytes[at])) at += 1
  return at
}

const withoutMark = (bytes: Buffer): Buffer =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
