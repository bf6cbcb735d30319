import { createFlapping, type Flapping, recordSample, flapPercent, slotLength } from '../../alert/flapping.ts'
import type { Change, AlertLifecycle, Step } from '../../alert/lifecycle.ts'
import type { AlertIdentity, Millis } from '../../model.ts'
import type { Alert, Fold } from '../state.ts'

/** What is remembered of changes is let go after this long without a look. */
const FORGOTTEN = 24 * 3_600_000

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
  taken: Step,
  at: Millis,
  every: Millis,
): Step {
  if (!fold.plan.config.alerting.flapping) return taken
  const isBad = isBadAfter(taken)
  const known = fold.state.flapping.get(key)
  if (known === undefined && isBad !== true) return taken
  const flapping = known ?? createFlapping(at)
  fold.state.flapping.set(key, flapping)
  const turned = recordSample(flapping, at, isBad, slotLength(every))
  if (turned === 'stopped') return stopFlapping(taken, flapping)
  if (!flapping.isFlapping) return taken
  const life = keepOpen(before, taken.life)
  if (life === undefined) return taken
  if (turned !== 'started') return continueFlapping(flapping, before, life, taken.change)
  flapping.worst = life.severity
  return { life, change: { to: life.state, because: 'flapping_started' } }
}

/** Whether people would be told that it is bad, or good; undefined while neither is sure. */
function isBadAfter({ life, change }: Step): boolean | undefined {
  if (change?.to === 'resolved') return false
  return life?.state === 'firing' ? true : undefined
}

function stopFlapping(taken: Step, flapping: Flapping): Step {
  const { life } = taken
  if (life === undefined || life.state === 'pending') return taken
  if (flapping.isBad || life.state !== 'resolved')
    return { life, change: { to: life.state, because: 'flapping_stopped' } }
  return { life, change: { to: 'resolved', because: 'flapping_stopped' } }
}

/** An alert that would be over stays open; it is good since then. */
function keepOpen(before: AlertLifecycle | undefined, life: AlertLifecycle | undefined): AlertLifecycle | undefined {
  if (life?.state !== 'resolved') return life
  const { resolvedAt, state: _, ...episode } = life
  return { ...episode, state: 'recovering', goodSince: before?.state === 'recovering' ? before.goodSince : resolvedAt }
}

/** While an alert flaps, only a severity above all notified so far is notified. */
function continueFlapping(
  flapping: Flapping,
  before: AlertLifecycle | undefined,
  life: AlertLifecycle,
  change: Change | undefined,
): Step {
  if (change?.because === 'severity_raised' && flapping.worst !== life.severity) {
    flapping.worst = life.severity
    return { life, change }
  }
  return before?.state === life.state ? { life } : { life, change: { to: life.state } }
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
  for (const [key, { at }] of state.flapping) if (state.now - at > FORGOTTEN) state.flapping.delete(key)
}
