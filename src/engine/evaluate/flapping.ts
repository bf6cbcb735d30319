import { createFlapping, type Flapping, recordSample, flapPercent, slotLength } from '../../alert/flapping.ts'
import type { StateChange, AlertLifecycle, TransitionResult } from '../../alert/lifecycle.ts'
import type { AlertIdentity, Millis } from '../../model.ts'
import type { Alert, Fold } from '../state.ts'

/** What is remembered of changes is let go after this long without a look. */
const FLAPPING_RETENTION = 24 * 3_600_000

/**
 * Takes a step of an alert as it is, unless the alert flaps: then it goes on being open, whatever its value does, until
 * it has settled. Notifications are sent for its start and its end, not for changes in between.
 *
 * @param every how often the rule is judged.
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

/** Whether people would be told that it is bad, or good; undefined while neither is sure. */
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

/** An alert that would be over stays open; it is good since then. */
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

/** What share of the last windows changed, in percent, of an alert that flaps. */
export function flappingPercent({ state }: Fold, { identity }: Pick<Alert, 'identity'>): number | undefined {
  const known = state.flapping.get(flappingKey(identity))
  return known?.isFlapping === true ? Math.round(flapPercent(known)) : undefined
}

export function flappingKey({ host, rule, key }: AlertIdentity): string {
  return JSON.stringify([host, rule, key])
}

/** Lets go of what nobody has looked at for long. */
export function pruneFlapping({ state }: Fold): void {
  if (state.ticks % 60 !== 0) return
  for (const [key, { at }] of state.flapping) if (state.now - at > FLAPPING_RETENTION) state.flapping.delete(key)
}
