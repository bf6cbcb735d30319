import type { AlertFacts, Because, Millis, Pulse, Report } from '../model.ts'
import { canHear, heldBackBy, isAcknowledged, leftText, noteUntold } from './held.ts'
import { type Labels, labelsOf, valuesOf } from './labels.ts'
import { mutedText } from './mute.ts'
import { isStep, withoutPicture } from './picture.ts'
import {
  type Case,
  type DispatchState,
  type Group,
  type Item,
  type Line,
  type Mail,
  type Member,
  note,
} from './state.ts'

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

/** Alerts beside the news that one mail lists. */
const MOST_OTHERS = 500
/** What several news of one mail are called: the first of these. */
const RANK: readonly Because[] = [
  'severity rose',
  'fired',
  'severity fell',
  'escalated',
  'silence ended',
  'flapping started',
  'flapping stopped',
  'resolved',
]

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
  const group = heard ?? state.groups.get(key) ?? newGroup(key, line, episode, now)
  state.groups.set(group.key, group)
  one.groups.add(group.key)
  if (group.key === key) group.line = line
  delete group.left
  const member = group.members.get(episode) ?? { told: false, news: undefined, wasMuted: undefined }
  group.members.set(episode, member)
  hear(member, news)
}

/** Something new happened to an alert that a conversation is about. */
export function goOn(group: Group, one: Case, because: Because, now: Millis): void {
  const member = group.members.get(one.facts.episode)
  if (member === undefined) return
  if (group.left === undefined || canHear(group, one)) return hear(member, because)
  noteUntold(one, `'${because}' is not told: ${leftText(group.left)}`, now, group.line.to.address)
  if (one.facts.state === 'resolved') group.members.delete(one.facts.episode)
}

/** Whoever has not heard yet that it fired, hears that first of all; a rise that fell again unheard is no news. */
function hear(member: Member, news: Because): void {
  const isFirst = !member.told && member.news !== undefined && SEVERITY.includes(news)
  if (isFirst) return
  const isUndone =
    SEVERITY.includes(news) && member.news !== undefined && member.news !== news && SEVERITY.includes(member.news)
  member.news = isUndone ? undefined : news
}

const SEVERITY: readonly Because[] = ['severity rose', 'severity fell']

