import type { Answers, Clock, Command, CommandAnswer, Engine, Millis, Query, Refused } from '../model.ts'
import { ApiProblem } from './problem.ts'

/** The engine answers in milliseconds; one that does not is stuck, and who asks must hear of it in time. */
const PATIENCE: Millis = 4000

const NO_ANSWER = 'The engine does not answer. Ask again in a moment; /-/ready and the log say more.'
const UNSURE =
  'The engine did not confirm it in time. Look whether it was done before you ask again; the log says more.'

/** Waits for a part behind the API, but not for ever: it fails or is late, and the answer is "not available now". */
export async function ask<T>(clock: Clock, work: () => Promise<T>, detail: string = NO_ANSWER): Promise<T> {
  const late = new Error('no answer in time')
  let cancel: (() => void) | undefined
  try {
    const timeUp = new Promise<never>((_, reject) => {
      cancel = clock.after(PATIENCE, () => reject(late))
    })
    return await Promise.race([work(), timeUp])
  } catch (error) {
    throw new ApiProblem('unavailable', { detail }, { cause: error })
  } finally {
    cancel?.()
  }
}

/** Asks the engine, in time or not at all. */
export type AskEngine = <K extends Query['kind']>(query: Extract<Query, { readonly kind: K }>) => Promise<Answers[K]>

/** Puts the time limit of `ask` on the queries of an engine. */
export function createAskEngine(clock: Clock, engine: Pick<Engine, 'query'>): AskEngine {
  return (query) => ask(clock, async () => engine.query(query))
}

/** What gives commands to the engine. */
export interface CommandDeps {
  readonly engine: Pick<Engine, 'command'>
  readonly clock: Clock
}

/** Gives a command, and resolves to what it changed. @throws {ApiProblem} that says why it was refused. */
export async function sendCommand({ engine, clock }: CommandDeps, command: Command): Promise<unknown> {
  const answer = await ask(clock, async () => engine.command(command), UNSURE)
  if (answer.kind === 'done') return answer.value
  throw new ApiProblem(answer.code, { ...REFUSALS[answer.code], ...refusedValue(command, answer) })
}

const REFUSALS: Readonly<Record<Refused, { readonly detail: string; readonly expected?: string }>> = {
  'unknown-host': {
    detail: 'No host of this name is known. /api/v1/hosts lists those that are.',
    expected: 'a known host',
  },
  'host-expected': { detail: 'The configuration expects this host. Take it out of hosts.expected first.' },
  'host-active': { detail: 'The host was heard just now and would come back at once. Stop what sends for it first.' },
  'unknown-silence': {
    detail: 'No silence that is kept has this id. /api/v1/silences lists them.',
    expected: 'the id of a silence',
  },
  'unknown-episode': {
    detail: 'No alert that can be acknowledged has this episode. /api/v1/alerts lists those that fire.',
    expected: 'the long id or the code of an episode that goes on',
  },
  'too-many-silences': {
    detail: 'No more silences are kept. End some that are no longer needed with DELETE /api/v1/silences/{id}.',
  },
}

/** What the refused command was about. */
function refusedValue(command: Command, answer: CommandAnswer & { readonly kind: 'refused' }) {
  if (answer.code === 'too-many-silences') return { parameter: 'silences', found: JSON.stringify(answer.value) }
  if (command.kind === 'retire') return { parameter: 'host', found: command.host }
  if (command.kind === 'expire') return { parameter: 'id', found: command.id }
  return 'episode' in command ? { parameter: 'episode', found: command.episode } : {}
}

export const unknownEpisode = (episode: string): ApiProblem =>
  new ApiProblem('unknown-episode', {
    detail: 'No alert that is kept has this episode. /api/v1/alerts lists them.',
    parameter: 'episode',
    found: episode,
    expected: 'the long id or the code of an episode',
  })
