import { formatTime } from '../format.ts'
import { postNotice } from '../dispatch/notice.ts'
import type { Source } from '../aggregate/sources.ts'
import { isSteady } from '../aggregate/sources.ts'
import type { Command, Forgotten, Millis } from '../model.ts'
import { NO_HOST, OWN_RULES } from '../model.ts'
import { removeHost } from './hosts.ts'
import { membersOf } from './mass.ts'
import { ownId } from './own.ts'
import { closeAlert } from './raise.ts'
import { awaitFrom, isUnheard, silenceOf } from './silence.ts'
import { type Alert, count, type Fold, type Host, type Obeyed, type Retired } from './state.ts'
import { durationText } from './words.ts'

const DAY = 86_400_000
/** How often, in ticks, it is looked who is gone for good, and how many one tick lets go: it must stay short. */
const EVERY = 10
const MOST = 100
/** So much later than the first, all are told together. */
const GATHER = 60_000
/** The most lines of one mail. */
const LINES = 1000
/** A source that delivered nothing for this long is gone for good. */
const GONE = 7 * DAY
/** A sender that came once and was never to be expected is gone sooner. */
const PASSED_BY = DAY

/** Lets hosts go that are gone for good. */
export function retireHosts(fold: Fold): void {
  const { state } = fold
  // While some are being let go there may be more of them.
  if (state.ticks % EVERY !== 0 && state.retired.list.length === 0) return
  let left = MOST
  for (const host of state.hosts.values()) {
    const why = whyGone(fold, host)
    if (why === undefined) continue
    retire(fold, host, `silent since ${formatTime(host.lastSeen)}: ${why}`)
    if (--left === 0) break
  }
  closeMasses(fold)
}

/**
 * Why a host is taken to be gone: it was silent for long enough while its source delivered, or its source is gone
 * with it. As long as the source may come back, nobody knows.
 */
function whyGone(fold: Fold, host: Host): string | undefined {
  const { state, plan } = fold
  if (host.name === NO_HOST || plan.expected.has(host.name)) return undefined
  const source = state.sources.get(host.source)
  if (source === undefined || source.silence > goneAfter(fold)) return `its source ${host.source} is gone as well`
  const silent = silenceOf(fold, host) ?? 0
  return silent > plan.forgetAfter
    ? `${host.source} went on delivering for more than ${durationText(plan.forgetAfter)}`
    : undefined
}

function goneAfter({ plan }: Fold): Millis {
  return Math.max(GONE, plan.forgetAfter)
}

/** Lets sources go that delivered nothing for long, while the service listened. Configured ones are always expected. */
export function retireSources(fold: Fold): void {
  const { state, plan } = fold
  for (const source of state.sources.values()) {
    const after = isSteady(source) ? goneAfter(fold) : Math.max(PASSED_BY, plan.forgetAfter)
    if (source.silence > after && !plan.config.sources.includes(source.name)) retireSource(fold, source)
  }
}

function retireSource(fold: Fold, { name, heard }: Source): void {
  const { alerts } = fold.state
  const why = `no request since ${formatTime(heard)}, and it is not in the configuration`
  const closed = close(fold, alerts, [ownId(OWN_RULES.source, name), ownId(OWN_RULES.degraded, name)], why)
  fold.state.sources.delete(name)
  awaitElsewhere(fold, name)
  if (closed.length > 0) note(fold, { kind: 'source', name, why, closed })
}

/** Expected hosts stay, so that from now on any source may bring them. */
function awaitElsewhere(fold: Fold, source: string): void {
  const awaited = awaitFrom(fold)
  for (const host of fold.state.hosts.values()) {
    if (host.source === source && fold.plan.expected.has(host.name)) host.awaited = awaited
  }
}

