import type { AlertFacts, Because, Effect, HeldBy, Millis } from '../model.ts'
import { audienceOf } from './routing.ts'
import { readOut } from './backlog.ts'
import { pay, release } from './rate-limit.ts'
import { composeList } from './compose.ts'
import { type Alerts, goOn, groupOf, groupsOf, joinTold, newMember, resumeGroup } from './groups.ts'
import { heldBackBy, keepFrom, NOBODY, noteUntold } from './suppress.ts'
import { labelsOf } from '../labels/labels.ts'
import type { DispatchPlan } from './plan.ts'
import { factsOf, noteTold } from './flush.ts'
import { type Case, countMail, type DispatchState, type Item, note } from './state.ts'

/** Lets go of what waited for the budget of its address, as it is by now. */
export function tellHeld(state: DispatchState, plan: DispatchPlan, alerts: Alerts, now: Millis): readonly Effect[] {
  return [...state.purses.values()].flatMap((purse) => {
    const items = release(purse, plan.config.mailsPerMinute, (item) => judge(state, alerts, item, now), now)
    return items.length === 0 ? [] : [tellList(state, plan, items, 'rate_limited', now)]
  })
}

function tellList(
  state: DispatchState,
  plan: DispatchPlan,
  items: readonly Item[],
  because: Because,
  now: Millis,
): Effect {
  countMail(
    state,
    items[0]?.line.via ?? 'email',
    items.map(({ facts }) => facts.identity.rule),
  )
  for (const { line, facts, because: own } of items) {
    const isAlone = items.length === 1
    const isListed = own !== because && (!isAlone || facts.wasMuted === undefined)
    noteTold(state, line, [{ ...facts, because: own }], now, isListed ? { because, isAlone } : undefined)
  }
  return composeList(state, plan, items, because, now)
}

/** What is to be told by now of an alert that waited for a list: how it is, that it is over, or nothing for now. */
function judge(state: DispatchState, alerts: Alerts, item: Item, now: Millis): Item | undefined {
  const { episode } = item.facts
  const { address } = item.line.to
  const one = state.cases.get(episode)
  if (one === undefined) return item
  const why = heldBackBy(one, item.because, now)
  if (why !== undefined) return putBack(state, one, item, why, now)
  const group = groupOf(state, one, address)
  const { sent = 0, suppressed = 0 } = group?.members.get(episode) ?? item.facts
  const { wasMuted, picture, peers, state: was } = item.facts
  const facts = {
    ...factsOf(one, alerts),
    sent,
    suppressed,
    ...(wasMuted === undefined ? {} : { wasMuted }),
    ...(was !== one.facts.state || picture === undefined ? {} : { picture }),
    ...(was !== one.facts.state || peers === undefined ? {} : { peers }),
  }
  if (one.facts.state === 'firing' && !isUndone(item, facts)) return { ...item, facts }
  if (one.facts.state === 'firing') {
    noteUntold(one, item.because, { by: 'undone' }, now, address)
    return undefined
  }
  // This list tells its end, whatever the conversation waits for.
  group?.members.delete(episode)
  return { ...item, because: one.because === 'flapping_stopped' ? one.because : 'resolved', facts }
}

/** A rise that has come and gone is none, nor is a fall. */
function isUndone({ because }: Item, { severity }: AlertFacts): boolean {
  return (
    (because === 'severity_raised' && severity !== 'critical') ||
    (because === 'severity_lowered' && severity === 'critical')
  )
}

/** What is held back by now is news of its conversation again, until nothing holds it back or it is over untold. */
function putBack(state: DispatchState, one: Case, item: Item, why: HeldBy, now: Millis): undefined {
  const { address } = item.line.to
  const isOver = one.facts.state === 'resolved'
  if (isOver && !item.told) {
    groupOf(state, one, address)?.members.delete(one.facts.episode)
    noteUntold(one, 'all', why, now, address)
    return
  }
  const group = resumeGroup(state, item, one, now)
  const member = group.members.get(one.facts.episode) ?? newMember(true)
  group.members.set(one.facts.episode, member)
  if (item.because === 'repeat_interval' && !isOver) {
    note(one, { at: now, kind: 'suppressed', event: item.because, why, to: address })
    return
  }
  member.told = item.told
  member.news = isOver ? 'resolved' : (member.news ?? item.because)
  group.rests = 0
  keepFrom(group, one, member, why, now)
}

/**
 * Once a backlog is read: who knew of an alert hears how it went on; of what is over, and of what nothing newer is known,
 * the others hear in one list; what goes on is news to them.
 */
export function readBacklog(
  state: DispatchState,
  plan: DispatchPlan,
  alerts: Alerts,
  now: Millis,
  tellAll: (one: Case) => void,
): Effect[] {
  const lists = new Map<string, Item[]>()
  for (const episode of readOut(state.backlog, now)) {
    const one = state.cases.get(episode)
    if (one === undefined) continue
    state.dirty = true
    const knowing = groupsOf(state, one)
    const goesOn = one.facts.state === 'firing' && (one.muted !== undefined || alerts.isCurrent(one))
    if (goesOn) tellAll(one)
    else list(state, plan, one, lists, now)
    for (const group of knowing) if (group.members.get(episode)?.told === true) goOn(group, one, one.because, now)
  }
  return [...lists.values()].map((items) => {
    const [first] = items
    if (first !== undefined) pay(state, first.line, now)
    return tellList(state, plan, items, 'backlog', now)
  })
}

/** Lists an alert for each address that knows nothing of it. */
function list(state: DispatchState, plan: DispatchPlan, one: Case, lists: Map<string, Item[]>, now: Millis): void {
  const { facts, muted } = one
  const knowing = new Set(groupsOf(state, one).map(({ line }) => line.to.address))
  const labels = labelsOf(facts)
  const lines = muted === undefined ? audienceOf(plan, one, labels) : []
  if (lines.length === 0 && knowing.size === 0) noteUntold(one, 'all', muted ?? NOBODY, now)
  for (const line of lines) {
    if (knowing.has(line.to.address)) continue
    const items = lists.get(line.to.address) ?? []
    lists.set(line.to.address, items)
    items.push({ line, because: 'backlog', thread: facts.episode, seq: 0, facts, lead: undefined, told: false })
    if (facts.state === 'firing') joinTold(state, line, one, labels, now)
  }
}
