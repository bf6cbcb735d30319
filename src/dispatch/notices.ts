import type { Effect, Millis, Notice } from '../model.ts'
import { linesTo } from './routing.ts'
import { purseOf } from './rate-limit.ts'
import { composeNotice } from './compose.ts'
import type { DispatchPlan } from './plan.ts'
import { countMail, type DispatchState } from './state.ts'

const MINUTE = 60_000

/** Hands a notice to whoever hears of the service itself; it goes out as soon as the recipient's budget allows. */
export function postNotice(state: DispatchState, plan: DispatchPlan, notice: Notice, now: Millis): void {
  for (const line of linesTo(plan, plan.config.system)) state.notices.push({ line, notice, at: now })
}

/** Sends the notices that fit into the budgets of their recipients, each second. */
export function tellNotices(state: DispatchState, plan: DispatchPlan, now: Millis): readonly Effect[] {
  const due = state.notices.filter(({ line }) => {
    const purse = purseOf(state, line)
    if (purse.sent.filter((at) => at <= now && now - at < MINUTE).length >= plan.config.mailsPerMinute) return false
    purse.sent.push(now)
    return true
  })
  if (due.length > 0) state.notices = state.notices.filter((one) => !due.includes(one))
  for (const { line } of due) countMail(state, line.via, [])
  return due.map((one) => composeNotice(plan, one, now))
}
