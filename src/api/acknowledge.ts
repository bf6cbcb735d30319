import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Command } from '../model.ts'
import { ask, sendCommand, unknownEpisode } from './ask.ts'
import { pick, readBody, readEnd, readTextField } from './body.ts'
import type { Body } from './body.ts'
import { MAX_COMMENT_LENGTH, readAuthor } from './silences.ts'
import type { ActDeps } from './silences.ts'
import { showAlert } from './views/index.ts'

const FIELDS = ['duration', 'until', 'author', 'note']
const PATH = '/alerts/:episode/acknowledge'

/** Adds the routes that acknowledge an episode, and withdraw that. Both answer the alert as it is afterwards. */
export function addAcknowledge(app: FastifyInstance, deps: ActDeps): void {
  app.post(PATH, async (request) => {
    const [now, body] = [deps.now(), readBody(request, FIELDS)]
    const until = readEnd(body, ['until'], now, now)
    const author = readAuthor(body, 'author', deps.authorOf(request))
    const ack = { at: now, until, author, ...readNote(body) }
    return change(deps, { kind: 'acknowledge', episode: readEpisode(request), ack, now })
  })

  app.delete(PATH, async (request) =>
    change(deps, { kind: 'unacknowledge', episode: readEpisode(request), now: deps.now() }),
  )
}

/** An empty note takes away the one there is; where the field is missing, that one stays. */
function readNote(body: Body): { readonly note?: string } {
  if (pick(body, ['note']).value === undefined) return {}
  return { note: readTextField(body, ['note'], { maxLength: MAX_COMMENT_LENGTH, expected: 'a note', default: '' }) }
}

const readEpisode = (request: FastifyRequest): string => (request.params as { readonly episode: string }).episode

async function change(deps: ActDeps, command: Extract<Command, { readonly episode: string }>) {
  await sendCommand(deps, command)
  const { episode } = command
  const alert = await ask(deps.clock, async () => deps.engine.query({ kind: 'alert', episode }))
  if (alert === null) throw unknownEpisode(episode)
  return showAlert(alert)
}
