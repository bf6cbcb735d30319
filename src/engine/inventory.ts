import { addHost } from './hosts.ts'
import { closeMasses, retire } from './retire.ts'
import type { Awaited, Fold } from './state.ts'

/**
 * Begins to wait for the expected hosts that were never heard, and lets those go that were never heard and are not
 * expected any more: at the first tick under a configuration, since no other entry says what time it is.
 */
export function takeInventory(fold: Fold): void {
  const { state, plan } = fold
  if (state.isInventoried) return
  state.isInventoried = true
  for (const host of state.hosts.values()) {
    if (host.awaited !== undefined && !plan.expected.has(host.name)) retire(fold, host, 'never heard, and not expected any more')
  }
  closeMasses(fold)
  const observed = new Map([...state.sources].map(([name, source]) => [name, source.observed]))
  const awaited: Awaited = { since: state.now, observed }
  for (const name of plan.expected) {
    if (!state.hosts.has(name)) addHost(state, name, -Infinity).awaited = awaited
  }
}
