import { acknowledge, addSilence, expireSilence } from '../dispatch/commands.ts'
import { recordUndelivered } from '../dispatch/notices.ts'
import type { Command, CommandReply, Millis } from '../model.ts'
import { applyRetire } from './inventory/retirement.ts'
import type { Fold } from './state.ts'
import { recordDowntime } from './report/stats.ts'

/** Records a start of the service for the folds. The service writes it to the journal; the API does not accept it. */
export interface Started {
  readonly kind: 'started'
  readonly now: Millis
}

type Handlers = {
  readonly [K in Command['kind']]: (fold: Fold, command: Extract<Command, { kind: K }>) => CommandReply<K>
}

/** Handlers by command. */
const COMMANDS: Handlers = {
  retire: applyRetire,
  silence: ({ state }, { silence }) => addSilence(state.dispatch, silence),
  expire: ({ state }, { id, now }) => expireSilence(state.dispatch, id, now),
  acknowledge: ({ state }, { episode, ack, now }) => acknowledge(state.dispatch, episode, ack, now),
  undelivered({ state }, { item, now }) {
    recordUndelivered(state.dispatch, item, now)
    return { kind: 'done', value: null }
  },
  unacknowledge: ({ state }, { episode, now }) => acknowledge(state.dispatch, episode, undefined, now),
}

/** @throws if the command is unknown, because a newer version wrote the journal. The entry is skipped. */
export function applyCommand(fold: Fold, command: Command | Started): CommandReply {
  if (command.kind === 'started') return recordStart(fold, command)
  if (!Object.hasOwn(COMMANDS, command.kind)) throw new Error(`the command '${command.kind as string}' is not known`)
  return applyKind(fold, command.kind, command)
}

function applyKind<K extends Command['kind']>(
  fold: Fold,
  kind: K,
  command: Extract<Command, { kind: K }>,
): CommandReply<K> {
  return COMMANDS[kind](fold, command)
}

/** Records a start of the service. The time since the newest tick is a gap: nothing was observed in it. */
function recordStart(fold: Fold, { now }: Started): CommandReply<'undelivered'> {
  const { state } = fold
  if (state.now > 0 && now - state.now > 5000) {
    state.gaps.push({ from: state.now, to: now })
    if (state.gaps.length > 10) state.gaps.shift()
    recordDowntime(state, now - state.now)
  }
  return { kind: 'done', value: null }
}
