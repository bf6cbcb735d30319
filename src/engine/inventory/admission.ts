import { createSource, type Source } from '../../aggregate/watermark.ts'
import { addSeries, createStore, newestBucket, removeSeries, type Store } from '../../aggregate/store.ts'
import { type Millis, UNKNOWN_HOST, OTHERS, SEP } from '../../model.ts'
import { foldHostName } from '../../labels/host-name.ts'
import { isExpected } from '../plan.ts'
import { forgetMatches } from '../evaluate/matched-events.ts'
import { resetDeliveries } from './deliveries.ts'
import { count, type Fold, type Host, type KeyInfo, type Limited, type State } from '../state.ts'

/**
 * A host is evicted for a new one only if it was not seen for this long, so that invented names cannot push out real
 * hosts.
 */
const IDLE = 10 * 60_000
/** The most eviction candidates that one search keeps. */
const MAX_IDLE = 500

/** Returns the record of a host, whatever the case of its name. */
export function findHost(state: State, name: string): Host | undefined {
  return state.hosts.get(name) ?? state.hosts.get(spellHost(state, name))
}

/** Returns the name of a host as it was first spelled; a name that is not known stays as it is. */
export function spellHost({ hosts, spellings }: State, name: string): string {
  if (hosts.has(name)) return name
  const folded = foldHostName(name)
  return spellings.get(folded) ?? (hosts.has(folded) ? folded : name)
}

/** Returns the record of a host, created on first sight; undefined if the limit is reached and no host is idle. */
export function admitHost(fold: Fold, name: string, receivedAt: Millis, isRemote = false): Host | undefined {
  const { state, plan } = fold
  const known = findHost(state, name)
  if (known !== undefined) return known
  if (state.hosts.size >= plan.config.limits.hosts && name !== UNKNOWN_HOST && !evictIdleHost(fold, receivedAt)) {
    recordRefusal(fold, 'hosts', receivedAt)
    return undefined
  }
  return addHost(state, name, isRemote ? -Infinity : receivedAt)
}

/**
 * Creates the record of a host.
 * @param lastSeenAt -Infinity for a host that was never seen.
 */
export function addHost(state: State, name: string, lastSeenAt: Millis): Host {
  const index = state.freeSlots.pop() ?? state.hostSlots.length
  const host: Host = {
    name,
    index,
    lastSeenAt,
    source: '',
    deliveries: new Map(),
    newestEvent: -Infinity,
    series: new Map(),
    evaluatedTo: -Infinity,
    evaluatedLateTo: -Infinity,
    skew: undefined,
    alerts: new Map(),
    late: undefined,
    early: undefined,
    flush: false,
    reportRow: undefined,
  }
  state.hosts.set(name, host)
  state.hostSlots[index] = host
  const folded = foldHostName(name)
  if (folded !== name) state.spellings.set(folded, name)
  return host
}

/**
 * Evicts the least recently seen host that is idle, not expected, without open alerts and beyond every absence rule.
 * Returns false if there is none; the next search is then at the next tick, however many new names arrive.
 */
function evictIdleHost(fold: Fold, receivedAt: Millis): boolean {
  const { state, plan } = fold
  if (state.refusals.searched === state.ticks) return false
  const before = receivedAt - Math.max(IDLE, 2 * plan.maxAbsence)
  const oldest = takeIdleHost(fold, before) ?? findIdleHosts(fold, before)
  if (oldest === undefined) {
    state.refusals.searched = state.ticks
    return false
  }
  removeHost(fold, oldest)
  count(fold, 'hosts_evicted')
  return true
}

/**
 * Searches all hosts for eviction candidates and returns the first. The others are kept for the next evictions, since a
 * search takes milliseconds.
 */
function findIdleHosts(fold: Fold, before: Millis): Host | undefined {
  const { state } = fold
  const idle: Host[] = []
  for (const host of state.hosts.values()) if (lastHeard(host) <= before && isEvictable(fold, host)) idle.push(host)
  // Only the least recently seen candidates are sorted as records: sorting all of them would take too long.
  const times = new Float64Array(idle.length)
  for (const [i, host] of idle.entries()) times[i] = lastHeard(host)
  const latest = times.sort()[MAX_IDLE - 1] ?? Infinity
  const first = idle.filter((host) => lastHeard(host) <= latest).toSorted((a, b) => lastHeard(a) - lastHeard(b))
  state.idleHosts = first
    .slice(0, MAX_IDLE)
    .map((host) => ({ name: host.name, lastSeen: lastHeard(host) }))
    .reverse()
  return takeIdleHost(fold, before)
}

/** Returns the next candidate that is still evictable and was not seen since the search. */
function takeIdleHost(fold: Fold, before: Millis): Host | undefined {
  const { hosts, idleHosts } = fold.state
  for (let one = idleHosts.pop(); one !== undefined; one = idleHosts.pop()) {
    const host = hosts.get(one.name)
    if (host === undefined || lastHeard(host) !== one.lastSeen) continue
    if (one.lastSeen <= before && isEvictable(fold, host)) return host
  }
  return undefined
}

/** Arrival of the newest event of a host or about it. */
function lastHeard({ lastSeenAt, mentionedAt = -Infinity }: Host): Millis {
  return Math.max(lastSeenAt, mentionedAt)
}

function isEvictable({ plan }: Fold, { alerts, name }: Host): boolean {
  return alerts.size === 0 && name !== UNKNOWN_HOST && !isExpected(plan, name)
}

