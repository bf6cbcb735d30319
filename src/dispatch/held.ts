import { formatTime } from '../format.ts'
import type { Because, Millis } from '../model.ts'
import { mutedText } from './mute.ts'
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

/** What keeps news of an alert from being told now, in words. */
export function heldBackBy(one: Case, news: Because, now: Millis): string | undefined {
  if (one.muted !== undefined) return mutedText(one.muted)
  return UNLESS_ACKNOWLEDGED.includes(news) && isAcknowledged(one, now) ? ackText(one) : undefined
}

const UNLESS_ACKNOWLEDGED: readonly Because[] = ['escalated', 'repeat interval elapsed']

function ackText({ ack }: Case): string {
  return ack === undefined ? 'nobody looks after it' : `${ack.author} looks after it until ${formatTime(ack.until)}`
}

/** Notes once what keeps an address from being told its news; whether it is told after all is not known yet. */
export function keepFrom({ line }: Group, one: Case, member: Member, why: string, now: Millis): void {
  const kept = `${member.news} ${keeperOf(one)}`
  if (member.kept !== kept) {
    member.kept = kept
    note(one, { at: now, kind: 'suppressed', reason: `'${member.news}' is not told: ${why}`, to: line.to.address })
  }
  member.wasMuted = one.muted ?? why
}

/** What keeps news back, whenever that ends: a silence whose end is changed stays the same. */
function keeperOf({ muted }: Case): string {
  if (muted === undefined) return 'acknowledgement'
  return `${muted.by} ${muted.by === 'silence' ? muted.id : muted.by === 'maintenance' ? muted.name : muted.episode}`
}

/** Newer news take the place of what was kept from an address that knows of the alert: it never hears of that. */
export function lose(one: Case, member: Member): void {
  if (member.kept === undefined || member.news === undefined) return
  delete member.kept
  if (!member.told) return
  member.suppressed++
  one.suppressed++
}

export const NOBODY = 'neither its rule nor a route names a receiver'

export function leftText(left: Millis): string {
  return `its receiver left the configuration at ${new Date(left).toISOString().slice(11, 16)} UTC`
}

/** Who left the configuration hears how it ends; a machine that left has no way on which it could. */
export function canHear({ left, line }: Group, one: Case): boolean {
  return left === undefined || (one.facts.state === 'resolved' && line.via === 'email')
}

export function noteUntold(one: Case, reason: string, now: Millis, to?: string): void {
  one.suppressed++
  note(one, { at: now, kind: 'suppressed', reason, ...(to === undefined ? {} : { to }) })
}

function unmute(group: Group, one: Case, member: Member): void {
  if (member.wasMuted === undefined || one.facts.state !== 'firing' || group.left !== undefined) return
  if (member.news === undefined || member.news === 'fired') member.news = 'silence ended'
}

/** Notes acknowledgements that are over, of alerts that still fire: from then on they are repeated. */
export function endAcknowledgements(state: DispatchState, now: Millis): void {
  for (const one of state.cases.values()) {
    if (one.ack === undefined || now < one.ack.until || one.facts.state !== 'firing') continue
    endAcknowledgement(one, `${one.ack.author} looked after it until now`, one.ack.until)
  }
}

/** Nobody looks after an alert any more; notes that once. */
export function endAcknowledgement(one: Case, why: string, at: Millis): void {
  if (one.ack === undefined || one.ackOver === true) return
  one.ack = { ...one.ack, until: Math.min(one.ack.until, at) }
  one.ackOver = true
  note(one, { at, kind: 'acknowledged', reason: `nobody looks after it any more: ${why}` })
}

export function isAcknowledged({ ack }: Case, now: Millis): boolean {
  return ack !== undefined && now < ack.until
}
