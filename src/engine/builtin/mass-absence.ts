import { MIN_HOSTS } from '../../aggregate/throughput.ts'
import type { AbsenceRule, EngineConfig, Limit, Millis, Reason } from '../../model.ts'
import { BUILTIN_RULES } from '../../model.ts'
import { builtinResult, builtinAlertId, stateIdentity, stateMeasure } from './evaluation.ts'
import { appliesTo } from '../plan.ts'
import { updateAlert, type AlertSubject } from '../evaluate/alerts.ts'
import { absencePace, type Sample, sampleArrival, sampleHosts, sampleSource } from '../sample.ts'
import { absentFor, absenceSource } from './absence-time.ts'
import type { BuiltinStateRule } from './rule.ts'
import type { Alert, Fold, Host, HostScan } from '../state.ts'

/**
 * Up to this many hosts of a source, or this share of them, may become absent together and still have alerts of their
 * own.
 */
const MIN_ABSENT = { hosts: 10, share: 0.02 }
/** How long hosts that become absent after the first are gathered, so that one mail names them all. */
const GATHER_TIME = 60_000
/** Maximum number of names in a reason. */
const MAX_NAMES = 500
/** The source of expected hosts without a source, and its name in alerts. */
const ANY_SOURCE = ''
const LIST = 'hosts.expected'
const MASS_TIMERS = { for: GATHER_TIME, keepFiringFor: 0, pendingExpiry: Infinity }

/** Many hosts of a source become absent together: one alert reports all of them, as an absence rule would each. */
export const massAbsence: BuiltinStateRule = {
  name: BUILTIN_RULES.mass,
  // A mass absence is as severe as the absence of one of its hosts.
  severities: ({ absences }) => [...new Set(absences.map(({ severity }) => severity))],
  watchHosts: watchMassAbsences,
  observe({ state }, of) {
    if (!state.sources.has(of)) return undefined
    const evidence = { why: { code: 'none_absent', params: {} } }
    return { measure: stateMeasure('absent_hosts'), value: 0, evidence }
  },
  sample,
}

/**
 * Counts the hosts of one source that are absent together under a rule. Hosts that die at the same instant sent their
 * last events at different times, so those that will be absent soon count too. Must be called when observed time has
 * grown.
 */
export function countAbsent(fold: Fold): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const host of fold.state.hosts.values()) {
    const silent = absentFor(fold, host)
    for (const rule of fold.plan.absences) {
      if (silent === undefined || silent <= rule.after - isSuspected(rule)) continue
      if (host.alerts.has(builtinAlertId(rule.name)) || !appliesTo(rule, host.name)) continue
      const id = massAbsenceId(rule, absenceGroup(fold, host))
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  return counts
}

/**
 * Returns the id of the mass-absence alert that a host belongs to in a scan; undefined for one that is absent alone.
 */
export function massAbsenceFor(
  fold: Fold,
  { absentBySource, tick }: HostScan,
  rule: AbsenceRule,
  host: Host,
): string | undefined {
  const source = absenceGroup(fold, host)
  const gathering = findGathering(fold, rule, source)
  if (gathering !== undefined) return gathering
  const isMass = (absentBySource.get(massAbsenceId(rule, source)) ?? 0) > massThreshold(fold, source)
  return isMass ? `${massAbsenceId(rule, source)}\n${tick}` : undefined
}

/** Returns the source whose hosts are counted together. Hosts that any source may deliver are a group of their own. */
function absenceGroup(fold: Fold, host: Host): string {
  return host.expectedSince === undefined ? absenceSource(fold, host) : ANY_SOURCE
}

/** How early an absence is foreseen: at least a minute and a quarter after the last event. */
function isSuspected(rule: AbsenceRule): Millis {
  return Math.min(60_000, rule.after / 6)
}

function massAbsenceId(rule: AbsenceRule, source: string): string {
  return builtinAlertId(BUILTIN_RULES.mass, `${source}\n${rule.name}`)
}

/** Returns the mass absence that is being gathered. */
function findGathering(fold: Fold, rule: AbsenceRule, source: string): string | undefined {
  const prefix = `${massAbsenceId(rule, source)}\n`
  for (const [id, { lifecycle }] of fold.state.alerts)
    if (lifecycle.state === 'pending' && id.startsWith(prefix)) return id
  return undefined
}

function massThreshold(fold: Fold, name: string): number {
  if (name === ANY_SOURCE) return Math.max(MIN_ABSENT.hosts, MIN_ABSENT.share * fold.plan.expected.size)
  const source = fold.state.sources.get(name)
  const hosts = source === undefined ? 0 : source.throughput.hosts
  return hosts < MIN_HOSTS ? Infinity : Math.max(MIN_ABSENT.hosts, MIN_ABSENT.share * hosts)
}

/** Raises one alert for each mass absence, naming its hosts, and resolves it when the last of them sends again. */
function watchMassAbsences(fold: Fold, { hasMassAbsence }: HostScan): void {
  const open = [...fold.state.alerts]
    .filter(([, { identity }]) => identity.rule === BUILTIN_RULES.mass)
    .map(([id]) => id)
  // A host that is absent with others has an alert with them, or became absent in this scan.
  if (open.length === 0 && !hasMassAbsence) return
  const members = listMembers(fold)
  for (const id of new Set([...open, ...members.keys()])) watchMassAbsence(fold, id, members.get(id) ?? [])
}

/** Lists the hosts that are absent with others, by the alert that reports them. */
export function listMembers(fold: Fold): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>()
  for (const host of fold.state.hosts.values()) {
    if (host.alerts.size === 0) continue
    for (const { massAbsence } of host.alerts.values()) {
      if (massAbsence === undefined) continue
      const names = members.get(massAbsence)
      if (names === undefined) members.set(massAbsence, [host.name])
      else names.push(host.name)
    }
  }
  return members
}

