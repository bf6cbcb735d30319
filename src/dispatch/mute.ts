import { isBuiltinRule, type Millis, type Mute, BUILTIN_RULES } from '../model.ts'
import { windowsInForce } from './calendar.ts'
import { type Labels, alertLabels, joinValues } from '../labels/matcher.ts'
import { type DispatchPlan, silencesInForce } from './plan.ts'
import type { TrackedAlert, DispatchState, Inhibitor } from './state.ts'

/**
 * Returns the silences and maintenance windows in force as one text. Mutes are recalculated when it changes, or when
 * alerts do.
 */
export function describeMutesInForce(plan: DispatchPlan, state: DispatchState, now: Millis): string {
  const silences = [...state.silences.values()].filter(({ startsAt, endsAt }) => startsAt <= now && now < endsAt)
  const windows = windowsInForce(plan.config.alerting.maintenanceWindows, now, plan.clocks)
  return JSON.stringify([silences.map(({ id, endsAt }) => [id, endsAt]), windows.map(({ name }) => name)])
}

/**
 * Sets the mute of each open alert. A silence takes precedence over a maintenance window, and that over an inhibition.
 */
export function updateMutes(plan: DispatchPlan, state: DispatchState, now: Millis): void {
  const silences = silencesInForce(plan, state, now)
  const inForce = new Set(windowsInForce(plan.config.alerting.maintenanceWindows, now, plan.clocks))
  const windows = plan.maintenanceWindows.filter(({ source }) => inForce.has(source))
  const open = [...state.alerts.values()].filter((alert) => !alert.isClosed)
  const labelled = open.map((alert) => ({ alert, labels: alertLabels(alert.snapshot) }))
  const inhibitors = findInhibitors(plan, labelled, state.absentHosts)
  for (const { alert, labels } of labelled) {
    alert.muted =
      findSilence(silences, labels) ??
      windows
        .filter(({ matches }) => matches(labels))
        .map(({ source }): Mute => ({ by: 'maintenance', name: source.name }))[0] ??
      inhibitors(alert, labels)
  }
}

function findSilence(silences: ReturnType<typeof silencesInForce>, labels: Labels): Mute | undefined {
  const found = silences.find(({ matches }) => matches(labels))
  if (found === undefined) return undefined
  const { id, endsAt, createdBy, comment } = found.source
  return { by: 'silence', id, until: endsAt, author: createdBy, comment }
}

interface Labelled {
  readonly alert: TrackedAlert
  readonly labels: Labels
}

/** An inhibition rule: firing sources mute the targets with the same key. */
interface Inhibit {
  /** Whether hosts that are absent together with others are sources too. */
  readonly isSilence?: true
  readonly isSource: (labelled: Labelled) => boolean
  readonly isTarget: (labelled: Labelled) => boolean
  readonly sourceKey: (labelled: Labelled) => string
  readonly targetKey: (labelled: Labelled) => string
}

/**
 * Returns a lookup of the inhibition that mutes an alert. Indexes all sources first, so each target costs one lookup.
 * An alert that is both source and target of a rule does not act as its source.
 */
function findInhibitors(
  plan: DispatchPlan,
  all: readonly Labelled[],
  inhibitors: DispatchState['absentHosts'],
): (alert: TrackedAlert, labels: Labels) => Mute | undefined {
  const ways = [...findBuiltinInhibitor(plan), ...findConfiguredInhibitor(plan)].map((way) => {
    const sources = new Map<string, Inhibitor>(way.isSilence === true ? inhibitors : [])
    for (const labelled of all) {
      if (labelled.alert.snapshot.state !== 'firing' || !way.isSource(labelled) || way.isTarget(labelled)) continue
      const { episode, identity } = labelled.alert.snapshot
      const { rule, host } = identity
      if (!sources.has(way.sourceKey(labelled))) sources.set(way.sourceKey(labelled), { episode, rule, host })
    }
    return { way, sources }
  })
  return (alert, labels) => {
    for (const { way, sources } of ways) {
      if (sources.size === 0 || !way.isTarget({ alert, labels })) continue
      const source = sources.get(way.targetKey({ alert, labels }))
      if (source === undefined || source.episode === alert.snapshot.episode) continue
      return { by: 'inhibition', ...source }
    }
    return undefined
  }
}

function findConfiguredInhibitor(plan: DispatchPlan): readonly Inhibit[] {
  return plan.inhibitRules.map(({ rule, isSource, isTarget }) => {
    const key = ({ labels }: Labelled): string => joinValues(labels, rule.equal)
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
function findBuiltinInhibitor(plan: DispatchPlan): readonly Inhibit[] {
  const isAbsence = ({ alert }: Labelled): boolean => plan.rules.get(alert.snapshot.identity.rule)?.kind === 'absence'
  const isOwn = ({ alert }: Labelled): boolean => isBuiltinRule(alert.snapshot.identity.rule)
  const host = ({ alert }: Labelled): string => alert.snapshot.identity.host
  const series = ({ alert: { snapshot } }: Labelled): string => {
    const { host: name, measure, labels } = snapshot.identity
    return JSON.stringify([name, measure.metric, labels])
  }
  const isOfSeries = (labelled: Labelled): boolean => !isAbsence(labelled) && !isOwn(labelled)
  return [
    { isSilence: true, isSource: isAbsence, isTarget: isOfSeries, sourceKey: host, targetKey: host },
    {
      isSource: ({ alert }) => alert.snapshot.identity.rule === BUILTIN_RULES.source,
      isTarget: isAbsence,
      sourceKey: host,
      targetKey: ({ alert }) => alert.snapshot.source,
    },
    {
      isSource: (labelled) => isOfSeries(labelled) && labelled.alert.snapshot.severity === 'critical',
      isTarget: (labelled) => isOfSeries(labelled) && labelled.alert.snapshot.severity === 'warning',
      sourceKey: series,
      targetKey: series,
    },
  ]
}
