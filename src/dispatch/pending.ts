import type { Millis, Waiting } from '../model.ts'
import { releaseAt } from './rate-limit.ts'
import { endOfBacklog } from './backlog.ts'
import { groupsOf } from './groups.ts'
import { heldBackBy } from './suppress.ts'
import type { DispatchPlan } from './plan.ts'
import { newsAt } from './flush.ts'
import type { Case, DispatchState } from './state.ts'

/** What is to be told of an alert and is not told yet, to whom, and what each waits for. */
export function waitsOf(state: DispatchState, plan: DispatchPlan, one: Case, now: Millis): readonly Waiting[] {
  const { episode } = one.facts
  if (state.backlog.episodes.has(episode)) {
    return [{ news: one.because, for: 'backlog', until: endOfBacklog(state.backlog) }]
  }
  const inGroups = groupsOf(state, one).flatMap((group): Waiting[] => {
    const { news } = group.members.get(episode) ?? {}
    if (news === undefined) return []
    const to = group.line.to.address
    if (one.muted?.by === 'silence') return [{ to, news, for: 'silence', until: one.muted.until }]
    if (one.muted !== undefined) return [{ to, news, for: one.muted.by }]
    if (heldBackBy(one, news, now) !== undefined)
      return [{ to, news, for: 'acknowledgement', until: one.ack?.until ?? now }]
    return [{ to, news, for: group.lastSent === undefined ? 'group_wait' : 'group_interval', until: newsAt(group) }]
  })
  const inLists = [...state.purses].flatMap(([to, purse]): Waiting[] => {
    const item = purse.held.get(episode)
    return item === undefined
      ? []
      : [{ to, news: item.because, for: 'rate_limit', until: releaseAt(purse, plan.config.mailsPerMinute) }]
  })
  return [...inGroups, ...inLists]
}
