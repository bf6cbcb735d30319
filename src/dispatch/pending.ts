import type { Millis, PendingNotification } from '../model.ts'
import { releaseAt } from './rate-limit.ts'
import { backlogEnd } from './deferred.ts'
import { listGroups } from './groups.ts'
import { findHold } from './suppress.ts'
import type { DispatchPlan } from './plan.ts'
import { nextFlush } from './flush.ts'
import type { TrackedAlert, DispatchState } from './state.ts'

/** Lists an alert's notifications that are not sent yet, with their recipients and what they wait for. */
export function listPending(
  state: DispatchState,
  plan: DispatchPlan,
  alert: TrackedAlert,
  now: Millis,
): readonly PendingNotification[] {
  const { episode } = alert.snapshot
  if (state.backlog.episodes.has(episode)) {
    return [{ event: alert.lastEvent, reason: 'backlog', until: backlogEnd(state.backlog) }]
  }
  const inGroups = listGroups(state, alert).flatMap((group): PendingNotification[] => {
    const { pending: event } = group.members.get(episode) ?? {}
    if (event === undefined) return []
    const to = group.target.to.address
    const hold = findHold(alert, to, event, now)
    if (hold !== undefined) return [{ to, event, reason: hold.by, ...('until' in hold ? { until: hold.until } : {}) }]
    return [
      {
        to,
        event,
        reason: group.lastNotifiedAt === undefined ? 'group_wait' : 'group_interval',
        until: nextFlush(group),
      },
    ]
  })
  const inLists = [...state.rateLimits].flatMap(([to, rateLimit]): PendingNotification[] => {
    const item = rateLimit.deferred.get(episode)
    return item === undefined
      ? []
      : [{ to, event: item.reason, reason: 'rate_limit', until: releaseAt(rateLimit, plan.config.mailsPerMinute) }]
  })
  return [...inGroups, ...inLists]
}
