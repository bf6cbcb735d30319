import { addHost } from './admission.ts'
import { closeMasses, retire } from './retirement.ts'
import { awaitFrom, isUnheard } from '../builtin/absence-time.ts'
import type { Fold } from '../state.ts'

/**
 * Begins to wait for the expected hosts that were never heard, and lets those go that were never heard and are not
 * expected any more: at the first tick under a configuration, since no other entry says what time it is.
 */
export function takeInventory(fold: Fold): void {
  const { state, plan } = fold
  if (state.isInventoried) return
  state.isInventoried = true
  for (const host of state.hosts.values()) {
    if (isUnheard(host) && !plan.expected.has(host.name)) retire(fold, host, { code: 'not_expected', params: {} })
  }
  closeMasses(fold)
  const awaited = awaitFrom(fold)
  for (const name of plan.expected) {
    if (!state.hosts.has(name)) addHost(state, name, -Infinity).awaited = awaited
  }
}
