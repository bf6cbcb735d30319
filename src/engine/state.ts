import type { ClockSkew } from '../aggregate/clock-skew.ts'
import type { Source } from '../aggregate/watermark.ts'
import type { Store } from '../aggregate/store.ts'
import type { Flapping } from '../alert/flapping.ts'
import type { AlertLifecycle } from '../alert/lifecycle.ts'
import type { DispatchPlan } from '../dispatch/plan.ts'
import { type DispatchState, emptyDispatch } from '../dispatch/state.ts'
import type {
  AlertIdentity,
  Counter,
  CloseReason,
  EngineConfig,
  Evidence,
  Limit,
  MatchedEvent,
  Millis,
  RetiredItem,
  Severity,
  Templates,
  Transition,
} from '../model.ts'
import { emptyKnown, type Known } from './repeats.ts'
import type { RangeTally } from './range-tally.ts'
import type { Plan } from './plan.ts'
import type { ReportStats } from './report/periods.ts'

/** State of the folds: plain data, so that a snapshot is a copy. Only `step` changes it. */
export interface State {
  config: EngineConfig | undefined
  /** Time of the newest tick, and the number of ticks. */
  now: Millis
  ticks: number
  readonly sources: Map<string, Source>
  /** Expected sources that have not connected yet. */
  readonly awaitedSources: Map<string, AwaitedSource>
  readonly hosts: Map<string, Host>
  /** Names of hosts as first spelled, by the same in small letters; only names that have others. */
  readonly spellings: Map<string, string>
  /** The same hosts by position, for sweep and scan; null where a host was removed. */
  readonly hostSlots: (Host | null)[]
  readonly freeSlots: number[]
  readonly keys: Keys
  readonly stores: Map<string, Store>
  series: number
  /** Alerts without a host: absent sources, limits. */
  readonly alerts: Map<string, Alert>
  /** Recent changes of alerts, by host, rule and series. */
  readonly flapping: Map<string, Flapping>
  /** Recently resolved alerts, oldest first. */
  readonly resolved: Alert[]
  /** Ids of accepted input, with the tick of each. */
  readonly known: Known
  /** Hosts with late or early samples to evaluate. */
  readonly pendingHosts: Set<string>
  /** Next position of the sweep over all hosts; undefined when none is running. */
  sweep: number | undefined
  /** Newest closed buckets of the sources when the last sweep began. */
  closedBuckets: string
  /** Downtimes of the service. */
  readonly gaps: Downtime[]
  /** True if all hosts that the configuration expects are among `hosts`. */
  hasExpectedHosts: boolean
  /** Hosts and sources that were retired and not notified yet, and when the first was. */
  readonly retired: { since: Millis; list: RetiredItem[] }
  /** Rules that have not matched anything yet, by name. */
  unmatchedRules: ReadonlyMap<string, UnmatchedWatch>
  /** Refusals by limits, and the tick at which no idle host was found to make room. */
  refusals: { count: number; last: Millis; what: Limited; searched: number }
  /** Events that a rule could not be matched with, and of the newest: the rule, its host and source. */
  unmatched: { count: number; last: Millis; rule: string; host: string; source: string }
  /** Hosts that may be evicted, least recently seen last. */
  idleHosts: { readonly name: string; readonly lastSeen: Millis }[]
  /** The running scan over all hosts, and whether any source observed time since it began. */
  hostScan: HostScan | undefined
  hasObserved: boolean
  /** True while the newest tick has not sent its due notifications: a report is built first. */
  isFlushPending: boolean
  /** Data for the reports; undefined while no receiver has reports enabled. */
  reportStats: ReportStats | undefined
  /** What alerts show of the events that their rules counted. */
  readonly matched: MatchedEvents
  readonly dispatch: DispatchState
  /** Removed rules with the time of removal, while episodes of theirs are kept. */
  removedRules: Map<string, Millis>
}

/** A rule that has not matched anything yet. It is kept until it matches something or was reported. */
export interface UnmatchedWatch {
  /** What the rule matches. A rule that matches something else counts as another one. */
  readonly target: string
  checks: number
  isDone: boolean
}

/** A pass over all hosts, in as many slices of work as it takes. All hosts see the values from its start. */
export interface HostScan {
  /** Next position in `hostSlots`, and the tick at which the scan began. */
  position: number
  readonly tick: number
  /**
   * Whether any source observed time, so that hosts can become absent; and how many hosts are absent together, by mass
   * absence.
   */
  readonly hasObserved: boolean
  readonly absentBySource: ReadonlyMap<string, number>
  /** Whether a host became absent with others in this pass. */
  hasMassAbsence: boolean
}

/** The absence timer of expected hosts that no source delivers: any source may deliver them. */
export interface ExpectedSince {
  /** Start of the wait, and the observed time of each source then. */
  since: Millis
  readonly observed: Map<string, Millis>
  /** Duration of the wait in observed time of the busiest source, as computed at `tick`. */
  waitedFor: Millis
  tick: number
}

