import { type AlertState, type Counter, COUNTERS, type EngineStats, type OutboxStats } from '../../model.ts'
import type { Fold } from '../state.ts'

/** Collects the engine's figures for the metrics. */
export function collectStats(fold: Fold, lag: number, commits: readonly number[], outbox: OutboxStats): EngineStats {
  const { state } = fold
  const alerts: Record<AlertState, number> = { pending: 0, firing: 0, recovering: 0, resolved: state.resolved.length }
  for (const host of state.hosts.values()) for (const alert of host.alerts.values()) alerts[alert.lifecycle.state]++
  for (const alert of state.alerts.values()) alerts[alert.lifecycle.state]++
  return {
    hosts: state.hosts.size,
    series: state.series,
    sources: state.sources.size,
    alerts,
    counters: readCounters(fold),
    outbox,
    lag,
    commits,
  }
}

function readCounters({ counters }: Fold): EngineStats['counters'] {
  return Object.fromEntries(COUNTERS.map((name) => [name, counters.get(name) ?? 0])) as Record<Counter, number>
}
