import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Log, Millis } from '../model.ts'
import { readLink } from '../links/signature.ts'
import type { LinkAction, ValidLink } from '../links/signature.ts'
import { showLink, submitLink, type LinkActionDeps } from './link-actions.ts'
import { FORM_POLICY } from './pages/html.ts'
import { refusedPage } from './pages/link.ts'
import { sendPage } from './pages/mailbox.ts'
import { ApiProblem, createErrorHandler, PROBLEMS } from './problem.ts'

/** Dependencies of the links in mails. */
export interface LinkDeps extends LinkActionDeps {
  /** The key that signs their tokens. */
  readonly linkKey: Uint8Array
  readonly log: Log
}

const MINUTE: Millis = 60_000
/** How often per minute a link may be opened, and its form submitted. */
const PER_MINUTE = 30
/** Maximum number of counters, which bounds the memory. */
const MAX_COUNTERS = 10_000
const MAX_FORM_BYTES = 8 * 1024

/**
 * Adds `/act/{token}`, the links in mails. A valid signature permits what the token names, and nothing else. Mail
 * scanners follow links, so only the form's POST changes anything. It redirects to the page, so that a reload does not
 * repeat it.
 */
export async function addLinks(app: FastifyInstance, deps: LinkDeps): Promise<void> {
  const isTooFast = await createLimit(app)
  const opened = (request: FastifyRequest): Promise<ValidLink> => open(deps, isTooFast, request)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_FORM_BYTES }, (_, text, done) => done(null, text))
  // Errors are answered with a page instead of a problem document.
  app.setErrorHandler(
    createErrorHandler(deps.log, (reply, { code, fields }) =>
      sendPage(reply, FORM_POLICY, refusedPage(PROBLEMS[code].title, fields.detail)),
    ),
  )

  app.get('/act/*', async (request, reply) => {
    const link = await opened(request)
    return sendPage(reply, FORM_POLICY, await showLink(deps, link))
  })

  app.post('/act/*', async (request, reply) => {
    const link = await opened(request)
    const fields = new URLSearchParams(typeof request.body === 'string' ? request.body : '')
    await submitLink(deps, link, fields)
    // Relative, because a proxy may serve this under a path prefix.
    return reply.code(303).header('location', readToken(request)).send()
  })
}

const readToken = (request: FastifyRequest): string => (request.params as { readonly '*': string })['*']

/** Returns true if a request exceeds the limit of its key in this minute. */
type IsTooFast = (request: FastifyRequest, key: string) => Promise<boolean>

async function createLimit(app: FastifyInstance): Promise<IsTooFast> {
  app.decorateRequest('countedAs', '')
  await app.register(rateLimit, {
    global: false,
    max: PER_MINUTE,
    timeWindow: MINUTE,
    cache: MAX_COUNTERS,
    keyGenerator: (request) => request.getDecorator<string>('countedAs'),
  })
  const limit = app.createRateLimit()
  return async (request, key) => {
    request.setDecorator('countedAs', key)
    const rate = await limit(request)
    return !rate.isAllowed && rate.isExceeded
  }
}

/**
 * Returns the counter's key for a request. Each link has its own counters; requests without a valid signature are
 * counted by address. GET and POST are counted separately, because mail scanners open a link before its readers use it.
 */
async function open({ linkKey, now }: LinkDeps, isTooFast: IsTooFast, request: FastifyRequest): Promise<ValidLink> {
  const link = readLink(linkKey, readToken(request), now())
  const key = link.kind === 'valid' ? `link ${link.id}` : `at ${normalizeIP(request.ip)}`
  if (await isTooFast(request, `${request.method === 'POST' ? 'act' : 'look'} ${key}`)) {
    throw new ApiProblem('rate-limited', {
      detail: 'Too many requests in the last minute. Wait a minute, then reload the page.',
    })
  }
  if (link.kind === 'valid') return link
  if (link.kind === 'forged') {
    throw new ApiProblem('link-invalid', {
      detail:
        'The signature of this link is invalid: the link was truncated, or the service has a new key. ' +
        'Copy the whole link from the mail, or use "stashwatch alerts ack" and "stashwatch silences add".',
    })
  }
  throw new ApiProblem('link-expired', {
    detail:
      `Links in mails expire after a few days, and this one${describeAlert(link.action)} is older. Nothing was changed. ` +
      'Use the link in the latest mail, or "stashwatch alerts ack" and "stashwatch silences add".',
  })
}

const describeAlert = (action: LinkAction): string =>
  action.do === 'ack_all' ? '' : ` about ${action.rule} on ${action.host}`
