import type { ClockSkew } from '../aggregate/clock-skew.ts'
import type { Source } from '../aggregate/watermark.ts'
import type { Store } from '../aggregate/store.ts'
import type { Flapping } from '../alert/flapping.ts'
import type { AlertLifecycle } from '../alert/lifecycle.ts'
import type { DispatchPlan } from '../dispatch/plan.ts'
import { type DispatchState, emptyDispatch } from '../dispatch/state.ts'
import type {
  AlertIdentity,
  CommandAnswer,
  Counter,
  CloseReason,
  EngineConfig,
  Evidence,
  Limit,
  Millis,
  RetiredItem,
  Severity,
  Templates,
  Transition,
} from '../model.ts'
import { emptyKnown, type Known } from './repeats/known.ts'
import type { Plan } from './plan.ts'
import type { ReportStats } from './report/periods.ts'

/** Everything the folds remember: plain data, so that a snapshot is a copy. Only `step` changes it. */
export interface State {
  config: EngineConfig | undefined
  /** The newest tick's time, and how many ticks there were. */
  now: Millis
  ticks: number
  readonly sources: Map<string, Source>
  readonly hosts: Map<string, Host>
  /** Hosts by position, for the sweep; a hole where one was let go. */
  readonly hostSlots: (string | null)[]
  readonly freeSlots: number[]
  readonly keys: Keys
  readonly stores: Map<string, Store>
  series: number
  /** Alerts that are about no host: silent sources, caps. */
  readonly alerts: Map<string, Alert>
  /** How often alerts changed lately, by host, rule and series. */
  readonly flapping: Map<string, Flapping>
  /** Recently resolved alerts, oldest first. */
  readonly resolved: Alert[]
  /** Ids of what was taken, with the tick count then. */
  readonly known: Known
  /** Hosts with late or early samples to look at. */
  readonly pendingHosts: Set<string>
  /** Next position of the sweep over all hosts; undefined when none is under way. */
  sweep: number | undefined
  /** Newest closed buckets of the sources when the last sweep began. */
  closedBuckets: string
  /** Times in which the service was down. */
  readonly gaps: { from: Millis; to: Millis }[]
  /** Whether the hosts that the configuration expects are all among `hosts`. */
  hasExpectedHosts: boolean
  /** What was let go for good and nobody was told of yet, and when the first of it was. */
  readonly retired: { since: Millis; list: RetiredItem[] }
  /** What was refused, and the tick at which no idle host was found to make room for another. */
  refusals: { count: number; last: Millis; what: Limited; searched: number }
  /** Hosts that may be let go for others, the least recently seen last. */
  idleHosts: { readonly name: string; readonly lastSeen: Millis }[]
  /** The look at all hosts that is under way, and whether time was observed anywhere since the last one began. */
  hostScan: HostScan | undefined
  hasObserved: boolean
  /** Whether the newest tick has still to tell people what it is time for: a report is made before. */
  isFlushPending: boolean
  /** What reports are made of; undefined while no receiver wants one. */
  reportStats: ReportStats | undefined
  readonly dispatch: DispatchState
  /** Rules that left the configuration, with when, while episodes of theirs are kept. */
  removedRules: Map<string, Millis>
}

/** A scan of all hosts in slices. All hosts are evaluated against the state at its start. */
export interface HostScan {
  /** The next position in the roster, and the tick at which it began. */
  position: number
  readonly tick: number
  /** Whether time was observed, so that hosts may fall silent; and how many of them do so together, by mass silence. */
  readonly hasObserved: boolean
  readonly absentBySource: ReadonlyMap<string, number>
}

/** What expected hosts are waited for by when no source is theirs: any of them may bring them. */
export interface ExpectedSince {
  /** Since when, and how much time each source had observed then. */
  since: Millis
  readonly observed: Map<string, Millis>
  /** For how long, in time that the busiest source observed, as it was worked out at a tick. */
  waited: Millis
  tick: number
}

