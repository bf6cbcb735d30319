import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../model.ts'

/** What goes into a problem document beside its status, type and title. */
export interface ProblemFields {
  /** What happened, and what to do next. */
  readonly detail: string
  /** The parameter or header at fault, what it held, and what it should have held. */
  readonly parameter?: string
  readonly found?: string | null
  readonly expected?: string
}

/** The problems that the API knows, by the last part of their type. */
export const PROBLEMS = {
  'invalid-parameter': { status: 400, title: 'A parameter is at fault' },
  'invalid-request': { status: 400, title: 'The request is at fault' },
  'token-required': { status: 401, title: 'A token is needed' },
  'tokens-not-configured': { status: 403, title: 'The API has no tokens yet' },
  'cross-origin': { status: 403, title: 'The request comes from elsewhere' },
  'unknown-host': { status: 404, title: 'Unknown host' },
  'host-expected': { status: 409, title: 'The host is expected' },
  'host-active': { status: 409, title: 'The host still sends' },
  'unknown-metric': { status: 404, title: 'Unknown metric' },
  'unknown-episode': { status: 404, title: 'Unknown episode' },
  'unknown-rule': { status: 404, title: 'Unknown rule' },
  'unknown-silence': { status: 404, title: 'Unknown silence' },
  'link-invalid': { status: 403, title: 'This link is not valid' },
  'link-expired': { status: 410, title: 'This link has expired' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'too-many-silences': { status: 409, title: 'As many as are kept are there' },
  'too-large': { status: 413, title: 'The body is too large' },
  'invalid-configuration': { status: 422, title: 'The configuration is at fault' },
  internal: { status: 500, title: 'Internal error' },
  unavailable: { status: 503, title: 'Not available now' },
} as const

export type ProblemKind = keyof typeof PROBLEMS

/** The longest piece of a request that a problem document repeats, in characters. */
const MAX_FOUND = 200

/** An answer of the API that is not the one asked for; becomes a problem document (RFC 9457). */
export class ApiProblem extends Error {
  readonly code: ProblemKind
  readonly fields: ProblemFields

  constructor(code: ProblemKind, fields: ProblemFields, options?: ErrorOptions) {
    super(fields.detail, options)
    this.name = 'ApiProblem'
    this.code = code
    this.fields = fields
  }
}

const clip = (text: string): string => (text.length > MAX_FOUND ? `${text.slice(0, MAX_FOUND)}…` : text)

/** Answers with a problem document (RFC 9457). */
export function sendProblem(reply: FastifyReply, { code, fields }: ApiProblem): FastifyReply {
  const { status, title } = PROBLEMS[code]
  const { detail, parameter, found, expected } = fields
  return reply.type('application/problem+json').send({
    type: `urn:stashwatch:problem:${code}`,
    title,
    status,
    detail,
    ...(parameter !== undefined && { parameter }),
    ...(found !== undefined && { found: found === null ? null : clip(found) }),
    ...(expected !== undefined && { expected }),
  })
}

/** Status and headers of the answer, whatever form its body has. */
function address(reply: FastifyReply, { code }: ApiProblem): FastifyReply {
  const { status } = PROBLEMS[code]
  if (status === 401) {
    // Two challenges, so that a browser asks for a password: the token is the password of any user.
    reply.header('www-authenticate', ['Bearer realm="stashwatch"', 'Basic realm="stashwatch", charset="UTF-8"'])
  }
  if (status === 429) reply.header('retry-after', '60')
  if (status === 503) reply.header('retry-after', '1')
  return reply.code(status)
}

/** Answers whatever a handler throws, as a problem document unless told otherwise; the log says what must not stand there. */
export function createErrorHandler(log: Log, send = sendProblem) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const problem = error instanceof ApiProblem ? error : asProblem(error)
    if (problem.cause !== undefined) {
      log.error({ err: problem.cause, method: request.method, route: request.routeOptions.url }, problem.message)
    }
    return send(address(reply, problem), problem)
  }
}

function asProblem(cause: unknown): ApiProblem {
  const status = (cause as { readonly statusCode?: unknown } | null)?.statusCode
  if (status === 413) {
    return new ApiProblem('too-large', { detail: 'The body is larger than what this path takes, 64 kB at most.' })
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new ApiProblem('invalid-request', { detail: 'The request cannot be read: it must be plain HTTP.' })
  }
  return new ApiProblem('internal', { detail: 'The request failed here. The log of the service says why.' }, { cause })
}
