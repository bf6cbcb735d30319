import { isUtf8 } from 'node:buffer'
import { gunzip, gunzipSync, inflate, inflateRaw, inflateRawSync, inflateSync } from 'node:zlib'
import type { ZlibOptions } from 'node:zlib'
import { mebibytes, Refusal } from './refusal.ts'

/** What a body may be wrapped in. */
export type Coding = 'identity' | 'gzip' | 'deflate'

/** Up to this a body is inflated at once, which costs half the CPU; a larger one in another thread. */
const AT_ONCE = 2 * 1024 * 1024
const SMALLEST_CHUNK = 16 * 1024
/** Deflate cannot gain more than 1032 to 1. */
const MOST_GAIN = 1100

/**
 * Says what a body is wrapped in. Its bytes decide where they can: what begins as gzip is gzip, and what is UTF-8 is not
 * wrapped at all. Logstash's workers share the hash of headers that they write the coding into, so that it may come
 * twice or beside a body that is plain; and Logstash throws away what it is answered 415 or 400 for.
 *
 * @throws {Refusal} 415 for codings that are not read here, 400 where label and bytes do not fit.
 */
export function detectCoding(bytes: Buffer, header: string | undefined): Coding {
  if (isGzip(bytes)) return 'gzip'
  const codings = readCodings(header)
  if (codings.size === 0 || isUtf8(bytes)) return 'identity'
  if (codings.has('deflate') || isWrapped(bytes)) return 'deflate'
  throw damaged('gzip')
}

/** Whether bytes begin as gzip does, and as neither UTF-8 nor deflate can. */
export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** Each coding that the header names, once. @throws {Refusal} 415 */
function readCodings(header = ''): ReadonlySet<string> {
  const names = header.split(',').map((name) => name.trim().toLowerCase())
  const codings = new Set(names.map((name) => (name === 'x-gzip' ? 'gzip' : name)))
  codings.delete('')
  codings.delete('identity')
  for (const name of codings) {
    if (name !== 'gzip' && name !== 'deflate')
      throw new Refusal(415, 'encoding', 'this content encoding is not read here: send gzip, deflate or none')
  }
  return codings
}

/**
 * Inflates a small body at once. Undefined means that it is larger than that: use `inflateLarge`.
 *
 * @throws {Refusal} 413 above `max` bytes, 400 for a damaged stream.
 */
export function inflateSmall(bytes: Buffer, coding: Coding, max: number): Buffer | undefined {
  if (coding === 'identity') return bytes
  const announced = coding === 'gzip' ? announcedSize(bytes) : 0
  if (announced > AT_ONCE) return undefined
  const options: ZlibOptions = {
    maxOutputLength: Math.min(max, AT_ONCE),
    // One chunk a little larger than the result spares zlib's growing and joining.
    chunkSize: Math.max(SMALLEST_CHUNK, announced + 64),
  }
  try {
    if (coding === 'gzip') return gunzipSync(bytes, options)
    return isWrapped(bytes) ? inflateSync(bytes, options) : inflateRawSync(bytes, options)
  } catch (error) {
    if (!isTooLong(error)) throw damaged(coding)
    if (max <= AT_ONCE) throw tooLarge(max)
    return undefined
  }
}

/** As `inflateSmall`, for any size, in zlib's own thread. Rejects with a `Refusal`. */
export function inflateLarge(bytes: Buffer, coding: Coding, max: number): Promise<Buffer> {
  if (coding === 'identity') return Promise.resolve(bytes)
  const undeflate = isWrapped(bytes) ? inflate : inflateRaw
  const run = coding === 'gzip' ? gunzip : undeflate
  return new Promise((resolve, reject) => {
    run(bytes, { maxOutputLength: max, chunkSize: 1024 * 1024 }, (error, result) => {
      if (error === null) resolve(result)
      else reject(isTooLong(error) ? tooLarge(max) : damaged(coding))
    })
  })
}

/**
 * The size that a gzip stream says it has, or 0 where it cannot be true, as in a stream that was cut. A liar is caught
 * by the limit of the output.
 */
function announcedSize(bytes: Buffer): number {
  const size = bytes.length < 18 ? 0 : bytes.readUInt32LE(bytes.length - 4)
  return size > bytes.length * MOST_GAIN ? 0 : size
}

/** Some senders leave out zlib's header, which HTTP's `deflate` has. */
function isWrapped(bytes: Buffer): boolean {
  return bytes.length > 1 && ((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE() % 31 === 0
}

function isTooLong(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}

function tooLarge(max: number): Refusal {
  return new Refusal(413, 'too_large', `the body inflates to more than ${mebibytes(max)} (ingest.max_decompressed)`)
}

function damaged(coding: Coding): Refusal {
  return new Refusal(400, 'gzip', `the body is neither a whole ${coding} stream nor UTF-8: it broke on its way`)
}
