import type { Millis } from '../../model.ts'
import { UNKNOWN_HOST } from '../../model.ts'
import { longestObserver } from '../inventory/deliveries.ts'
import type { ExpectedSince, Fold, Host } from '../state.ts'

/** For how long a host has been silent, in time that its sources were observed. */
export function absentFor(fold: Fold, host: Host): Millis | undefined {
  if (host.expectedSince !== undefined) return expectedFor(fold, host.expectedSince)
  return host.name === UNKNOWN_HOST ? undefined : longestObserver(fold, host)?.observed
}

/** The source whose deliveries show that a host is absent, or would. */
export function absenceSource(fold: Fold, host: Host): string {
  return longestObserver(fold, host)?.source ?? host.source
}

/** Begins to wait for hosts that any source may bring. */
export function expectFromNow({ state }: Fold): ExpectedSince {
  const observed = new Map([...state.sources].map(([name, source]) => [name, source.observedTime]))
  return { since: state.now, observed, waitedFor: 0, tick: state.ticks }
}

/** It never shrinks: the source that observed most may be let go, and what it observed remains true. */
function expectedFor({ state }: Fold, expected: ExpectedSince): Millis {
  if (expected.tick === state.ticks) return expected.waitedFor
  expected.tick = state.ticks
  for (const { name, observedTime } of state.sources.values()) {
    // A source that was forgotten and came back has begun to count its time anew.
    const before = Math.min(expected.observed.get(name) ?? 0, observedTime)
    expected.observed.set(name, before)
    expected.waitedFor = Math.max(expected.waitedFor, observedTime - before)
  }
  return expected.waitedFor
}

/** Whether an expected host was never heard at all. */
export function isNeverSeen(host: Host): boolean {
  return host.lastSeenAt === -Infinity
}

/** Its newest event, or, of an expected host without any, when it was first waited for. */
export function absentSince(host: Host): Millis {
  return isNeverSeen(host) ? (host.expectedSince?.since ?? host.lastSeenAt) : host.lastSeenAt
}
