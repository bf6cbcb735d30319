import type { Millis } from '../model.ts'
import { withoutPicture } from './picture.ts'
import type { Item, Mail, Purse } from './state.ts'

const MINUTE = 60_000
/** What does not fit waits this long, so that one mail can list what comes together. */
const GATHER = 10_000
/** So many alerts of one rule in a list are a storm. */
const STORM = 10
/** Lists of one storm come at growing distances, up to the longest; after a rest of it, the storm is over. */
const FIRST_GAP = MINUTE
const LONGEST_GAP = 15 * MINUTE

export function emptyPurse(): Purse {
  return { sent: [], held: new Map(), heldSince: 0, listed: -Infinity, gap: 0, storm: new Map() }
}

/** How many single mails a minute one address may get, and how many are left for all. */
export interface Budget {
  readonly perMinute: number
  readonly left: number
}

/**
 * Spends mails on what was decided for one address at one instant, or holds it. The last mail of each minute is kept
 * for the list. More than fits is held whole: half a fleet that fails at once is one mail. So is more of a kind that was
 * listed lately, while other alerts go out by themselves.
 *
 * @returns the mails that may go out by themselves now.
 */
export function offer(purse: Purse, mails: readonly Mail[], budget: Budget, now: Millis): readonly Mail[] {
  forget(purse, now)
  const isCalm = ({ facts }: Item): boolean => !purse.held.has(facts.episode) && !purse.storm.has(facts.rule)
  const calm = mails.filter((mail) => itemsOf(mail).some(isCalm))
  const free = Math.min(budget.perMinute - 1 - purse.sent.length, budget.left)
  const single = new Set(calm.length <= free ? calm : [])
  for (const mail of mails) if (!single.has(mail)) for (const item of itemsOf(mail)) hold(purse, item, now)
  for (const _ of single) purse.sent.push(now)
  return [...single]
}

/** What a mail tells that is new, alert by alert. */
function itemsOf({ line, because, thread, seq, alerts, news, lead }: Mail): readonly Item[] {
  return alerts.slice(0, news).map((facts) => ({ line, because, thread, seq, facts, lead }))
}

function hold(purse: Purse, item: Item, now: Millis): void {
  if (purse.held.size === 0) purse.heldSince = now
  const { episode } = item.facts
  const same = purse.held.get(episode)
  purse.held.set(episode, same === undefined ? item : after(same, item))
  if (purse.held.size > 1) dropPictures(purse)
}

/** The newest of two items about one episode. Whoever has not heard that it fired, hears that first of all. */
function after(older: Item, item: Item): Item {
  const because = older.because === 'fired' && item.because === 'severity rose' ? 'fired' : item.because
  const { sent } = older.facts
  // What was held was never told.
  return { ...item, because, facts: { ...item.facts, ...(sent === undefined ? {} : { sent }) } }
}

/** A list has no pictures, and a storm's would fill the memory. */
function dropPictures({ held }: Purse): void {
  for (const [episode, item] of held) {
    if (item.facts.picture !== undefined) held.set(episode, { ...item, facts: withoutPicture(item.facts) })
  }
}

/** What was held and may go out now, together in one mail. */
export function release(purse: Purse, perMinute: number, now: Millis): readonly Item[] {
  forget(purse, now)
  const { held, heldSince, listed, gap } = purse
  if (held.size === 0 || now - heldSince < GATHER || now - listed < gap || purse.sent.length >= perMinute) return []
  const items = [...held.values()]
  purse.held = new Map()
  purse.sent.push(now)
  for (const [rule, same] of Map.groupBy(items, ({ facts }) => facts.rule)) {
    if (same.length >= STORM || purse.storm.has(rule)) purse.storm.set(rule, now)
  }
  purse.listed = now
  if (purse.storm.size > 0) purse.gap = Math.min(LONGEST_GAP, Math.max(FIRST_GAP, 2 * gap))
  return items
}

/** Nothing that is remembered lies ahead of the present: the service's clock may have been set back. */
function forget(purse: Purse, now: Millis): void {
  purse.sent = purse.sent.filter((at) => at <= now && now - at < MINUTE)
  purse.heldSince = Math.min(purse.heldSince, now)
  purse.listed = Math.min(purse.listed, now)
  for (const [rule, at] of purse.storm) if (at > now || now - at >= LONGEST_GAP) purse.storm.delete(rule)
  if (purse.storm.size === 0) purse.gap = 0
}
