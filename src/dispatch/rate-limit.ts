import { clampToNow, keepRecent, type Millis } from '../model.ts'
import { condense } from './compose.ts'
import type { DispatchState, DeferredAlert, Target, Mail, RateLimit } from './state.ts'

const MINUTE = 60_000
/** Delay of deferred alerts, so that one mail lists those that occur together. */
const GATHER_TIME = 10_000
/** This many alerts of one rule in a list start a storm. */
const STORM_SIZE = 10
/**
 * The wait between the lists of a storm doubles from `FIRST_GAP` to `LONGEST_GAP`. The storm ends after `LONGEST_GAP`
 * without a list.
 */
const MIN_BACKOFF = MINUTE
const MAX_BACKOFF = 15 * MINUTE

function emptyRateLimit(): RateLimit {
  return { sent: [], deferred: new Map(), deferredSince: 0, lastListAt: -Infinity, backoff: 0, stormRules: new Map() }
}

/** Returns the rate limit of a target's address, created if there is none. */
export function rateLimitFor(state: DispatchState, { to }: Target): RateLimit {
  const rateLimit = state.rateLimits.get(to.address) ?? emptyRateLimit()
  state.rateLimits.set(to.address, rateLimit)
  return rateLimit
}

/** Counts a mail that is sent regardless of the rate limit. */
export function charge(state: DispatchState, target: Target, now: Millis): void {
  if (target.channel === 'email') rateLimitFor(state, target).sent.push(now)
}

/** Removes rate limits without recent mails, deferred alerts and storms: they equal new ones. */
export function pruneRateLimits(state: DispatchState, now: Millis): void {
  for (const [address, rateLimit] of state.rateLimits) {
    expire(rateLimit, now)
    if (rateLimit.deferred.size === 0 && rateLimit.sent.length === 0 && rateLimit.stormRules.size === 0)
      state.rateLimits.delete(address)
  }
}

/** The single mails that one address may get per minute, and those left in this minute for all addresses. */
interface MailBudget {
  readonly perMinute: number
  readonly remaining: number
}

/**
 * Admits the mails decided for one address at one instant, or defers them. The last mail of each minute is reserved for
 * a list. If the mails exceed the rest, all are deferred: when half a fleet fails at once, one mail lists it. Alerts of
 * rules in a storm are deferred too, while others are sent as single mails.
 *
 * @returns the mails that may be sent now.
 */
export function admit(rateLimit: RateLimit, mails: readonly Mail[], budget: MailBudget, now: Millis): readonly Mail[] {
  expire(rateLimit, now)
  const isCalm = ({ snapshot }: DeferredAlert): boolean =>
    !rateLimit.deferred.has(snapshot.episode) && !rateLimit.stormRules.has(snapshot.identity.rule)
  const calm = mails.filter((mail) => listDeferred(mail).some(isCalm))
  const free = Math.min(budget.perMinute - 1 - rateLimit.sent.length, budget.remaining)
  const single = new Set(calm.length <= free ? calm : [])
  for (const mail of mails) if (!single.has(mail)) for (const item of listDeferred(mail)) defer(rateLimit, item, now)
  for (const _ of single) rateLimit.sent.push(now)
  return [...single]
}

/** Lists the news of a mail, one item per alert. */
function listDeferred({
  target,
  reason,
  thread,
  seq,
  alerts,
  newCount,
  lead,
  notifiedBefore,
}: Mail): readonly DeferredAlert[] {
  return alerts.slice(0, newCount).map((snapshot) => {
    return {
      target,
      reason: snapshot.reason ?? reason,
      thread,
      seq,
      snapshot,
      lead,
      isNotified: notifiedBefore.has(snapshot.episode),
    }
  })
}

function defer(rateLimit: RateLimit, item: DeferredAlert, now: Millis): void {
  if (rateLimit.deferred.size === 0) rateLimit.deferredSince = now
  const { episode } = item.snapshot
  const same = rateLimit.deferred.get(episode)
  rateLimit.deferred.set(episode, same === undefined ? item : mergeDeferred(same, item))
  if (rateLimit.deferred.size > 1) dropCharts(rateLimit)
}

/**
 * Merges two deferred items of one episode into the newer one. Until the address has been notified, the older reason
 * (such as `fired`) stays, unless the alert resolved.
 */
function mergeDeferred(older: DeferredAlert, item: DeferredAlert): DeferredAlert {
  const { isNotified } = older
  return { ...item, isNotified, reason: isNotified || item.snapshot.state === 'resolved' ? item.reason : older.reason }
}

/** Removes charts: a list shows none, and those of a storm would fill the memory. */
function dropCharts({ deferred }: RateLimit): void {
  for (const [episode, item] of deferred) {
    if (item.snapshot.chart !== undefined) deferred.set(episode, { ...item, snapshot: condense(item.snapshot) })
  }
}

/** Returns when deferred alerts may be sent, as of now. */
export function releaseAt({ deferredSince, lastListAt, backoff, sent }: RateLimit, perMinute: number): Millis {
  const spent = sent.at(-perMinute)
  return Math.max(deferredSince + GATHER_TIME, lastListAt + backoff, spent === undefined ? 0 : spent + MINUTE)
}

/**
 * Returns the deferred alerts that may be sent now, together in one mail, and removes them. Empty while they must wait.
 *
 * @param judge returns the current state of an item; undefined drops it.
 */
export function takeDeferred(
  rateLimit: RateLimit,
  perMinute: number,
  judge: (item: DeferredAlert) => DeferredAlert | undefined,
  now: Millis,
): readonly DeferredAlert[] {
  expire(rateLimit, now)
  if (rateLimit.deferred.size === 0 || now < releaseAt(rateLimit, perMinute)) return []
  const items = [...rateLimit.deferred.values()].flatMap((item) => judge(item) ?? [])
  rateLimit.deferred = new Map()
  if (items.length === 0) return []
  const { backoff } = rateLimit
  rateLimit.sent.push(now)
  for (const [rule, same] of Map.groupBy(items, ({ snapshot }) => snapshot.identity.rule)) {
    if (same.length >= STORM_SIZE || rateLimit.stormRules.has(rule)) rateLimit.stormRules.set(rule, now)
  }
  rateLimit.lastListAt = now
  if (rateLimit.stormRules.size > 0) rateLimit.backoff = Math.min(MAX_BACKOFF, Math.max(MIN_BACKOFF, 2 * backoff))
  return items
}

/** Removes expired entries, and those in the future: the service's clock may have been set back. */
function expire(rateLimit: RateLimit, now: Millis): void {
  rateLimit.sent = keepRecent(rateLimit.sent, MINUTE, now)
  clampToNow(rateLimit, now, 'deferredSince', 'lastListAt')
  for (const [rule, at] of rateLimit.stormRules)
    if (at > now || now - at >= MAX_BACKOFF) rateLimit.stormRules.delete(rule)
  if (rateLimit.stormRules.size === 0) rateLimit.backoff = 0
}
