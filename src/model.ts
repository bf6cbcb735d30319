/**
 * The vocabulary of stashwatch: the words an operator uses, the types that cross folders, and the ports.
 * This file imports nothing and runs nothing.
 *
 * - event: what was posted, one JSON object, judged by its schema. source: the sender, one Logstash instance.
 *   host: whom the event is about.
 * - sample: one number of one series at one instant. series: a host, a metric, and the values of its `by` fields.
 * - bucket: a slice of event time, folded; buckets merge. window: the closed buckets that a rule looks at.
 * - rule: which metric, which window, which bounds, how often, how long, whom to tell. verdict: normal, anomalous
 *   or no data.
 * - alert: one rule on one series, through pending, firing, recovering, resolved. episode: one firing-to-resolved
 *   life, with its id. transition: an alert's step from one state to the next, with its reason.
 * - notification: what one recipient is told, once, with the named reason why. receiver: a named list of recipients.
 * - frame: the binary form of the samples of one request. entry: one record of the journal.
 * - effect: what the folds want done outside (a mail), with a deterministic id. outbox: the effects that are due.
 */

/** An instant or a span in milliseconds; instants count from the Unix epoch and may carry a fraction. */
export type Millis = number

/** Position of an entry in the journal; the first is 1. */
export type Offset = number

// ---------------------------------------------------------------------------------------------- configuration

export type Unit = 'ratio' | 'percent' | 'bytes' | 'seconds' | 'count' | 'none'

/** Where a metric's numbers are found in events. `fields` are dotted paths, the first one present counts. */
export interface Metric {
  readonly name: string
  readonly fields: readonly string[]
  readonly unit: Unit
  readonly kind: 'gauge' | 'counter'
  /** Dotted paths whose values tell the series of a host apart: a mount point, an interface. */
  readonly by: readonly string[]
}

/** One condition on one field of an event; all tests in it must hold. */
export interface FieldTest {
  readonly field: string
  /** The value equals one of these (numbers and booleans are compared as text). */
  readonly oneOf?: readonly string[]
  readonly contains?: string
  readonly prefix?: string
  /** An RE2 expression, searched for anywhere in the text. */
  readonly matches?: string
  readonly exists?: boolean
  readonly above?: number
  readonly below?: number
}

export type Of = 'mean' | 'sum' | 'min' | 'max' | 'last' | 'stddev' | 'count' | 'increase' | 'rate'
export type Op = 'above' | 'at_least' | 'below' | 'at_most'
export type Severity = 'warning' | 'critical'

/** A bound, and the value at which an alert that it raised is over. */
export interface Bound {
  readonly op: Op
  readonly value: number
  readonly clear: number
}

/** The bounds of each severity; an empty list means that the severity is not used. */
export interface Threshold {
  readonly of: Of
  readonly warning: readonly Bound[]
  readonly critical: readonly Bound[]
}

/** Other bounds for some hosts. Host patterns know `*` and `?`. The last override that fits a host wins. */
export interface Override {
  readonly hosts: readonly string[]
  readonly threshold: Threshold
}