export function removeHost(fold: Fold, host: Host): void {
  const { state } = fold
  for (const id of host.series.keys()) dropSeries(fold, host, id)
  state.hostSlots[host.index] = null
  state.freeSlots.push(host.index)
  state.pendingHosts.delete(host.name)
  state.hosts.delete(host.name)
  state.spellings.delete(foldHostName(host.name))
}

export function dropSeries(fold: Fold, host: Host, id: number): void {
  const { state } = fold
  const info = state.keys.infos[id] as KeyInfo
  for (const store of metricStores(fold, info.metric)) removeSeries(store, host.series.get(id) as number)
  forgetMatches(state, host.name, info.key)
  host.series.delete(id)
  host.late?.delete(id)
  host.early?.delete(id)
  state.series--
  releaseKey(state, id, info)
}

function releaseKey(state: State, id: number, info: KeyInfo): void {
  if (--info.uses > 0) return
  state.keys.ids.delete(info.key)
  state.keys.infos[id] = null
  state.keys.free.push(id)
}

/** Returns the id of a series key; undefined if no configured metric has this name and this number of `by` values. */
export function keyId(state: State, fold: Fold, key: string): number | undefined {
  const known = state.keys.ids.get(key)
  if (known !== undefined) return known
  const [metric = '', ...values] = key.split(SEP)
  if (fold.plan.metrics.get(metric)?.metric.by.length !== values.length) return undefined
  const id = state.keys.free.pop() ?? state.keys.infos.length
  state.keys.infos[id] = { key, metric, values, uses: 0 }
  state.keys.ids.set(key, id)
  return id
}

/** Forgets a series key that no series uses. */
export function forgetUnusedKey({ state }: Fold, id: number): void {
  const info = state.keys.infos[id] as KeyInfo
  if (info.uses > 0) return
  info.uses++
  releaseKey(state, id, info)
}

/** Returns the slot of a host's series, created on first sight; undefined if a limit is reached. */
export function admitSeries(fold: Fold, host: Host, id: number, receivedAt: Millis): number | undefined {
  const known = host.series.get(id)
  if (known !== undefined) return known
  const { state, plan } = fold
  const info = state.keys.infos[id] as KeyInfo
  const isFull = host.series.size >= plan.config.limits.seriesPerHost || state.series >= plan.config.limits.series
  if (isFull && !dropIdleSeries(fold, host)) {
    forgetUnusedKey(fold, id)
    recordRefusal(fold, 'series', receivedAt)
    return undefined
  }
  let slot = 0
  for (const store of metricStores(fold, info.metric)) slot = addSeries(store)
  host.series.set(id, slot)
  info.uses++
  state.series++
  return slot
}

/** Drops the least recently seen series of a host (an unmounted disk), if it is idle and has no open alert. */
function dropIdleSeries(fold: Fold, host: Host): boolean {
  const { state, plan } = fold
  const open = new Set([...host.alerts.values()].map(({ identity }) => identity.key))
  let oldest: number | undefined
  let head = Math.floor((host.newestEvent - IDLE) / plan.config.bucket)
  for (const [id, slot] of host.series) {
    const { key, metric } = state.keys.infos[id] as KeyInfo
    const newest = newestBucket(state.stores.get(metric) as Store, slot)
    if (newest >= head || open.has(key)) continue
    head = newest
    oldest = id
  }
  if (oldest === undefined) return false
  dropSeries(fold, host, oldest)
  count(fold, 'series_evicted')
  return true
}

/** Returns the stores of a metric, created on first use, finest first. A series has the same slot in all of them. */
function metricStores(fold: Fold, metric: string): readonly Store[] {
  const tiers = fold.plan.metrics.get(metric)?.tiers ?? []
  return tiers.map(({ id, layout }) => {
    const known = fold.state.stores.get(id)
    if (known !== undefined) return known
    const store = createStore(layout)
    fold.state.stores.set(id, store)
    return store
  })
}

/**
 * Returns the record of a source, created on first sight. Beyond the limits, new names below a token share the record of
 * the token, and others that of `OTHERS`.
 */
export function admitSource(fold: Fold, name: string, receivedAt: Millis): Source {
  const { state, plan } = fold
  const known = state.sources.get(name)
  if (known !== undefined) return known
  const limit = plan.config.sources.includes(name) || name === OTHERS ? undefined : reachedLimit(fold, name)
  if (limit !== undefined) {
    recordRefusal(fold, limit, receivedAt)
    return admitSource(fold, tokenOf(fold, name) ?? OTHERS, receivedAt)
  }
  const source = createSource(name, receivedAt)
  state.sources.set(name, source)
  resetDeliveries(fold, name)
  return source
}

function reachedLimit(fold: Fold, name: string): Limited | undefined {
  const { state, plan } = fold
  const token = tokenOf(fold, name)
  const siblings =
    token === undefined ? 0 : [...state.sources.keys()].filter((one) => tokenOf(fold, one) === token).length
  if (token !== undefined && siblings >= plan.config.subSources) return 'sub_sources'
  return state.sources.size >= plan.config.limits.sources ? 'sources' : undefined
}

/** Returns the token that a source is below; names of tokens have no slash. */
function tokenOf({ plan }: Fold, name: string): string | undefined {
  const slash = name.indexOf('/')
  const token = slash === -1 ? '' : name.slice(0, slash)
  return plan.config.sources.includes(token) ? token : undefined
}

function recordRefusal(fold: Fold, what: Limited, receivedAt: Millis): void {
  count(fold, `${what}_refused`)
  const { refusals } = fold.state
  refusals.count++
  refusals.last = receivedAt
  refusals.what = what
}
