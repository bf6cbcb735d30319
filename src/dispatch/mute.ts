import { isBuiltinRule, type Millis, type Muted, OWN_RULES } from '../model.ts'
import { windowsInForce } from './calendar.ts'
import { type Labels, labelsOf, valuesOf } from '../labels/labels.ts'
import { type DispatchPlan, silencesInForce } from './plan.ts'
import type { Case, DispatchState, Inhibitor } from './state.ts'

/** Which silences and windows are in force, as one text: mutes change when it does, or when alerts come and go. */
export function inForceNow(plan: DispatchPlan, state: DispatchState, now: Millis): string {
  const silences = [...state.silences.values()].filter(({ from, until }) => from <= now && now < until)
  const windows = windowsInForce(plan, now)
  return JSON.stringify([silences.map(({ id, until }) => [id, until]), windows.map(({ name }) => name)])
}

/** Says of each open alert what keeps it from being told, if anything does. A silence counts before a window before another alert. */
export function muteAll(plan: DispatchPlan, state: DispatchState, now: Millis): void {
  const silences = silencesInForce(plan, state, now)
  const inForce = new Set(windowsInForce(plan, now))
  const windows = plan.maintenance.filter(({ of }) => inForce.has(of))
  const open = [...state.cases.values()].filter((one) => !one.closed)
  const labelled = open.map((one) => ({ one, labels: labelsOf(one.facts) }))
  const inhibitors = inhibitorsOf(plan, labelled, state.quiet)
  for (const { one, labels } of labelled) {
    one.muted =
      silencedBy(silences, labels) ??
      windows.filter(({ fits }) => fits(labels)).map(({ of }): Muted => ({ by: 'maintenance', name: of.name }))[0] ??
      inhibitors(one, labels)
  }
}

function silencedBy(silences: ReturnType<typeof silencesInForce>, labels: Labels): Muted | undefined {
  const found = silences.find(({ fits }) => fits(labels))
  if (found === undefined) return undefined
  const { id, until, author, comment } = found.of
  return { by: 'silence', id, until, author, comment }
}

interface Labelled {
  readonly one: Case
  readonly labels: Labels
}

/** One way in which alerts hold others back: who holds back, who is held back, and by which labels they belong together. */
interface Inhibit {
  /** Hosts that are silent with others are sources too. */
  readonly isSilence?: true
  readonly isSource: (labelled: Labelled) => boolean
  readonly isTarget: (labelled: Labelled) => boolean
  readonly sourceKey: (labelled: Labelled) => string
  readonly targetKey: (labelled: Labelled) => string
}

/** Looks all sources up once, so that each target costs one look. An alert that is both holds nobody like it back. */
function inhibitorsOf(
  plan: DispatchPlan,
  all: readonly Labelled[],
  quiet: DispatchState['quiet'],
): (one: Case, labels: Labels) => Muted | undefined {
  const ways = [...builtIn(plan), ...configured(plan)].map((way) => {
    const sources = new Map<string, Inhibitor>(way.isSilence === true ? quiet : [])
    for (const labelled of all) {
      if (labelled.one.facts.state !== 'firing' || !way.isSource(labelled) || way.isTarget(labelled)) continue
      const { episode, identity } = labelled.one.facts
      const { rule, host } = identity
      if (!sources.has(way.sourceKey(labelled))) sources.set(way.sourceKey(labelled), { episode, rule, host })
    }
    return { way, sources }
  })
  return (one, labels) => {
    for (const { way, sources } of ways) {
      if (sources.size === 0 || !way.isTarget({ one, labels })) continue
      const source = sources.get(way.targetKey({ one, labels }))
      if (source === undefined || source.episode === one.facts.episode) continue
      return { by: 'inhibition', ...source }
    }
    return undefined
  }
}

function configured(plan: DispatchPlan): readonly Inhibit[] {
  return plan.inhibit.map(({ of, isSource, isTarget }) => {
    const key = ({ labels }: Labelled): string => valuesOf(labels, of.equal)
    return {
      isSource: ({ labels }) => isSource(labels),
      isTarget: ({ labels }) => isTarget(labels),
      sourceKey: key,
      targetKey: key,
    }
  })
}

/** A silent host holds back its other alerts, a source that is down its silent hosts, a critical alert of a series a warning. */
function builtIn(plan: DispatchPlan): readonly Inhibit[] {
  const isAbsence = ({ one }: Labelled): boolean => plan.rules.get(one.facts.identity.rule)?.kind === 'absence'
  const isOwn = ({ one }: Labelled): boolean => isBuiltinRule(one.facts.identity.rule)
  const host = ({ one }: Labelled): string => one.facts.identity.host
  const series = ({ one: { facts } }: Labelled): string => {
    const { host: name, measure, labels } = facts.identity
    return JSON.stringify([name, measure.metric, labels])
  }
  const isOfSeries = (labelled: Labelled): boolean => !isAbsence(labelled) && !isOwn(labelled)
  return [
    { isSilence: true, isSource: isAbsence, isTarget: isOfSeries, sourceKey: host, targetKey: host },
    {
      isSource: ({ one }) => one.facts.identity.rule === OWN_RULES.source,
      isTarget: isAbsence,
      sourceKey: host,
      targetKey: ({ one }) => one.facts.source,
    },
    {
      isSource: (labelled) => isOfSeries(labelled) && labelled.one.facts.severity === 'critical',
      isTarget: (labelled) => isOfSeries(labelled) && labelled.one.facts.severity === 'warning',
      sourceKey: series,
      targetKey: series,
    },
  ]
}
