import { rewindSeries } from '../aggregate/ring.ts'
import type { AlertLifecycle } from '../alert/lifecycle.ts'
import type { Millis } from '../model.ts'
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
    host.lastSeenAt = Math.min(host.lastSeenAt, now)
    if (host.expectedSince !== undefined) host.expectedSince.since = Math.min(host.expectedSince.since, now)
    host.newestEvent = Math.min(host.newestEvent, now)
    host.evaluatedTo = Math.min(host.evaluatedTo, bucket)
    host.evaluatedLateTo = Math.min(host.evaluatedLateTo, bucket)
    for (const [name, at] of host.lastSeenBySource) host.lastSeenBySource.set(name, Math.min(at, now))
    for (const alert of host.alerts.values()) rewindAlert(alert, now)
  }
  state.retired.since = Math.min(state.retired.since, now)
  for (const alert of state.alerts.values()) rewindAlert(alert, now)
  for (const alert of state.resolved) rewindAlert(alert, now)
  for (const one of state.dispatch.alerts.values()) one.firedAt = Math.min(one.firedAt, now)
  rewindStats(state, now)
  state.dispatch.isDirty = true
}

function rewindAlert(alert: Alert, now: Millis): void {
  alert.evaluatedAt = Math.min(alert.evaluatedAt, now)
  alert.lifecycle = rewindLife(alert.lifecycle, now)
}

function rewindLife(life: AlertLifecycle, now: Millis): AlertLifecycle {
  const since = Math.min(life.since, now)
  if (life.state === 'pending') return { ...life, since, dataUntil: Math.min(life.dataUntil, now) }
  const [firedAt, lastBreach] = [Math.min(life.firedAt, now), Math.min(life.lastBreach, now)]
  const episode = { ...life, since, firedAt, lastBreach, counted: Math.min(life.counted, now) }
  if (episode.state === 'recovering') return { ...episode, goodSince: Math.min(episode.goodSince, now) }
  return episode.state === 'resolved' ? { ...episode, resolvedAt: Math.min(episode.resolvedAt, now) } : episode
}