/** Lets a host go with all that is kept of it. @returns the alerts that this closed. */
export function retire(fold: Fold, host: Host, why: string): readonly string[] {
  const { state } = fold
  const masses = [...host.alerts.values()].flatMap(({ mass }) => state.alerts.get(mass ?? '') ?? [])
  for (const mass of masses) mass.retired = (mass.retired ?? 0) + 1
  const closed = close(fold, host.alerts, [...host.alerts.keys()], why)
  removeHost(fold, host)
  count(fold, 'hosts_retired')
  // Who was never heard and raised no alert was a word in the configuration only.
  if (!isUnheard(host) || closed.length > 0) note(fold, { kind: 'host', name: host.name, why, closed })
  return closed
}

function close(fold: Fold, alerts: Map<string, Alert>, ids: readonly string[], why: string): readonly string[] {
  return ids.flatMap((id) => {
    const alert = closeAlert(fold, alerts, id, 'retired', why)
    return alert === undefined ? [] : `${alert.rule} (${alert.code})`
  })
}

function note({ state }: Fold, one: Retired): void {
  if (state.retired.list.length === 0) state.retired.since = state.now
  state.retired.list.push(one)
}

/** Tells the receivers of `system` what was retired, all of a minute in one mail. */
export function tellRetired(fold: Fold): void {
  const { state, dispatchPlan } = fold
  const { retired } = state
  if (retired.list.length === 0 || state.now - retired.since < GATHER) return
  const lines = retired.list.slice(0, LINES).map(lineOf)
  const rest = retired.list.length - lines.length
  const all = rest === 0 ? lines : [...lines, `and ${rest} more; /api/v1/hosts lists who is left`]
  postNotice(
    state.dispatch,
    dispatchPlan,
    { because: 'hosts retired', title: titleOf(retired.list), lines: all },
    state.now,
  )
  retired.list.length = 0
}

/** Closes what told of many silent hosts once the last of them was retired; to be asked before anybody calls that heard. */
export function closeMasses(fold: Fold): void {
  const { alerts } = fold.state
  const masses = [...alerts].filter(([, alert]) => alert.rule === OWN_RULES.mass && (alert.retired ?? 0) > 0)
  if (masses.length === 0) return
  const members = membersOf(fold)
  for (const [id, { host: name }] of masses) {
    if (members.has(id)) continue
    const why = 'the last of those that fell silent together are gone for good'
    const closed = close(fold, alerts, [id], why)
    if (closed.length > 0) note(fold, { kind: 'many', name, why, closed })
  }
}

function titleOf(list: readonly Retired[]): string {
  const counted = (kind: Retired['kind']): string => {
    const number = list.filter((one) => one.kind === kind).length
    return number === 0 ? '' : `${number} ${kind}${number === 1 ? '' : 's'}`
  }
  const counts = [counted('host'), counted('source')].filter((text) => text !== '')
  return `${counts.join(' and ')} retired`
}

function lineOf({ kind, name, why, closed }: Retired): string {
  const what = kind === 'host' ? name : kind === 'source' ? `the source ${name}` : `many hosts of ${name}`
  return `${what}: ${why}${closed.length === 0 ? '' : `; closes ${closed.join(', ')}`}`
}

/** Somebody says that a host is gone for good. */
export function forget(
  fold: Fold,
  { host: name, author, now, spare = 0 }: Extract<Command, { kind: 'forget' }>,
): Obeyed {
  const { state, plan } = fold
  const host = state.hosts.get(name)
  if (host === undefined) return refused('unknown-host', [...state.hosts.keys()])
  if (plan.expected.has(name)) return refused('expected-host', null)
  const lastSeen = isUnheard(host) ? null : host.lastSeen
  if (lastSeen !== null && now - lastSeen < spare) return refused('live-host', lastSeen)
  const last = lastSeen === null ? 'never heard' : `last heard at ${formatTime(lastSeen)}`
  const closed = retire(fold, host, `${last}, forgotten by ${author}`)
  closeMasses(fold)
  const value: Forgotten = { host: name, lastSeen, closed }
  return { answer: { kind: 'done', value } }
}

function refused(code: 'unknown-host' | 'expected-host' | 'live-host', value: unknown): Obeyed {
  return { answer: { kind: 'refused', code, value } }
}
