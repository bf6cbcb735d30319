import { compileMatchers } from '../labels/matcher.ts'
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
import type { Labels } from '../labels/labels.ts'
import type { DispatchState } from './state.ts'

/** A test of labels with what it stands for. */
export interface Fitting<T> {
  readonly of: T
  readonly fits: (labels: Labels) => boolean
}

/** What a receiver gets at set times. */
export interface Scheduled {
  readonly kind: 'report' | 'heartbeat'
  readonly receiver: Receiver
  readonly schedule: Schedule
}

/** What follows from a configuration and the silences, worked out once. */
export interface DispatchPlan {
  readonly config: EngineConfig
  readonly rules: ReadonlyMap<string, Rule>
  readonly receivers: ReadonlyMap<string, Receiver>
  readonly routes: readonly Fitting<Route>[]
  readonly maintenance: readonly Fitting<MaintenanceWindow>[]
  readonly inhibit: readonly {
    readonly of: Inhibition
    readonly isSource: Fitting<unknown>['fits']
    readonly isTarget: Fitting<unknown>['fits']
  }[]
  readonly scheduled: readonly Scheduled[]
  /** Whether anything is ever escalated. */
  readonly escalates: boolean
  /** Clocks on the wall by zone, made as they are met: to make one takes longer than to read it. */
  readonly clocks: Map<string, Intl.DateTimeFormat>
  /** Compiled as they are met; forgotten with their silences. */
  readonly silences: Map<string, Fitting<Silence>>
}

export function createDispatchPlan(config: EngineConfig): DispatchPlan {
  const { routes, maintenance, inhibit } = config.alerting
  const fitting = <T extends { readonly matchers: readonly Matcher[] }>(of: T): Fitting<T> => ({
    of,
    fits: compileMatchers(of.matchers),
  })
  return {
    config,
    rules: new Map(config.rules.map((rule) => [rule.name, rule])),
    receivers: new Map(config.receivers.map((receiver) => [receiver.name, receiver])),
    routes: routes.map(fitting),
    maintenance: maintenance.map(fitting),
    inhibit: inhibit.map((of) => ({ of, isSource: compileMatchers(of.source), isTarget: compileMatchers(of.target) })),
    scheduled: config.receivers.flatMap(scheduledOf),
    escalates: [...config.rules, ...routes].some(({ escalate = [] }) => escalate.length > 0),
    clocks: new Map(),
    silences: new Map(),
  }
}

function scheduledOf(receiver: Receiver): readonly Scheduled[] {
  const { report, heartbeat } = receiver
  return [
    ...(report === undefined ? [] : [{ kind: 'report', receiver, schedule: report } as const]),
    ...(heartbeat === undefined ? [] : [{ kind: 'heartbeat', receiver, schedule: heartbeat } as const]),
  ]
}

/** The silences that are in force, compiled. */
export function silencesInForce(plan: DispatchPlan, state: DispatchState, now: Millis): readonly Fitting<Silence>[] {
  const active = [...state.silences.values()].filter(({ from, until }) => from <= now && now < until)
  return active.map((silence) => {
    const known = plan.silences.get(silence.id)
    if (known?.of === silence) return known
    const fresh = { of: silence, fits: compileMatchers(silence.matchers) }
    plan.silences.set(silence.id, fresh)
    return fresh
  })
}
