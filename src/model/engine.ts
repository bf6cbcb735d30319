import type { Acknowledgement, AlertState, AlertView, Silence } from './alerts.ts'
import type { Evaluation, NextEvaluation } from './evidence.ts'
import type { ClosedAlert, Channel, UndeliveredItem } from './notification.ts'
import type { Rule, Severity, Unit } from './configuration.ts'
import type { RejectCount } from './events.ts'
import type { Outbox, OutboxStats, Outcome } from './journal.ts'
import type { Millis } from './time.ts'

/** The engine's answer to one frame, after its commit. */
export interface Ack {
  readonly duplicate: boolean
  /** Events that were counted before, by their own ids. */
  readonly known: number
  /** Events of which the host or a series was refused because a cap is reached. */
  readonly refused: number
}

/** A clock's second, with what only the HTTP side knows. */
export interface Tick {
  readonly now: Millis
  /** Since the last tick a sender was told 429 or 503, or the service was not ready. */
  readonly refused: boolean
  /** What ingest refused since the last tick, in a few dozen counts at most; absent where that is nothing. */
  readonly rejects?: readonly RejectCount[]
}

/** The HTTP side's door to the engine. */
export interface Engine {
  append(frame: Uint8Array): Promise<Ack>
  query<K extends Query['kind']>(query: Extract<Query, { readonly kind: K }>): Promise<Answers[K]>
  /** Resolves once the command is durable and obeyed, or refused. Rejects when the journal fails: nothing has happened. */
  command(command: Command): Promise<CommandAnswer>
  readonly outbox: Outbox
}

/**
 * A wish of somebody who operates the service, as it stands in the journal. The folds know neither time nor chance, so
 * that a command carries all of it: `now`, ids, the author.
 */
export type Command =
  /** The host is gone for good: it is let go with its series and open alerts, unless heard within the span to `spare`. */
  | {
      readonly kind: 'forget'
      readonly host: string
      readonly author: string
      readonly now: Millis
      readonly spare?: Millis
    }
  /** Alerts that fit are not told for a while. A silence of a known id takes that one's place. Value: the silence with `mutes`. */
  | { readonly kind: 'silence'; readonly silence: Silence; readonly now: Millis }
  /** A silence ends now. Ending one that is over already changes nothing. Value: the silence. */
  | { readonly kind: 'expire'; readonly id: string; readonly now: Millis }
  /** Somebody looks after an episode (its long id or its code). No note: the one there is stays. Value: the alert. */
  | {
      readonly kind: 'acknowledge'
      readonly episode: string
      readonly ack: Omit<Acknowledgement, 'note'> & { readonly note?: string }
      readonly now: Millis
    }
  /** A notification was given up: whoever hears of the service is told. Value: null. */
  | {
      readonly kind: 'undelivered'
      readonly item: UndeliveredItem
      readonly now: Millis
    }
  /** Nobody looks after it any more. Value: the alert. */
  | { readonly kind: 'unacknowledge'; readonly episode: string; readonly now: Millis }

/** What came of a command: a plain JSON value, or the code of a refusal with what it is about. */
export type CommandAnswer =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly code: Refused; readonly value: unknown }

/** What `forget` comes to: when the host was last heard, and the alerts that this closed. */
export interface Forgotten {
  readonly host: string
  readonly lastSeen: Millis | null
  readonly closed: readonly ClosedAlert[]
}

/**
 * Why a command was refused. `unknown-host`: the value lists the known ones. `expected-host`: it cannot be forgotten.
 * `live-host`: it is spared; the value is when it was last heard.
 * `too-many`: as many silences as are kept are there; the value is that number.
 */
export type Refused =
  | 'unknown-host'
  | 'expected-host'
  | 'live-host'
  | 'unknown-silence'
  | 'unknown-episode'
  | 'too-many'

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
  /** All silences that are kept, the newest first. */
  | { readonly kind: 'silences' }
  /** What a rule says of a host now, and the episodes of the two that are kept. Null when the rule is unknown. */
  | { readonly kind: 'why'; readonly rule: string; readonly host: string }

/** What each query is answered with. */
export interface Answers {
  readonly hosts: readonly HostView[]
  readonly host: HostDetail | null
  readonly aggregate: AggregateView | null
  /** Open ones first, then those that were resolved lately, the newest first. */
  readonly alerts: readonly AlertView[]
  readonly alert: AlertView | null
  readonly rules: readonly RuleView[]
  readonly labels: readonly string[]
  readonly silences: readonly SilenceView[]
  readonly why: WhyView | null
}

/** Count, sum, mean and so on over some buckets; null where the column is not kept or nothing was measured. */
export interface Summary {
  readonly count: number
  readonly sum: number
  readonly mean: number | null
  readonly min: number | null
  readonly max: number | null
  readonly last: number | null
}

