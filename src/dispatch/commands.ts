import { compileMatchers } from '../labels/matcher.ts'
import type { Command, CommandAnswer, Millis, Silence } from '../model.ts'
import { alertLabels } from '../labels/labels.ts'
import { type TrackedAlert, type DispatchState, recordDecision } from './state.ts'

/** So many silences are kept, over ones included. */
const MOST_SILENCES = 1000

type Asked = Extract<Command, { kind: 'acknowledge' }>['ack']

/** Sets a silence, or changes the one of the same id. Value: the silence, and how many firing alerts it fits now. */
export function addSilence(state: DispatchState, silence: Silence): CommandAnswer {
  if (!state.silences.has(silence.id) && state.silences.size >= MOST_SILENCES) {
    return { kind: 'refused', code: 'too-many', value: MOST_SILENCES }
  }
  state.silences.set(silence.id, silence)
  state.isDirty = true
  return { kind: 'done', value: { ...silence, matchedAlerts: countMatching(state, silence) } }
}

/** The firing alerts that a silence fits, as soon as it holds. */
function countMatching({ alerts }: DispatchState, { matchers, startsAt, createdAt }: Silence): number {
  if (startsAt > createdAt) return 0
  const fits = compileMatchers(matchers)
  return [...alerts.values()].filter(({ snapshot }) => snapshot.state === 'firing' && fits(alertLabels(snapshot)))
    .length
}

/** Ends a silence; ending it once more changes nothing. */
export function expireSilence(state: DispatchState, id: string, now: Millis): CommandAnswer {
  const known = state.silences.get(id)
  if (known === undefined) return { kind: 'refused', code: 'unknown-silence', value: id }
  const endsAt = Math.min(known.endsAt, Math.max(now, known.startsAt))
  const silence: Silence = endsAt === known.endsAt ? known : { ...known, endsAt }
  state.silences.set(id, silence)
  state.isDirty = true
  return { kind: 'done', value: silence }
}

/** Somebody looks after an alert, or nobody does any more. Without a note, that of the one that still holds stays. */
export function acknowledge(
  state: DispatchState,
  episode: string,
  asked: Asked | undefined,
  now: Millis,
): CommandAnswer {
  const alert = findAlert(state, episode)
  if (alert === undefined) return { kind: 'refused', code: 'unknown-episode', value: episode }
  if (asked === undefined) withdrawAck(alert, now)
  else applyAck(alert, asked, now)
  state.isDirty = true
  const { episode: id, code, identity } = alert.snapshot
  return { kind: 'done', value: { episode: id, code, rule: identity.rule, host: identity.host } }
}

function applyAck(alert: TrackedAlert, asked: Asked, now: Millis): void {
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
  recordDecision(alert, { at: now, kind: 'unacknowledged', author: ack.author, because: 'withdrawn' })
}

/** An open episode, by its id or its code. */
function findAlert(state: DispatchState, episode: string): TrackedAlert | undefined {
  const known = state.alerts.get(episode)
  if (known !== undefined) return known.snapshot.state === 'firing' ? known : undefined
  return [...state.alerts.values()].find(
    ({ snapshot }) => snapshot.state === 'firing' && snapshot.code === episode.toUpperCase(),
  )
}
