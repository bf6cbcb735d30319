import { ALERTING, type AlertFacts, type Because, type Recipient } from '../model.ts'
import { emptyPurse } from './budget.ts'
import { type DispatchState, emptyDispatch, type Item, type Purse } from './state.ts'

/** What 0.1 kept: mails that wait for a budget or for the end of a backlog, by address. */
interface OldDispatch {
  readonly purses: ReadonlyMap<string, { readonly held: readonly OldItem[] }>
  readonly backlogs: ReadonlyMap<string, { readonly items: ReadonlyMap<string, OldItem> }>
}

interface OldItem {
  readonly receiver: string
  readonly to: Recipient
  readonly because: Because
  readonly seq: number
  readonly facts: AlertFacts
}

/** The state of the dispatcher out of a snapshot, whichever version wrote it. What waited then is told in one list. */
export function upgradeDispatch(state: DispatchState | OldDispatch): DispatchState {
  if (!('backlogs' in state)) return { ...emptyDispatch(), ...state }
  const items = [
    ...[...state.purses.values()].flatMap(({ held }) => held),
    ...[...state.backlogs.values()].flatMap(({ items: kept }) => [...kept.values()]),
  ]
  const purses = new Map<string, Purse>()
  for (const item of items) {
    const purse = purses.get(item.to.address) ?? emptyPurse()
    purses.set(item.to.address, purse)
    purse.held.set(item.facts.episode, upgradeItem(item))
  }
  return { ...emptyDispatch(), purses }
}

function upgradeItem({ receiver, to, because, seq, facts }: OldItem): Item {
  const { grouping, repeat } = ALERTING
  return { line: { receiver, via: 'email', to, grouping, repeat }, because, thread: facts.episode, seq, facts }
}
