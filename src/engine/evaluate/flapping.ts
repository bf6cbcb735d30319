import { createFlapping, type Flapping, recordSample, flapPercent, slotLength } from '../../alert/flapping.ts'
import type { StateChange, AlertLifecycle, TransitionResult } from '../../alert/lifecycle.ts'
import type { AlertIdentity, Millis } from '../../model.ts'
import type { Alert, Fold } from '../state.ts'

/** The history of changes is dropped after this time without an evaluation. */
const FLAPPING_RETENTION = 24 * 3_600_000

/**
 * Applies flapping to a transition of an alert: while it flaps, it stays open whatever its value is. Notifications are
 * sent when flapping starts and stops, not for changes in between.
 *
 * @param every the evaluation interval of the rule.
 */
export function applyFlapping(
  fold: Fold,
  key: string,
  before: AlertLifecycle | undefined,
  taken: TransitionResult,
  at: Millis,
  every: Millis,
): TransitionResult {
  if (!fold.plan.config.alerting.flapping) return taken
  const isBad = isBadAfter(taken)
  const known = fold.state.flapping.get(key)
  if (known === undefined && isBad !== true) return taken
  const flapping = known ?? createFlapping(at)
  fold.state.flapping.set(key, flapping)
  const turned = recordSample(flapping, at, isBad, slotLength(every))
  if (turned === 'stopped') return stopFlapping(taken, flapping)
  if (!flapping.isFlapping) return taken
  const lifecycle = keepOpen(before, taken.lifecycle)
  if (lifecycle === undefined) return taken
  if (turned !== 'started') return continueFlapping(flapping, before, lifecycle, taken.change)
  flapping.worst = lifecycle.severity
  return { lifecycle, change: { to: lifecycle.state, event: 'flapping_started' } }
}

/** Returns whether the alert would be notified as firing or as resolved; undefined while neither is certain. */
function isBadAfter({ lifecycle, change }: TransitionResult): boolean | undefined {
  if (change?.to === 'resolved') return false
  return lifecycle?.state === 'firing' ? true : undefined
}

function stopFlapping(taken: TransitionResult, flapping: Flapping): TransitionResult {
  const { lifecycle } = taken
  if (lifecycle === undefined || lifecycle.state === 'pending') return taken
  if (flapping.isBad || lifecycle.state !== 'resolved')
    return { lifecycle, change: { to: lifecycle.state, event: 'flapping_stopped' } }
  return { lifecycle, change: { to: 'resolved', event: 'flapping_stopped' } }
}

/** Keeps an alert open that would have resolved. Its value is good since then. */
function keepOpen(
  before: AlertLifecycle | undefined,
  lifecycle: AlertLifecycle | undefined,
): AlertLifecycle | undefined {
  if (lifecycle?.state !== 'resolved') return lifecycle
  const { resolvedAt, state: _, ...episode } = lifecycle
  return { ...episode, state: 'recovering', goodSince: before?.state === 'recovering' ? before.goodSince : resolvedAt }
}

/** While an alert flaps, only a severity above all notified so far is notified. */
function continueFlapping(
  flapping: Flapping,
  before: AlertLifecycle | undefined,
  lifecycle: AlertLifecycle,
  change: StateChange | undefined,
): TransitionResult {
  if (change?.event === 'severity_raised' && flapping.worst !== lifecycle.severity) {
    flapping.worst = lifecycle.severity
    return { lifecycle, change }
  }
  return before?.state === lifecycle.state ? { lifecycle } : { lifecycle, change: { to: lifecycle.state } }
}

/** Returns the percentage of the last windows that changed, for an alert that flaps. */
export function flappingPercent({ state }: Fold, { identity }: Pick<Alert, 'identity'>): number | undefined {
  const known = state.flapping.get(flappingKey(identity))
  return known?.isFlapping === true ? Math.round(flapPercent(known)) : undefined
}

export function flappingKey({ host, rule, key }: AlertIdentity): string {
  return JSON.stringify([host, rule, key])
}

/** Drops the history of changes of alerts that were not evaluated for a long time. */
export function pruneFlapping({ state }: Fold): void {
  if (state.ticks % 60 !== 0) return
  for (const [key, { at }] of state.flapping) if (state.now - at > FLAPPING_RETENTION) state.flapping.delete(key)
}
