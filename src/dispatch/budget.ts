import type { Because, Millis, Recipient, AlertFacts } from '../model.ts'

/** Something one recipient is to be told. */
export interface Item {
  readonly receiver: string
  readonly to: Recipient
  readonly because: Because
  readonly seq: number
  readonly facts: AlertFacts
}

/** How much mail one address got in the last minute, and what had to wait. */
export interface Purse {
  sent: Millis[]
  held: Item[]
  heldSince: Millis
}

const MINUTE = 60_000
/** What does not fit waits this long, so that one mail can list what comes together. */
const GATHER = 10_000

export function emptyPurse(): Purse {
  return { sent: [], held: [], heldSince: 0 }
}

/**
 * Spends a mail on an item, or holds it. The last mail of each minute is kept for the list of what does not fit.
 *
 * @returns whether the item may go out by itself now.
 */
export function offer(purse: Purse, item: Item, perMinute: number, now: Millis): boolean {
  forget(purse, now)
  if (purse.held.length === 0 && purse.sent.length < perMinute - 1) {
    purse.sent.push(now)
    return true
  }
  if (purse.held.length === 0) purse.heldSince = now
  const same = purse.held.findIndex((held) => held.facts.episode === item.facts.episode)
  if (same >= 0) purse.held[same] = after(purse.held[same] as Item, item)
  else purse.held.push(item)
  return false
}

/** The newest of two items about one episode. Whoever has not heard that it fired, hears that first of all. */
export function after(older: Item, item: Item): Item {
  return older.because === 'fired' && item.because === 'severity rose' ? { ...item, because: 'fired' } : item
}

/** What was held and may go out now, together in one mail. */
export function release(purse: Purse, perMinute: number, now: Millis): readonly Item[] {
  forget(purse, now)
  purse.heldSince = Math.min(purse.heldSince, now)
  if (purse.held.length === 0 || now - purse.heldSince < GATHER || purse.sent.length >= perMinute) return []
  const items = purse.held
  purse.held = []
  purse.sent.push(now)
  return items
}

function forget(purse: Purse, now: Millis): void {
  purse.sent = purse.sent.filter((at) => at <= now && now - at < MINUTE)
}
