import { rewindSeries } from '../aggregate/ring.ts'
import type { AlertLifecycle } from '../alert/lifecycle.ts'
import { clampToNow, type Millis } from '../model.ts'
import type { Alert, Fold } from './state.ts'
import { rewindStats } from './report/stats.ts'

/**
 * Handles a service clock that was set back to `now`. Dates ahead of it are wrong: they would keep alerts from
 * resolving and samples from counting until the old time is reached again. Series whose newest sample lies ahead start
 * anew; the others are evaluated from now on. Alerts stay, with every instant moved to `now` at the latest.
 */
export function rewind(fold: Fold, now: Millis): void {
  const { state, plan } = fold
  const bucket = Math.floor(now / plan.config.bucket)
  for (const store of state.stores.values()) rewindSeries(store, now)
  for (const host of state.hosts.values()) {
    clampToNow(host, now, 'lastSeenAt', 'newestEvent')
    clampToNow(host, bucket, 'evaluatedTo', 'evaluatedLateTo')
    if (host.expectedSince !== undefined) clampToNow(host.expectedSince, now, 'since')
    for (const [name, { at, since, observed }] of host.deliveries)
      host.deliveries.set(name, { at: Math.min(at, now), since: Math.min(since, now), observed })
    for (const alert of host.alerts.values()) rewindAlert(alert, now)
  }
  clampToNow(state.retired, now, 'since')
  for (const alert of state.alerts.values()) rewindAlert(alert, now)
  for (const alert of state.resolved) rewindAlert(alert, now)
  for (const one of state.dispatch.alerts.values()) clampToNow(one, now, 'firedAt')
  rewindStats(state, now)
  state.dispatch.isDirty = true
}

function rewindAlert(alert: Alert, now: Millis): void {
  clampToNow(alert, now, 'evaluatedAt')
  alert.lifecycle = rewindLife(alert.lifecycle, now)
}

function rewindLife(lifecycle: AlertLifecycle, now: Millis): AlertLifecycle {
  const { critical } = lifecycle
  const copy = { ...lifecycle, ...(critical !== undefined && { critical: { ...critical } }) }
  clampToNow(copy, now, 'since')
  if (copy.critical !== undefined) clampToNow(copy.critical, now, 'from', 'until', 'lastFrom')
  if (copy.state === 'pending') clampToNow(copy, now, 'dataUntil')
  else clampToNow(copy, now, 'firedAt', 'lastBreach', 'counted', 'noDataSince')
  if (copy.state === 'recovering') clampToNow(copy, now, 'goodSince')
  if (copy.state === 'resolved') clampToNow(copy, now, 'resolvedAt')
  return copy
}
