import type { Millis } from '../../model.ts'
import type { Fold, State } from '../state.ts'

/**
 * Waits for the expected sources that have not connected.
 *
 * @param able how much of the time since the last tick counts: 0 if the service could not have accepted requests.
 */
export function awaitSources({ state, plan }: Fold, now: Millis, able: Millis): void {
  if (plan.expectedSources.size === 0) return
  const connected = connectedTokens(state)
  for (const name of plan.expectedSources) {
    if (connected.has(name)) {
      state.awaitedSources.delete(name)
      continue
    }
    const awaited = state.awaitedSources.get(name)
    if (awaited === undefined) state.awaitedSources.set(name, { since: now, idleFor: 0 })
    else awaited.idleFor += able
  }
}

/** The names under which requests came; a source below a token is one of the token too. */
function connectedTokens({ sources }: State): ReadonlySet<string> {
  return new Set([...sources.keys()].flatMap((name) => [name, parentToken(name)]))
}

/** The token that a source may be below: `logstash-a` of `logstash-a/tokyo`. */
export function parentToken(source: string): string {
  return source.split('/', 1)[0] ?? source
}
