import { isBuiltinRule, BUILTIN_RULES, type Millis } from '../model.ts'
import { alertLabels, joinValues, type Labels } from '../labels/matcher.ts'
import { findCycleHeads, groupByKey, reaches } from './inhibition-cycles.ts'
import type { DispatchPlan } from './plan.ts'
import { massReceivers, receiverAddresses, resolveTargets } from './routing.ts'
import type { DispatchState, Inhibitor, TrackedAlert } from './state.ts'

/** An alert as inhibition rules see it. */
interface Candidate {
  readonly inhibitor: Inhibitor
  readonly labels: Labels
  readonly firedAt: Millis
  /** Undefined for an absent host that a mass-absence alert covers. */
  readonly alert: TrackedAlert | undefined
  /** Whether it fires, and neither a silence nor a maintenance window mutes it. */
  readonly isActive: boolean
  /**
   * Keys of what it inhibits, or would if it were active, and of what inhibits it. A source and a target of a rule belong
   * together by their key.
   */
  readonly inhibits: string[]
  readonly inhibitedBy: string[]
}

/** An inhibition rule: firing sources mute the targets with the same key. */
interface Inhibit {
  readonly isSource: (one: Candidate) => boolean
  readonly isTarget: (one: Candidate) => boolean
  readonly sourceKey: (one: Candidate) => string
  readonly targetKey: (one: Candidate) => string
}

/** The sources and targets that concern one address. */
interface Scope {
  readonly sources: Set<Candidate>
  readonly targets: Set<Candidate>
}

/**
 * Sets for each open alert the addresses for which other alerts inhibit it, and mutes it if that applies to all of its
 * addresses. A source counts for an address that is notified of it, or of the mass absence that covers it, unless a
 * silence or a maintenance window mutes it. One that is itself inhibited or acknowledged counts. Where alerts inhibit
 * each other in a cycle, the first one that fired is notified.
 *
 * @param isMuted whether a silence or a maintenance window matches these labels.
 */
export function updateInhibitions(
  plan: DispatchPlan,
  state: DispatchState,
  isMuted: (labels: Labels) => boolean,
): void {
  const open = [...state.alerts.values()].filter(({ isClosed }) => !isClosed)
  for (const { inhibited } of open) inhibited.clear()
  const covered = listCovered(plan, state).filter(({ labels }) => !isMuted(labels))
  const candidates = [...covered, ...open.map(alertCandidate)]
  if (!link(plan, candidates)) return
  const scopes = collectScopes(plan, state, candidates)
  for (const [address, scope] of scopes) inhibitFor(address, scope)
  const counts = new Map<Candidate, number>()
  for (const { targets } of scopes.values()) for (const one of targets) counts.set(one, (counts.get(one) ?? 0) + 1)
  for (const [{ alert }, addresses] of counts) {
    const [source] = alert?.inhibited.values() ?? []
    if (alert === undefined || alert.muted !== undefined || source === undefined) continue
    if (alert.inhibited.size === addresses) alert.muted = { by: 'inhibition', ...source }
  }
}

function alertCandidate(alert: TrackedAlert): Candidate {
  const { snapshot, firedAt } = alert
  const { episode, identity } = snapshot
  const inhibitor = { episode, rule: identity.rule, host: identity.host }
  const isActive = snapshot.state === 'firing' && alert.muted === undefined
  return { inhibitor, labels: alertLabels(snapshot), firedAt, alert, isActive, inhibits: [], inhibitedBy: [] }
}

/** Lists the absent hosts that mass absences cover, with the labels that alerts of their own would have. */
function listCovered(plan: DispatchPlan, { coveredHosts }: DispatchState): readonly Candidate[] {
  const rules = new Map(plan.config.rules.map((rule) => [rule.name, rule]))
  return [...coveredHosts.values()].flatMap(({ rule, hosts }) => {
    const { labels = {}, severity = 'critical' } = rules.get(rule) ?? {}
    return [...hosts].map(([host, { episode, source, metric }]) => ({
      inhibitor: { episode, rule, host },
      labels: { ...labels, rule, host, source, severity, metric },
      firedAt: 0,
      alert: undefined,
      isActive: true,
      inhibits: [],
      inhibitedBy: [],
    }))
  })
}

/**
 * Gives sources and targets the keys by which they belong together. An alert that is both source and target of a rule is
 * not a source of it.
 *
 * @returns whether any source is active.
 */
function link(plan: DispatchPlan, candidates: readonly Candidate[]): boolean {
  const rules = [...builtinInhibitions(plan), ...configuredInhibitions(plan)]
  const keys = new Set<string>()
  for (const [index, rule] of rules.entries()) {
    for (const one of candidates) {
      if (!rule.isSource(one) || rule.isTarget(one)) continue
      const key = `${index} ${rule.sourceKey(one)}`
      keys.add(key)
      one.inhibits.push(key)
    }
    if (keys.size === 0) continue
    for (const one of candidates) {
      if (one.alert === undefined || !rule.isTarget(one)) continue
      const key = `${index} ${rule.targetKey(one)}`
      if (keys.has(key)) one.inhibitedBy.push(key)
    }
  }
  return candidates.some(({ isActive, inhibits }) => isActive && inhibits.length > 0)
}

