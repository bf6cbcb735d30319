import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify'
import { addAcknowledge, addCommandRoutes } from './commands.ts'
import { acceptJson } from './body.ts'
import { prefersPage } from './pages/detail.ts'
import { guard, type GuardDeps } from './guard.ts'
import { DATA_POLICY, PAGE_POLICY } from './pages/html.ts'
import { landingPage } from './pages/landing.ts'
import { refusedPage } from './pages/link.ts'
import { addLinks, type LinkDeps } from './links.ts'
import { addMailboxPages, sendPage, type MailboxPort } from './pages/mailbox.ts'
import { addProbes, whyNotReady, type ProbeDeps } from './probes.ts'
import { ApiProblem, createErrorHandler, PROBLEMS, sendProblem } from './problem.ts'
import { refuseUnknownParameters } from './params.ts'
import { addReadRoutes, type ReadDeps } from './read.ts'
import { addSilenceRoutes, type ActDeps } from './silences.ts'
import type { Engine, Log, Millis } from '../model.ts'

export type { MailboxEntry, MailboxMail } from './pages/mailbox.ts'

/** Dependencies of the API. */
export interface ApiDeps extends GuardDeps, LinkDeps, ProbeDeps, ReadDeps {
  readonly engine: Pick<Engine, 'query' | 'command' | 'outbox'>
  /** The time of events and windows; in the demo it runs faster than real time. */
  readonly now: () => Millis
  readonly log: Log
  /** Present if mails are written to files; then there are pages that show them. */
  readonly mailbox?: MailboxPort
  /** Reloads the configuration, if supported. Resolves to its errors; none means that it is in effect. */
  readonly reload?: () => Promise<readonly string[]>
}

/** Headers of every response: no caching, no content sniffing, no framing, no reading by other sites. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': DATA_POLICY,
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/**
 * Creates the plugin that serves metrics, probes, the landing page, the API, the mailbox and the links in mails.
 * Register it without a prefix. Its hooks and error handler apply only to its own paths.
 */
export function createApi(deps: ApiDeps): FastifyPluginAsync {
  return async (app) => {
    app.addHook('onRequest', async (_, reply) => {
      reply.headers(HEADERS)
    })
    app.setErrorHandler(createErrorHandler(deps.log, replyProblem))
    addProbes(app, deps)
    addLanding(app, deps)
    await app.register(async (links) => addLinks(links, deps))
    await app.register(async (guarded) => {
      guarded.addHook('onRequest', async (request) => guard(deps, request))
      if (deps.mailbox !== undefined) addMailboxPages(guarded, deps.mailbox)
      if (deps.reload !== undefined) addReload(guarded, deps.reload)
      await guarded.register(async (v1) => addVersion1(v1, deps), { prefix: '/api/v1' })
    })
  }
}

/** Answers a browser that followed a link from a mail with a page, and other clients with a problem document. */
function replyProblem(reply: FastifyReply, problem: ApiProblem): FastifyReply {
  if (!prefersPage(reply.request)) return sendProblem(reply, problem)
  const { code, fields } = problem
  return sendPage(reply, PAGE_POLICY, refusedPage(PROBLEMS[code].title, fields.detail))
}

function addVersion1(app: FastifyInstance, deps: ApiDeps): void {
  const act: ActDeps = { ...deps, authorOf: ({ headers }) => deps.checkToken(headers.authorization)?.name }
  refuseUnknownParameters(app)
  acceptJson(app)
  addReadRoutes(app, deps)
  addSilenceRoutes(app, act)
  addAcknowledge(app, act)
  addCommandRoutes(app, deps)
}

function addLanding(app: FastifyInstance, deps: ApiDeps): void {
  app.get('/', async (_, reply) => {
    const html = landingPage({
      notReady: whyNotReady(deps),
      tokenNeeded: deps.tokens.length > 0 || deps.listensBeyondLoopback,
      hasMailbox: deps.mailbox !== undefined,
    })
    return sendPage(reply, PAGE_POLICY, html)
  })
}

function addReload(app: FastifyInstance, reload: () => Promise<readonly string[]>): void {
  // Bodies have no meaning here.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_, payload, done) => {
    payload.resume().on('end', () => done(null))
  })
  app.post('/-/reload', async () => {
    const errors = await reload()
    if (errors.length === 0) return { reloaded: true }
    const detail = `The configuration was not taken, the old one stays in force: ${errors.join('; ')}`
    throw new ApiProblem('invalid-configuration', { detail })
  })
}
