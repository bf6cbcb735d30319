import { rewindSeries } from '../aggregate/ring.ts'
import type { Life } from '../alert/lifecycle.ts'
import type { Millis } from '../model.ts'
import type { Alert, Fold } from './state.ts'
import { rewindUsage } from './report/stats.ts'

/**
 * The service's clock was set back to `now`. What was dated beyond it cannot be believed: it would keep alerts from
 * ending and samples from counting until the old time is reached again. Series whose newest sample lies ahead begin
 * anew, the others are judged from now on; alerts stay, with no instant ahead of now.
 */
export function rewind(fold: Fold, now: Millis): void {
  const { state, plan } = fold
  const bucket = Math.floor(now / plan.config.bucket)
  for (const store of state.stores.values()) rewindSeries(store, now)
  for (const host of state.hosts.values()) {
    host.lastSeen = Math.min(host.lastSeen, now)
    if (host.awaited !== undefined) host.awaited.since = Math.min(host.awaited.since, now)
    host.newest = Math.min(host.newest, now)
    host.swept = Math.min(host.swept, bucket)
    host.sweptSlow = Math.min(host.sweptSlow, bucket)
    for (const [name, at] of host.heard) host.heard.set(name, Math.min(at, now))
    for (const alert of host.alerts.values()) rewindAlert(alert, now)
  }
  state.retired.since = Math.min(state.retired.since, now)
  for (const alert of state.alerts.values()) rewindAlert(alert, now)
  for (const alert of state.resolved) rewindAlert(alert, now)
  for (const one of state.dispatch.cases.values()) one.firedAt = Math.min(one.firedAt, now)
  rewindUsage(state, now)
  state.dispatch.dirty = true
}

function rewindAlert(alert: Alert, now: Millis): void {
  alert.at = Math.min(alert.at, now)
  alert.life = rewindLife(alert.life, now)
}

function rewindLife(life: Life, now: Millis): Life {
  const since = Math.min(life.since, now)
  if (life.state === 'pending') return { ...life, since, dataUntil: Math.min(life.dataUntil, now) }
  const [firedAt, lastBreach] = [Math.min(life.firedAt, now), Math.min(life.lastBreach, now)]
  const episode = { ...life, since, firedAt, lastBreach, counted: Math.min(life.counted, now) }
  if (episode.state === 'recovering') return { ...episode, goodSince: Math.min(episode.goodSince, now) }
  return episode.state === 'resolved' ? { ...episode, resolvedAt: Math.min(episode.resolvedAt, now) } : episode
}