/** Lists the sources and targets by the addresses that they are notified to. */
function collectScopes(
  plan: DispatchPlan,
  state: DispatchState,
  candidates: readonly Candidate[],
): ReadonlyMap<string, Scope> {
  const scopes = new Map<string, Scope>()
  const byEpisode = new Map(candidates.map((one) => [one.inhibitor.episode, one]))
  const add = (address: string, one: Candidate | undefined, isNotified = true): void => {
    if (one === undefined || one.inhibits.length + one.inhibitedBy.length === 0) return
    const scope = scopes.get(address) ?? { sources: new Set(), targets: new Set() }
    scopes.set(address, scope)
    if (isNotified && one.isActive && one.inhibits.length > 0) scope.sources.add(one)
    if (one.alert !== undefined) scope.targets.add(one)
  }
  for (const { target, members, removedAt } of state.groups.values())
    for (const episode of members.keys()) add(target.to.address, byEpisode.get(episode), removedAt === undefined)
  for (const [address, { deferred }] of state.rateLimits)
    for (const episode of deferred.keys()) add(address, byEpisode.get(episode))
  for (const episode of state.backlog.episodes) {
    const one = byEpisode.get(episode)
    if (one?.alert === undefined) continue
    for (const { to } of resolveTargets(plan, one.alert, one.labels)) add(to.address, one)
  }
  for (const [massAbsence, { rule, hosts }] of state.coveredHosts) {
    const addresses = absenceAddresses(plan, state, massAbsence, rule)
    for (const { episode } of hosts.values()) for (const address of addresses) add(address, byEpisode.get(episode))
  }
  return scopes
}

/** Lists the addresses that are notified of the mass absence of a host, or will be while its hosts are still gathered. */
function absenceAddresses(
  plan: DispatchPlan,
  state: DispatchState,
  massAbsence: string,
  rule: string,
): readonly string[] {
  const mass = [...state.alerts.values()].find(({ ref, isClosed }) => !isClosed && ref.id === massAbsence)
  if (mass === undefined) return receiverAddresses(plan, massReceivers(plan, rule))
  if (mass.muted !== undefined) return []
  return [...mass.groups].flatMap((key) => {
    const group = state.groups.get(key)
    const isNotified = group?.removedAt === undefined && group?.members.has(mass.snapshot.episode) === true
    return isNotified ? [group.target.to.address] : []
  })
}

function inhibitFor(address: string, { sources, targets }: Scope): void {
  const ordered = [...sources].toSorted((a, b) => a.firedAt - b.firedAt)
  const byKey = groupByKey(ordered, ({ inhibits }) => inhibits)
  const byTargetKey = groupByKey(ordered, ({ inhibitedBy }) => inhibitedBy)
  const heads = findCycleHeads(ordered, byKey, byTargetKey)
  for (const one of targets) {
    if (one.alert === undefined || heads.has(one)) continue
    const [source] = one.inhibitedBy.flatMap((key) => byKey.get(key)?.[0] ?? [])
    // The end of an alert of a cycle is not held by the alerts that are notified in its place.
    const isNext = !one.isActive && source !== undefined && reaches(one, source, byTargetKey)
    if (source !== undefined && !isNext) one.alert.inhibited.set(address, source.inhibitor)
  }
}

function configuredInhibitions(plan: DispatchPlan): readonly Inhibit[] {
  return plan.inhibitRules.map(({ rule, isSource, isTarget }) => {
    const key = ({ labels }: Candidate): string => joinValues(labels, rule.equal)
    return {
      isSource: ({ labels }) => isSource(labels),
      isTarget: ({ labels }) => isTarget(labels),
      sourceKey: key,
      targetKey: key,
    }
  })
}

/**
 * Returns the built-in inhibitions: an absent host mutes its other alerts, a source that is down its absent hosts, and
 * a critical alert the warning on the same series.
 */
function builtinInhibitions(plan: DispatchPlan): readonly Inhibit[] {
  const isAbsence = ({ inhibitor }: Candidate): boolean => plan.rules.get(inhibitor.rule)?.kind === 'absence'
  const isOfSeries = (one: Candidate): boolean => !isAbsence(one) && !isBuiltinRule(one.inhibitor.rule)
  const host = ({ inhibitor }: Candidate): string => inhibitor.host
  const series = ({ alert }: Candidate): string => {
    const { host: name, measure, labels } = alert?.snapshot.identity ?? {}
    return JSON.stringify([name, measure?.metric, labels])
  }
  return [
    { isSource: isAbsence, isTarget: isOfSeries, sourceKey: host, targetKey: host },
    {
      isSource: ({ inhibitor }) => inhibitor.rule === BUILTIN_RULES.source,
      isTarget: isAbsence,
      sourceKey: host,
      targetKey: ({ labels }) => labels['source'] ?? '',
    },
    {
      isSource: (one) => isOfSeries(one) && one.labels['severity'] === 'critical',
      isTarget: (one) => isOfSeries(one) && one.labels['severity'] === 'warning',
      sourceKey: series,
      targetKey: series,
    },
  ]
}
