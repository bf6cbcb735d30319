import { enqueueNotice } from '../../dispatch/notices.ts'
import type { Source } from '../../aggregate/watermark.ts'
import { isRegular } from '../../aggregate/watermark.ts'
import type { ClosedAlert, Command, RetireResult, Millis, Reason, RetiredItem } from '../../model.ts'
import { UNKNOWN_HOST, BUILTIN_RULES } from '../../model.ts'
import { removeHost } from './admission.ts'
import { listMembers } from '../builtin/mass-absence.ts'
import { builtinAlertId } from '../builtin/evaluation.ts'
import { closeAlert } from '../evaluate/alerts.ts'
import { expectFromNow, isNeverSeen, absentFor } from '../builtin/absence-time.ts'
import { type Alert, count, type Fold, type Host, type CommandResult } from '../state.ts'

const DAY = 86_400_000
/** How often, in ticks, it is looked who is gone for good, and how many one tick lets go: it must stay short. */
const EVERY = 10
const MOST = 100
/** So much later than the first, all are told together. */
const GATHER = 60_000
/** The most that one notice names. */
const MOST_NAMED = 1000
/** A source that delivered nothing for this long is gone for good. */
const GONE = 7 * DAY
/** A sender that came once and was never to be expected is gone sooner. */
const OCCASIONAL = DAY

/** Lets hosts go that are gone for good. */
export function retireHosts(fold: Fold): void {
  const { state } = fold
  // While some are being let go there may be more of them.
  if (state.ticks % EVERY !== 0 && state.retired.list.length === 0) return
  let left = MOST
  for (const host of state.hosts.values()) {
    const why = goneReason(fold, host)
    if (why === undefined) continue
    retireHost(fold, host, why)
    if (--left === 0) break
  }
  closeMassAbsences(fold)
}

/**
 * Why a host is taken to be gone: it was silent for long enough while its source delivered, or its source is gone
 * with it. As long as the source may come back, nobody knows.
 */
function goneReason(fold: Fold, host: Host): Reason | undefined {
  const { state, plan } = fold
  if (host.name === UNKNOWN_HOST || plan.expected.has(host.name)) return undefined
  const source = state.sources.get(host.source)
  if (source === undefined || source.idleFor > goneAfter(fold))
    return { code: 'source_gone', params: { source: host.source } }
  const silent = absentFor(fold, host) ?? 0
  return silent > plan.retireAfter
    ? { code: 'absent_for', params: { source: host.source, for: plan.retireAfter } }
    : undefined
}

function goneAfter({ plan }: Fold): Millis {
  return Math.max(GONE, plan.retireAfter)
}

/** Lets sources go that delivered nothing for long, while the service listened. Configured ones are always expected. */
export function retireSources(fold: Fold): void {
  const { state, plan } = fold
  for (const source of state.sources.values()) {
    const after = isRegular(source) ? goneAfter(fold) : Math.max(OCCASIONAL, plan.retireAfter)
    if (source.idleFor > after && !plan.config.sources.includes(source.name)) retireSource(fold, source)
  }
}

function retireSource(fold: Fold, { name, lastSeenAt }: Source): void {
  const { alerts } = fold.state
  const why: Reason = { code: 'no_request', params: { since: lastSeenAt } }
  const ids = [builtinAlertId(BUILTIN_RULES.source, name), builtinAlertId(BUILTIN_RULES.degraded, name)]
  const closed = close(fold, alerts, ids, why, lastSeenAt)
  fold.state.sources.delete(name)
  expectElsewhere(fold, name)
  if (closed.length > 0) recordRetired(fold, { kind: 'source', name, why, lastSeen: lastSeenAt, closed })
}

/** Expected hosts stay, so that from now on any source may bring them. */
function expectElsewhere(fold: Fold, source: string): void {
  const awaited = expectFromNow(fold)
  for (const host of fold.state.hosts.values()) {
    if (host.source === source && fold.plan.expected.has(host.name)) host.expectedSince = awaited
  }
}

/** Lets a host go with all that is kept of it. @returns the alerts that this closed. */
export function retireHost(fold: Fold, host: Host, why: Reason): readonly ClosedAlert[] {
  const { state } = fold
  const masses = [...host.alerts.values()].flatMap(({ massAbsence }) => state.alerts.get(massAbsence ?? '') ?? [])
  for (const mass of masses) mass.retiredHosts = (mass.retiredHosts ?? 0) + 1
  const lastSeen = isNeverSeen(host) ? null : host.lastSeenAt
  const closed = close(fold, host.alerts, [...host.alerts.keys()], why, lastSeen)
  removeHost(fold, host)
  count(fold, 'hosts_retired')
  // Who was never heard and raised no alert was a word in the configuration only.
  if (lastSeen !== null || closed.length > 0)
    recordRetired(fold, { kind: 'host', name: host.name, why, lastSeen, closed })
  return closed
}

/** @param lastSeen when what is gone was seen last; null for never. */
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

/** Tells the receivers of `system` what was retired, all of a minute in one mail. */
export function notifyRetired(fold: Fold): void {
  const { state, dispatchPlan } = fold
  const { retired } = state
  if (retired.list.length === 0 || state.now - retired.since < GATHER) return
  const { list } = retired
  const counted = (kind: RetiredItem['kind']): number => list.filter((one) => one.kind === kind).length
  const counts = { host: counted('host'), source: counted('source'), mass_absence: counted('mass_absence') }
  const items = list.slice(0, MOST_NAMED)
  enqueueNotice(state.dispatch, dispatchPlan, { kind: 'hosts_retired', items, counts }, state.now)
  list.length = 0
}

/** Closes what told of many silent hosts once the last of them was retired; to be asked before anybody calls that heard. */
export function closeMassAbsences(fold: Fold): void {
  const { alerts } = fold.state
  const masses = [...alerts].filter(
    ([, { identity, retiredHosts = 0 }]) => identity.rule === BUILTIN_RULES.mass && retiredHosts > 0,
  )
  if (masses.length === 0) return
  const members = listMembers(fold)
  for (const [id, { identity }] of masses) {
    if (members.has(id)) continue
    const why: Reason = { code: 'last_retired', params: {} }
    const closed = close(fold, alerts, [id], why, null)
    if (closed.length > 0)
      recordRetired(fold, { kind: 'mass_absence', name: identity.host, why, lastSeen: null, closed })
  }
}

/** Retires a host that an operator says is gone for good. */
export function applyRetire(
  fold: Fold,
  { host: name, author, now, unlessSeenWithin = 0 }: Extract<Command, { kind: 'retire' }>,
): CommandResult {
  const { state, plan } = fold
  const host = state.hosts.get(name)
  if (host === undefined) return refused('unknown-host', [...state.hosts.keys()])
  if (plan.expected.has(name)) return refused('host-expected', null)
  const lastSeen = isNeverSeen(host) ? null : host.lastSeenAt
  if (lastSeen !== null && now - lastSeen < unlessSeenWithin) return refused('host-active', lastSeen)
  const closed = retireHost(fold, host, { code: 'retired_by', params: { author } })
  closeMassAbsences(fold)
  const value: RetireResult = { host: name, lastSeen, closed }
  return { answer: { kind: 'done', value } }
}

function refused(code: 'unknown-host' | 'host-expected' | 'host-active', value: unknown): CommandResult {
  return { answer: { kind: 'refused', code, value } }
}
