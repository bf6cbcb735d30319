import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Millis } from '../model.ts'
import { suggest } from '../text/suggest.ts'
import { INSTANT, parseInstant } from './params.ts'
import { ApiProblem } from './problem.ts'

/** The fields of a request's body. */
export type RequestFields = Readonly<Record<string, unknown>>

/** Parses bodies as JSON of at most 64 kB, whatever their content type: `curl -d` sends all as a form. */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_, text, done) => done(null, text))
}

/** Returns the problem of a field that is missing or invalid. */
export function fault(field: string, found: unknown, expected: string): ApiProblem {
  const state = found === undefined ? 'missing' : 'invalid'
  const end = expected.endsWith('?') ? '' : '.'
  const detail = `The field "${field}" is ${state}: expected ${expected}${end} Nothing was changed.`
  const shown = typeof found === 'string' ? found : found === undefined ? null : JSON.stringify(cutDeep(found))
  return new ApiProblem('invalid-parameter', { detail, parameter: field, found: shown, expected })
}

/** Deeper parts of a value are not shown. Formatting is recursive, and a body can have thousands of levels. */
const SHOWN_DEPTH = 8

function cutDeep(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === SHOWN_DEPTH) return '…'
  if (Array.isArray(value)) return value.map((item) => cutDeep(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cutDeep(item, depth + 1)]))
}

/** Returns the body. Other fields are an error, except those in `idle`, which are ignored. */
export function readFields(
  request: FastifyRequest,
  known: readonly string[],
  idle: readonly string[] = [],
): RequestFields {
  const body = parse(request.body)
  for (const key of Object.keys(body)) {
    if (!known.includes(key) && !idle.includes(key)) throw fault(key, body[key], `no such field${suggest(key, known)}`)
  }
  return body
}

function parse(text: unknown): RequestFields {
  const expected = 'a JSON object such as {"duration": "2h"}'
  if (typeof text !== 'string' || text.trim() === '') throw fault('body', undefined, expected)
  try {
    const value: unknown = JSON.parse(text)
    if (isPlainObject(value)) return value
  } catch {
    // Invalid JSON is answered like JSON that is not an object.
  }
  throw fault('body', text, expected)
}

export const isPlainObject = (value: unknown): value is RequestFields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Returns a field by one of its names. @throws {ApiProblem} if it is given under both. */
export function pick(
  body: RequestFields,
  names: readonly string[],
): { readonly name: string; readonly value: unknown } {
  const [name, second] = names.filter((one) => body[one] !== undefined && body[one] !== null)
  if (second !== undefined) throw fault(second, body[second], `one of "${name}" and "${second}", not both`)
  return { name: name ?? names[0] ?? '', value: name === undefined ? undefined : body[name] }
}

interface TextField {
  /** Maximum length of the text, in characters. */
  readonly maxLength: number
  readonly expected: string
  /** The default if the field is missing or empty; without it the field is required. */
  readonly default?: string | undefined
}

/** Reads one line of text, without surrounding spaces. */
export function readTextField(
  body: RequestFields,
  names: readonly string[],
  { maxLength, expected, default: usual }: TextField,
): string {
  const { name, value } = pick(body, names)
  const text = typeof value === 'string' ? value.trim() : value
  if ((text === undefined || text === '') && usual !== undefined) return usual
  const bounded = `${expected}, one line of at most ${maxLength} characters`
  if (typeof text !== 'string' || text === '') throw fault(name, text === '' ? undefined : value, bounded)
  if (text.length > maxLength || /[\p{Cc}\u2028\u2029]/u.test(text)) throw fault(name, value, bounded)
  return text
}

/** Reads an instant: epoch milliseconds, or ISO 8601 with a zone; undefined if there is none. */
export function readWhen(body: RequestFields, names: readonly string[]): Millis | undefined {
  const { name, value } = pick(body, names)
  if (value === undefined) return undefined
  const at = typeof value === 'string' || typeof value === 'number' ? parseInstant(String(value)) : undefined
  if (at === undefined) throw fault(name, value, INSTANT)
  return at
}

const MAX_DURATION: Millis = 365 * 86_400_000
const DURATION = /^(?=.)(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?$/

/** Parses a duration such as `2h`, `1d12h` or `90s`; undefined if it is not valid. */
export function parseSpan(text: string): Millis | undefined {
  const parts = DURATION.exec(text)
  if (parts === null) return undefined
  const [d, h, m, s] = parts.slice(1).map((part) => Number(part ?? 0))
  return ((((d ?? 0) * 24 + (h ?? 0)) * 60 + (m ?? 0)) * 60 + (s ?? 0)) * 1000
}

/**
 * Returns the end of something that starts at `from`: after `duration`, or at an instant. Exactly one is required, and
 * the end is at most a year after the start.
 */
export function readEnd(body: RequestFields, names: readonly string[], from: Millis, now: Millis): Millis {
  const { name, value } = pick(body, ['duration', ...names])
  if (value === undefined) throw fault(name, undefined, `a duration such as "2h", or the end as "${names[0]}"`)
  if (name !== 'duration') return bounded(name, value, readWhen(body, [name]) ?? Number.NaN, from, now)
  const span = typeof value === 'string' ? parseSpan(value) : undefined
  if (span === undefined || span === 0) throw fault(name, value, 'a duration such as "30m", "2h" or "1d12h"')
  return bounded(name, value, from + span, from, now)
}

function bounded(name: string, value: unknown, until: Millis, from: Millis, now: Millis): Millis {
  const inTime = until > from && until > now
  if (!inTime) throw fault(name, value, 'an end in the future that is after the start')
  if (until - from > MAX_DURATION) throw fault(name, value, 'an end at most a year (365d) after the start')
  return until
}
