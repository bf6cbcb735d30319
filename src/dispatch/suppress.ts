import type { Because, Decision, HeldBy, Millis, Suppression } from '../model.ts'
import { type Case, type DispatchState, type Group, type Member, note } from './state.ts'

/** Notes what is kept from being told, and calls what was kept from it news once nothing does any more. */
export function heedMutes(state: DispatchState, now: Millis): void {
  for (const group of state.groups.values()) {
    for (const [episode, member] of group.members) {
      const one = state.cases.get(episode)
      if (one === undefined) continue
      const why = member.news === undefined ? undefined : heldBackBy(one, member.news, now)
      if (why !== undefined) keepFrom(group, one, member, why, now)
      else if (one.muted === undefined) unmute(group, one, member)
      else if (one.muted.by !== 'inhibition') member.wasMuted = one.muted
    }
  }
}

/** What keeps news of an alert from being told now. */
export function heldBackBy({ muted, ack }: Case, news: Because, now: Millis): HeldBy | undefined {
  if (muted !== undefined) return muted
  if (ack === undefined || now >= ack.until || !UNLESS_ACKNOWLEDGED.includes(news)) return undefined
  return { by: 'acknowledgement', author: ack.author, until: ack.until }
}

const UNLESS_ACKNOWLEDGED: readonly Because[] = ['escalated', 'repeat_interval']

/** Notes once what keeps an address from being told its news; whether it is told after all is not known yet. */
export function keepFrom({ line }: Group, one: Case, member: Member, why: HeldBy, now: Millis): void {
  if (member.news === undefined) return
  const kept = `${member.news} ${keeperOf(why)}`
  if (member.kept !== kept) {
    member.kept = kept
    note(one, { at: now, kind: 'suppressed', event: member.news, why, to: line.to.address })
  }
  member.wasMuted = why
}

/** What keeps news back, whenever that ends: a silence whose end is changed stays the same. */
function keeperOf(held: HeldBy): string {
  if (held.by === 'acknowledgement') return held.by
  return `${held.by} ${held.by === 'silence' ? held.id : held.by === 'maintenance' ? held.name : held.episode}`
}

/** Newer news take the place of what was kept from an address that knows of the alert: it never hears of that. */
export function lose(one: Case, member: Member): void {
  if (member.kept === undefined || member.news === undefined) return
  delete member.kept
  if (!member.told) return
  member.suppressed++
  one.suppressed++
}

export const NOBODY: Suppression = { by: 'no_receiver' }

export function receiverRemoved(at: Millis): Suppression {
  return { by: 'receiver_removed', at }
}

/** Who left the configuration hears how it ends; a machine that left has no way on which it could. */
export function canHear({ left, line }: Group, one: Case): boolean {
  return left === undefined || (one.facts.state === 'resolved' && line.via === 'email')
}

/** Notes that something of an alert is never told, or nothing of it at all. */
export function noteUntold(one: Case, event: Because | 'all', why: Suppression, now: Millis, to?: string): void {
  one.suppressed++
  note(one, { at: now, kind: 'suppressed', event, why, ...(to === undefined ? {} : { to }) })
}

function unmute(group: Group, one: Case, member: Member): void {
  if (member.wasMuted === undefined || one.facts.state !== 'firing' || group.left !== undefined) return
  if (member.news === undefined || member.news === 'fired') member.news = 'silence_ended'
}

/** Notes acknowledgements that are over, of alerts that still fire: from then on they are repeated. */
export function endAcknowledgements(state: DispatchState, now: Millis): void {
  for (const one of state.cases.values()) {
    if (one.ack === undefined || now < one.ack.until || one.facts.state !== 'firing') continue
    endAcknowledgement(one, 'expired', one.ack.until)
  }
}

/** Nobody looks after an alert any more; notes that once. */
export function endAcknowledgement(one: Case, because: Unacknowledged['because'], at: Millis): void {
  if (one.ack === undefined || one.ackOver === true) return
  one.ack = { ...one.ack, until: Math.min(one.ack.until, at) }
  one.ackOver = true
  note(one, { at, kind: 'unacknowledged', author: one.ack.author, because })
}

type Unacknowledged = Extract<Decision, { readonly kind: 'unacknowledged' }>

export function isAcknowledged({ ack }: Case, now: Millis): boolean {
  return ack !== undefined && now < ack.until
}
