import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AlertView } from '../model.ts'
import { tell } from './ask.ts'
import { readBody, readEnd, readWords } from './body.ts'
import { MOST_WORDS, readAuthor } from './silences.ts'
import type { ActDeps } from './silences.ts'
import { showAlert } from './views.ts'

const FIELDS = ['duration', 'until', 'author', 'note']
const PATH = '/alerts/:episode/acknowledge'

const episodeOf = (request: FastifyRequest): string => (request.params as { readonly episode: string }).episode

/** Adds the routes by which somebody takes an episode on, and gives it back. */
export function addAcknowledge(app: FastifyInstance, deps: ActDeps): void {
  app.post(PATH, async (request) => {
    const [now, body] = [deps.now(), readBody(request, FIELDS)]
    const until = readEnd(body, ['until'], now, now)
    const author = readAuthor(body, deps.authorOf(request))
    const note = readWords(body, ['note'], { most: MOST_WORDS, expected: 'a note', usual: '' })
    const ack = { at: now, until, author, note }
    return showAlert((await tell(deps, { kind: 'acknowledge', episode: episodeOf(request), ack, now })) as AlertView)
  })

  app.delete(PATH, async (request) => {
    const command = { kind: 'unacknowledge', episode: episodeOf(request), now: deps.now() } as const
    return showAlert((await tell(deps, command)) as AlertView)
  })
}
