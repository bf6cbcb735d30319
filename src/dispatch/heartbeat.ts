import type { Effect, HeartbeatAlert, HeartbeatItems, Millis, Notice, Pulse } from '../model.ts'
import { linesTo } from './routing.ts'
import { pay } from './rate-limit.ts'
import { composeHeartbeat, composeReport } from './compose.ts'
import type { Alerts } from './groups.ts'
import { isAcknowledged } from './suppress.ts'
import type { DispatchPlan } from './plan.ts'
import { type Due, takeTurns } from './schedule.ts'
import type { Case, DispatchState, Line } from './state.ts'

/** What one heart-beat names at most. */
const MOST_FIRING = 20

/** The reports and heart-beats that are due: each address gets one of a kind, whatever its budget says; they count. */
export function tellScheduled(state: DispatchState, plan: DispatchPlan, alerts: Alerts, now: Millis): Effect[] {
  const told = new Set<string>()
  return takeTurns(state, plan, now).flatMap((due) => {
    const lines = linesTo(plan, [due.receiver.name]).filter(({ via, to }) => {
      const key = `${due.kind}\n${due.schedule.weekday === undefined}\n${to.address}`
      const isFirst = via === 'email' && !told.has(key)
      told.add(key)
      return isFirst
    })
    if (lines.length === 0) return []
    for (const line of lines) pay(state, line, now)
    return due.kind === 'report'
      ? reports(plan, alerts, due, lines, now)
      : heartbeats(state, plan, alerts, due, lines, now)
  })
}

function reports(plan: DispatchPlan, alerts: Alerts, due: Due, lines: readonly Line[], now: Millis): Effect[] {
  const zone = due.receiver.zone ?? 'UTC'
  const report = alerts.report({ every: due.schedule.weekday === undefined ? 'day' : 'week', from: due.since, zone })
  return lines.map((line) => composeReport(plan, line, due, report, now))
}

function heartbeats(
  state: DispatchState,
  plan: DispatchPlan,
  alerts: Alerts,
  due: Due,
  lines: readonly Line[],
  now: Millis,
): Effect[] {
  const firing = [...state.cases.values()].filter(({ facts }) => facts.state === 'firing')
  const notice = heartbeatOf(due, { firing, pulse: alerts.pulse() }, now)
  return lines.map((line) => composeHeartbeat(plan, line, due, notice, now))
}

/** What a heart-beat says of the alerts that fire, and of what is heard. */
export function heartbeatOf(
  { since, mails }: Pick<Due, 'since' | 'mails'>,
  { firing, pulse }: { readonly firing: readonly Case[]; readonly pulse: Pulse },
  now: Millis,
): Notice {
  const first = firing.slice(0, MOST_FIRING).map((one) => firingOf(one, now))
  const items = { pulse, mails, since, firing: { total: firing.length, first }, held: heldOf(firing, now) }
  return { kind: 'heartbeat', items }
}

function firingOf(one: Case, now: Millis): HeartbeatAlert {
  const { facts, muted, ack } = one
  const { identity, severity, since, code } = facts
  return {
    identity,
    severity,
    since,
    code,
    ...(muted === undefined ? {} : { muted }),
    ...(ack !== undefined && isAcknowledged(one, now) ? { ack } : {}),
  }
}

/** How many of the alerts nobody is told of, by what keeps them back. */
function heldOf(firing: readonly Case[], now: Millis): HeartbeatItems['held'] {
  const held = { silence: 0, maintenance: 0, inhibition: 0, acknowledgement: 0 }
  for (const one of firing) {
    if (one.muted !== undefined) held[one.muted.by]++
    else if (isAcknowledged(one, now)) held.acknowledgement++
  }
  return held
}
