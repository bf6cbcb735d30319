import type { FastifyRequest } from 'fastify'
import type { Token } from '../model.ts'
import { ApiProblem } from './problem.ts'

/** Dependencies of the access check. */
export interface GuardDeps {
  /** The API's own tokens. */
  readonly tokens: readonly Token[]
  /**
   * Returns the name of the token in an Authorization header, compared in constant time; undefined for an unknown
   * token.
   */
  readonly checkToken: (authorization: string | undefined) => { readonly name?: string } | undefined
  /** True if other machines can reach the service. */
  readonly listensBeyondLoopback: boolean
}

/** Headers that proxies add. Behind a proxy, requests from anywhere seem to come from this machine. */
const PROXY_HEADER = /^(?:forwarded|x-forwarded-.+|x-real-ip|via)$/
const LOOPBACK_NAME = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i

/**
 * Checks access to the API. Throws a problem that explains a refusal.
 *
 * If tokens are configured, a request needs one. Otherwise only this machine has access, and not through a proxy.
 * Because a web page from elsewhere can make a local browser send requests, the request must be addressed to this
 * machine by name (DNS rebinding: a foreign name that resolves to 127.0.0.1), and a command must not come from another
 * site's page.
 */
export function guard(deps: GuardDeps, request: FastifyRequest): void {
  if (deps.tokens.length > 0) requireToken(deps, request)
  else requireLoopback(deps, request)
  if (request.method !== 'GET' && request.method !== 'HEAD') requireSameSite(request)
}

function requireToken({ checkToken }: GuardDeps, { headers }: FastifyRequest): void {
  if (checkToken(headers.authorization) !== undefined) return
  throw new ApiProblem('token-required', {
    detail: 'Send one of api.tokens as "Authorization: Bearer TOKEN", or as the password of Basic auth.',
    parameter: 'Authorization',
    // The header may be a mistyped secret, so it is not repeated.
    found: headers.authorization === undefined ? null : 'a value that matches no token',
    expected: 'a token from api.tokens',
  })
}

function requireLoopback({ listensBeyondLoopback }: GuardDeps, { headers }: FastifyRequest): void {
  if (listensBeyondLoopback) {
    throw new ApiProblem('tokens-not-configured', {
      detail: 'The service listens beyond loopback, so its API requires tokens. Set api.tokens and restart.',
    })
  }
  const forwarded = Object.keys(headers).find((name) => PROXY_HEADER.test(name))
  if (forwarded !== undefined) {
    throw new ApiProblem('tokens-not-configured', {
      detail:
        'The request came through a proxy, and without api.tokens the API accepts requests of this machine only. ' +
        'Set api.tokens and restart.',
      parameter: forwarded,
      found: String(headers[forwarded]),
      expected: 'a direct request, without headers of proxies',
    })
  }
  const { host } = headers
  if (host !== undefined && LOOPBACK_NAME.test(host)) return
  throw new ApiProblem('tokens-not-configured', {
    detail: 'Without api.tokens the API accepts requests to localhost only. Set api.tokens to use another name.',
    parameter: 'Host',
    found: host ?? null,
    expected: 'localhost, 127.0.0.1 or [::1]',
  })
}

function requireSameSite({ headers }: FastifyRequest): void {
  const { origin, host } = headers
  if (origin === undefined || requestHost(origin) === host?.toLowerCase()) return
  throw new ApiProblem('cross-origin', {
    detail: 'Pages of other sites may not send commands. Send the request from a terminal.',
    parameter: 'Origin',
    found: origin,
    expected: 'no Origin, or that of this service',
  })
}

/** Returns the author of a command: the name of the token, or a local user if no tokens are configured. */
export function tokenName({ checkToken }: GuardDeps, { headers }: FastifyRequest): string {
  return checkToken(headers.authorization)?.name ?? 'somebody on the machine of stashwatch'
}

const requestHost = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined)
