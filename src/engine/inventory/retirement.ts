import { enqueueNotice } from '../../dispatch/notices.ts'
import type { Source } from '../../aggregate/watermark.ts'
import { isRegular } from '../../aggregate/watermark.ts'
import type { ClosedAlert, Command, CommandReply, Millis, Reason, RetiredItem } from '../../model.ts'
import { UNKNOWN_HOST, BUILTIN_RULES } from '../../model.ts'
import { BUILTINS } from '../builtin/index.ts'
import { findHost, removeHost } from './admission.ts'
import { isExpected } from '../plan.ts'
import { listMembers } from '../builtin/mass-absence.ts'
import { builtinAlertId } from '../builtin/evaluation.ts'
import { closeAlert } from '../evaluate/alerts.ts'
import { listObservers, longestObserver } from './deliveries.ts'
import { expectFromNow, isNeverSeen } from '../builtin/absence-time.ts'
import { type Alert, count, type Fold, type Host } from '../state.ts'

const DAY = 86_400_000
/** Ticks between two checks, and the most hosts that one tick retires, so that a tick stays short. */
const EVERY = 10
const MAX_PER_RUN = 100
/** One mail names all that was retired within this time after the first. */
const GATHER_TIME = 60_000
/** The most names in one notice. */
const MAX_NAMED = 1000
/** A source that delivered nothing for this long is retired. */
const SOURCE_GONE_AFTER = 7 * DAY
/** A source that appeared once and never sent steadily is retired sooner. */
const OCCASIONAL = DAY

/** The rules that may have an alert about a source. */
const SOURCE_RULES = Object.values(BUILTINS).filter(({ watchSource }) => watchSource !== undefined)

/** Retires hosts that are permanently gone. */
export function retireHosts(fold: Fold): void {
  const { state } = fold
  // While a mail is being collected there may be more hosts to retire, so every tick checks.
  if (state.ticks % EVERY !== 0 && state.retired.list.length === 0) return
  let left = MAX_PER_RUN
  for (const host of state.hosts.values()) {
    const why = goneReason(fold, host)
    if (why === undefined) continue
    retireHost(fold, host, why)
    if (--left === 0) break
  }
  closeMassAbsences(fold)
}

/**
 * Returns why a host counts as gone: it was absent for long enough while its source delivered, or its source is gone
 * too. Undefined while the source may come back, since the host cannot be observed until then.
 */
function goneReason(fold: Fold, host: Host): Reason | undefined {
  const { plan } = fold
  if (host.name === UNKNOWN_HOST || isExpected(plan, host.name)) return undefined
  if (host.mentionedAt !== undefined && fold.state.now - host.mentionedAt < plan.retireAfter) return undefined
  if (listObservers(fold, host).every(({ idleFor }) => idleFor > goneAfter(fold)))
    return { code: 'source_gone', params: { source: host.source } }
  const { source, observed } = longestObserver(fold, host) ?? { source: host.source, observed: 0 }
  return observed > plan.retireAfter ? { code: 'absent_for', params: { source, for: plan.retireAfter } } : undefined
}

function goneAfter({ plan }: Fold): Millis {
  return Math.max(SOURCE_GONE_AFTER, plan.retireAfter)
}

/**
 * Retires sources that delivered nothing for long while the service was listening. Configured sources are always
 * expected.
 */
export function retireSources(fold: Fold): void {
  const { state, plan } = fold
  for (const source of state.sources.values()) {
    const after = isRegular(source) ? goneAfter(fold) : Math.max(OCCASIONAL, plan.retireAfter)
    if (source.idleFor > after && !plan.config.sources.includes(source.name)) retireSource(fold, source)
  }
}

function retireSource(fold: Fold, { name, lastSeenAt }: Source): void {
  const { alerts } = fold.state
  const reason: Reason = { code: 'no_request', params: { since: lastSeenAt } }
  const ids = SOURCE_RULES.map((rule) => builtinAlertId(rule.name, name))
  const closed = close(fold, alerts, ids, reason, lastSeenAt)
  fold.state.sources.delete(name)
  expectElsewhere(fold, name)
  if (closed.length > 0) recordRetired(fold, { kind: 'source', name, reason, lastSeenAt, closed })
}

/** Restarts the absence timer of the expected hosts that only a retired source delivered. They stay, and any source may deliver them. */
function expectElsewhere(fold: Fold, source: string): void {
  const expected = expectFromNow(fold)
  for (const host of fold.state.hosts.values()) {
    if (!host.deliveries.has(source) || !isExpected(fold.plan, host.name)) continue
    if (listObservers(fold, host).length === 0) host.expectedSince = expected
  }
}

