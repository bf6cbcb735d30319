import type { FastifyInstance, FastifyRequest } from 'fastify'
import { nearest } from '../text/suggest.ts'
import { prefersPage } from './pages/detail.ts'
import { ApiProblem } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The query parameters that the route supports; none unless set. */
    readonly query?: readonly string[]
    /** Mails link to this path, and mail gateways append parameters of their own to links. */
    readonly isLinked?: boolean
  }
}

/** Answers 400 to query parameters that a route does not support: ignored, a misspelt filter would look like one that works. */
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
