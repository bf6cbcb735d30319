import { SLICE, type WorkBudget } from '../evaluate/due-windows.ts'
import { notifyRetired, retireHosts } from '../inventory/retirement.ts'
import type { Fold } from '../state.ts'
import { COST } from './evaluation.ts'
import { STATE_RULES } from './index.ts'
import { countAbsent } from './mass-absence.ts'
import { closeGoneSeries } from './series-gone.ts'

const HOST_RULES = STATE_RULES.flatMap(({ watchHost }) => watchHost ?? [])
const FLEET_RULES = STATE_RULES.flatMap(({ watchHosts }) => watchHosts ?? [])
const SOURCE_RULES = STATE_RULES.flatMap(({ watchSource }) => watchSource ?? [])
const SERVICE_RULES = STATE_RULES.flatMap(({ watchService }) => watchService ?? [])

/** Evaluates the rules about sources and about the service, once a tick. */
export function watchService(fold: Fold): void {
  for (const source of fold.state.sources.values()) for (const watch of SOURCE_RULES) watch(fold, source)
  for (const watch of SERVICE_RULES) watch(fold)
}

/** Starts a scan of all hosts, once a tick, unless one is running. */
export function startScan(fold: Fold): void {
  const { state } = fold
  if (state.hostScan !== undefined) return
  const { hasObserved } = state
  state.hasObserved = false
  // No host becomes absent while no time is observed.
  const absentBySource = hasObserved ? countAbsent(fold) : new Map<string, number>()
  state.hostScan = { position: 0, tick: state.ticks, hasObserved, absentBySource, hasMassAbsence: false }
}

/**
 * Continues the scan of hosts.
 *
 * @returns true if all hosts were evaluated; then rules about many hosts are evaluated.
 */
export function continueScan(fold: Fold, work: WorkBudget): boolean {
  const { state } = fold
  const { hostScan: scan } = state
  if (scan === undefined) return true
  while (scan.position < state.hostSlots.length) {
    if (work.spent >= SLICE) return false
    const host = state.hostSlots[scan.position++]
    if (host === null || host === undefined) continue
    work.spent += COST.host
    for (const watch of HOST_RULES) watch(fold, scan, host, work)
    if (host.alerts.size > 0) closeGoneSeries(fold, host)
  }
  state.hostScan = undefined
  for (const watch of FLEET_RULES) watch(fold, scan)
  retireHosts(fold)
  notifyRetired(fold)
  return true
}