/**
 * Retires a host and removes all its data.
 * @returns the alerts that this closed.
 */
export function retireHost(fold: Fold, host: Host, reason: Reason): readonly ClosedAlert[] {
  const { state } = fold
  const massAbsences = [...host.alerts.values()].flatMap(({ massAbsence }) => state.alerts.get(massAbsence ?? '') ?? [])
  for (const mass of massAbsences) mass.retiredHosts = (mass.retiredHosts ?? 0) + 1
  const lastSeenAt = isNeverSeen(host) ? null : host.lastSeenAt
  const closed = close(fold, host.alerts, [...host.alerts.keys()], reason, lastSeenAt)
  removeHost(fold, host)
  count(fold, 'hosts_retired')
  // A host that was never seen and raised no alert existed in the configuration only.
  if (lastSeenAt !== null || closed.length > 0)
    recordRetired(fold, { kind: 'host', name: host.name, reason, lastSeenAt, closed })
  return closed
}

/** @param lastSeen last arrival of the retired host or source; null for never. */
function close(
  fold: Fold,
  alerts: Map<string, Alert>,
  ids: readonly string[],
  { code: why, params }: Reason,
  lastSeen: Millis | null,
): readonly ClosedAlert[] {
  const reason: Reason = {
    code: 'host_retired',
    params: { ...params, why, ...(lastSeen === null ? {} : { lastSeen }) },
  }
  return ids.flatMap((id) => {
    const alert = closeAlert(fold, alerts, id, 'host_retired', reason)
    return alert === undefined ? [] : [{ rule: alert.identity.rule, code: alert.code }]
  })
}

function recordRetired({ state }: Fold, one: RetiredItem): void {
  if (state.retired.list.length === 0) state.retired.since = state.now
  state.retired.list.push(one)
}

/** Enqueues one notice to the receivers of `system` for everything retired within `GATHER`. */
export function notifyRetired(fold: Fold): void {
  const { state, dispatchPlan } = fold
  const { retired } = state
  if (retired.list.length === 0 || state.now - retired.since < GATHER_TIME) return
  const { list } = retired
  const counted = (kind: RetiredItem['kind']): number => list.filter((one) => one.kind === kind).length
  const counts = { host: counted('host'), source: counted('source'), mass_absence: counted('mass_absence') }
  const items = list.slice(0, MAX_NAMED)
  enqueueNotice(state.dispatch, dispatchPlan, { kind: 'hosts_retired', items, counts }, state.now)
  list.length = 0
}

/**
 * Closes a mass-absence alert once the last of its hosts was retired. Must run before a host that returns could resolve
 * it.
 */
export function closeMassAbsences(fold: Fold): void {
  const { alerts } = fold.state
  const massAbsences = [...alerts].filter(
    ([, { identity, retiredHosts = 0 }]) => identity.rule === BUILTIN_RULES.mass && retiredHosts > 0,
  )
  if (massAbsences.length === 0) return
  const members = listMembers(fold)
  for (const [id, { identity }] of massAbsences) {
    if (members.has(id)) continue
    const reason: Reason = { code: 'last_retired', params: {} }
    const closed = close(fold, alerts, [id], reason, null)
    if (closed.length > 0)
      recordRetired(fold, { kind: 'mass_absence', name: identity.host, reason, lastSeenAt: null, closed })
  }
}

/** Retires a host on an operator's command. */
export function applyRetire(
  fold: Fold,
  { host: name, author, now, unlessSeenWithin = 0 }: Extract<Command, { kind: 'retire' }>,
): CommandReply<'retire'> {
  const { state, plan } = fold
  const host = findHost(state, name)
  if (host === undefined) return { kind: 'refused', code: 'unknown-host', value: [...state.hosts.keys()] }
  if (isExpected(plan, name)) return { kind: 'refused', code: 'host-expected', value: null }
  const lastSeenAt = isNeverSeen(host) ? null : host.lastSeenAt
  if (lastSeenAt !== null && now - lastSeenAt < unlessSeenWithin)
    return { kind: 'refused', code: 'host-active', value: lastSeenAt }
  const closed = retireHost(fold, host, { code: 'retired_by', params: { author } })
  closeMassAbsences(fold)
  return { kind: 'done', value: { host: host.name, lastSeenAt, closed } }
}
