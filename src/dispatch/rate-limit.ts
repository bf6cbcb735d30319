import { clampToNow, type Millis } from '../model.ts'
import { withoutPicture } from './chart-data.ts'
import type { DispatchState, Item, Line, Mail, Purse } from './state.ts'

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

export function purseOf(state: DispatchState, { to }: Line): Purse {
  const purse = state.purses.get(to.address) ?? emptyPurse()
  state.purses.set(to.address, purse)
  return purse
}

/** Counts a mail that goes out whatever the budget says. */
export function pay(state: DispatchState, line: Line, now: Millis): void {
  if (line.via === 'email') purseOf(state, line).sent.push(now)
}

/** Lets go of budgets that nothing was taken from lately: they are as good as new ones. */
export function forgetPurses(state: DispatchState, now: Millis): void {
  for (const [address, purse] of state.purses) {
    forget(purse, now)
    if (purse.held.size === 0 && purse.sent.length === 0 && purse.storm.size === 0) state.purses.delete(address)
  }
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
  const isCalm = ({ facts }: Item): boolean => !purse.held.has(facts.episode) && !purse.storm.has(facts.identity.rule)
  const calm = mails.filter((mail) => itemsOf(mail).some(isCalm))
  const free = Math.min(budget.perMinute - 1 - purse.sent.length, budget.left)
  const single = new Set(calm.length <= free ? calm : [])
  for (const mail of mails) if (!single.has(mail)) for (const item of itemsOf(mail)) hold(purse, item, now)
  for (const _ of single) purse.sent.push(now)
  return [...single]
}

/** What a mail tells that is new, alert by alert. */
function itemsOf({ line, because, thread, seq, alerts, news, lead, known }: Mail): readonly Item[] {
  return alerts.slice(0, news).map((facts) => {
    return { line, because: facts.because ?? because, thread, seq, facts, lead, told: known.has(facts.episode) }
  })
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
  const { told } = older
  return { ...item, told, because: told || item.facts.state === 'resolved' ? item.because : older.because }
}

/** A list has no pictures, and a storm's would fill the memory. */
function dropPictures({ held }: Purse): void {
  for (const [episode, item] of held) {
    if (item.facts.picture !== undefined) held.set(episode, { ...item, facts: withoutPicture(item.facts) })
  }
}

/** When what is held may go out, as it looks now. */
export function releaseAt({ heldSince, listed, gap, sent }: Purse, perMinute: number): Millis {
  const spent = sent.at(-perMinute)
  return Math.max(heldSince + GATHER, listed + gap, spent === undefined ? 0 : spent + MINUTE)
}

/**
 * What was held and may go out now, together in one mail.
 *
 * @param judge says what is to be told of each item by now; undefined for nothing.
 */
export function release(
  purse: Purse,
  perMinute: number,
  judge: (item: Item) => Item | undefined,
  now: Millis,
): readonly Item[] {
  forget(purse, now)
  if (purse.held.size === 0 || now < releaseAt(purse, perMinute)) return []
  const items = [...purse.held.values()].flatMap((item) => judge(item) ?? [])
  purse.held = new Map()
  if (items.length === 0) return []
  const { gap } = purse
  purse.sent.push(now)
  for (const [rule, same] of Map.groupBy(items, ({ facts }) => facts.identity.rule)) {
    if (same.length >= STORM || purse.storm.has(rule)) purse.storm.set(rule, now)
  }
  purse.listed = now
  if (purse.storm.size > 0) purse.gap = Math.min(LONGEST_GAP, Math.max(FIRST_GAP, 2 * gap))
  return items
}

/** Nothing that is remembered lies ahead of the present: the service's clock may have been set back. */
function forget(purse: Purse, now: Millis): void {
  purse.sent = purse.sent.filter((at) => at <= now && now - at < MINUTE)
  clampToNow(purse, now, 'heldSince', 'listed')
  for (const [rule, at] of purse.storm) if (at > now || now - at >= LONGEST_GAP) purse.storm.delete(rule)
  if (purse.storm.size === 0) purse.gap = 0
}
