import { MANY } from '../aggregate/flow.ts'
import type { AbsenceRule, Millis } from '../model.ts'
import { OWN_RULES } from '../model.ts'
import { found, ownId, ownSubject } from './own.ts'
import { concerns } from './plan.ts'
import { raise, type Subject } from './raise.ts'
import { silenceOf } from './silence.ts'
import type { Alert, Fold, Host, Round } from './state.ts'

/** So many hosts of a source, or this share of them, may fall silent at once and still be told one by one. */
const FEW = { hosts: 10, share: 0.02 }
/** For how long those that fall silent with the first are gathered, so that one mail names them all. */
const GATHER = 60_000
/** The most characters of names in one reason: a mail shows 16,384 of it. */
const LONGEST = 16_000
/** Stands for the source of expected hosts that have none; and what they are called in an alert. */
const ANY = ''
const LIST = 'hosts.expected'
const PATIENCE = { for: GATHER, keepFiringFor: 0, forgetPending: Infinity }

/**
 * Counts the hosts of one source that a rule finds silent together. Hosts that die in one instant made their last reports
 * over a while, so those that will be silent soon count too. To be asked for when observed time has grown.
 */
export function countSilent(fold: Fold): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const host of fold.state.hosts.values()) {
    const silent = silenceOf(fold, host)
    for (const rule of fold.plan.absences) {
      if (silent === undefined || silent <= rule.after - soon(rule)) continue
      if (host.alerts.has(ownId(rule.name)) || !concerns(rule, host.name)) continue
      const id = massOf(rule, groupOf(host))
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  return counts
}

/** The mass silence that a host belongs to in a round: the id of its alert. Undefined for one that is silent by itself. */
export function massFor(fold: Fold, { silent, tick }: Round, rule: AbsenceRule, host: Host): string | undefined {
  const source = groupOf(host)
  const gathering = gatheringOf(fold, rule, source)
  if (gathering !== undefined) return gathering
  const isMass = (silent.get(massOf(rule, source)) ?? 0) > mostOf(fold, source)
  return isMass ? `${massOf(rule, source)}\n${tick}` : undefined
}

/** The source whose hosts are counted together; those that are waited for at any source are a group of their own. */
function groupOf(host: Host): string {
  return host.awaited === undefined ? host.source : ANY
}

/** How long before its time a silence is foreseen: at least a minute and a quarter after the last event. */
function soon(rule: AbsenceRule): Millis {
  return Math.min(60_000, rule.after / 6)
}

function massOf(rule: AbsenceRule, source: string): string {
  return ownId(OWN_RULES.mass, `${source}\n${rule.name}`)
}

/** The mass silence that is being gathered just now. */
function gatheringOf(fold: Fold, rule: AbsenceRule, source: string): string | undefined {
  const prefix = `${massOf(rule, source)}\n`
  for (const [id, { life }] of fold.state.alerts) if (life.state === 'pending' && id.startsWith(prefix)) return id
  return undefined
}

function mostOf(fold: Fold, name: string): number {
  if (name === ANY) return Math.max(FEW.hosts, FEW.share * fold.plan.expected.size)
  const source = fold.state.sources.get(name)
  const hosts = source === undefined ? 0 : source.flow.hosts
  return hosts < MANY ? Infinity : Math.max(FEW.hosts, FEW.share * hosts)
}

/** Raises one alert for each mass silence, naming its hosts, and ends it when the last of them is heard again. */
export function watchMasses(fold: Fold): void {
  const members = membersOf(fold)
  const open = [...fold.state.alerts].filter(([, alert]) => alert.rule === OWN_RULES.mass).map(([id]) => id)
  for (const id of new Set([...open, ...members.keys()])) watchMass(fold, id, members.get(id) ?? [])
}

/** The hosts that are silent with others, by the alert that tells of them. */
export function membersOf(fold: Fold): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>()
  for (const host of fold.state.hosts.values()) {
    if (host.alerts.size === 0) continue
    for (const { mass } of host.alerts.values()) {
      if (mass === undefined) continue
      const names = members.get(mass)
      if (names === undefined) members.set(mass, [host.name])
      else names.push(host.name)
    }
  }
  return members
}

function watchMass(fold: Fold, id: string, names: readonly string[]): void {
  const { state, plan } = fold
  const [, source = '', name = ''] = id.split('\n')
  const known = state.alerts.get(id)
  const rule = plan.absences.find((one) => one.name === name)
  const named = rule?.notify ?? known?.notify ?? []
  // Where routes choose, the rule names nobody, and no route may know of this alert.
  const notify = named.length > 0 ? named : plan.config.system
  const severity = rule?.severity ?? known?.severity ?? 'critical'
  const isSilent = names.length > 0
  const subject = massSubject(source, name, notify)
  const reason = isSilent ? silentTogether(known, source, names) : heardAgain(known, source)
  const bound = `above ${Math.floor(Math.min(names.length, mostOf(fold, source)))}`
  raise(fold, state.alerts, id, subject, found(fold, isSilent, severity, names.length, bound, reason), PATIENCE)
}

function massSubject(source: string, key: string, notify: readonly string[]): Subject {
  if (source !== ANY)
    return { ...ownSubject(OWN_RULES.mass, source, 'hosts that fell silent together', source, notify), key }
  const subject = 'Many expected hosts are not heard'
  return { ...ownSubject(OWN_RULES.mass, LIST, 'expected hosts that no source brings', '', notify), key, subject }
}

function silentTogether(known: Alert | undefined, source: string, names: readonly string[]): string {
  const peak = known === undefined || known.life.state === 'pending' ? null : known.life.peak
  const left = peak !== null && peak > names.length ? ` of ${peak}` : ''
  const hosts = names.length === 1 ? 'host' : 'hosts'
  if (source === ANY) return `${names.length}${left} expected ${hosts} not heard from any source: ${listed(names)}`
  return `${names.length}${left} ${hosts} behind ${source} fell silent together: ${listed(names)}`
}

function heardAgain(known: Alert | undefined, source: string): string {
  const heard =
    source === ANY ? 'all of these expected hosts are heard' : 'all hosts that fell silent together are heard again'
  const retired = known?.retired ?? 0
  return retired === 0 ? heard : `${heard}, but for ${retired} that are gone for good`
}

/** All names, unless they are more than a mail can hold. */
function listed(names: readonly string[]): string {
  let length = 0
  const fitting = names.filter((name) => (length += name.length + 2) <= LONGEST)
  const rest = names.length - fitting.length
  return rest === 0 ? names.join(', ') : `${fitting.join(', ')} and ${rest} more, see /api/v1/alerts`
}
