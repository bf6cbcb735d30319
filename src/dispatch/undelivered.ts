import { clampToNow, type Millis, type UndeliveredItem } from '../model.ts'
import { targetsForReceivers } from './routing.ts'
import type { DispatchPlan } from './plan.ts'
import type { DispatchState } from './state.ts'

/** Failed deliveries are notified after this wait, so that one mail lists those that fail together. */
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
