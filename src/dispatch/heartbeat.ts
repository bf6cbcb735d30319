import type { Effect, HeartbeatAlert, HeartbeatItems, Millis, Notice, Pulse } from '../model.ts'
import { targetsForReceivers } from './routing.ts'
import { charge } from './rate-limit.ts'
import { composeHeartbeat, composeReport } from './compose.ts'
import type { AlertLookup } from './groups.ts'
import { isAcknowledged } from './suppress.ts'
import type { DispatchPlan } from './plan.ts'
import { type DueRun, takeDueRuns } from './schedule.ts'
import type { TrackedAlert, DispatchState, Target } from './state.ts'

/** The most firing alerts that a heartbeat mail lists. */
const MAX_FIRING = 20

/**
 * Sends the reports and heartbeat mails that are due, at most one of a kind per address. They count against the rate
 * limit, but are never held by it.
 */
export function notifyScheduled(state: DispatchState, plan: DispatchPlan, alerts: AlertLookup, now: Millis): Effect[] {
  const notified = new Set<string>()
  return takeDueRuns(state, plan, now).flatMap((due) => {
    const targets = targetsForReceivers(plan, [due.receiver.name]).filter(({ channel, to }) => {
      const key = `${due.kind}\n${due.schedule.weekday === undefined}\n${to.address}`
      const isFirst = channel === 'email' && !notified.has(key)
      notified.add(key)
      return isFirst
    })
    if (targets.length === 0) return []
    for (const target of targets) charge(state, target, now)
    return due.kind === 'report'
      ? composeReports(plan, alerts, due, targets, now)
      : composeHeartbeats(state, plan, alerts, due, targets, now)
  })
}

function composeReports(
  plan: DispatchPlan,
  alerts: AlertLookup,
  due: DueRun,
  targets: readonly Target[],
  now: Millis,
): Effect[] {
  const zone = due.receiver.timeZone ?? 'UTC'
  const report = alerts.report({ every: due.schedule.weekday === undefined ? 'day' : 'week', from: due.since, zone })
  return targets.map((target) => composeReport(plan, target, due, report, now))
}

function composeHeartbeats(
  state: DispatchState,
  plan: DispatchPlan,
  alerts: AlertLookup,
  due: DueRun,
  targets: readonly Target[],
  now: Millis,
): Effect[] {
  const firing = [...state.alerts.values()].filter(({ snapshot }) => snapshot.state === 'firing')
  const notice = buildHeartbeat(due, { firing, pulse: alerts.pulse() }, now)
  return targets.map((target) => composeHeartbeat(plan, target, due, notice, now))
}

/** Builds the content of a heartbeat mail: traffic, and the firing alerts. */
export function buildHeartbeat(
  { since, mails }: Pick<DueRun, 'since' | 'mails'>,
  { firing, pulse }: { readonly firing: readonly TrackedAlert[]; readonly pulse: Pulse },
  now: Millis,
): Notice {
  const first = firing.slice(0, MAX_FIRING).map((alert) => describeFiring(alert, now))
  const items = { pulse, mails, since, firing: { total: firing.length, first }, suppressed: countHeld(firing, now) }
  return { kind: 'heartbeat', items }
}

function describeFiring(alert: TrackedAlert, now: Millis): HeartbeatAlert {
  const { snapshot, muted, ack } = alert
  const { identity, severity, startsAt, code } = snapshot
  return {
    identity,
    severity,
    startsAt,
    code,
    ...(muted === undefined ? {} : { muted }),
    ...(ack !== undefined && isAcknowledged(alert, now) ? { ack } : {}),
  }
}

/** Counts the firing alerts that are muted or acknowledged, by cause. A mute counts first. */
function countHeld(firing: readonly TrackedAlert[], now: Millis): HeartbeatItems['suppressed'] {
  const held = { silence: 0, maintenance: 0, inhibition: 0, acknowledgement: 0 }
  for (const alert of firing) {
    if (alert.muted !== undefined) held[alert.muted.by]++
    else if (isAcknowledged(alert, now)) held.acknowledgement++
  }
  return held
}
