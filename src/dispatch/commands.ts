import { compileMatchers } from '../labels/matcher.ts'
import type { Command, CommandAnswer, Millis, Silence } from '../model.ts'
import { labelsOf } from '../labels/labels.ts'
import { type Case, type DispatchState, note } from './state.ts'

/** So many silences are kept, over ones included. */
const MOST_SILENCES = 1000

type Asked = Extract<Command, { kind: 'acknowledge' }>['ack']

/** Sets a silence, or changes the one of the same id. Value: the silence, and how many firing alerts it fits now. */
export function addSilence(state: DispatchState, silence: Silence): CommandAnswer {
  if (!state.silences.has(silence.id) && state.silences.size >= MOST_SILENCES) {
    return { kind: 'refused', code: 'too-many', value: MOST_SILENCES }
  }
  state.silences.set(silence.id, silence)
  state.dirty = true
  return { kind: 'done', value: { ...silence, mutes: fitting(state, silence) } }
}

/** The firing alerts that a silence fits, as soon as it holds. */
function fitting({ cases }: DispatchState, { matchers, from, createdAt }: Silence): number {
  if (from > createdAt) return 0
  const fits = compileMatchers(matchers)
  return [...cases.values()].filter(({ facts }) => facts.state === 'firing' && fits(labelsOf(facts))).length
}

/** Ends a silence; ending it once more changes nothing. */
export function expireSilence(state: DispatchState, id: string, now: Millis): CommandAnswer {
  const known = state.silences.get(id)
  if (known === undefined) return { kind: 'refused', code: 'unknown-silence', value: id }
  const until = Math.min(known.until, Math.max(now, known.from))
  const silence = until === known.until ? known : { ...known, until }
  state.silences.set(id, silence)
  state.dirty = true
  return { kind: 'done', value: silence }
}

/** Somebody looks after an alert, or nobody does any more. Without a note, that of the one that still holds stays. */
export function acknowledge(
  state: DispatchState,
  episode: string,
  asked: Asked | undefined,
  now: Millis,
): CommandAnswer {
  const one = findCase(state, episode)
  if (one === undefined) return { kind: 'refused', code: 'unknown-episode', value: episode }
  if (asked === undefined) withdrawAck(one, now)
  else takeAck(one, asked, now)
  state.dirty = true
  const { episode: id, code, identity } = one.facts
  return { kind: 'done', value: { episode: id, code, rule: identity.rule, host: identity.host } }
}

function takeAck(one: Case, asked: Asked, now: Millis): void {
  const kept = one.ack !== undefined && now < one.ack.until ? one.ack.note : ''
  const ack = { ...asked, note: asked.note ?? kept }
  one.ack = ack
  delete one.ackOver
  note(one, { at: now, kind: 'acknowledged', author: ack.author, until: ack.until, note: ack.note })
}

function withdrawAck(one: Case, now: Millis): void {
  const { ack, ackOver } = one
  one.ack = undefined
  delete one.ackOver
  if (ack === undefined || ackOver === true) return
  note(one, { at: now, kind: 'unacknowledged', author: ack.author, because: 'withdrawn' })
}

/** An open episode, by its id or its code. */
function findCase(state: DispatchState, episode: string): Case | undefined {
  const known = state.cases.get(episode)
  if (known !== undefined) return known.facts.state === 'firing' ? known : undefined
  return [...state.cases.values()].find(({ facts }) => facts.state === 'firing' && facts.code === episode.toUpperCase())
}