function watchMassAbsence(fold: Fold, id: string, names: readonly string[]): void {
  const { state, plan } = fold
  const [, source = '', name = ''] = id.split('\n')
  const known = state.alerts.get(id)
  const rule = plan.absences.find((one) => one.name === name)
  const named = rule?.notify ?? known?.notify ?? []
  // With routes, the rule has no receivers, and no route may match this alert.
  const notify = named.length > 0 ? named : plan.config.selfMonitoring
  const severity = rule?.severity ?? known?.severity ?? 'critical'
  const isAbsent = names.length > 0
  const limit: Limit = { op: 'above', value: Math.floor(Math.min(names.length, massThreshold(fold, source))) }
  const why = isAbsent ? absentTogether(known, source, names) : reappeared(known)
  const result = builtinResult(fold, isAbsent, severity, names.length, { limit, why })
  updateAlert(fold, state.alerts, id, massAbsenceSubject(source, name, notify), result, MASS_TIMERS)
}

function massAbsenceSubject(source: string, key: string, notify: readonly string[]): AlertSubject {
  if (source === ANY_SOURCE)
    return { identity: stateIdentity(BUILTIN_RULES.mass, LIST, 'missing_hosts', key), source: '', notify }
  return { identity: stateIdentity(BUILTIN_RULES.mass, source, 'absent_hosts', key), source, notify }
}

function absentTogether(known: Alert | undefined, source: string, names: readonly string[]): Reason {
  const peak = known === undefined || known.lifecycle.state === 'pending' ? null : known.lifecycle.peak
  const hosts = names.slice(0, MAX_NAMES)
  const params = { hosts, count: names.length, ...(peak !== null && peak > names.length ? { peak } : {}) }
  return source === ANY_SOURCE
    ? { code: 'missing_everywhere', params }
    : { code: 'absent_together', params: { source, ...params } }
}

function reappeared(known: Alert | undefined): Reason {
  return { code: 'seen_again', params: { retired: known?.retiredHosts ?? 0 } }
}

const SAMPLE_HOSTS = 2 * MIN_HOSTS

/** A third of the hosts of an absence rule stop sending. */
function sample(config: EngineConfig): Sample | undefined {
  const [rule] = config.rules.filter((one) => one.kind === 'absence').toSorted((a, b) => a.after - b.after)
  if (rule === undefined || config.limits.hosts < SAMPLE_HOSTS) return undefined
  const source = sampleSource(config)
  const hosts = sampleHosts(rule.hosts, SAMPLE_HOSTS)
  const left = hosts.slice(Math.ceil(SAMPLE_HOSTS / 3))
  const pace = absencePace(rule.after, config.bucket)
  return {
    about: source,
    settle: 6 * pace,
    every: pace,
    bucket: pace,
    patience: rule.after + GATHER_TIME + 6 * pace,
    arrive: (phase, _, to) => [sampleArrival(source, phase === 'good' ? hosts : left, to)],
  }
}
