import type { AlertFacts, Because, Millis, NotificationGroup, Pulse, Report } from '../model.ts'
import { canHear, lose, noteUntold, receiverRemoved } from './suppress.ts'
import { type Labels, labelsOf, valuesOf } from '../labels/labels.ts'
import { type Case, type DispatchState, type Group, type Item, type Line, type Member } from './state.ts'

/** How the first fold sees an alert now. */
export interface Alerts {
  /** Undefined when it is not open any more. */
  facts(one: Case): AlertFacts | undefined
  /** Whether it still fires, on data of the last minutes. */
  isCurrent(one: Case): boolean
  /** Sums up what happened since an instant, and what is heard now. */
  report(wish: ReportWish): Report
  pulse(): Pulse
}

/** What a report is to be about; its days are those of the zone. */
export interface ReportWish {
  readonly every: Report['every']
  readonly from: Millis
  readonly zone: string
}

/** Lets an address hear something of an alert: where it has heard of it before, else in the conversation that it belongs to. */
export function tellGroup(
  state: DispatchState,
  line: Line,
  one: Case,
  labels: Labels,
  news: Because,
  now: Millis,
): void {
  const { episode } = one.facts
  const key = keyOf(line, labels)
  const heard = groupOf(state, one, line.to.address)
  const group = heard ?? state.groups.get(key) ?? newGroup(key, line, labels, episode, now)
  state.groups.set(group.key, group)
  one.groups.add(group.key)
  if (group.key === key) group.line = line
  delete group.left
  const member = group.members.get(episode) ?? newMember(false)
  group.members.set(episode, member)
  hear(one, member, news)
}

/** Something new happened to an alert that a conversation is about. */
export function goOn(group: Group, one: Case, because: Because, now: Millis): void {
  const member = group.members.get(one.facts.episode)
  if (member === undefined) return
  if (group.left === undefined || canHear(group, one)) return hear(one, member, because)
  noteUntold(one, because, receiverRemoved(group.left), now, group.line.to.address)
  if (one.facts.state === 'resolved') group.members.delete(one.facts.episode)
}

/** Whoever has not heard yet that it fired, hears that first of all; a rise that fell again unheard is no news. */
function hear(one: Case, member: Member, news: Because): void {
  const isFirst = !member.told && member.news !== undefined && SEVERITY.includes(news)
  if (isFirst) return
  const isUndone =
    SEVERITY.includes(news) && member.news !== undefined && member.news !== news && SEVERITY.includes(member.news)
  if (member.news !== news) lose(one, member)
  member.news = isUndone ? undefined : news
}

const SEVERITY: readonly Because[] = ['severity_raised', 'severity_lowered']

/** An address has heard of an alert in a list: its conversation goes on from there. */
export function joinTold(state: DispatchState, line: Line, one: Case, labels: Labels, now: Millis): void {
  tellGroup(state, line, one, labels, 'fired', now)
  for (const group of groupsOf(state, one)) {
    const member = group.members.get(one.facts.episode)
    if (group.line.to.address !== line.to.address || member === undefined) continue
    member.told = true
    member.news = undefined
    delete member.kept
    group.lastSent ??= now
  }
}

/** The conversation that an item was taken from; where it has ended since, it goes on. */
export function resumeGroup(
  state: DispatchState,
  { line, thread, seq, lead, facts }: Item,
  one: Case,
  now: Millis,
): Group {
  const known = groupOf(state, one, line.to.address)
  if (known !== undefined) return known
  const labels = labelsOf(facts)
  const key = keyOf(line, labels)
  const fresh = { ...newGroup(key, line, labels, thread, now), seq: seq + 1, lead, lastSent: now }
  const group = state.groups.get(key) ?? fresh
  state.groups.set(key, group)
  one.groups.add(key)
  return group
}

function keyOf({ to, grouping }: Line, labels: Labels): string {
  return `${to.address}\n${valuesOf(labels, grouping.by)}\n${grouping.by.join(' ')}`
}

function newGroup(key: string, line: Line, labels: Labels, thread: string, now: Millis): Group {
  return {
    key,
    identity: identityOf(line, labels),
    line,
    thread,
    seq: 0,
    lead: undefined,
    members: new Map(),
    since: now,
    lastSent: undefined,
    repeats: 0,
    rests: 0,
  }
}

/** What a group is to machines that get its notifications, episode after episode. */
function identityOf({ receiver, grouping }: Line, all: Labels): NotificationGroup {
  const labels = Object.fromEntries(grouping.by.map((name) => [name, all[name] ?? '']))
  const named = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return { key: `${receiver}:{${named.join(',')}}`, labels }
}

/** What an address knows of an alert that it heard nothing of yet, or of which it is told already. */
export function newMember(told: boolean): Member {
  return { told, news: undefined, wasMuted: undefined, sent: 0, suppressed: 0 }
}

/** The conversations in which an address has heard of an alert, or is to hear of it. */
export function groupsOf(state: DispatchState, one: Case): readonly Group[] {
  const groups = [...one.groups].flatMap((key) => state.groups.get(key) ?? [])
  return groups.filter((group) => group.members.has(one.facts.episode))
}

/** The conversation in which one address hears of an alert. */
export function groupOf(state: DispatchState, one: Case, address: string): Group | undefined {
  return groupsOf(state, one).find(({ line }) => line.to.address === address)
}
