import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock, Command, CommandAnswer, Engine, RetireResult, Millis } from '../model.ts'
import { ask } from './ask.ts'
import { tokenName, type GuardDeps } from './guard.ts'
import { knownHost, type QueryString, readFlag } from './params.ts'
import { ApiProblem } from './problem.ts'
import { iso } from './views.ts'

/** What the routes that change something work with. */
export interface CommandDeps extends GuardDeps {
  readonly engine: Pick<Engine, 'command'>
  readonly now: () => Millis
  /** Owns the time limit of an answer, so that it should run in real time. */
  readonly clock: Clock
}

/** A host that was heard within this span is probably alive. */
const LIVELY: Millis = 300_000

/** Adds the routes that change something. Each sends one command to the engine, and answers once that is durable. */
export function addCommandRoutes(app: FastifyInstance, deps: CommandDeps): void {
  app.delete('/hosts/*', async (request) => {
    const host = (request.params as { readonly '*': string })['*']
    const isForced = readFlag(request.query as QueryString, 'force')
    const command: Command = { kind: 'retire', host, ...signed(deps, request), ...(isForced ? {} : { unlessSeenWithin: LIVELY }) }
    const answer = await ask(deps.clock, async () => deps.engine.command(command))
    if (answer.kind === 'refused') throw refusal(host, answer)
    const { lastSeen, closed } = answer.value as RetireResult
    return { host, lastSeen: iso(lastSeen), closed }
  })
}

/** What every command carries: who gives it, and when. */
function signed(deps: CommandDeps, request: FastifyRequest): { readonly author: string; readonly now: Millis } {
  return { author: tokenName(deps, request), now: deps.now() }
}

function refusal(host: string, { code, value }: CommandAnswer & { readonly kind: 'refused' }): ApiProblem {
  if (code === 'host-expected') {
    return new ApiProblem('host-expected', {
      detail: 'The configuration expects this host. Take it out of hosts.expected, reload, and then forget it.',
      parameter: 'host',
      found: host,
      expected: 'a host that is not in hosts.expected',
    })
  }
  if (code === 'host-active') {
    const heard = `The host was last heard at ${iso(value as Millis)} and would come back at once.`
    return new ApiProblem('host-active', {
      detail: `${heard} Stop what sends for it first, or add ?force=true (stashwatch hosts retire NAME --force).`,
      parameter: 'host',
      found: host,
      expected: 'a host that was not heard for 5 minutes',
    })
  }
  return new ApiProblem('unknown-host', {
    detail: 'No host of this name is known, so that there is nothing to forget. /api/v1/hosts lists those that are.',
    parameter: 'host',
    found: host,
    expected: knownHost(host, value as readonly string[]),
  })
}
