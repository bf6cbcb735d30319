import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Command, Log, Millis } from '../model.ts'
import { readLink } from '../links/signature.ts'
import type { Link, LinkAction } from '../links/signature.ts'
import { createAskEngine, sendCommand } from './ask.ts'
import { parseSpan, readTextField } from './body.ts'
import { FORM_POLICY } from './pages/html.ts'
import { canAct, CHOICES, linkPage, refusedPage } from './pages/link.ts'
import type { LinkSubject } from './pages/link.ts'
import { sendPage } from './pages/mailbox.ts'
import { ApiProblem, createErrorHandler, PROBLEMS } from './problem.ts'
import { MAX_AUTHOR_LENGTH } from './silences.ts'
import type { ActDeps } from './silences.ts'

/** What the links in mails need. */
export interface LinkDeps extends Omit<ActDeps, 'authorOf'> {
  /** What their tokens are signed with. */
  readonly linkKey: Uint8Array
  readonly log: Log
}

type Valid = Link & { readonly kind: 'valid' }

const MINUTE: Millis = 60_000
/** How often a link may be looked at, and how often its form may be sent. */
const PER_MINUTE = 30
/** Counts that are kept; memory is bounded, whatever is asked. */
const MAX_COUNTERS = 10_000
const MAX_FORM_BYTES = 8 * 1024
const MAX_NOTE_LENGTH = 500

/**
 * Adds `/act/{token}`: the links of mails. A valid signature is the permission, for what the token names and nothing
 * else. Mail scanners follow links, so that only the form's POST changes anything; it answers with the way back to the
 * page, so that a reload repeats nothing.
 */
export async function addLinks(app: FastifyInstance, deps: LinkDeps): Promise<void> {
  const isTooFast = await createLimit(app)
  const opened = (request: FastifyRequest): Promise<Valid> => open(deps, isTooFast, request)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_FORM_BYTES }, (_, text, done) => done(null, text))
  // People are here: they get a page instead of a problem document.
  app.setErrorHandler(
    createErrorHandler(deps.log, (reply, { code, fields }) =>
      sendPage(reply, FORM_POLICY, refusedPage(PROBLEMS[code].title, fields.detail)),
    ),
  )

  app.get('/act/*', async (request, reply) => {
    const snapshot = await loadSubject(deps, await opened(request))
    return sendPage(reply, FORM_POLICY, linkPage(snapshot))
  })

  app.post('/act/*', async (request, reply) => {
    const link = await opened(request)
    const fields = new URLSearchParams(typeof request.body === 'string' ? request.body : '')
    const snapshot = await loadSubject(deps, link)
    const command = fields.has('undo') ? undoCommand(link, snapshot) : actionCommand(link, snapshot, fields)
    if (command !== undefined) await sendCommand(deps, command)
    // Relative, since a proxy may serve this below a path of its own.
    return reply.code(303).header('location', readToken(request)).send()
  })
}

const readToken = (request: FastifyRequest): string => (request.params as { readonly '*': string })['*']

/** Whether a request is one too many of its key in this minute. */
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
 * Returns the link of a request. Each link has its own counts, and what bears no valid signature those of its address.
 * Looking and acting are counted apart: a distribution list's mail scanners look at a link before its readers act.
 */
async function open({ linkKey, now }: LinkDeps, isTooFast: IsTooFast, request: FastifyRequest): Promise<Valid> {
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
  const { rule, host } = link.action
  throw new ApiProblem('link-expired', {
    detail:
      `Links in mails expire after a few days, and this one about ${rule} on ${host} is older. Nothing was changed. ` +
      'Use the link in the latest mail, or "stashwatch alerts ack" and "stashwatch silences add".',
  })
}

async function loadSubject({ engine, clock, now }: LinkDeps, { action, id }: Valid): Promise<LinkSubject> {
  const query = createAskEngine(clock, engine)
  const alert = await query({ kind: 'alert', episode: action.episode })
  const silences = action.do === 'silence' ? await query({ kind: 'silences' }) : []
  const silence = silences.find((one) => one.id === id)
  return { action, now: now(), alert: alert ?? undefined, silence }
}

/** Undoing what is not done, or no longer in force, needs nothing. */
function undoCommand({ action, id }: Valid, { alert, silence, now }: LinkSubject): Command | undefined {
  if (action.do === 'silence')
    return silence === undefined || silence.endsAt <= now ? undefined : { kind: 'expire', id, now }
  return alert?.ack === undefined ? undefined : { kind: 'unacknowledge', episode: action.episode, now }
}

function actionCommand({ action, id }: Valid, snapshot: LinkSubject, fields: URLSearchParams): Command | undefined {
  if (!canAct(snapshot)) return undefined
  const { now } = snapshot
  const endsAt = now + readDuration(action.do, fields.get('duration') ?? '')
  const createdBy = readName(fields, action.to)
  const note = readTextField({ note: fields.get('note') ?? '' }, ['note'], {
    maxLength: MAX_NOTE_LENGTH,
    expected: 'a note',
    default: '',
  })
  if (action.do === 'ack')
    return {
      kind: 'acknowledge',
      episode: action.episode,
      ack: { at: now, until: endsAt, author: createdBy, note },
      now,
    }
  const matchers = [
    { label: 'rule', op: '=', value: action.rule },
    { label: 'host', op: '=', value: action.host },
  ] as const
  const comment = note === '' ? 'from the link in a mail' : note
  return { kind: 'silence', silence: { id, matchers, startsAt: now, endsAt, createdBy, comment, createdAt: now }, now }
}

function readDuration(what: LinkAction['do'], duration: string): Millis {
  const span = CHOICES[what].some(([value]) => value === duration) ? parseSpan(duration) : undefined
  if (span !== undefined) return span
  const expected = `one of ${CHOICES[what].map(([value]) => value).join(', ')}`
  const detail = `The form did not say for how long: expected ${expected}. Go back and choose. Nothing was changed.`
  throw new ApiProblem('invalid-parameter', { detail, parameter: 'duration', found: duration, expected })
}

/** Anybody can type any name; whose mail the link came from is certain. */
function readName(fields: URLSearchParams, to: string): string {
  const typed = fields.get('author')?.trim() ?? ''
  if (typed === '' || typed === to) return to
  return `${readTextField({ author: typed }, ['author'], { maxLength: MAX_AUTHOR_LENGTH, expected: 'your name' })} (${to})`
}
