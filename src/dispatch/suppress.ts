import type { NotificationReason, Decision, HeldBy, Millis, Mute, Suppression } from '../model.ts'
import { type TrackedAlert, type DispatchState, type Group, type Member, recordDecision } from './state.ts'

/**
 * Records pending events that are muted or acknowledged, and makes alerts pending again that nothing mutes any more.
 */
export function applyMutes(state: DispatchState, now: Millis): void {
  for (const group of state.groups.values()) {
    for (const [episode, member] of group.members) {
      const alert = state.alerts.get(episode)
      if (alert === undefined) continue
      const { address } = group.target.to
      const why = member.pending === undefined ? undefined : findHold(alert, address, member.pending, now)
      const muted = muteFor(alert, address)
      if (why !== undefined) suppressPending(group, alert, member, why, now)
      else if (muted === undefined) unmute(group, alert, member)
      else if (muted.by !== 'inhibition') member.heldBy = muted
    }
  }
}

/** Returns what mutes an alert for one address. */
export function muteFor({ muted, inhibited }: TrackedAlert, address: string): Mute | undefined {
  if (muted !== undefined && muted.by !== 'inhibition') return muted
  const source = inhibited.get(address)
  return source && { by: 'inhibition', ...source }
}

/**
 * Returns what holds an event of an alert for one address now: a mute, or for repeats and escalations an
 * acknowledgement.
 */
export function findHold(
  alert: TrackedAlert,
  address: string,
  event: NotificationReason,
  now: Millis,
): HeldBy | undefined {
  const muted = muteFor(alert, address)
  if (muted !== undefined) return muted
  const { ack } = alert
  if (ack === undefined || now >= ack.until || !UNLESS_ACKNOWLEDGED.includes(event)) return undefined
  return { by: 'acknowledgement', author: ack.author, until: ack.until }
}

const UNLESS_ACKNOWLEDGED: readonly NotificationReason[] = ['escalated', 'repeat_interval']

/** Records once that a pending event is held. It may still be sent later. */
export function suppressPending(
  { target }: Group,
  alert: TrackedAlert,
  member: Member,
  why: HeldBy,
  now: Millis,
): void {
  if (member.pending === undefined) return
  const kept = `${member.pending} ${findMute(why)}`
  if (member.suppressionKey !== kept) {
    member.suppressionKey = kept
    recordDecision(alert, { at: now, kind: 'suppressed', event: member.pending, why, to: target.to.address })
  }
  member.heldBy = why
}

/** Identifies what holds an event, regardless of its end: a silence whose end changes stays the same. */
function findMute(held: HeldBy): string {
  if (held.by === 'acknowledgement') return held.by
  return `${held.by} ${held.by === 'silence' ? held.id : held.by === 'maintenance' ? held.name : held.episode}`
}

/** Counts a held event as suppressed if a newer one replaces it and the address was notified of the alert before. */
export function supersede(alert: TrackedAlert, member: Member): void {
  if (member.suppressionKey === undefined || member.pending === undefined) return
  delete member.suppressionKey
  if (!member.isNotified) return
  member.suppressed++
  alert.suppressed++
}

export const NO_RECEIVER: Suppression = { by: 'no_receiver' }

export function receiverRemoved(at: Millis): Suppression {
  return { by: 'receiver_removed', at }
}

/**
 * Returns true if the group's address may still be notified. A removed email address gets the end of its alerts; a
 * removed webhook or Alertmanager has no URL left.
 */
export function mayReceive({ removedAt, target }: Group, alert: TrackedAlert): boolean {
  return removedAt === undefined || (alert.snapshot.state === 'resolved' && target.channel === 'email')
}

/** Records that an event of an alert, or all of it, is never sent. */
export function recordSuppressed(
  alert: TrackedAlert,
  event: NotificationReason | 'all',
  why: Suppression,
  now: Millis,
  to?: string,
): void {
  alert.suppressed++
  recordDecision(alert, { at: now, kind: 'suppressed', event, why, ...(to === undefined ? {} : { to }) })
}

function unmute(group: Group, alert: TrackedAlert, member: Member): void {
  if (member.heldBy === undefined || alert.snapshot.state !== 'firing' || group.removedAt !== undefined) return
  if (member.pending === undefined || member.pending === 'fired') member.pending = 'silence_ended'
}

/** Records the acknowledgements that expired on firing alerts. Their repeats resume. */
export function endAcknowledgements(state: DispatchState, now: Millis): void {
  for (const alert of state.alerts.values()) {
    if (alert.ack === undefined || now < alert.ack.until || alert.snapshot.state !== 'firing') continue
    endAcknowledgement(alert, 'expired', alert.ack.until)
  }
}

/** Ends an acknowledgement, and records it once. */
export function endAcknowledgement(alert: TrackedAlert, reason: Unacknowledged['reason'], at: Millis): void {
  if (alert.ack === undefined || alert.isAckExpiryNoted === true) return
  alert.ack = { ...alert.ack, until: Math.min(alert.ack.until, at) }
  alert.isAckExpiryNoted = true
  recordDecision(alert, { at, kind: 'unacknowledged', author: alert.ack.author, reason })
}

type Unacknowledged = Extract<Decision, { readonly kind: 'unacknowledged' }>

export function isAcknowledged({ ack }: TrackedAlert, now: Millis): boolean {
  return ack !== undefined && now < ack.until
}
