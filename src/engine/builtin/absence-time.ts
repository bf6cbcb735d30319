import type { Millis } from '../../model.ts'
import { UNKNOWN_HOST } from '../../model.ts'
import type { ExpectedSince, Fold, Host } from '../state.ts'

/** For how long a host has been silent, in time that its source was observed. */
export function absentFor(fold: Fold, host: Host): Millis | undefined {
  if (host.expectedSince !== undefined) return expectedFor(fold, host.expectedSince)
  const source = host.name === UNKNOWN_HOST ? undefined : fold.state.sources.get(host.source)
  if (source === undefined) return undefined
  // A source that was forgotten and came back has begun to count its time anew.
  host.observedAt = Math.min(host.observedAt, source.observed)
  return source.observed - host.observedAt
}

/** Begins to wait for hosts that any source may bring. */
export function expectFromNow({ state }: Fold): ExpectedSince {
  const observed = new Map([...state.sources].map(([name, source]) => [name, source.observed]))
  return { since: state.now, observed, waited: 0, tick: state.ticks }
}

/** It never shrinks: the source that observed most may be let go, and what it observed remains true. */
function expectedFor({ state }: Fold, awaited: ExpectedSince): Millis {
  if (awaited.tick === state.ticks) return awaited.waited
  awaited.tick = state.ticks
  for (const { name, observed } of state.sources.values()) {
    // A source that was forgotten and came back has begun to count its time anew.
    const before = Math.min(awaited.observed.get(name) ?? 0, observed)
    awaited.observed.set(name, before)
    awaited.waited = Math.max(awaited.waited, observed - before)
  }
  return awaited.waited
}

/** Whether an expected host was never heard at all. */
export function isNeverSeen(host: Host): boolean {
  return host.lastSeenAt === -Infinity
}

/** Its newest event, or, of an expected host without any, when it was first waited for. */
export function absentSince(host: Host): Millis {
  return isNeverSeen(host) ? (host.expectedSince?.since ?? host.lastSeenAt) : host.lastSeenAt
}
