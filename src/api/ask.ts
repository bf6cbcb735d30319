import type { QueryResults, Clock, Command, CommandValues, Engine, Millis, Query, Refusal } from '../model.ts'
import { ApiProblem } from './problem.ts'

/** The engine answers within milliseconds. If it does not, it is stuck, and the client gets an error in time. */
const ENGINE_TIMEOUT: Millis = 4000

const ENGINE_TIMED_OUT = 'The engine did not respond in time. Try again; /-/ready and the log have details.'
const OUTCOME_UNKNOWN =
  'The engine did not confirm the command in time. Check whether it was applied before you try again; the log has details.'

/** Waits for a result with a timeout. A failure or a timeout is answered with "not available". */
export async function ask<T>(clock: Clock, work: () => Promise<T>, detail: string = ENGINE_TIMED_OUT): Promise<T> {
  const late = new Error('no answer in time')
  let cancel: (() => void) | undefined
  try {
    const timeUp = new Promise<never>((_, reject) => {
      cancel = clock.after(ENGINE_TIMEOUT, () => reject(late))
    })
    return await Promise.race([work(), timeUp])
  } catch (error) {
    throw new ApiProblem('unavailable', { detail }, { cause: error })
  } finally {
    cancel?.()
  }
}

/** Queries the engine with a timeout. */
export type AskEngine = <K extends Query['kind']>(
  query: Extract<Query, { readonly kind: K }>,
) => Promise<QueryResults[K]>

/** Adds the timeout of `ask` to the queries of an engine. */
export function createAskEngine(clock: Clock, engine: Pick<Engine, 'query'>): AskEngine {
  return (query) => ask(clock, async () => engine.query(query))
}

/** Sends commands to the engine. */
interface CommandDeps {
  readonly engine: Pick<Engine, 'command'>
  readonly clock: Clock
}

/** Applies a command, and resolves to its value. @throws {ApiProblem} if it was refused. */
export async function sendCommand<K extends Command['kind']>(
  { engine, clock }: CommandDeps,
  command: Extract<Command, { readonly kind: K }>,
): Promise<CommandValues[K]> {
  const reply = await ask(clock, async () => engine.command<K>(command), OUTCOME_UNKNOWN)
  if (reply.kind === 'done') return reply.value
  throw new ApiProblem(reply.code, { ...REFUSALS[reply.code], ...refusedValue(command, reply) })
}

const REFUSALS: Readonly<Record<Refusal['code'], { readonly detail: string; readonly expected?: string }>> = {
  'unknown-host': {
    detail: 'No host has this name. /api/v1/hosts lists all hosts.',
    expected: 'a known host',
  },
  'host-expected': { detail: 'The host is in hosts.expected. Remove it there first.' },
  'host-active': {
    detail: 'The host was seen recently and would come back with its next event. Stop its sender first.',
  },
  'unknown-silence': {
    detail: 'No silence has this id. /api/v1/silences lists all silences.',
    expected: 'the id of a silence',
  },
  'unknown-episode': {
    detail: 'No firing alert has this episode. /api/v1/alerts?state=firing lists them.',
    expected: 'the id or the code of a firing episode',
  },
  'too-many-silences': {
    detail: 'The limit of silences is reached. Expire some with DELETE /api/v1/silences/{id}.',
  },
}

/** Returns what the refused command was about. */
function refusedValue(command: Command, reply: Refusal) {
  if (reply.code === 'too-many-silences') return { parameter: 'silences', found: JSON.stringify(reply.value) }
  if (command.kind === 'retire') return { parameter: 'host', found: command.host }
  if (command.kind === 'expire') return { parameter: 'id', found: command.id }
  return 'episode' in command ? { parameter: 'episode', found: command.episode } : {}
}

export const unknownEpisode = (episode: string): ApiProblem =>
  new ApiProblem('unknown-episode', {
    detail: 'No alert has this episode. /api/v1/alerts lists all alerts.',
    parameter: 'episode',
    found: episode,
    expected: 'the id or the code of an episode',
  })
