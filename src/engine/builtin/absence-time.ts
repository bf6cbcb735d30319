import type { Millis } from '../../model.ts'
import { UNKNOWN_HOST } from '../../model.ts'
import { longestObserver } from '../inventory/deliveries.ts'
import type { ExpectedSince, Fold, Host } from '../state.ts'

/**
 * Returns how long a host has been absent, in time that its sources were observed. A host that others mention and that never
 * sent anything is absent only if it is expected.
 */
export function absentFor(fold: Fold, host: Host): Millis | undefined {
  return host.expectedSince === undefined ? observedAbsence(fold, host) : expectedFor(fold, host.expectedSince)
}

/** Returns the same as of the last evaluation, for queries: it changes no state. */
export function observedAbsence(fold: Fold, host: Host): Millis | undefined {
  if (host.expectedSince !== undefined) return host.expectedSince.waitedFor
  return host.name === UNKNOWN_HOST || isNeverSeen(host) ? undefined : longestObserver(fold, host)?.observed
}

/** Returns the source whose deliveries show, or would show, that a host is absent. */
export function absenceSource(fold: Fold, host: Host): string {
  return longestObserver(fold, host)?.source ?? host.source
}

/** Starts waiting for hosts that any source may deliver. */
export function expectFromNow({ state }: Fold): ExpectedSince {
  const observed = new Map([...state.sources].map(([name, source]) => [name, source.observedTime]))
  return { since: state.now, observed, waitedFor: 0, tick: state.ticks }
}

/** The time never shrinks: if the source that observed most is removed, its observation remains valid. */
function expectedFor({ state }: Fold, expected: ExpectedSince): Millis {
  if (expected.tick === state.ticks) return expected.waitedFor
  expected.tick = state.ticks
  for (const { name, observedTime } of state.sources.values()) {
    // A source that was removed and returned counts its time from zero.
    const before = Math.min(expected.observed.get(name) ?? 0, observedTime)
    expected.observed.set(name, before)
    expected.waitedFor = Math.max(expected.waitedFor, observedTime - before)
  }
  return expected.waitedFor
}

/** Returns true for an expected host that was never seen. */
export function isNeverSeen(host: Host): boolean {
  return host.lastSeenAt === -Infinity
}

/** Returns the time of its newest event, or of an expected host without events, since when it is expected. */
export function absentSince(host: Host): Millis {
  return isNeverSeen(host) ? (host.expectedSince?.since ?? host.lastSeenAt) : host.lastSeenAt
}
