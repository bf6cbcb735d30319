import { newestBucket, type Store } from '../../aggregate/store.ts'
import type { Millis } from '../../model.ts'
import { resolveAlert } from '../evaluate/alerts.ts'
import type { Alert, Fold, Host, KeyInfo } from '../state.ts'

/** A series that was not seen for this long, while its siblings were, is gone; a daily report may be an hour late. */
const GONE_AFTER = 25 * 3_600_000
/** Ticks between two checks of a host, spread over the hosts, and for how many ticks a series must seem gone. */
const CHECK_TICKS = 60
const CONFIRM_TICKS = 300

/**
 * Closes the alerts of series that are gone: an interface that was taken down, a disk that was unmounted. That a series
 * has no data proves nothing, unless other series of the same metric and host go on. This must hold for some minutes:
 * after a long outage one series always arrives before another.
 */
export function closeGoneSeries(fold: Fold, host: Host): void {
  const { ticks } = fold.state
  if ((ticks + host.index) % CHECK_TICKS !== 0) return
  for (const [id, alert] of host.alerts) {
    const name = alert.lifecycle.state === 'pending' ? undefined : goneSeriesName(fold, host, alert)
    if (name === undefined) delete alert.seriesGoneSince
    else alert.seriesGoneSince ??= ticks
    if (name === undefined || ticks - (alert.seriesGoneSince ?? ticks) < CONFIRM_TICKS) continue
    const { metric } = alert.identity.measure
    const params = { series: name, metric, host: host.name, for: GONE_AFTER }
    resolveAlert(fold, host.alerts, id, 'series_gone', { code: 'series_gone', params })
  }
}

/** Returns the `by` values of an alert's series if it seems to be gone. */
function goneSeriesName({ state, plan }: Fold, host: Host, { identity: { key } }: Alert): string | undefined {
  // Its readings arrive and are out of range.
  if (host.ranges?.has(key) === true) return undefined
  const id = state.keys.ids.get(key)
  const slot = id === undefined ? undefined : host.series.get(id)
  if (id === undefined || slot === undefined) return undefined
  const { metric, values } = state.keys.infos[id] as KeyInfo
  if (values.length === 0) return undefined
  const store = state.stores.get(metric) as Store
  const newestOwn = newestBucket(store, slot)
  let newest = newestOwn
  for (const [other, at] of host.series) {
    if ((state.keys.infos[other] as KeyInfo).metric === metric) newest = Math.max(newest, newestBucket(store, at))
  }
  const idleFor: Millis = (newest - newestOwn) * plan.config.bucket
  return idleFor >= GONE_AFTER ? values.join(' ') : undefined
}