export interface Host {
  readonly name: string
  readonly index: number
  /** Set while an expected host has no source: it was never heard, or its source is gone. Shared by those alike. */
  expectedSince: ExpectedSince | undefined
  /** Arrival of its newest event (-Infinity without one), and the source's observed time then. */
  lastSeenAt: Millis
  observedAt: Millis
  source: string
  /** Newest arrival by source. */
  readonly lastSeenBySource: Map<string, Millis>
  /** Newest event time. */
  newestEvent: Millis
  /** Slot of each series in its metric's store, by key id. */
  readonly series: Map<number, number>
  /** Closed buckets that the last sweep judged, for ordinary rules and for those that wait longer. */
  evaluatedTo: number
  evaluatedLateTo: number
  skew: ClockSkew | undefined
  /** Open alerts by rule and series key. */
  readonly alerts: Map<string, Alert>
  /** Key ids with late samples and the oldest bucket touched; key ids that early rules are to look at. */
  late: Map<number, number> | undefined
  early: Set<number> | undefined
  flush: boolean
  /** Its row in the columns of what reports are made of; none before its first sample. */
  reportRow: number | undefined
}

/** Series keys, each kept once. */
export interface Keys {
  readonly ids: Map<string, number>
  readonly infos: (KeyInfo | null)[]
  readonly free: number[]
}

export interface KeyInfo {
  readonly key: string
  readonly metric: string
  readonly values: readonly string[]
  uses: number
}

/** One alert with everything that it can be told by. */
export interface Alert {
  readonly identity: AlertIdentity
  /** The source that its host was heard through last. */
  source: string
  lifecycle: AlertLifecycle
  episode: string
  code: string
  evaluatedAt: Millis
  value: number | null
  evidence: Evidence
  severity: Severity
  /** The limit that it was beyond when it was critical last. */
  criticalLimit?: Limit
  /** How far back from its beginning lies what may have begun it. */
  lookback: Millis
  notify: readonly string[]
  ruleLabels: Readonly<Record<string, string>>
  templates: Templates
  /** The mass silence that tells of this alert; it is not told by itself. */
  readonly massAbsence?: string
  /** Why it is over although nothing got better. */
  closeReason?: CloseReason
  /** The tick at which its series was first found to be gone, while it is. */
  seriesGoneSince?: number
  /** How many of the hosts that a mass silence tells of were retired since. */
  retiredHosts?: number
  readonly transitions: Transition[]
}

/** The fold with what is derived from its state. Counters count since the process began and are no part of the state. */
export interface Fold {
  readonly state: State
  plan: Plan
  dispatchPlan: DispatchPlan
  readonly counters: Map<Counter, number>
}

/** What is limited in number. */
export type Limited = 'hosts' | 'series' | 'sources'

/** What became of a command. */
export interface CommandResult {
  readonly answer: CommandAnswer
}

export function emptyState(): State {
  return {
    config: undefined,
    now: 0,
    ticks: 0,
    sources: new Map(),
    hosts: new Map(),
    hostSlots: [],
    freeSlots: [],
    keys: { ids: new Map(), infos: [], free: [] },
    stores: new Map(),
    series: 0,
    alerts: new Map(),
    flapping: new Map(),
    resolved: [],
    known: emptyKnown(),
    pendingHosts: new Set(),
    sweep: undefined,
    closedBuckets: '',
    gaps: [],
    hasExpectedHosts: false,
    retired: { since: 0, list: [] },
    refusals: { count: 0, last: 0, what: 'hosts', searched: -1 },
    idleHosts: [],
    hostScan: undefined,
    hasObserved: false,
    isFlushPending: false,
    reportStats: undefined,
    dispatch: emptyDispatch(),
    removedRules: new Map(),
  }
}

export function count({ counters }: Fold, counter: Counter, by = 1): void {
  counters.set(counter, (counters.get(counter) ?? 0) + by)
}
