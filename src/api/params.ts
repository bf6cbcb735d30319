import type { Millis } from '../model.ts'
import { listNearest, nearest } from '../text/suggest.ts'
import { ApiProblem } from './problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { prefersPage } from './pages/detail.ts'

/** A parsed query string. A parameter that is given more than once is a list. */
export type QueryString = Readonly<Record<string, unknown>>

/** The latest instant that a date can represent. */
const MAX_INSTANT = 8.64e15

/** Numbers that would be 1970 to 1973 in milliseconds and are present dates in seconds. */
const SECONDS = { from: 1e9, to: 1e11 }

const EPOCH = /^\d+(?:\.\d+)?$/
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/
export const INSTANT = 'milliseconds since 1970, or an ISO 8601 time with its zone such as 2026-11-22T12:00:00Z'

function invalid(parameter: string, found: unknown, expected: string): ApiProblem {
  const state = found === undefined ? 'missing' : 'invalid'
  const detail = `The parameter "${parameter}" is ${state}: expected ${expected}.`
  const shown = typeof found === 'string' ? found : found === undefined ? null : JSON.stringify(found)
  return new ApiProblem('invalid-parameter', { detail, parameter, found: shown, expected })
}

/** Reads a required parameter, given once and not empty. */
export function readText(query: QueryString, parameter: string, expected: string): string {
  const found = query[parameter]
  if (typeof found !== 'string' || found === '') throw invalid(parameter, found, expected)
  return found
}

/** Reads an instant: epoch milliseconds, or ISO 8601 with a zone. */
function readInstant(query: QueryString, parameter: string): Millis {
  const text = readText(query, parameter, INSTANT)
  const at = parseInstant(text)
  if (at === undefined) throw invalid(parameter, text, INSTANT)
  return at
}

/** Parses an instant; undefined if it is not valid. */
export function parseInstant(text: string): Millis | undefined {
  const at = EPOCH.test(text) ? Number(text) : parseIso(text)
  return at <= MAX_INSTANT ? at : undefined
}

function parseIso(text: string): Millis {
  // A plus sign that was not percent-encoded arrives as a space.
  const iso = text.replace(/ (?=\d\d:\d\d$)/, '+')
  return ISO.test(iso) ? Date.parse(iso) : Number.NaN
}

/** Reads a time range: `from` is inclusive, `to` exclusive. */
export function readTimeRange(query: QueryString): { readonly from: Millis; readonly to: Millis } {
  const from = readInstant(query, 'from')
  const to = readInstant(query, 'to')
  if (to >= SECONDS.from && to < SECONDS.to)
    throw invalid('to', query.to, 'milliseconds since 1970; this looks like seconds')
  if (from < to) return { from, to }
  throw invalid('to', query.to, 'an instant after "from"')
}

/** Reads the number of rows, from 1 to `max`. */
export function readLimit(query: QueryString, parameter: string, usual: number, max: number): number {
  const found = query[parameter]
  if (found === undefined) return usual
  const limit = typeof found === 'string' && /^\d{1,9}$/.test(found) ? Number(found) : 0
  if (limit < 1 || limit > max) throw invalid(parameter, found, `a whole number from 1 to ${max}`)
  return limit
}

/** Returns the values of a parameter that may be repeated; all choices where it is missing. */
export function readChoices<T extends string>(
  query: QueryString,
  parameter: string,
  choices: readonly T[],
): readonly T[] {
  const found = query[parameter]
  if (found === undefined) return choices
  return [found].flat().map((value) => {
    const choice = choices.find((one) => one === value)
    if (choice === undefined) throw invalid(parameter, value, `one of ${choices.join(', ')}`)
    return choice
  })
}

/** Returns true if a flag is set to `true`. */
export function readFlag(query: QueryString, parameter: string): boolean {
  const found = query[parameter]
  if (found === undefined || found === 'false') return false
  if (found === 'true') return true
  throw invalid(parameter, found, 'true or false')
}

/** Maximum number of names that a problem suggests. */
const OFFERED = 5

/** Returns what is expected instead of an unknown host: similar names. */
export function knownHost(host: string, names: readonly string[]): string {
  const near = listNearest(host, names, OFFERED)
  return near.length === 0 ? 'the name of a known host' : `the name of a known host, such as ${near.join(', ')}`
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The query parameters that the route supports; none unless set. */
    readonly query?: readonly string[]
    /** Mails link to this path, and mail gateways append their own parameters to links. */
    readonly isLinked?: boolean
  }
}

/**
 * Answers 400 to query parameters that a route does not support. If they were ignored, a misspelt filter would seem to
 * work.
 */
export function refuseUnknownParameters(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const { query: known = [], isLinked = false } = request.routeOptions.config
    if (isLinked && prefersPage(request)) return
    const unknown = Object.keys(request.query as object).find((name) => !known.includes(name))
    if (unknown !== undefined) throw unknownParameter(request, unknown, known)
  })
}

function unknownParameter(request: FastifyRequest, name: string, known: readonly string[]): ApiProblem {
  const value = (request.query as Readonly<Record<string, unknown>>)[name]
  const expected = known.length === 0 ? 'no query parameters' : `one of ${known.join(', ')}`
  const guess = nearest(name, known)
  return new ApiProblem('invalid-parameter', {
    detail: `The query parameter "${name}" is not supported by this path: expected ${expected}.${guess === undefined ? '' : ` Did you mean "${guess}"?`}`,
    parameter: name,
    found: typeof value === 'string' ? value : JSON.stringify(value),
    expected,
  })
}