/** What one source delivered of a host. */
export interface HostDelivery {
  /** Arrival of its newest event, and of the first one since its last long pause. */
  readonly at: Millis
  readonly since: Millis
  /** Observed time of the source when the host was last seen, through whatever source. */
  observed: Millis
}

export interface Host {
  readonly name: string
  readonly index: number
  /**
   * Present while an expected host has no source: it was never seen, or its source is gone. Shared by hosts that wait
   * alike.
   */
  expectedSince?: ExpectedSince
  /** Arrival of its newest event (-Infinity without one), and the source that delivered it. */
  lastSeenAt: Millis
  source: string
  /** Arrival of the newest event about it that came from elsewhere; absent without one. */
  mentionedAt?: Millis
  /** What each source delivered. */
  readonly deliveries: Map<string, HostDelivery>
  /** Newest event time. */
  newestEvent: Millis
  /** Slot of each series in its metric's store, by key id. */
  readonly series: Map<number, number>
  /** Closed buckets that the last sweep evaluated, for ordinary rules and for rules with extra lateness. */
  evaluatedTo: number
  evaluatedLateTo: number
  skew: ClockSkew | undefined
  /** Open alerts by rule and series key. */
  readonly alerts: Map<string, Alert>
  /** Series of which some readings were outside the bounds of their metric lately, by key. */
  ranges?: Map<string, RangeTally>
  /** Key ids with late samples, each with the oldest bucket changed; key ids for early rules to evaluate. */
  late: Map<number, number> | undefined
  early: Set<number> | undefined
  flush: boolean
  /** Its row in the columns of the report statistics; undefined before its first sample. */
  reportRow: number | undefined
}

/** Events that count rules matched: what alerts show of the log. */
export interface MatchedEvents {
  /** The newest ones of each series, by event time; the series that was recorded least recently comes first. */
  readonly recent: Map<string, readonly MatchedEvent[]>
  /** Size of `recent` in characters, and the number of open alerts that hold events. */
  size: number
  alerts: number
}

/** A time in which the service was down, and whether events of that time arrived afterwards. */
interface Downtime {
  readonly from: Millis
  readonly to: Millis
  isRecovered?: true
}

/** Series keys, each stored once. */
interface Keys {
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

/** An expected source that has not connected yet. */
export interface AwaitedSource {
  /** When the service first waited for it. */
  since: Millis
  /** How long it has not connected although the service could have accepted it. */
  idleFor: Millis
}

/** An alert with everything that a notification about it needs. */
export interface Alert {
  readonly identity: AlertIdentity
  /** Source that delivered its host last. */
  source: string
  lifecycle: AlertLifecycle
  episode: string
  code: string
  evaluatedAt: Millis
  value: number | null
  evidence: Evidence
  severity: Severity
  /** The limit that it breached when it was last critical. */
  criticalLimit?: Limit
  /** How long before its start a possible cause may lie. */
  lookback: Millis
  notify: readonly string[]
  ruleLabels: Readonly<Record<string, string>>
  templates: Templates
  /** The mass-absence alert that covers this one; this one sends no notifications of its own. */
  readonly massAbsence?: string
  /** Why it was closed without recovery. */
  closeReason?: CloseReason
  /** The tick at which its series was first found to be gone, while it is gone. */
  seriesGoneSince?: number
  /** How many hosts of a mass absence were retired since. */
  retiredHosts?: number
  readonly transitions: Transition[]
  /** Some of the events that its rule counted, oldest first. */
  events: readonly MatchedEvent[]
}

/**
 * A state with everything derived from it. Counters count from the start of the process and are not part of the state.
 */
export interface Fold {
  readonly state: State
  plan: Plan
  dispatchPlan: DispatchPlan
  readonly counters: Map<Counter, number>
}

/** What limits bound. */
export type Limited = 'hosts' | 'series' | 'sources' | 'sub_sources'

export function emptyState(): State {
  return {
    config: undefined,
    now: 0,
    ticks: 0,
    sources: new Map(),
    awaitedSources: new Map(),
    hosts: new Map(),
    spellings: new Map(),
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
    unmatchedRules: new Map(),
    refusals: { count: 0, last: 0, what: 'hosts', searched: -1 },
    unmatched: { count: 0, last: 0, rule: '', host: '', source: '' },
    idleHosts: [],
    hostScan: undefined,
    hasObserved: false,
    isFlushPending: false,
    reportStats: undefined,
    matched: { recent: new Map(), size: 0, alerts: 0 },
    dispatch: emptyDispatch(),
    removedRules: new Map(),
  }
}

export function count({ counters }: Fold, counter: Counter, by = 1): void {
  counters.set(counter, (counters.get(counter) ?? 0) + by)
}
