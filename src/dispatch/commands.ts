import { compileMatchers, alertLabels } from '../labels/matcher.ts'
import type { Command, CommandReply, Millis, Silence } from '../model.ts'
import { type TrackedAlert, type DispatchState, recordDecision } from './state.ts'

/** The most silences kept, expired ones included. */
const MAX_SILENCES = 1000

type RequestedAck = Extract<Command, { kind: 'acknowledge' }>['ack']

/**
 * Adds a silence, or replaces the one with the same id. The value has the number of firing alerts that it matches now.
 * Refuses with `too-many-silences` when `MOST_SILENCES` are kept.
 */
export function addSilence(state: DispatchState, silence: Silence): CommandReply<'silence'> {
  if (!state.silences.has(silence.id) && state.silences.size >= MAX_SILENCES) {
    return { kind: 'refused', code: 'too-many-silences', value: MAX_SILENCES }
  }
  state.silences.set(silence.id, silence)
  state.isDirty = true
  return { kind: 'done', value: { ...silence, matchedAlerts: countMatching(state, silence) } }
}

/** Counts the firing alerts that a silence matches; 0 if it starts later. */
function countMatching({ alerts }: DispatchState, { matchers, startsAt, createdAt }: Silence): number {
  if (startsAt > createdAt) return 0
  const fits = compileMatchers(matchers)
  return [...alerts.values()].filter(({ snapshot }) => snapshot.state === 'firing' && fits(alertLabels(snapshot)))
    .length
}

/** Expires a silence now. Has no effect on one that has ended. Rejects an unknown id. */
export function expireSilence(state: DispatchState, id: string, now: Millis): CommandReply<'expire'> {
  const known = state.silences.get(id)
  if (known === undefined) return { kind: 'refused', code: 'unknown-silence', value: id }
  const endsAt = Math.min(known.endsAt, Math.max(now, known.startsAt))
  const silence: Silence = endsAt === known.endsAt ? known : { ...known, endsAt }
  state.silences.set(id, silence)
  state.isDirty = true
  return { kind: 'done', value: silence }
}

/**
 * Acknowledges a firing alert, or withdraws its acknowledgement where `asked` is undefined. Without a note, the note of
 * an acknowledgement in force stays. Refuses an unknown episode.
 */
export function acknowledge(
  state: DispatchState,
  episode: string,
  asked: RequestedAck | undefined,
  now: Millis,
): CommandReply<'acknowledge'> {
  const alert = findAlert(state, episode)
  if (alert === undefined) return { kind: 'refused', code: 'unknown-episode', value: episode }
  if (asked === undefined) withdrawAck(alert, now)
  else applyAck(alert, asked, now)
  state.isDirty = true
  const { episode: id, code, identity } = alert.snapshot
  return { kind: 'done', value: { episode: id, code, identity } }
}

function applyAck(alert: TrackedAlert, asked: RequestedAck, now: Millis): void {
  const kept = alert.ack !== undefined && now < alert.ack.until ? alert.ack.note : ''
  const ack = { ...asked, note: asked.note ?? kept }
  alert.ack = ack
  delete alert.isAckExpiryNoted
  recordDecision(alert, { at: now, kind: 'acknowledged', author: ack.author, until: ack.until, note: ack.note })
}

function withdrawAck(alert: TrackedAlert, now: Millis): void {
  const { ack, isAckExpiryNoted } = alert
  alert.ack = undefined
  delete alert.isAckExpiryNoted
  if (ack === undefined || isAckExpiryNoted === true) return
  recordDecision(alert, { at: now, kind: 'unacknowledged', author: ack.author, reason: 'withdrawn' })
}

/** Finds a firing alert by its episode's id or code. */
function findAlert(state: DispatchState, episode: string): TrackedAlert | undefined {
  const known = state.alerts.get(episode)
  if (known !== undefined) return known.snapshot.state === 'firing' ? known : undefined
  return [...state.alerts.values()].find(
    ({ snapshot }) => snapshot.state === 'firing' && snapshot.code === episode.toUpperCase(),
  )
}
