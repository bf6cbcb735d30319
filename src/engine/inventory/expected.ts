import { addHost, findHost } from './admission.ts'
import { closeMassAbsences, retireHost } from './retirement.ts'
import { expectFromNow, isNeverSeen } from '../builtin/absence-time.ts'
import { isExpected } from '../plan.ts'
import type { Fold } from '../state.ts'

/**
 * Starts the absence timer of expected hosts that were never seen, and retires hosts that were never seen and are no
 * longer expected. Runs at the first tick under a configuration, since no other entry carries the time.
 */
export function addExpectedHosts(fold: Fold): void {
  const { state, plan } = fold
  if (state.hasExpectedHosts) return
  state.hasExpectedHosts = true
  for (const host of state.hosts.values()) {
    if (host.expectedSince === undefined || !isNeverSeen(host) || isExpected(plan, host.name)) continue
    if (host.mentionedAt !== undefined) delete host.expectedSince
    else retireHost(fold, host, { code: 'not_expected', params: {} })
  }
  closeMassAbsences(fold)
  const expected = expectFromNow(fold)
  for (const name of plan.expected.values()) {
    const host = findHost(state, name) ?? addHost(state, name, -Infinity)
    if (isNeverSeen(host)) host.expectedSince ??= expected
  }
}
