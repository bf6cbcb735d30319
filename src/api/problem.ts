import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../model.ts'

/** The fields of a problem document besides status, type and title. */
interface ProblemFields {
  /** What happened, and what to do next. */
  readonly detail: string
  /** The invalid parameter or header, its value, and the expected value. */
  readonly parameter?: string
  readonly found?: string | null
  readonly expected?: string
}

/** All problems, by the last part of their type. */
export const PROBLEMS = {
  'invalid-parameter': { status: 400, title: 'Invalid parameter' },
  'invalid-request': { status: 400, title: 'Invalid request' },
  'token-required': { status: 401, title: 'Token required' },
  'tokens-not-configured': { status: 403, title: 'No API tokens configured' },
  'cross-origin': { status: 403, title: 'Cross-origin request refused' },
  'unknown-host': { status: 404, title: 'Unknown host' },
  'unknown-source': { status: 404, title: 'Unknown source' },
  'host-expected': { status: 409, title: 'Host is expected' },
  'host-active': { status: 409, title: 'Host is active' },
  'unknown-metric': { status: 404, title: 'Unknown metric' },
  'unknown-episode': { status: 404, title: 'Unknown episode' },
  'unknown-rule': { status: 404, title: 'Unknown rule' },
  'unknown-silence': { status: 404, title: 'Unknown silence' },
  'link-invalid': { status: 403, title: 'Invalid link' },
  'link-expired': { status: 410, title: 'Link expired' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'too-many-silences': { status: 409, title: 'Too many silences' },
  'too-large': { status: 413, title: 'Body too large' },
  'invalid-configuration': { status: 422, title: 'Invalid configuration' },
  internal: { status: 500, title: 'Internal error' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const

type ProblemKind = keyof typeof PROBLEMS

/** Maximum length of a part of the request in a problem document, in characters. */
const MAX_FOUND = 200

/** Thrown by handlers; answered as a problem document (RFC 9457). */
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

/** Sets the status and headers of a problem, independent of the body's format. */
function address(reply: FastifyReply, { code }: ApiProblem): FastifyReply {
  const { status } = PROBLEMS[code]
  if (status === 401) {
    // Two challenges: Basic lets browsers ask for a password, which is the token of any user.
    reply.header('www-authenticate', ['Bearer realm="stashwatch"', 'Basic realm="stashwatch", charset="UTF-8"'])
  }
  if (status === 429) reply.header('retry-after', '60')
  if (status === 503) reply.header('retry-after', '1')
  return reply.code(status)
}

/** Answers errors of handlers, as a problem document unless `send` is given. Causes are logged, not shown. */
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
    return new ApiProblem('too-large', { detail: 'The body is larger than the limit of 64 kB.' })
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new ApiProblem('invalid-request', { detail: 'The request is not valid HTTP.' })
  }
  return new ApiProblem('internal', { detail: 'The request failed. The log of the service has the reason.' }, { cause })
}
