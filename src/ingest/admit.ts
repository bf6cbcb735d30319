import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock, IngestConfig, Log } from '../model.ts'
import { replyBrowser, replyRetryLater, replyUnknown } from './answers.ts'
import { createTokenCheck, isDoubled } from '../net/auth.ts'
import type { Admitted } from '../net/auth.ts'
import { remoteAddress } from './source.ts'
import { createLogThrottle } from './log-throttle.ts'

interface AdmitDeps {
  readonly config: IngestConfig
  readonly log: Log
  readonly clock: Clock
  readonly state: () => 'starting' | 'ready' | 'draining'
  /** Returns true if too many requests are in progress. */
  readonly overloaded: () => boolean
}

/** Admits a request and resolves to its sender, or answers it and resolves to undefined. Reads no byte of its body. */
type AdmitRequest = (request: FastifyRequest, reply: FastifyReply) => Promise<Admitted | undefined>

const MINUTE = 60_000
const LOG_INTERVAL = 10_000

/**
 * Creates the check that decides which requests are admitted. Each response here leaves the connection open: a close
 * would make Logstash fail on a body that it is still sending. Requests to be retried get 429 or 503, since the sender
 * drops the events at any other code.
 */
export async function createAdmit(scope: FastifyInstance, deps: AdmitDeps): Promise<AdmitRequest> {
  const { config, log, clock, state, overloaded } = deps
  const check = createTokenCheck(config.tokens)
  const logRefused = createLogThrottle(clock, LOG_INTERVAL)
  const logBrowser = createLogThrottle(clock, LOG_INTERVAL)
  scope.decorateRequest('limitKey', '')
  await scope.register(rateLimit, { global: false })
  const limit = scope.createRateLimit({
    max: config.requestsPerMinute,
    timeWindow: MINUTE,
    keyGenerator: (request) => request.getDecorator<string>('limitKey'),
  })

  return async (request, reply) => {
    const now = state()
    if (now !== 'ready') {
      replyRetryLater(reply, 503, 2, `stashwatch is ${now === 'starting' ? 'starting' : 'stopping'}`)
      return undefined
    }
    const admitted = isDoubled(request.raw.rawHeaders) ? undefined : check(request.headers.authorization)
    const key = admitted?.name === undefined ? `at ${normalizeIP(remoteAddress(request))}` : `of ${admitted.name}`
    request.setDecorator('limitKey', key)
    const rate = await limit(request)
    if (!rate.isAllowed && rate.isExceeded) {
      replyRetryLater(reply, 429, rate.ttlInSeconds, 'too many requests in this minute (ingest.requests_per_minute)')
    } else if (admitted === undefined) {
      logRefused(1, (count) => {
        log.warn({ address: remoteAddress(request), count }, 'requests without a valid token were refused')
      })
      replyUnknown(reply)
    } else if (admitted.name === undefined && isBrowser(request)) {
      logBrowser(1, (count) => {
        const { origin } = request.headers
        log.warn({ address: remoteAddress(request), origin, count }, 'requests from web pages were refused')
      })
      replyBrowser(reply)
    } else if (overloaded()) replyRetryLater(reply, 429, 1, 'too many requests in progress')
    else return admitted
    return undefined
  }
}

/** Browsers add these to whatever a page sends, and pages cannot leave them out. Other senders do not use them. */
function isBrowser({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
}
