import type { Millis } from '../model.ts'
import { after, type Item } from './budget.ts'

/** Alerts that one address is to hear of although they are old: they were found in delayed events. */
export interface Backlog {
  items: Map<string, Item>
  first: Millis
  newest: Millis
}

/** A step is old news when it is found this long after its window ended. */
const OLD = 15 * 60_000
/** The backlog is taken for read when nothing old was found for this long, or at the latest after `PATIENCE`. */
const QUIET = 60_000
const PATIENCE = 10 * 60_000

export function emptyBacklog(): Backlog {
  return { items: new Map(), first: 0, newest: 0 }
}

/** Keeps an item back if it is old news, or if it goes on with an episode that is kept back. */
export function keepBack(backlog: Backlog, item: Item, at: Millis, found: Millis): boolean {
  const episode = item.facts.episode
  const isOld = found - at > OLD
  if (!isOld && !backlog.items.has(episode)) return false
  if (backlog.items.size === 0) backlog.first = found
  if (isOld) backlog.newest = found
  const older = backlog.items.get(episode)
  backlog.items.set(episode, older === undefined ? item : after(older, item))
  return true
}

/**
 * Once the backlog is read: the episodes that are over or of which nothing newer is known, for one digest, and those
 * that go on, as any news.
 */
export function readOut(backlog: Backlog, now: Millis, isCurrent: (episode: string) => boolean): { readonly over: readonly Item[]; readonly going: readonly Item[] } {
  backlog.first = Math.min(backlog.first, now)
  backlog.newest = Math.min(backlog.newest, now)
  const waiting = now - backlog.newest < QUIET && now - backlog.first < PATIENCE
  if (backlog.items.size === 0 || waiting) return { over: [], going: [] }
  const items = [...backlog.items.values()]
  backlog.items = new Map()
  const goesOn = ({ facts }: Item): boolean => facts.state === 'firing' && isCurrent(facts.episode)
  return { over: items.filter((item) => !goesOn(item)), going: items.filter(goesOn) }
}
