import { clampToNow, type Millis } from '../model.ts'
import { withoutChart } from './chart-data.ts'
import type { DispatchState, DeferredAlert, Target, Mail, RateLimit } from './state.ts'

const MINUTE = 60_000
/** What does not fit waits this long, so that one mail can list what comes together. */
const GATHER = 10_000
/** So many alerts of one rule in a list are a storm. */
const STORM = 10
/** Lists of one storm come at growing distances, up to the longest; after a rest of it, the storm is over. */
const FIRST_GAP = MINUTE
const LONGEST_GAP = 15 * MINUTE

export function emptyRateLimit(): RateLimit {
  return { sent: [], deferred: new Map(), deferredSince: 0, lastListAt: -Infinity, backoff: 0, stormRules: new Map() }
}

export function rateLimitFor(state: DispatchState, { to }: Target): RateLimit {
  const rateLimit = state.rateLimits.get(to.address) ?? emptyRateLimit()
  state.rateLimits.set(to.address, rateLimit)
  return rateLimit
}

/** Counts a mail that goes out whatever the budget says. */
export function charge(state: DispatchState, target: Target, now: Millis): void {
  if (target.channel === 'email') rateLimitFor(state, target).sent.push(now)
}

/** Lets go of budgets that nothing was taken from lately: they are as good as new ones. */
export function pruneRateLimits(state: DispatchState, now: Millis): void {
  for (const [address, rateLimit] of state.rateLimits) {
    expire(rateLimit, now)
    if (rateLimit.deferred.size === 0 && rateLimit.sent.length === 0 && rateLimit.stormRules.size === 0)
      state.rateLimits.delete(address)
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
export function admit(rateLimit: RateLimit, mails: readonly Mail[], budget: Budget, now: Millis): readonly Mail[] {
  expire(rateLimit, now)
  const isCalm = ({ snapshot }: DeferredAlert): boolean =>
    !rateLimit.deferred.has(snapshot.episode) && !rateLimit.stormRules.has(snapshot.identity.rule)
  const calm = mails.filter((mail) => listDeferred(mail).some(isCalm))
  const free = Math.min(budget.perMinute - 1 - rateLimit.sent.length, budget.left)
  const single = new Set(calm.length <= free ? calm : [])
  for (const mail of mails) if (!single.has(mail)) for (const item of listDeferred(mail)) defer(rateLimit, item, now)
  for (const _ of single) rateLimit.sent.push(now)
  return [...single]
}

/** What a mail tells that is new, alert by alert. */
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

/** The newest of two items about one episode. Whoever has not heard that it fired, hears that first of all. */
function mergeDeferred(older: DeferredAlert, item: DeferredAlert): DeferredAlert {
  const { isNotified } = older
  return { ...item, isNotified, reason: isNotified || item.snapshot.state === 'resolved' ? item.reason : older.reason }
}

/** A list has no pictures, and a storm's would fill the memory. */
function dropCharts({ deferred }: RateLimit): void {
  for (const [episode, item] of deferred) {
    if (item.snapshot.chart !== undefined) deferred.set(episode, { ...item, snapshot: withoutChart(item.snapshot) })
  }
}

/** When what is held may go out, as it looks now. */
export function releaseAt({ deferredSince, lastListAt, backoff, sent }: RateLimit, perMinute: number): Millis {
  const spent = sent.at(-perMinute)
  return Math.max(deferredSince + GATHER, lastListAt + backoff, spent === undefined ? 0 : spent + MINUTE)
}

/**
 * What was held and may go out now, together in one mail.
 *
 * @param judge says what is to be told of each item by now; undefined for nothing.
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
    if (same.length >= STORM || rateLimit.stormRules.has(rule)) rateLimit.stormRules.set(rule, now)
  }
  rateLimit.lastListAt = now
  if (rateLimit.stormRules.size > 0) rateLimit.backoff = Math.min(LONGEST_GAP, Math.max(FIRST_GAP, 2 * backoff))
  return items
}

/** Nothing that is remembered lies ahead of the present: the service's clock may have been set back. */
function expire(rateLimit: RateLimit, now: Millis): void {
  rateLimit.sent = rateLimit.sent.filter((at) => at <= now && now - at < MINUTE)
  clampToNow(rateLimit, now, 'deferredSince', 'lastListAt')
  for (const [rule, at] of rateLimit.stormRules)
    if (at > now || now - at >= LONGEST_GAP) rateLimit.stormRules.delete(rule)
  if (rateLimit.stormRules.size === 0) rateLimit.backoff = 0
}
