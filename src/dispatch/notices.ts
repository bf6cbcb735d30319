import { type Effect, type Millis, type Notice, clampToNow, type UndeliveredItem } from '../model.ts'
import { targetsForReceivers } from './routing.ts'
import { rateLimitFor } from './rate-limit.ts'
import { composeNotice } from './compose.ts'
import type { DispatchPlan } from './plan.ts'
import { countMail, type DispatchState } from './state.ts'

const MINUTE = 60_000

/** Queues a notice for the receivers of `self_monitoring`. It is sent as soon as the recipient's rate limit allows. */
export function enqueueNotice(state: DispatchState, plan: DispatchPlan, notice: Notice, now: Millis): void {
  for (const target of targetsForReceivers(plan, plan.config.selfMonitoring))
    state.notices.push({ target, notice, at: now })
}

/** Sends the queued notices that their recipients' rate limits allow. Called once a second. */
export function sendNotices(state: DispatchState, plan: DispatchPlan, now: Millis): readonly Effect[] {
  const due = state.notices.filter(({ target }) => {
    const rateLimit = rateLimitFor(state, target)
    if (rateLimit.sent.filter((at) => at <= now && now - at < MINUTE).length >= plan.config.mailsPerMinute) return false
    rateLimit.sent.push(now)
    return true
  })
  if (due.length > 0) state.notices = state.notices.filter((alert) => !due.includes(alert))
  for (const { target: line } of due) countMail(state, line.channel, [])
  return due.map((alert) => composeNotice(plan, alert, now))
}

/** Delay of the mail about failed deliveries, so that one mail lists those that fail together. */
const GATHER_TIME = 60_000
const MAX_NAMED = 20

/** Records a notification that was not delivered. */
export function recordUndelivered(state: DispatchState, item: UndeliveredItem, now: Millis): void {
  state.undelivered ??= { since: now, list: [] }
  state.undelivered.list.push(item)
}

/** Notifies the receivers of `self_monitoring` of failed deliveries, except for the address that failed. */
export function notifyUndelivered(state: DispatchState, plan: DispatchPlan, now: Millis): void {
  const { undelivered } = state
  if (undelivered === undefined) return
  clampToNow(undelivered, now, 'since')
  if (now - undelivered.since < GATHER_TIME) return
  for (const target of targetsForReceivers(plan, plan.config.selfMonitoring)) {
    const theirs = undelivered.list.filter(({ address }) => address !== target.to.address)
    if (theirs.length === 0) continue
    const notice = { kind: 'undelivered', items: theirs.slice(0, MAX_NAMED), count: theirs.length } as const
    state.notices.push({ target, notice, at: now })
  }
  delete state.undelivered
}