export type HostState = 'live' | 'absent' | 'clock_skew' | 'never_seen'

/** Answer to `hosts`: one of these for each. */
export interface HostView {
  readonly host: string
  /** Null for an expected host that was never heard. */
  readonly lastSeenAt: Millis | null
  readonly source: string | null
  readonly clockSkewSeconds: number | null
  readonly state: HostState
  /** Whether the configuration expects it, so that it is never forgotten. */
  readonly expected: boolean
  /** How many series are kept of the host. */
  readonly series: number
}

/** Answer to `silences`: one of these for each. */
export interface SilenceView extends Silence {
  readonly state: 'pending' | 'active' | 'expired'
  /** How many firing alerts it keeps from being told just now. */
  readonly matchedAlerts: number
}

/** Answer to `why`. */
export interface WhyView {
  readonly rule: RuleView
  readonly host: HostView | null
  /** The rule's last verdict of each of the host's series, fresh or not. */
  readonly evaluations: RuleView['evaluations']
  readonly alerts: readonly AlertView[]
}

/** Answer to `host`, or null when the host is unknown. */
export interface HostDetail {
  readonly host: string
  /** Null for an expected host that was never heard. */
  readonly lastSeenAt: Millis | null
  readonly source: string | null
  readonly state: HostState
  readonly series: readonly SeriesView[]
}

export interface SeriesView {
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  readonly unit: Unit
  /** How many buckets are kept, and when the newest sample was taken. */
  readonly buckets: number
  readonly newest: Millis
  readonly window: Summary
}

/** Answer to `aggregate`, or null when the host or the metric is unknown. */
export interface AggregateView extends Summary {
  readonly host: string
  readonly metric: string
  readonly from: Millis
  readonly to: Millis
}

/** Answer to `rules`: one of these for each. */
export interface RuleView {
  readonly name: string
  /** `builtin`: one of the product's own, which only `why` knows. */
  readonly kind: Rule['kind'] | 'builtin'
  readonly severity: Severity
  /** All that its alerts can have. */
  readonly severities: readonly Severity[]
  readonly notify: readonly string[]
  /** The last evaluations. */
  readonly evaluations: readonly Evaluation[]
  readonly nextEvaluation: NextEvaluation
  /** When the rule left the configuration, of one that is gone. */
  readonly removedAt?: Millis
}

/** What the engine counts since the process began. */
export const COUNTERS = [
  'samples',
  'samples_late_merged',
  'samples_late_dropped',
  'samples_future',
  'samples_unknown',
  'duplicates',
  'hosts_retired',
  'hosts_evicted',
  'series_evicted',
  'hosts_refused',
  'series_refused',
  'sources_refused',
  'transitions_pending',
  'transitions_firing',
  'transitions_recovering',
  'transitions_resolved',
] as const

export type Counter = (typeof COUNTERS)[number]

/** Figures of the engine for metrics: gauges as they are, counters since the process began. */
export interface EngineStats {
  readonly hosts: number
  readonly series: number
  readonly sources: number
  readonly alerts: Readonly<Record<AlertState, number>>
  readonly counters: Readonly<Record<Counter, number>>
  readonly outbox: OutboxStats
  /** Entries in the journal that the newest snapshot does not cover. */
  readonly lag: number
  /** Seconds each commit took since the last report. */
  readonly commits: readonly number[]
}

/** Reads the wall clock and owns the timers; the only part that does. */
export interface Clock {
  now(): Millis
  /** Calls back after a span of this clock's time; returns a function that cancels. */
  after(span: Millis, call: () => void): () => void
  every(span: Millis, call: () => void): () => void
}

/** The few lines the service says for itself; pino fits. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * Why a connection was closed before its client closed it: the client left answers `unread`, all answers together took
 * too much `memory`, the requests that it `pipelined` were the most of too many, or connections were `too_many`.
 */
export type Closed = 'unread' | 'memory' | 'pipelined' | 'too_many'

/** Where the parts report what happened; metrics implement it. */
export interface Observer {
  /** Events of one body, once its fate is certain. */
  events(result: 'accepted' | 'rejected' | 'duplicate', count: number): void
  /** Events (or, for bodies that could not be read, one body) refused, by the short code of the reason. */
  rejects(code: string, count: number): void
  /** Values that a metric asks for and that are no numbers, in events that were accepted. */
  unusable(count: number): void
  /** One answer on the ingest route: its status, the time it took, the body's size on the wire in bytes. */
  answered(status: number, seconds: number, bytes: number): void
  /** A connection that had to go before its client closed it. */
  closed(reason: Closed): void
  /** One attempt to deliver, or a withdrawal; latency from the deciding window's end to the acceptance at the other end. */
  notified(receiver: Channel | 'mailbox', outcome: Outcome['state'], latencySeconds?: number): void
  engine(stats: EngineStats): void
}
