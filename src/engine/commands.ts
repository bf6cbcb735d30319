import { acknowledge, addSilence, expireSilence } from '../dispatch/commands.ts'
import { recordUndelivered } from '../dispatch/undelivered.ts'
import type { Command, Millis } from '../model.ts'
import { applyRetire } from './inventory/retirement.ts'
import type { Fold, CommandResult } from './state.ts'
import { recordDowntime } from './report/stats.ts'

/** A fact about the service itself that the folds must know of; nobody sends it over the API. */
export interface Started {
  readonly kind: 'started'
  readonly now: Millis
}

type Obey = { readonly [K in Command['kind']]: (fold: Fold, command: Extract<Command, { kind: K }>) => CommandResult }

/** Who obeys which command. */
const COMMANDS: Obey = {
  retire: applyRetire,
  silence: ({ state }, { silence }) => ({ answer: addSilence(state.dispatch, silence) }),
  expire: ({ state }, { id, now }) => ({ answer: expireSilence(state.dispatch, id, now) }),
  acknowledge: ({ state }, { episode, ack, now }) => ({ answer: acknowledge(state.dispatch, episode, ack, now) }),
  undelivered({ state }, { item, now }) {
    recordUndelivered(state.dispatch, item, now)
    return { answer: { kind: 'done', value: null } }
  },
  unacknowledge: ({ state }, { episode, now }) => ({ answer: acknowledge(state.dispatch, episode, undefined, now) }),
}

/** @throws when no such command is known: the journal was written by a newer version. The entry is passed over. */
export function applyCommand(fold: Fold, command: Command | Started): CommandResult {
  if (command.kind === 'started') return recordStart(fold, command)
  if (!Object.hasOwn(COMMANDS, command.kind)) throw new Error(`the command '${command.kind as string}' is not known`)
  return applyKind(fold, command.kind, command)
}

function applyKind<K extends Command['kind']>(
  fold: Fold,
  kind: K,
  command: Extract<Command, { kind: K }>,
): CommandResult {
  return COMMANDS[kind](fold, command)
}

/** The service was started: what passed since the newest tick was not watched. */
function recordStart(fold: Fold, { now }: Started): CommandResult {
  const { state } = fold
  if (state.now > 0 && now - state.now > 5000) {
    state.gaps.push({ from: state.now, to: now })
    if (state.gaps.length > 10) state.gaps.shift()
    recordDowntime(state, now - state.now)
  }
  return { answer: { kind: 'done', value: null } }
}