/** An address has heard of an alert in a list: its conversation goes on from there. */
export function joinTold(state: DispatchState, line: Line, one: Case, labels: Labels, now: Millis): void {
  tellGroup(state, line, one, labels, 'fired', now)
  for (const group of groupsOf(state, one)) {
    const member = group.members.get(one.facts.episode)
    if (group.line.to.address !== line.to.address || member === undefined) continue
    member.told = true
    member.news = undefined
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
  const key = keyOf(line, labelsOf(facts))
  const group = state.groups.get(key) ?? { ...newGroup(key, line, thread, now), seq: seq + 1, lead, lastSent: now }
  state.groups.set(key, group)
  one.groups.add(key)
  return group
}

function keyOf({ to, grouping }: Line, labels: Labels): string {
  return `${to.address}\n${valuesOf(labels, grouping.by)}\n${grouping.by.join(' ')}`
}

function newGroup(key: string, line: Line, thread: string, now: Millis): Group {
  return {
    key,
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

/** The conversations in which an address has heard of an alert, or is to hear of it. */
export function groupsOf(state: DispatchState, one: Case): readonly Group[] {
  const groups = [...one.groups].flatMap((key) => state.groups.get(key) ?? [])
  return groups.filter((group) => group.members.has(one.facts.episode))
}

/** The conversation in which one address hears of an alert. */
export function groupOf(state: DispatchState, one: Case, address: string): Group | undefined {
  return groupsOf(state, one).find(({ line }) => line.to.address === address)
}

/**
 * What an address is to hear of a conversation now, in the order of Alertmanager's questions: is something new, is it
 * over, has it gone on for long?
 */
export function flush(state: DispatchState, group: Group, alerts: Alerts, now: Millis): Mail | undefined {
  holdBack(group, now)
  forgetUntold(state, group, now)
  const told = [...group.members].flatMap(([episode, member]) => {
    const one = state.cases.get(episode)
    if (one === undefined || member.news === undefined || heldBackBy(one, member.news, now) !== undefined) return []
    return [{ one, member, news: member.news }]
  })
  if (told.length > 0) return isTime(group, told, now) ? tellNews(state, group, told, alerts, now) : undefined
  const again = isRepeatDue(group, now) ? firingOf(state, group, now) : []
  return again.length === 0 ? undefined : tellAgain(group, again, alerts, now)
}

/** Nothing that is remembered lies ahead of the present: the service's clock may have been set back. */
function holdBack(group: Group, now: Millis): void {
  group.since = Math.min(group.since, now)
  if (group.lastSent !== undefined) group.lastSent = Math.min(group.lastSent, now)
}

/** What came and went before anybody was told is not told, unless nothing but the moment kept it from being told. */
function forgetUntold(state: DispatchState, group: Group, now: Millis): void {
  for (const [episode, member] of group.members) {
    const one = state.cases.get(episode)
    if (one !== undefined && (one.facts.state === 'firing' || member.told)) continue
    const early = group.line.grouping.wait > 0 ? 'it was over before its group was told' : undefined
    const why = member.wasMuted === undefined ? early : mutedText(member.wasMuted)
    if (one !== undefined && why === undefined) continue
    group.members.delete(episode)
    if (one === undefined || why === undefined) continue
    note(one, { at: now, kind: 'suppressed', reason: `nothing is told of it: ${why}`, to: group.line.to.address })
  }
}

interface News {
  readonly one: Case
  readonly member: Member
  readonly news: Because
}

function isTime(group: Group, told: readonly News[], now: Millis): boolean {
  return told.some(({ news }) => news === 'severity rose') || now >= newsAt(group)
}

/** When something new may be told. */
export function newsAt({ line: { grouping }, since, lastSent }: Group): Millis {
  return lastSent === undefined ? since + grouping.wait : lastSent + grouping.interval
}

/** Until when nothing is to be told of a conversation if nothing changes. */
export function restOf(group: Group): Millis {
  const hasNews = [...group.members.values()].some(({ news }) => news !== undefined)
  return Math.min(hasNews ? newsAt(group) : Infinity, repeatAt(group) ?? Infinity)
}

/** When an unchanged conversation is gone on with; undefined for never. */
function repeatAt({ line: { repeat }, lastSent, repeats }: Group): Millis | undefined {
  if (lastSent === undefined || repeat.first === 0) return undefined
  return lastSent + Math.min(repeat.most, repeat.first * 2 ** repeats)
}

function isRepeatDue(group: Group, now: Millis): boolean {
  const at = repeatAt(group)
  return at !== undefined && now >= at
}

/** What still fires and was told, and nobody looks after. */
function firingOf(state: DispatchState, group: Group, now: Millis): readonly Case[] {
  return [...group.members].flatMap(([episode, member]) => {
    const one = state.cases.get(episode)
    if (one === undefined || !member.told || one.facts.state !== 'firing' || one.muted !== undefined) return []
    return isAcknowledged(one, now) && group.line.via !== 'alertmanager' ? [] : [one]
  })
}

function tellNews(state: DispatchState, group: Group, told: readonly News[], alerts: Alerts, now: Millis): Mail {
  const because = RANK.find((reason) => told.some(({ news }) => news === reason)) ?? 'fired'
  const ordered = told.toSorted((a, b) => RANK.indexOf(a.news) - RANK.indexOf(b.news))
  const facts = ordered.map(({ one, member, news }) => ({ ...factsOf(one, alerts, member), because: news }))
  const fresh = new Set(told.map(({ one }) => one))
  const known = knownOf(told)
  for (const { one, member } of told) {
    member.told = true
    member.news = undefined
    member.wasMuted = undefined
    delete member.kept
    if (one.facts.state === 'resolved') group.members.delete(one.facts.episode)
  }
  if (because !== 'resolved') group.repeats = 0
  const others = group.line.via === 'alertmanager' ? [] : firingOf(state, group, now).filter((one) => !fresh.has(one))
  const rest = others.slice(0, MOST_OTHERS).map((one) => factsOf(one, alerts))
  return { ...write(group, because, [...facts, ...rest], facts.length, now), known }
}

function knownOf(told: readonly News[]): ReadonlySet<string> {
  return new Set(told.flatMap(({ one, member }) => (member.told ? [one.facts.episode] : [])))
}

function tellAgain(group: Group, again: readonly Case[], alerts: Alerts, now: Millis): Mail {
  const because = 'repeat interval elapsed'
  const facts = again.map(
    (one) => ({ ...factsOf(one, alerts, group.members.get(one.facts.episode)), because }) as const,
  )
  group.repeats++
  const known = new Set(again.map((one) => one.facts.episode))
  return { ...write(group, because, facts, facts.length, now), known }
}

/** A mail is on its way: each of its alerts remembers to whom it was told, and for which reason of its own. */
export function noteTold(state: DispatchState, line: Line, alerts: readonly AlertFacts[], now: Millis, how = ''): void {
  const { address } = line.to
  for (const { episode, because, wasMuted } of alerts) {
    const one = state.cases.get(episode)
    if (one === undefined) continue
    if (because !== undefined) {
      const member = groupOf(state, one, address)?.members.get(episode)
      one.sent++
      if (member !== undefined) member.sent = (member.sent ?? 0) + 1
    }
    const why = because === 'silence ended' && wasMuted !== undefined ? `${because}: ${mutedText(wasMuted)}` : because
    note(one, {
      at: now,
      kind: 'notified',
      reason: `${why ?? 'went along: others of its group were told'}${how}`,
      to: address,
    })
  }
}

/** What is told of an alert now; of a step that is told at once also what was measured around it. */
export function factsOf(one: Case, alerts: Alerts, member?: Member): AlertFacts {
  const now = one.facts.state === 'firing' ? alerts.facts(one) : undefined
  const { ack, facts } = one
  const { news, wasMuted, sent = 0, suppressed = 0 } = member ?? {}
  const isFresh = news !== undefined && isStep(news) && wasMuted === undefined
  const picture = isFresh ? facts.picture : undefined
  return {
    ...(now ?? withoutPicture(facts)),
    ...(now !== undefined && isFresh && facts.peers !== undefined ? { peers: facts.peers } : {}),
    ...(picture === undefined ? {} : { picture }),
    sent,
    suppressed,
    ...(wasMuted === undefined ? {} : { wasMuted }),
    ...(ack === undefined ? {} : { ack }),
  }
}

function write(
  group: Group,
  because: Because,
  alerts: readonly AlertFacts[],
  news: number,
  now: Millis,
): Omit<Mail, 'known'> {
  const isPictured = news === 1 && group.line.via === 'email'
  const shown = isPictured ? alerts : alerts.map(withoutPicture)
  const hosts = new Set(shown.slice(0, news).map(({ host }) => host))
  group.lead ??= { facts: withoutPicture(shown[0] as AlertFacts), more: hosts.size - 1 }
  group.lastSent = now
  const { line, thread, lead } = group
  const isOver = shown.every(({ state }) => state === 'resolved')
  return {
    line,
    because,
    thread,
    seq: group.seq++,
    alerts: shown,
    news,
    lead,
    nextAt: isOver ? undefined : toldAgainAt(group, shown),
  }
}

/** When the conversation is gone on with if nothing changes: not while somebody looks after all that it tells of. */
function toldAgainAt(group: Group, shown: readonly AlertFacts[]): Millis | undefined {
  const at = repeatAt(group)
  if (at === undefined || group.line.via === 'alertmanager') return at
  const firing = shown.filter(({ state }) => state === 'firing')
  const until = firing.reduce((least, { ack }) => Math.min(least, ack?.until ?? at), Infinity)
  return Math.max(at, until)
}