interface RuleBase {
  readonly name: string
  readonly severity: Severity
  readonly notify: readonly string[]
  /** Templates: `{{server}}`, `{{value | percent}}`, ... Absent: the product's own. */
  readonly subject?: string
  readonly body?: string
  /** Patterns of the hosts that the rule is for; empty means all. */
  readonly hosts: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

interface WindowRule extends RuleBase {
  /** The window's length; a multiple of the bucket. */
  readonly over: Millis
  /** A window ends at each multiple of this. */
  readonly every: Millis
  readonly for: Millis
  readonly keepFiringFor: Millis
  readonly minSamples?: number
  readonly threshold: Threshold
  readonly overrides: readonly Override[]
}

export interface MetricRule extends WindowRule {
  readonly kind: 'metric'
  readonly metric: string
}

/** Judges the number of events that match, per host. */
export interface CountRule extends WindowRule {
  readonly kind: 'count'
  readonly where: readonly FieldTest[]
}

/** Fires when a host has sent nothing for `after`, measured in time in which its source delivered. */
export interface AbsenceRule extends RuleBase {
  readonly kind: 'absence'
  readonly after: Millis
}

export type Rule = MetricRule | CountRule | AbsenceRule

export interface Recipient {
  readonly name?: string
  readonly address: string
}

export interface Receiver {
  readonly name: string
  readonly email: readonly Recipient[]
}

export interface Limits {
  readonly hosts: number
  readonly series: number
  readonly seriesPerHost: number
  readonly sources: number
}

/** What the folds need of the configuration: plain JSON, the data of a `config` entry. */
export interface EngineConfig {
  readonly bucket: Millis
  readonly lateness: Millis
  readonly metrics: readonly Metric[]
  readonly rules: readonly Rule[]
  readonly receivers: readonly Receiver[]
  /** Receivers that hear of silent sources, clocks and caps. */
  readonly system: readonly string[]
  /** Sources that are expected to send, once they were heard: the names of the ingest tokens. */
  readonly sources: readonly string[]
  /** At most so many mails a minute to one recipient. */
  readonly mailsPerMinute: number
  readonly limits: Limits
}

export interface Token {
  readonly name: string
  readonly token: string
}

export interface IngestConfig {
  readonly paths: readonly string[]
  readonly tokens: readonly Token[]
  /** Largest body on the wire, and after inflating, in bytes. */
  readonly maxBody: number
  readonly maxInflated: number
  /** Most events in one body. */
  readonly maxEvents: number
  /** Requests a minute for one token or address. */
  readonly requestsPerMinute: number
  /** Answer when no event of a body was accepted. */
  readonly invalidStatus: 200 | 422
  /** Field that names an event uniquely (a `fingerprint` filter's target), if there is one. */
  readonly idField?: string
  /** Where the host of an event is found, by kind of event; dotted paths, the first one present counts. */
  readonly host: Readonly<Record<string, readonly string[]>>
}

export interface SmtpConfig {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly requireTls: boolean
  readonly user?: string
  readonly password?: string
  readonly from: Recipient
  readonly timeout: Millis
}

/** The whole configuration: validated, defaults filled in, secrets resolved, frozen. */
export interface Config {
  readonly file?: string
  readonly listen: { readonly host: string; readonly port: number }
  /** Absolute path of the folder that holds the journal and the mailbox. */
  readonly data: string
  /** How the service calls itself in links: `https://stashwatch.example.org`. */
  readonly url?: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly ingest: IngestConfig
  readonly api: { readonly tokens: readonly Token[] }
  readonly smtp?: SmtpConfig
  readonly engine: EngineConfig
}

// ---------------------------------------------------------------------------------------------- events and samples

/** One reason why an event was refused; `path` is a JSON pointer into the event. */
export interface Rejection {
  readonly index: number
  readonly path: string
  readonly reason: string
  /** A short word for metrics: `schema`, `timestamp`, `host`, `too_deep`, ... */
  readonly code: string
}

/**
 * What one event contributes. `host` is `NO_HOST` when the event names none. `ts` is the event's own time, NaN when
 * it has none. Values are aligned with series; a series is a metric's name and its `by` values, joined by `SEP`.
 */
export interface EventSamples {
  /** What names the event uniquely, where `ingest.id_field` is configured and present. */
  readonly id?: string
  readonly host: string
  readonly ts: Millis
  readonly heartbeat: boolean
  readonly series: readonly string[]
  readonly values: readonly number[]
}

/** The samples of one request, as the engine reads them from a `batch` entry. */
export interface Frame {
  readonly source: string
  /** Sixteen hex digits from a hash of the inflated body. */
  readonly batchId: string
  /** The body was an array (or lines) of two or more events. */
  readonly many: boolean
  /** The answer to an equal body may not have arrived. */
  readonly maybeRetry: boolean
  readonly rcv: Millis
  readonly events: readonly EventSamples[]
}

export const NO_HOST = 'no host'
export const SEP = '\u001f'

// ---------------------------------------------------------------------------------------------- journal

export type EntryKind = 'batch' | 'tick' | 'command' | 'config'

export interface NewEntry {
  readonly kind: EntryKind
  readonly data: Uint8Array
}

export interface Entry extends NewEntry {
  readonly offset: Offset
}

/** Something to be done outside, once per id. The data is a `Notification` as JSON. */
export interface Effect {
  readonly id: string
  readonly data: string
}

/** A part of a snapshot, at most 1 MB. The snapshot counts once all its `count` parts are there. */
export interface SnapshotChunk {
  readonly upTo: Offset
  readonly index: number
  readonly count: number
  readonly data: Uint8Array
}

export interface Snapshot {
  readonly offset: Offset
  readonly state: Uint8Array
}

/** The engine's memory. All methods reject with an error when the storage fails; nothing is then half done. */
export interface Journal {
  /** Resolves once the entries are durable, with their offsets. Calls that wait together share a commit. */
  append(entries: readonly NewEntry[]): Promise<readonly Offset[]>
  /** Entries after an offset, in order, until `maxBytes` of data are reached; at least one if there is any. */
  read(after: Offset, maxBytes: number): Promise<readonly Entry[]>
  /** The newest complete snapshot. */
  load(): Promise<Snapshot | undefined>
  /** Records effects with the offset that they came from, atomically. An effect whose id is known is ignored. */
  commit(upTo: Offset, effects: readonly Effect[], now: Millis): Promise<void>
  /** Writes one part of a snapshot; the last part completes it and lets go of what is older than the one before. */
  saveChunk(chunk: SnapshotChunk): Promise<void>
  /** After a failure: opens the storage anew and forgets entries after `upTo`, which nobody was told are safe. */
  recover(upTo: Offset): Promise<void>
  readonly outbox: Outbox
  close(): Promise<void>
}

export interface OutboxItem {
  readonly id: string
  readonly data: string
  readonly attempts: number
  /** The message's bytes, once rendered; every attempt sends the same. */
  readonly rendered?: Uint8Array
}

export type Outcome =
  | { readonly state: 'sent'; readonly answer: string }
  | { readonly state: 'failed'; readonly answer: string }
  | { readonly state: 'retry'; readonly answer: string; readonly at: Millis }

/** One row of the registry of sends. Instants are those of the service's clock. */
export interface SendRecord {
  readonly id: string
  readonly data: string
  readonly state: 'pending' | 'sent' | 'failed'
  readonly attempts: number
  readonly createdAt: Millis
  readonly doneAt?: Millis
  readonly nextAt?: Millis
  readonly answer?: string
}

export interface OutboxStats {
  readonly pending: number
  readonly oldest?: Millis
}

export interface Outbox {
  /** Pending items whose time has come, oldest first. */
  due(now: Millis, limit: number): Promise<readonly OutboxItem[]>
  rendered(id: string, bytes: Uint8Array): Promise<void>
  outcome(id: string, outcome: Outcome, now: Millis): Promise<void>
  /** Newest first. */
  list(limit: number): Promise<readonly SendRecord[]>
  stats(): Promise<OutboxStats>
}

// ---------------------------------------------------------------------------------------------- alerts

export type AlertState = 'pending' | 'firing' | 'recovering' | 'resolved'

/** What an alert looks like from outside the engine. Values are in the metric's unit. */
export interface AlertView {
  readonly rule: string
  readonly host: string
  /** The `by` fields and their values. */
  readonly labels: Readonly<Record<string, string>>
  readonly state: AlertState
  readonly severity: Severity
  /** The firing-to-resolved life: a long id, and a short code for people. Absent while pending. */
  readonly episode?: string
  readonly code?: string
  /** The first breaching window's end. */
  readonly since: Millis
  readonly firedAt?: Millis
  readonly resolvedAt?: Millis
  /** End of the last judged window. */
  readonly at: Millis
  readonly value: number | null
  readonly bound: string
  readonly peak: number | null
  readonly unit: Unit
  readonly reason: string
  /** Set while the data has stopped: the newest sample's time. */
  readonly noDataSince?: Millis
  readonly transitions: readonly { readonly to: AlertState; readonly at: Millis; readonly reason: string }[]
}

/** Why somebody is told. */
export type Because = 'fired' | 'severity rose' | 'resolved' | 'mail budget' | 'found in the backlog'

/** One alert as a mail tells it. */
export interface AlertFacts {
  readonly episode: string
  readonly code: string
  readonly rule: string
  readonly host: string
  readonly labels: Readonly<Record<string, string>>
  /** The labels that the rule was given in the configuration. */
  readonly ruleLabels?: Readonly<Record<string, string>>
  /** What was measured, in words: `mean of cpu over 2m`. */
  readonly what: string
  readonly metric: string
  readonly unit: Unit
  readonly state: 'firing' | 'resolved'
  readonly severity: Severity
  readonly value: number | null
  /** The bound in words and numbers: `above 0.9`. */
  readonly bound: string
  /** The bound that ends the alert, in words and numbers. */
  readonly clear: string
  /** First breaching window's end; end of the deciding window; for a resolved alert also its end. */
  readonly since: Millis
  readonly at: Millis
  readonly resolvedAt?: Millis
  readonly peak: number | null
  readonly reason: string
  readonly source: string
  readonly subject?: string
  readonly body?: string
  /** Spans in which the service was down and that touch this alert's window. */
  readonly gaps: readonly { readonly from: Millis; readonly to: Millis }[]
}

/** A step of an alert that people hear of, as the first fold hands it to the second. */
export interface Announcement {
  readonly because: 'fired' | 'severity rose' | 'resolved'
  /** Window end (event time) that decided, and when it was found out (the service's clock). */
  readonly at: Millis
  readonly found: Millis
  readonly notify: readonly string[]
  readonly facts: AlertFacts
}

/** What one recipient is told in one mail. A digest lists several alerts. */
export interface Notification {
  readonly id: string
  readonly receiver: string
  readonly to: Recipient
  /** When it was decided, on the service's clock. */
  readonly at: Millis
  readonly because: Because
  readonly kind: 'alert' | 'digest'
  /** The conversation that the mail belongs to (an episode or a digest), and its number in it, from 0. */
  readonly thread: string
  readonly seq: number
  readonly alerts: readonly AlertFacts[]
}

// ---------------------------------------------------------------------------------------------- engine port

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
}

