import { createHash } from 'node:crypto'
import type { Announcement, Because, Effect, EngineConfig, Millis, Notification, Recipient } from '../model.ts'
import { type Backlog, emptyBacklog, keepBack, readOut } from './backlog.ts'
import { emptyPurse, type Item, offer, type Purse, release } from './budget.ts'

/** What the second fold remembers: plain data, by address and by episode. */
export interface DispatchState {
  readonly purses: Map<string, Purse>
  readonly backlogs: Map<string, Backlog>
  /** How many steps of an episode have been announced. */
  readonly told: Map<string, number>
  /** Notices that wait for their recipients' budgets; older snapshots have none. */
  notices?: readonly Notification[]
}

export function emptyDispatch(): DispatchState {
  return { purses: new Map(), backlogs: new Map(), told: new Map() }
}

/** Decides what each recipient hears of one announcement, now or later. */
export function announce(state: DispatchState, config: EngineConfig, news: Announcement): Effect[] {
  const episode = news.facts.episode
  const seq = state.told.get(episode) ?? 0
  if (news.because === 'resolved') state.told.delete(episode)
  else state.told.set(episode, seq + 1)
  const effects: Effect[] = []
  for (const { receiver, to } of recipientsOf(config, news.notify)) {
    const item: Item = { receiver, to, because: news.because, seq, facts: news.facts }
    if (keepBack(entry(state.backlogs, to.address, emptyBacklog), item, news.at, news.found)) continue
    effects.push(...tell(state, config, item, news.found))
  }
  return effects
}

/**
 * Lets go of what waited, each second.
 *
 * @param isCurrent whether an episode still fires on data of the last minutes.
 */
export function elapse(
  state: DispatchState,
  config: EngineConfig,
  now: Millis,
  isCurrent: (episode: string) => boolean,
): Effect[] {
  const effects: Effect[] = []
  for (const backlog of state.backlogs.values()) {
    const { over, going } = readOut(backlog, now, isCurrent)
    if (over.length > 0) effects.push(digest(over, 'found in the backlog', now))
    for (const item of going) effects.push(...tell(state, config, item, now))
  }
  for (const purse of state.purses.values()) {
    const items = release(purse, config.mailsPerMinute, now)
    if (items.length === 1) effects.push(single(items[0] as Item, now))
    else if (items.length > 1) effects.push(digest(items, 'mail budget', now))
  }
  return effects
}

function tell(state: DispatchState, config: EngineConfig, item: Item, now: Millis): Effect[] {
  const purse = entry(state.purses, item.to.address, emptyPurse)
  return offer(purse, item, config.mailsPerMinute, now) ? [single(item, now)] : []
}

/** Each address once, under the first receiver that names it. */
export function recipientsOf(config: EngineConfig, notify: readonly string[]): { receiver: string; to: Recipient }[] {
  const found = new Map<string, { receiver: string; to: Recipient }>()
  for (const name of notify) {
    const receiver = config.receivers.find((one) => one.name === name)
    for (const to of receiver?.email ?? []) if (!found.has(to.address)) found.set(to.address, { receiver: name, to })
  }
  return [...found.values()]
}

function single(item: Item, now: Millis): Effect {
  const { receiver, to, because, seq, facts } = item
  const id = `${facts.episode}.${seq}.${hashOf(to.address)}`
  return effect({ id, receiver, to, at: now, because, kind: 'alert', thread: facts.episode, seq, alerts: [facts] })
}

function digest(items: readonly Item[], because: Because, now: Millis): Effect {
  const { receiver, to } = items[0] as Item
  const word = because === 'mail budget' ? 'list' : 'backlog'
  const episodes = items.map((item) => `${item.facts.episode}.${item.seq}`)
  const id = `${word}.${Math.round(now)}.${hashOf([to.address, ...episodes].join('\n'))}`
  const alerts = items.map((item) => item.facts)
  return effect({ id, receiver, to, at: now, because, kind: 'digest', thread: id, seq: 0, alerts })
}

export function effect(notification: Notification): Effect {
  return { id: notification.id, data: JSON.stringify(notification) }
}

export function hashOf(address: string): string {
  return createHash('sha256').update(address).digest('hex').slice(0, 12)
}

export function entry<V>(map: Map<string, V>, key: string, create: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const fresh = create()
  map.set(key, fresh)
  return fresh
}
