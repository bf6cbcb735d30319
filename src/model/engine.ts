import type { Acknowledgement, AlertState, AlertView, Silence } from './alerts.ts'
import type { AlertIdentity, Evaluation, NextEvaluation } from './evidence.ts'
import type { ClosedAlert, Channel, UndeliveredItem } from './notification.ts'
import type { Bounds } from './bounds.ts'
import type { Metric, Rule, Severity, Unit } from './configuration.ts'
import type { RejectCount } from './events.ts'
import type { Outbox, OutboxStats, Outcome } from './journal.ts'
import type { Millis } from './time.ts'

/** The engine's response to one frame, after its commit. */
export interface Ack {
  readonly duplicate: boolean
  /** Events that were counted before, recognized by their own ids. */
  readonly known: number
  /** Events whose host or series was refused because a limit is reached. */
  readonly refused: number
  readonly outOfRange?: OutOfRange
}

/** Readings that were left out, because they are outside the bounds of their metrics: how many, and the first ones. */
export interface OutOfRange {
  readonly count: number
  readonly first: readonly OutOfRangeReading[]
}

/** `value` is that of a gauge; of a counter the growth per second that the reading would lead to. */
export interface OutOfRangeReading extends Bounds, Pick<Metric, 'unit' | 'kind'> {
  readonly host: string
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** One second of the clock, with counts that only the HTTP side has. */
export interface Tick {
  readonly now: Millis
  /** Whether since the last tick a sender got 429 or 503, or the service was not ready. */
  readonly refused: boolean
  /** Rejections since the last tick, at most a few dozen counts; absent if there are none. */
  readonly rejects?: readonly RejectCount[]
}

/** The engine as the HTTP side uses it. */
export interface Engine {
  append(frame: Uint8Array): Promise<Ack>
  query<K extends Query['kind']>(query: Extract<Query, { readonly kind: K }>): Promise<QueryResults[K]>
  /**
   * Resolves once the command is durable and applied, or refused. Rejects when the journal fails; nothing is changed
   * then.
   */
  command<K extends Command['kind']>(command: Extract<Command, { readonly kind: K }>): Promise<CommandReply<K>>
  readonly outbox: Outbox
}

/**
 * An operator command, as the journal stores it. The folds read no clock and draw no random numbers, so a command
 * carries its time (`now`), its ids and its author.
 */
export type Command =
  /**
   * Retires a host: removes its series and closes its open alerts. Refused if the host sent events within the last
   * `unlessSeenWithin`.
   */
  | {
      readonly kind: 'retire'
      readonly host: string
      readonly author: string
      readonly now: Millis
      readonly unlessSeenWithin?: Millis
    }
  /** Adds a silence, or replaces the one with the same id. */
  | { readonly kind: 'silence'; readonly silence: Silence; readonly now: Millis }
  /** Expires a silence now. Has no effect on one that is over. */
  | { readonly kind: 'expire'; readonly id: string; readonly now: Millis }
  /** Acknowledges an episode, by its long id or its code. Without a note, the present one stays. */
  | {
      readonly kind: 'acknowledge'
      readonly episode: string
      readonly ack: Omit<Acknowledgement, 'note'> & { readonly note?: string }
      readonly now: Millis
    }
  /** Reports a notification that could not be delivered to the receivers of `self_monitoring`. */
  | {
      readonly kind: 'undelivered'
      readonly item: UndeliveredItem
      readonly now: Millis
    }
  /** Withdraws the acknowledgement. */
  | { readonly kind: 'unacknowledge'; readonly episode: string; readonly now: Millis }

/** The value of each command that was applied: plain JSON. */
export interface CommandValues {
  readonly retire: RetireResult
  /** The silence, and how many firing alerts it matches now. */
  readonly silence: Silence & Pick<SilenceView, 'matchedAlerts'>
  readonly expire: Silence
  readonly acknowledge: AcknowledgedAlert
  readonly unacknowledge: AcknowledgedAlert
  readonly undelivered: null
}

/** The result of a command: its value, or why it was refused. */
export type CommandReply<K extends Command['kind'] = Command['kind']> =
  | { readonly kind: 'done'; readonly value: CommandValues[K] }
  | Refusal

/** When the host was last seen, and the alerts that were closed. */
export interface RetireResult {
  readonly host: string
  readonly lastSeenAt: Millis | null
  readonly closed: readonly ClosedAlert[]
}

/** The alert that a command was about. */
interface AcknowledgedAlert {
  readonly episode: string
  readonly code: string
  readonly identity: AlertIdentity
}

/** Why a command was refused: a code, and the value that it is about. */
export type Refusal = { readonly kind: 'refused' } &
  /** The known hosts. */
  (
    | { readonly code: 'unknown-host'; readonly value: readonly string[] }
    /** The configuration expects the host, so it cannot be retired. */
    | { readonly code: 'host-expected'; readonly value: null }
    /** The host sent events within `unlessSeenWithin`: when it was last seen. */
    | { readonly code: 'host-active'; readonly value: Millis }
    /** The id, or the episode, that was named. */
    | { readonly code: 'unknown-silence' | 'unknown-episode'; readonly value: string }
    /** The limit of silences, which is reached. */
    | { readonly code: 'too-many-silences'; readonly value: number }
  )

export type Query =
  | { readonly kind: 'hosts' }
  | { readonly kind: 'host'; readonly host: string }
  | {
      readonly kind: 'aggregate'
      readonly host: string
      readonly metric: string
      readonly from: Millis
      readonly to: Millis
    }
  | { readonly kind: 'alerts' }
  | { readonly kind: 'alert'; readonly episode: string }
  | { readonly kind: 'rules' }
  /** The names of all labels that alerts can have. */
  | { readonly kind: 'labels' }
  /** The names of all sources that sent something or are expected. */
  | { readonly kind: 'sources' }
  /** All silences that are kept, newest first. */
  | { readonly kind: 'silences' }
  /** The current state of a rule on a host, and their recent episodes. Null when the rule is unknown. */
  | { readonly kind: 'why'; readonly rule: string; readonly host: string }

/** The answer to each query. */
export interface QueryResults {
  readonly hosts: readonly HostView[]
  readonly host: HostDetail | null
  readonly aggregate: AggregateView | null
  /** Open alerts first, then recently resolved ones, newest first. */
  readonly alerts: readonly AlertView[]
  readonly alert: AlertView | null
  readonly rules: readonly RuleView[]
  readonly labels: readonly string[]
  readonly sources: readonly string[]
  readonly silences: readonly SilenceView[]
  readonly why: WhyView | null
}

/** Statistics over some buckets; null where the column is not kept or nothing was measured. */
interface Summary {
  readonly count: number
  readonly sum: number
  readonly mean: number | null
  readonly min: number | null
  readonly max: number | null
  readonly last: number | null
}

export type HostState = 'live' | 'absent' | 'clock_skew' | 'never_seen'

/** One element of the answer to `hosts`. */
export interface HostView {
  readonly host: string
  /** Null for an expected host that was never seen. */
  readonly lastSeenAt: Millis | null
  readonly source: string | null
  readonly clockSkewSeconds: number | null
  readonly state: HostState
  /** Whether the configuration expects the host, so it is never retired automatically. */
  readonly expected: boolean
  /** Number of series kept for the host. */
  readonly series: number
}

/** One element of the answer to `silences`. */
export interface SilenceView extends Silence {
  readonly state: 'pending' | 'active' | 'expired'
  /** Number of firing alerts that it mutes now. */
  readonly matchedAlerts: number
}

/** Answer to `why`. */
export interface WhyView {
  readonly rule: RuleView
  readonly host: HostView | null
  /** The rule's last evaluation of each of the host's series, however old. */
  readonly evaluations: RuleView['evaluations']
  readonly alerts: readonly AlertView[]
}

/** Answer to `host`; null when the host is unknown. */
export interface HostDetail {
  readonly host: string
  /** Null for an expected host that was never seen. */
  readonly lastSeenAt: Millis | null
  readonly source: string | null
  readonly state: HostState
  readonly series: readonly SeriesView[]
}

export interface SeriesView {
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  readonly unit: Unit
  /** Number of buckets kept, and the time of the newest sample. */
  readonly buckets: number
  readonly newest: Millis
  readonly window: Summary
}

/** Answer to `aggregate`; null when the host or the metric is unknown. */
export interface AggregateView extends Summary {
  readonly host: string
  readonly metric: string
  readonly from: Millis
  readonly to: Millis
}

/** One element of the answer to `rules`. */
export interface RuleView {
  readonly name: string
  /** `builtin`: a built-in rule. Only `why` returns these. */
  readonly kind: Rule['kind'] | 'builtin'
  readonly severity: Severity
  /** All severities that its alerts can have. */
  readonly severities: readonly Severity[]
  readonly notify: readonly string[]
  /** The last evaluations. */
  readonly evaluations: readonly Evaluation[]
  readonly nextEvaluation: NextEvaluation
  /** When the rule left the configuration; absent while it is there. */
  readonly removedAt?: Millis
}

/** The engine's counters, since the process started. */
export const COUNTERS = [
  'samples',
  'samples_late_merged',
  'samples_late_dropped',
  'samples_no_metric',
  'samples_out_of_range',
  'events_future',
  'events_unmatched',
  'hosts_retired',
  'hosts_evicted',
  'series_evicted',
  'hosts_refused',
  'series_refused',
  'sources_refused',
  'sub_sources_refused',
  'transitions_pending',
  'transitions_firing',
  'transitions_recovering',
  'transitions_resolved',
] as const

export type Counter = (typeof COUNTERS)[number]

/** The engine's metrics: gauges with their current values, counters since the process started. */
export interface EngineStats {
  readonly hosts: number
  readonly series: number
  readonly sources: number
  readonly alerts: Readonly<Record<AlertState, number>>
  readonly counters: Readonly<Record<Counter, number>>
  readonly outbox: OutboxStats
  /** Journal entries that the newest snapshot does not cover. */
  readonly lag: number
  /** Duration of each commit since the last report, in seconds. */
  readonly commits: readonly number[]
}

/** Reads the wall clock and owns the timers. No other part does. */
export interface Clock {
  now(): Millis
  /** Calls back once after `span`; returns a function that cancels. */
  after(span: Millis, call: () => void): () => void
  every(span: Millis, call: () => void): () => void
}

/** The service's log; a pino logger implements it. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * Why the server closed a connection. `unread`: the client did not read its responses. `memory`: all responses together
 * took too much memory. `pipelined`: too many requests were pipelined, and this client had the most. `too_many`: too
 * many connections were open. `slow`: a request did not arrive in time.
 */
export type ConnectionCloseReason = 'unread' | 'memory' | 'pipelined' | 'too_many' | 'slow'

/** Receives what the parts measure; metrics implement it. */
export interface Observer {
  /** Counts the events of one body, once their outcome is final. */
  events(result: 'accepted' | 'rejected' | 'duplicate', count: number): void
  /** Counts rejected events by code. A body that cannot be parsed counts as one. */
  rejects(code: string, count: number): void
  /** Counts values that a metric reads and that are not numeric, in accepted events. */
  nonNumeric(count: number): void
  /** A host name was found to be used by two machines. */
  sharedName(): void
  /** Accepted events without a time that can be read. */
  untimed(count: number): void
  /** Records one response of the ingest route: status, duration in seconds, size of the body on the wire in bytes. */
  answered(status: number, seconds: number, bytes: number): void
  /** Counts a connection that the server closed. */
  closed(reason: ConnectionCloseReason): void
  /**
   * Counts one delivery attempt or withdrawal. Latency runs from the end of the deciding window to acceptance, in
   * seconds.
   */
  notified(integration: Channel | 'mailbox', outcome: Outcome['state'], latencySeconds?: number): void
  engine(stats: EngineStats): void
}