/** The HTTP side's door to the engine. */
export interface Engine {
  append(frame: Uint8Array): Promise<Ack>
  query(query: Query): Promise<unknown>
  readonly outbox: Outbox
}

export type Query =
  | { readonly kind: 'hosts' }
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'aggregate'; readonly host: string; readonly metric: string; readonly from: Millis; readonly to: Millis }
  | { readonly kind: 'alerts' }
  | { readonly kind: 'alert'; readonly episode: string }
  | { readonly kind: 'rules' }

/** Count, sum, mean and so on over some buckets; null where the column is not kept or nothing was measured. */
export interface Summary {
  readonly count: number
  readonly sum: number
  readonly mean: number | null
  readonly min: number | null
  readonly max: number | null
  readonly last: number | null
}

export type HostState = 'live' | 'silent' | 'clock off'

/** Answer to `hosts`: one of these for each. */
export interface HostView {
  readonly host: string
  readonly lastSeen: Millis
  readonly source: string
  readonly clockSkewSeconds: number | null
  readonly state: HostState
  /** How many series are kept of the host. */
  readonly series: number
}

/** Answer to `host`, or null when the host is unknown. */
export interface HostDetail {
  readonly host: string
  readonly lastSeen: Millis
  readonly source: string
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
  readonly kind: Rule['kind']
  readonly severity: Severity
  readonly notify: readonly string[]
  /** The last verdicts. */
  readonly last: readonly {
    readonly host: string
    readonly labels: Readonly<Record<string, string>>
    readonly value: number | null
    readonly bound: string
    readonly reason: string
    readonly at: Millis
  }[]
  /** What the next window waits for, in words. */
  readonly waitingFor: string
}

/** Figures of the engine for metrics: gauges as they are, tallies counted since the process began. */
export interface EngineStats {
  readonly hosts: number
  readonly series: number
  readonly sources: number
  readonly alerts: Readonly<Record<AlertState, number>>
  readonly tallies: Readonly<Record<string, number>>
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

/** Where the parts report what happened; metrics implement it. */
export interface Observer {
  /** Events of one body, once its fate is certain. */
  events(result: 'accepted' | 'rejected' | 'duplicate', count: number): void
  /** Events (or, for bodies that could not be read, one body) refused, by the short code of the reason. */
  rejects(code: string, count: number): void
  /** One answer on the ingest route: its status, the time it took, the body's size on the wire in bytes. */
  answered(status: number, seconds: number, bytes: number): void
  /** One attempt to deliver; latency from the deciding window's end to the server's acceptance. */
  notified(receiver: 'email' | 'mailbox', outcome: 'sent' | 'failed' | 'retry', latencySeconds?: number): void
  engine(stats: EngineStats): void
}
