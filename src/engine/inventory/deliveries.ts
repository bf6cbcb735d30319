import { recordPause } from '../../aggregate/throughput.ts'
import { isRegular, type Source } from '../../aggregate/watermark.ts'
import type { Millis } from '../../model.ts'
import type { HostDelivery, Fold, Host } from '../state.ts'

/** Sources that delivered a host within this time have a say in when its windows close. */
const RECENT = 60_000
/** A source delivers a host steadily if no pause was longer than this for at least so long. */
const PAUSE = 150_000
const STEADY_FOR = 10 * 60_000
/** Earlier deliveries say nothing about where a host sends now, unless an absence rule waits longer. */
const LATELY = 3_600_000
/** How many sources of a host are kept that are not regular. */
const MAX_KEPT = 8

/** Records that a source delivered a host. */
export function recordDelivery({ state }: Fold, host: Host, source: Source, receivedAt: Millis): void {
  const { deliveries } = host
  const known = deliveries.get(source.name)
  // A pause is one between two deliveries of this source, without others in between.
  if (known?.at === host.lastSeenAt) recordPause(source.throughput, source.observedTime - known.observed)
  const since = known !== undefined && receivedAt - known.at <= PAUSE ? known.since : receivedAt
  const at = Math.max(known?.at ?? receivedAt, receivedAt)
  deliveries.set(source.name, { at, since, observed: source.observedTime })
  host.lastSeenAt = Math.max(host.lastSeenAt, receivedAt)
  host.source = source.name
  if (deliveries.size === 1) return
  for (const [name, delivery] of deliveries) delivery.observed = state.sources.get(name)?.observedTime ?? 0
}

/**
 * Records an event about a host that came from elsewhere. It is no sign of life. Until the host sends something itself,
 * the clock of this source closes its windows.
 */
export function recordMention(host: Host, source: Source, receivedAt: Millis): void {
  host.mentionedAt = Math.max(host.mentionedAt ?? receivedAt, receivedAt)
  if (host.lastSeenAt !== -Infinity) return
  host.deliveries.set(source.name, { at: receivedAt, since: receivedAt, observed: source.observedTime })
  host.source = source.name
}

/**
 * Returns the sources whose word counts on whether a host is absent: the one that delivered it last, the newest regular
 * one, and each one that delivered it steadily up to its last event. So an event under a name that nobody knows does not
 * hide that a host is absent, and a source that seldom delivers it does not make it absent while its usual one is down.
 */
export function listObservers({ state, plan }: Fold, host: Host): readonly Source[] {
  const { deliveries, lastSeenAt, source: last } = host
  const lately = lastSeenAt - Math.max(LATELY, plan.maxAbsence)
  const observers: Source[] = []
  let [regular, newest]: [Source | undefined, Millis] = [undefined, -Infinity]
  for (const [name, { at, since }] of deliveries) {
    const source = state.sources.get(name)
    if (source === undefined) continue
    const isSteady = at - since >= STEADY_FOR && lastSeenAt - at <= PAUSE
    if (name === last || isSteady) observers.push(source)
    if (!isRegular(source) || at < lately || at <= newest) continue
    regular = source
    newest = at
  }
  return regular === undefined || observers.includes(regular) ? observers : [...observers, regular]
}

/**
 * Returns the observer that delivered for the longest time since the host's last event, and this time. The source that
 * delivered the host last comes before others that observed as much.
 */
export function longestObserver(
  fold: Fold,
  host: Host,
): { readonly source: string; readonly observed: Millis } | undefined {
  const last = host.deliveries.size === 1 ? fold.state.sources.get(host.source) : undefined
  if (last !== undefined) return { source: last.name, observed: observedSince(host, last) }
  let longest: { source: string; observed: Millis } | undefined
  for (const source of listObservers(fold, host)) {
    const observed = observedSince(host, source)
    const isLonger = longest === undefined || observed > longest.observed
    if (isLonger || (observed === longest?.observed && source.name === host.source))
      longest = { source: source.name, observed }
  }
  return longest
}

/** Returns for how long a source delivered since the host's last event. */
function observedSince(host: Host, { name, observedTime }: Source): Millis {
  return observedTime - (host.deliveries.get(name) as HostDelivery).observed
}

/** Handles a new source. If it was retired before, its time counts from zero again for the hosts that it delivered. */
export function resetDeliveries({ state }: Fold, name: string): void {
  for (const { deliveries } of state.hosts.values()) {
    const delivery = deliveries.get(name)
    if (delivery !== undefined) delivery.observed = 0
  }
}

/**
 * Returns the sources whose clocks close a host's windows: those that delivered it recently, else its observers. Where
 * some of them are regular, the others have no say: a clock that stands still would keep the windows open.
 */
export function listClocks(fold: Fold, host: Host): readonly string[] {
  if (host.deliveries.size === 1) return [host.source]
  const recent = [...host.deliveries].filter(([, { at }]) => at >= fold.state.now - RECENT).map(([name]) => name)
  const names = recent.length > 0 ? recent : listObservers(fold, host).map(({ name }) => name)
  const regular = names.filter((name) => {
    const source = fold.state.sources.get(name)
    return source !== undefined && isRegular(source)
  })
  if (regular.length > 0) return regular
  return names.length > 0 ? names : [host.source]
}

/**
 * Forgets the sources that a host has left. Those that delivered it more than once lately stay, even if they are not
 * regular yet: they may be once the host is gone.
 */
export function pruneDeliveries(fold: Fold, host: Host): void {
  if (host.deliveries.size <= 1) return
  const lately = host.lastSeenAt - Math.max(LATELY, fold.plan.maxAbsence)
  const repeated = [...host.deliveries].filter(([, { at, since }]) => at > since && at >= lately)
  const newest = repeated.toSorted(([, a], [, b]) => b.at - a.at).slice(0, MAX_KEPT)
  const kept = new Set([
    host.source,
    ...listObservers(fold, host).map(({ name }) => name),
    ...newest.map(([name]) => name),
  ])
  for (const [name, { at }] of host.deliveries)
    if (at < fold.state.now - RECENT && !kept.has(name)) host.deliveries.delete(name)
}
