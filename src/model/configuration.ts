import type { Millis } from './time.ts'

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
  /** The window's length, 10 s to 7 d; a multiple of its bucket (see `bucketWidth`). */
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
  /** Absolute path of the folder that holds the user's own schemas of events. */
  readonly schemas?: string
  /** How the service calls itself in links: `https://stashwatch.example.org`. */
  readonly url?: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly ingest: IngestConfig
  readonly api: { readonly tokens: readonly Token[] }
  readonly smtp?: SmtpConfig
  readonly engine: EngineConfig
}
