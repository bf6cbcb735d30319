import { type Grouping, isBuiltinRule, type Millis, OWN_RULES, type Repeat, type Suppression } from '../model.ts'
import { addressesOf, audienceOf, escalationOf, linesTo } from './routing.ts'
import { groupOf, groupsOf, tellGroup } from './groups.ts'
import { canHear, noteUntold, receiverRemoved } from './suppress.ts'
import { labelsOf } from '../labels/labels.ts'
import type { DispatchPlan } from './plan.ts'
import type { Case, DispatchState, Group, Item, Line, Purse } from './state.ts'

const NEVER: Repeat = { first: 0, most: 0 }

/**
 * A new configuration holds for conversations that go on: their repeats and waits are those of now. An address that is
 * no longer to hear of an alert that it was told of hears how it ends, without repeats; what it was not told yet, it is not
 * told any more. One that is to hear of it now hears that it fires.
 */
export function rerouteAll(state: DispatchState, before: DispatchPlan, plan: DispatchPlan, now: Millis): void {
  const addresses = addressesOf(plan)
  for (const one of state.cases.values()) tellNewcomers(state, plan, one, now)
  for (const purse of state.purses.values()) dropHeld(state, plan, addresses, purse, now)
  for (const group of state.groups.values()) {
    const line = lineNow(state, plan, group)
    group.line =
      line === undefined ? { ...group.line, repeat: NEVER } : { ...line, grouping: sameLabels(group, line.grouping) }
    group.rests = 0
    if (addresses.has(group.line.to.address)) delete group.left
    else group.left ??= now
    dropNews(state, plan, group, now)
  }
  handOverNotices(state, before, plan, addresses)
}

function tellNewcomers(state: DispatchState, plan: DispatchPlan, one: Case, now: Millis): void {
  if (one.facts.state !== 'firing' || state.backlog.episodes.has(one.facts.episode)) return
  const known = new Set(groupsOf(state, one).map(({ line }) => line.to.address))
  const labels = labelsOf(one.facts)
  const lines = audienceOf(plan, { facts: one.facts, notify: notifyNow(plan, one) }, labels)
  for (const line of lines) if (!known.has(line.to.address)) tellGroup(state, line, one, labels, 'fired', now)
}

/** Whom an alert tells now: its rule's receivers, or those of the service's own alerts. */
function notifyNow(plan: DispatchPlan, { facts, ref, notify }: Case): readonly string[] {
  const { rule } = facts.identity
  const known = plan.rules.get(rule)
  if (known !== undefined) return known.notify
  if (!isBuiltinRule(rule)) return notify
  // Of hosts that are silent together those hear whom the rule tells that finds them silent.
  const [, , finder = ''] = ref.id.split('\n')
  const named = rule === OWN_RULES.mass ? (plan.rules.get(finder)?.notify ?? []) : []
  return named.length > 0 ? named : plan.config.system
}

/** Why an address is to hear nothing new of an alert; undefined where it is. */
function whyNot(
  state: DispatchState,
  plan: DispatchPlan,
  one: Case,
  address: string,
  left: Millis | undefined,
): Suppression | undefined {
  if (left !== undefined) return receiverRemoved(left)
  const hears =
    state.backlog.episodes.has(one.facts.episode) || linesOf(plan, one).some(({ to }) => to.address === address)
  return hears ? undefined : { by: 'not_routed' }
}

/** Lets go of what waits for the budget of an address that is not to hear of it any more, except for the ends of what it knows. */
function dropHeld(
  state: DispatchState,
  plan: DispatchPlan,
  addresses: ReadonlySet<string>,
  { held }: Purse,
  now: Millis,
): void {
  for (const [episode, item] of held) {
    const one = state.cases.get(episode)
    if (one === undefined) continue
    const { address } = item.line.to
    const left = addresses.has(address) ? undefined : now
    const why = whyNot(state, plan, one, address, left)
    if (why === undefined || isOwed(item, one, left)) continue
    held.delete(episode)
    if (!item.told) groupOf(state, one, address)?.members.delete(episode)
    noteUntold(one, item.because, why, now, address)
  }
}

/** Whoever knows of an alert goes on hearing of it; whoever left hears its end. */
function isOwed(item: Item, one: Case, left: Millis | undefined): boolean {
  return item.told && (left === undefined || one.facts.state === 'resolved')
}

/** The same for what waits in a conversation. */
function dropNews(state: DispatchState, plan: DispatchPlan, group: Group, now: Millis): void {
  const { left, line } = group
  for (const [episode, member] of group.members) {
    const one = state.cases.get(episode)
    const why = one && whyNot(state, plan, one, line.to.address, left)
    if (one === undefined || why === undefined) continue
    const { news } = member
    if (member.told && (left === undefined || canHear(group, one))) continue
    if (!member.told || one.facts.state === 'resolved') group.members.delete(episode)
    member.news = undefined
    delete member.kept
    if (news !== undefined) noteUntold(one, news, why, now, line.to.address)
  }
}

/** What notices wait for budgets of addresses that left, those hear who hear of the service's own only now. */
function handOverNotices(
  state: DispatchState,
  before: DispatchPlan,
  plan: DispatchPlan,
  addresses: ReadonlySet<string>,
): void {
  const [gone, kept] = [false, true].map((is) =>
    state.notices.filter(({ line }) => addresses.has(line.to.address) === is),
  ) as [DispatchState['notices'], DispatchState['notices']]
  if (gone.length === 0) return
  const knew = new Set(linesTo(before, before.config.system).map(({ to }) => to.address))
  const newcomers = linesTo(plan, plan.config.system).filter(({ to }) => !knew.has(to.address))
  const notices = new Map(gone.map((one) => [JSON.stringify([one.at, one.notice]), one]))
  state.notices = [...kept, ...[...notices.values()].flatMap((one) => newcomers.map((line) => ({ ...one, line })))]
}

/** What belongs together in a conversation that goes on stays so. */
function sameLabels({ line }: Group, grouping: Grouping): Grouping {
  return { ...grouping, by: line.grouping.by }
}

function lineNow(state: DispatchState, plan: DispatchPlan, { line, members }: Group): Line | undefined {
  for (const episode of members.keys()) {
    const one = state.cases.get(episode)
    const found = one === undefined ? undefined : linesOf(plan, one).find(({ to }) => to.address === line.to.address)
    if (found !== undefined) return found
  }
  return undefined
}

/** All who may hear of a case, by its rule as it is now. */
function linesOf(plan: DispatchPlan, one: Case): readonly Line[] {
  const now = { facts: one.facts, notify: notifyNow(plan, one) }
  const labels = labelsOf(one.facts)
  return [...audienceOf(plan, now, labels), ...escalationOf(plan, now, labels).flatMap(({ lines }) => lines)]
}
