import { formatTime } from '../format.ts'
import type { Millis } from '../model.ts'
import { linesTo } from './audience.ts'
import type { DispatchPlan } from './plan.ts'
import type { DispatchState, Undelivered } from './state.ts'

/** What could not be delivered is told after this, so that one mail can list what fails together. */
const GATHER = 60_000
const MOST_LINES = 20

/** Takes note of a notification that its address never got. */
export function noteUndelivered(state: DispatchState, one: Undelivered, now: Millis): void {
  state.undelivered ??= { since: now, list: [] }
  state.undelivered.list.push(one)
}

/** Tells whoever hears of the service itself what was not delivered, except for the address that did not get it. */
export function tellUndelivered(state: DispatchState, plan: DispatchPlan, now: Millis): void {
  const { undelivered } = state
  if (undelivered === undefined) return
  undelivered.since = Math.min(undelivered.since, now)
  if (now - undelivered.since < GATHER) return
  for (const line of linesTo(plan, plan.config.system)) {
    const theirs = undelivered.list.filter(({ address }) => address !== line.to.address)
    if (theirs.length === 0) continue
    const lines = theirs.slice(0, MOST_LINES).map(lineOf)
    const rest = theirs.length - lines.length
    const noun = theirs.every(({ address }) => address.includes('@')) ? 'mail' : 'notification'
    const title = `${theirs.length} ${noun}${theirs.length === 1 ? ' was' : 's were'} not delivered`
    const all = rest === 0 ? lines : [...lines, `and ${rest} more; /api/v1/notifications lists them`]
    state.notices.push({ line, notice: { because: 'not delivered', title, lines: all }, at: now })
  }
  delete state.undelivered
}

function lineOf({ address, receiver, what, answer, at }: Undelivered): string {
  return `${what}, of ${formatTime(at)}, to ${address} (${receiver}): ${answer}`
}
