import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock, Command, Engine, Millis, Refusal } from '../model.ts'
import { ask, sendCommand, unknownEpisode } from './ask.ts'
import { tokenName, type GuardDeps } from './guard.ts'
import { knownHost, type QueryString, readFlag } from './params.ts'
import { ApiProblem } from './problem.ts'
import { iso } from './views/fields.ts'
import { showRetiredHost } from './views/host.ts'
import { showAlert } from './views/alert.ts'
import { pick, readFields, readEnd, readTextField, type RequestFields } from './body.ts'
import { MAX_COMMENT_LENGTH, readAuthor, type ActDeps } from './silences.ts'

/** Dependencies of the command routes. */
interface CommandDeps extends GuardDeps {
  readonly engine: Pick<Engine, 'command'>
  readonly now: () => Millis
  /** The clock for timeouts, which must run in real time. */
  readonly clock: Clock
}

/** A host that was seen within this time is active. */
const ACTIVE: Millis = 300_000

/** Adds the route that retires a host. It sends one command to the engine, and answers once it is durable. */
export function addCommandRoutes(app: FastifyInstance, deps: CommandDeps): void {
  app.delete('/hosts/*', { config: { query: ['force'] } }, async (request) => {
    const host = (request.params as { readonly '*': string })['*']
    const isForced = readFlag(request.query as QueryString, 'force')
    const command: Extract<Command, { kind: 'retire' }> = {
      kind: 'retire',
      host,
      ...requireAuthor(deps, request),
      ...(isForced ? {} : { unlessSeenWithin: ACTIVE }),
    }
    const reply = await ask(deps.clock, async () => deps.engine.command(command))
    if (reply.kind === 'refused') throw refusal(host, reply)
    return showRetiredHost(reply.value)
  })
}

/** Returns the author and the time of a command. */
function requireAuthor(deps: CommandDeps, request: FastifyRequest): { readonly author: string; readonly now: Millis } {
  return { author: tokenName(deps, request), now: deps.now() }
}

function refusal(host: string, reply: Refusal): ApiProblem {
  if (reply.code === 'host-expected') {
    return new ApiProblem('host-expected', {
      detail: 'The host is in hosts.expected. Remove it there and reload the configuration, then retire the host.',
      parameter: 'host',
      found: host,
      expected: 'a host that is not in hosts.expected',
    })
  }
  if (reply.code === 'host-active') {
    const seen = `The host was last seen at ${iso(reply.value)} and would come back with its next event.`
    return new ApiProblem('host-active', {
      detail: `${seen} Stop its sender first, or add ?force=true (stashwatch hosts retire NAME --force).`,
      parameter: 'host',
      found: host,
      expected: 'a host that was not seen for 5 minutes',
    })
  }
  return new ApiProblem('unknown-host', {
    detail: 'No host has this name. /api/v1/hosts lists all hosts.',
    parameter: 'host',
    found: host,
    expected: knownHost(host, reply.code === 'unknown-host' ? reply.value : []),
  })
}

const FIELDS = ['duration', 'until', 'author', 'note']
const PATH = '/alerts/:episode/acknowledge'

/** Adds the routes that acknowledge an episode and withdraw the acknowledgement. Both answer with the changed alert. */
export function addAcknowledge(app: FastifyInstance, deps: ActDeps): void {
  app.post(PATH, async (request) => {
    const [now, body] = [deps.now(), readFields(request, FIELDS)]
    const until = readEnd(body, ['until'], now, now)
    const author = readAuthor(body, 'author', deps.authorOf(request))
    const ack = { at: now, until, author, ...readNote(body) }
    return change(deps, { kind: 'acknowledge', episode: readEpisode(request), ack, now })
  })

  app.delete(PATH, async (request) =>
    change(deps, { kind: 'unacknowledge', episode: readEpisode(request), now: deps.now() }),
  )
}

/** An empty note removes the present one. If the field is missing, the note stays. */
function readNote(body: RequestFields): { readonly note?: string } {
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
