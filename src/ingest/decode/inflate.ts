import { isUtf8 } from 'node:buffer'
import { gunzip, gunzipSync, inflate, inflateRaw, inflateRawSync, inflateSync } from 'node:zlib'
import type { ZlibOptions } from 'node:zlib'
import { mebibytes, BodyRefusal } from './refusal.ts'

/** Compression of a body. */
type Coding = 'identity' | 'gzip' | 'deflate'

/** Up to this size a body is inflated synchronously, which costs half the CPU; larger ones in another thread. */
const SMALL_BODY = 2 * 1024 * 1024
const MIN_CHUNK = 16 * 1024
const LARGE_CHUNK = 1024 * 1024
/** Deflate compresses at most 1032 to 1. */
const MAX_RATIO = 1100

/**
 * Determines the compression of a body. The bytes decide where they can: a body that starts like gzip is gzip, and
 * valid UTF-8 is not compressed. Logstash's workers share the header hash that they write the encoding to, so that it
 * may occur twice or with an uncompressed body, and Logstash drops events that are answered 415 or 400.
 *
 * @throws {BodyRefusal} 415 for an unsupported encoding, 400 if header and bytes contradict each other.
 */
export function detectCoding(bytes: Buffer, header: string | undefined): Coding {
  if (isGzip(bytes)) return 'gzip'
  const codings = readCodings(header)
  if (codings.size === 0 || isUtf8(bytes)) return 'identity'
  if (codings.has('deflate') || isWrapped(bytes)) return 'deflate'
  throw damaged('gzip')
}

/** Returns true if bytes start like gzip, which neither UTF-8 nor deflate can. */
export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/**
 * Returns the distinct encodings of the header.
 * @throws {BodyRefusal} 415
 */
function readCodings(header = ''): ReadonlySet<string> {
  const names = header.split(',').map((name) => name.trim().toLowerCase())
  const codings = new Set(names.map((name) => (name === 'x-gzip' ? 'gzip' : name)))
  codings.delete('')
  codings.delete('identity')
  for (const name of codings) {
    if (name !== 'gzip' && name !== 'deflate')
      throw new BodyRefusal(415, 'encoding', 'this content encoding is not read here: send gzip, deflate or none')
  }
  return codings
}

/**
 * Inflates a small body synchronously. Returns undefined for a larger one: use `inflateLarge`.
 *
 * @throws {BodyRefusal} 413 above `max` bytes, 400 for a damaged stream.
 */
export function inflateSmall(bytes: Buffer, coding: Coding, max: number): Buffer | undefined {
  if (coding === 'identity') return bytes
  const announced = coding === 'gzip' ? announcedSize(bytes) : 0
  if (announced > SMALL_BODY) return undefined
  const options: ZlibOptions = {
    maxOutputLength: Math.min(max, SMALL_BODY),
    // One chunk slightly larger than the result avoids that zlib grows and joins buffers.
    chunkSize: Math.max(MIN_CHUNK, announced + 64),
  }
  try {
    if (coding === 'gzip') return gunzipSync(bytes, options)
    return isWrapped(bytes) ? inflateSync(bytes, options) : inflateRawSync(bytes, options)
  } catch (error) {
    if (!isTooLong(error)) throw damaged(coding)
    if (max <= SMALL_BODY) throw tooLarge(max)
    return undefined
  }
}

/** Inflates a body of any size in zlib's own thread. Rejects with a `Refusal`. */
export function inflateLarge(bytes: Buffer, coding: Coding, max: number): Promise<Buffer> {
  if (coding === 'identity') return Promise.resolve(bytes)
  const undeflate = isWrapped(bytes) ? inflate : inflateRaw
  const run = coding === 'gzip' ? gunzip : undeflate
  return new Promise((resolve, reject) => {
    run(bytes, { maxOutputLength: max, chunkSize: chunkFor(bytes, coding, max) }, (error, result) => {
      if (error === null) resolve(result)
      else reject(isTooLong(error) ? tooLarge(max) : damaged(coding))
    })
  })
}

/** Returns the size of one chunk for the whole result where that is known: joining several would take twice its memory. */
function chunkFor(bytes: Buffer, coding: Coding, max: number): number {
  const announced = coding === 'gzip' ? announcedSize(bytes) : 0
  return Math.max(LARGE_CHUNK, Math.min(announced, max) + 64)
}

/**
 * Returns the size that a gzip stream announces, or 0 if it cannot be true, as in a truncated stream. The output limit
 * catches a false one.
 */
function announcedSize(bytes: Buffer): number {
  const size = bytes.length < 18 ? 0 : bytes.readUInt32LE(bytes.length - 4)
  return size > bytes.length * MAX_RATIO ? 0 : size
}

/** Returns true if a zlib header is present. HTTP's `deflate` requires it, but some senders omit it. */
function isWrapped(bytes: Buffer): boolean {
  return bytes.length > 1 && ((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE() % 31 === 0
}

function isTooLong(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}

function tooLarge(max: number): BodyRefusal {
  return new BodyRefusal(413, 'too_large', `the body inflates to more than ${mebibytes(max)} (ingest.max_decompressed)`)
}

function damaged(coding: Coding): BodyRefusal {
  return new BodyRefusal(400, 'gzip', `the body is neither a whole ${coding} stream nor UTF-8: it broke on its way`)
}
