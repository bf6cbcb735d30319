import { addHost } from './admission.ts'
import { closeMassAbsences, retireHost } from './retirement.ts'
import { expectFromNow, isNeverSeen } from '../builtin/absence-time.ts'
import type { Fold } from '../state.ts'

/**
 * Begins to wait for the expected hosts that were never heard, and lets those go that were never heard and are not
 * expected any more: at the first tick under a configuration, since no other entry says what time it is.
 */
export function addExpectedHosts(fold: Fold): void {
  const { state, plan } = fold
  if (state.hasExpectedHosts) return
  state.hasExpectedHosts = true
  for (const host of state.hosts.values()) {
    if (isNeverSeen(host) && !plan.expected.has(host.name)) retireHost(fold, host, { code: 'not_expected', params: {} })
  }
  closeMassAbsences(fold)
  const awaited = expectFromNow(fold)
  for (const name of plan.expected) {
    if (!state.hosts.has(name)) addHost(state, name, -Infinity).expectedSince = awaited
  }
}
