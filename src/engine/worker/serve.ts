import type { Ack, Journal, NewEntry, Outbox, OutboxArgs, OutboxMethods } from '../../model.ts'
import type { Reply, Request } from './protocol.ts'
import { runQuery } from '../query/index.ts'
import type { EngineRunner } from './runner.ts'

type Append = Request & { kind: 'append' }

/**
 * Answers requests that wait together. Batches share one commit; all other requests keep their order.
 *
 * @returns true if a request was to stop the thread.
 */
export async function serve(
  runner: EngineRunner,
  journal: Journal,
  requests: readonly Request[],
  say: (reply: Reply) => void,
): Promise<boolean> {
  const batches = requests.filter((request) => request.kind === 'append')
  if (batches.length > 0) await append(runner, batches, say)
  for (const request of requests) {
    if (request.kind === 'append') continue
    await reply(request, say, () => perform(runner, journal, request))
    if (request.kind === 'stop') return true
  }
  return false
}

async function append(runner: EngineRunner, batches: readonly Append[], say: (reply: Reply) => void): Promise<void> {
  const entries: NewEntry[] = batches.map(({ frame }) => ({ kind: 'batch', data: frame }))
  try {
    const steps = await runner.write(entries)
    for (const [i, { duplicate, known, refused, outOfRange }] of steps.entries()) {
      const value: Ack = { duplicate, known, refused, ...(outOfRange === undefined ? {} : { outOfRange }) }
      say({ kind: 'result', id: (batches[i] as Append).id, value })
    }
  } catch (error) {
    for (const { id } of batches) say(failure(id, error))
  }
}

async function reply(request: Request, say: (reply: Reply) => void, work: () => Promise<unknown>): Promise<void> {
  try {
    say({ kind: 'result', id: request.id, value: await work() })
  } catch (error) {
    say(failure(request.id, error))
  }
}

function failure(id: number, error: unknown): Reply {
  const { code = 'engine_failed', message } = error as Error & { code?: string }
  return { kind: 'error', id, code, message }
}

async function perform(runner: EngineRunner, journal: Journal, request: Exclude<Request, Append>): Promise<unknown> {
  switch (request.kind) {
    case 'tick':
      return runner.tick(request.tick)
    case 'config':
      return runner.configure(request.config)
    case 'command':
      return runner.command(request.command)
    case 'query':
      return runQuery(runner.fold, request.query)
    case 'outbox':
      return callOutbox(journal.outbox, request.method, request.args)
    default:
      return runner.saveOnStop().finally(() => journal.close())
  }
}

function callOutbox<M extends keyof OutboxMethods>(outbox: Outbox, method: M, args: OutboxArgs<M>): Promise<unknown> {
  return outbox[method](...args)
}
