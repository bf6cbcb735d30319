import { type AlertFacts, type Because, clampToNow, type Decision, type Millis, type Suppression } from '../model.ts'
import { type Alerts, groupOf } from './groups.ts'
import { heldBackBy, isAcknowledged, noteUntold } from './suppress.ts'
import { isStep, withoutPicture } from './chart-data.ts'
import { type Case, type DispatchState, type Group, type Line, type Mail, type Member, note } from './state.ts'

/** Alerts beside the news that one mail lists. */
const MOST_OTHERS = 500
/** What several news of one mail are called: the first of these. */
const RANK: readonly Because[] = [
  'severity_raised',
  'fired',
  'severity_lowered',
  'escalated',
  'silence_ended',
  'flapping_started',
  'flapping_stopped',
  'resolved',
]

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
  clampToNow(group, now, 'since', 'lastSent')
}

/** What came and went before anybody was told is not told, unless nothing but the moment kept it from being told. */
function forgetUntold(state: DispatchState, group: Group, now: Millis): void {
  for (const [episode, member] of group.members) {
    const one = state.cases.get(episode)
    if (one !== undefined && (one.facts.state === 'firing' || member.told)) continue
    const why: Suppression | undefined = member.wasMuted ?? (group.line.grouping.wait > 0 ? TOO_EARLY : undefined)
    if (one !== undefined && why === undefined) continue
    group.members.delete(episode)
    if (one === undefined || why === undefined) continue
    noteUntold(one, 'all', why, now, group.line.to.address)
  }
}

const TOO_EARLY: Suppression = { by: 'resolved_in_group_wait' }

interface News {
  readonly one: Case
  readonly member: Member
  readonly news: Because
}

function isTime(group: Group, told: readonly News[], now: Millis): boolean {
  return told.some(({ news }) => news === 'severity_raised') || now >= newsAt(group)
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
  const because = 'repeat_interval'
  const facts = again.map(
    (one) => ({ ...factsOf(one, alerts, group.members.get(one.facts.episode)), because }) as const,
  )
  group.repeats++
  const known = new Set(again.map((one) => one.facts.episode))
  return { ...write(group, because, facts, facts.length, now), known }
}

/** A mail is on its way: each of its alerts remembers to whom it was told, and for which reason of its own. */
export function noteTold(
  state: DispatchState,
  line: Line,
  alerts: readonly AlertFacts[],
  now: Millis,
  list?: Notified['list'],
): void {
  const { address } = line.to
  for (const { episode, because, wasMuted } of alerts) {
    const one = state.cases.get(episode)
    if (one === undefined) continue
    if (because !== undefined) {
      const member = groupOf(state, one, address)?.members.get(episode)
      one.sent++
      if (member !== undefined) member.sent++
    }
    note(one, {
      at: now,
      kind: 'notified',
      to: address,
      event: because ?? 'beside',
      ...(because === undefined || wasMuted === undefined ? {} : { heldBy: wasMuted }),
      ...(list === undefined ? {} : { list }),
    })
  }
}

type Notified = Extract<Decision, { readonly kind: 'notified' }>

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
  const hosts = new Set(shown.slice(0, news).map(({ identity }) => identity.host))
  group.lead ??= { facts: withoutPicture(shown[0] as AlertFacts), more: hosts.size - 1 }
  group.lastSent = now
  const { line, thread, lead, identity } = group
  const isOver = shown.every(({ state }) => state === 'resolved')
  return {
    line,
    because,
    thread,
    seq: group.seq++,
    alerts: shown,
    news,
    group: identity,
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
