import type { Millis } from '../model.ts'
import { NO_HOST } from '../model.ts'
import type { Awaited, Fold, Host } from './state.ts'

/** For how long a host has been silent, in time that its source was observed. */
export function silenceOf(fold: Fold, host: Host): Millis | undefined {
  if (host.awaited !== undefined) return waitOf(fold, host.awaited)
  const source = host.name === NO_HOST ? undefined : fold.state.sources.get(host.source)
  if (source === undefined) return undefined
  // A source that was forgotten and came back has begun to count its time anew.
  host.seenAt = Math.min(host.seenAt, source.observed)
  return source.observed - host.seenAt
}

/** For how long a host was waited for that nobody heard yet: any source could have brought it, the busiest counts. */
function waitOf(fold: Fold, { observed }: Awaited): Millis {
  let longest = 0
  for (const source of fold.state.sources.values()) {
    const before = Math.min(observed.get(source.name) ?? 0, source.observed)
    if (observed.has(source.name)) observed.set(source.name, before)
    longest = Math.max(longest, source.observed - before)
  }
  return longest
}
