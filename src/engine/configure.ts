import { copySeries, createStore, type Layout, type Store } from '../aggregate/store.ts'
import type { Effect, EngineConfig } from '../model.ts'
import { dropSeries } from './hosts.ts'
import { createPlan } from './plan.ts'
import { endAlert } from './raise.ts'
import type { Alert, Fold, Host, KeyInfo } from './state.ts'
import { OWN_RULES } from './watch.ts'

/** A new configuration holds from its entry on. Windows, alerts and episodes stay; those of removed rules end. */
export function configure(fold: Fold, config: EngineConfig): readonly Effect[] {
  fold.state.config = config
  fold.plan = createPlan(config)
  for (const host of fold.state.hosts.values()) dropUnknown(fold, host)
  for (const [name, store] of fold.state.stores) refit(fold, name, store)
  return endRemoved(fold)
}

/** Series of metrics that are gone, or that are told apart by other fields now, go. */
function dropUnknown(fold: Fold, host: Host): void {
  for (const id of host.series.keys()) {
    const { metric, values } = fold.state.keys.infos[id] as KeyInfo
    const plan = fold.plan.metrics.get(metric)
    const isKept = plan !== undefined && plan.metric.by.length === values.length && plan.layout.counter === fold.state.stores.get(metric)?.layout.counter
    if (!isKept) dropSeries(fold, host, id)
  }
}

/** Moves the series of a metric into rings that fit what the rules now ask. */
function refit(fold: Fold, metric: string, store: Store): void {
  const { state, plan } = fold
  const layout = plan.metrics.get(metric)?.layout
  if (layout !== undefined && isSame(layout, store.layout)) return
  state.stores.delete(metric)
  if (layout === undefined) return
  const fresh = createStore(layout)
  for (const host of state.hosts.values()) {
    for (const [id, slot] of host.series) {
      if (state.keys.infos[id]?.metric === metric) host.series.set(id, copySeries(store, slot, fresh))
    }
  }
  state.stores.set(metric, fresh)
}

function isSame(a: Layout, b: Layout): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function endRemoved(fold: Fold): readonly Effect[] {
  const { state, plan } = fold
  const known = new Set<string>([...plan.config.rules.map((rule) => rule.name), ...Object.values(OWN_RULES)])
  const effects: Effect[] = []
  const end = (alerts: Map<string, Alert>): void => {
    for (const [id, alert] of alerts) {
      if (known.has(alert.rule)) continue
      effects.push(...endAlert(fold, alerts, id, state.now, `the rule ${alert.rule} was removed from the configuration`))
    }
  }
  for (const host of state.hosts.values()) end(host.alerts)
  end(state.alerts)
  return effects
}
