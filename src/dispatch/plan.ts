import { compileMatchers, type Labels } from '../labels/matcher.ts'
import type {
  EngineConfig,
  Inhibition,
  MaintenanceWindow,
  Matcher,
  Millis,
  Receiver,
  Route,
  Rule,
  Schedule,
  Silence,
} from '../model.ts'
import type { ZoneClock } from './calendar.ts'
import type { DispatchState } from './state.ts'

/** A configuration element with its compiled matchers. */
export interface Compiled<T> {
  readonly source: T
  readonly matches: (labels: Labels) => boolean
}

/** A scheduled mail of a receiver. */
export interface Scheduled {
  readonly kind: 'report' | 'heartbeat'
  readonly receiver: Receiver
  readonly schedule: Schedule
}

/** Everything derived from a configuration and the silences, computed once. */
export interface DispatchPlan {
  readonly config: EngineConfig
  readonly rules: ReadonlyMap<string, Rule>
  readonly receivers: ReadonlyMap<string, Receiver>
  readonly routes: readonly Compiled<Route>[]
  readonly maintenanceWindows: readonly Compiled<MaintenanceWindow>[]
  readonly inhibitRules: readonly {
    readonly rule: Inhibition
    readonly isSource: Compiled<unknown>['matches']
    readonly isTarget: Compiled<unknown>['matches']
  }[]
  readonly scheduled: readonly Scheduled[]
  /** Whether any rule or route has an escalation. */
  readonly hasEscalation: boolean
  /** Formatters of local time by zone, created on first use: creating one takes longer than using it. */
  readonly clocks: Map<string, ZoneClock>
  /** Compiled silences by id, created on first use and removed with their silences. */
  readonly silences: Map<string, Compiled<Silence>>
}

/** Compiles a configuration; clocks and silences are added as they are used. */
export function createDispatchPlan(config: EngineConfig): DispatchPlan {
  const { routes, maintenanceWindows, inhibitRules } = config.alerting
  const fitting = <T extends { readonly matchers: readonly Matcher[] }>(source: T): Compiled<T> => ({
    source,
    matches: compileMatchers(source.matchers),
  })
  return {
    config,
    rules: new Map(config.rules.map((rule) => [rule.name, rule])),
    receivers: new Map(config.receivers.map((receiver) => [receiver.name, receiver])),
    routes: routes.map(fitting),
    maintenanceWindows: maintenanceWindows.map(fitting),
    inhibitRules: inhibitRules.map((rule) => ({
      rule,
      isSource: compileMatchers(rule.sourceMatchers),
      isTarget: compileMatchers(rule.targetMatchers),
    })),
    scheduled: config.receivers.flatMap(listSchedules),
    hasEscalation: [...config.rules, ...routes].some(({ escalation = [] }) => escalation.length > 0),
    clocks: new Map(),
    silences: new Map(),
  }
}

function listSchedules(receiver: Receiver): readonly Scheduled[] {
  const { report, heartbeat } = receiver
  return [
    ...(report === undefined ? [] : [{ kind: 'report', receiver, schedule: report } as const]),
    ...(heartbeat === undefined ? [] : [{ kind: 'heartbeat', receiver, schedule: heartbeat } as const]),
  ]
}

/** Returns the silences in force, compiled. */
export function silencesInForce(plan: DispatchPlan, state: DispatchState, now: Millis): readonly Compiled<Silence>[] {
  const active = [...state.silences.values()].filter(({ startsAt, endsAt }) => startsAt <= now && now < endsAt)
  return active.map((silence) => {
    const known = plan.silences.get(silence.id)
    if (known?.source === silence) return known
    const fresh = { source: silence, matches: compileMatchers(silence.matchers) }
    plan.silences.set(silence.id, fresh)
    return fresh
  })
}
