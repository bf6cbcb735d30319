import type { Alerting, Escalation, Repeat } from './notification-policy.ts'
import type { Millis } from './time.ts'

export type Unit = 'ratio' | 'percent' | 'bytes' | 'seconds' | 'count' | 'none'

/** Where a metric's numbers are found in events. `fields` are dotted paths, the first one present counts. */
export interface Metric {
  readonly name: string
  readonly fields: readonly string[]
  readonly unit: Unit
  readonly kind: 'gauge' | 'counter'
  /** Labels whose values separate the series of a host: a mount point, an interface. */
  readonly by: readonly string[]
  /** Dotted paths of the fields that hold these values, in the order of `by`. */
  readonly byFields: readonly string[]
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

/** Which detector judges the windows of a rule, and its part of the rule: plain data that only that detector reads. */
export interface Condition {
  readonly detector: string
  readonly params: unknown
}

/** Other params for some hosts. Host patterns know `*` and `?`. The last override that fits a host wins. */
export interface Override {
  readonly hosts: readonly string[]
  readonly params: unknown
}

/** So many of the newest windows that were judged must be anomalous; at most 16. */
export interface Breaches {
  readonly atLeast: number
  readonly of: number
}

interface RuleBase {
  readonly name: string
  readonly severity: Severity
  readonly notify: readonly string[]
  /** Templates: `{{server}}`, `{{value | percent}}`, ... Absent: the product's own. */
  readonly subject?: string
  readonly body?: string
  /** Labels whose values tell groups apart, in the place of the general ones; with `[rule]` hosts share a mail. */
  readonly groupBy?: readonly string[]
  readonly repeat?: Repeat
  readonly escalate?: readonly Escalation[]
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
  /** Whether people hear that a critical alert is only a warning by now. */
  readonly notifyOnDowngrade?: boolean
  readonly minSamples?: number
  readonly breaches?: Breaches
  readonly condition: Condition
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

/** A time of the day or week at which a receiver is written to, alert or not. */
export interface Schedule {
  /** Minutes after midnight. */
  readonly at: number
  /** 0 is Sunday; absent: each day. */
  readonly weekday?: number
}

/** A named list of recipients. What is secret about the other ways out is not here: see `Config.targets`. */
export interface Receiver {
  readonly name: string
  readonly email: readonly Recipient[]
  /** IANA name of the zone in which the receiver's people live; UTC when absent. */
  readonly zone?: string
  /** Templates for its mails, where the rule has none of its own. */
  readonly subject?: string
  readonly body?: string
  /** Set where subjects are to begin with the state instead of staying the same through a thread. */
  readonly subjectMode?: 'status'
  readonly webhook?: boolean
  readonly alertmanager?: boolean
  /** When the digest report is written, and the mail that says that all is quiet. */
  readonly report?: Schedule
  readonly heartbeat?: Schedule
}

export interface Limits {
  readonly hosts: number
  readonly series: number
  readonly seriesPerHost: number
  readonly sources: number
}

/** Which hosts there are, as far as the configuration says it. */
export interface Inventory {
  /** Hosts that must exist: they are missed although they were never heard, and never forgotten. */
  readonly expected: readonly string[]
  /** Any other host is forgotten after so much silence, in time in which its source delivered. */
  readonly forgetAfter: Millis
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
  readonly hosts: Inventory
  /** At most so many mails a minute to one recipient. */
  readonly mailsPerMinute: number
  readonly alerting: Alerting
  readonly limits: Limits
}

export interface Token {
  readonly name: string
  readonly token: string
}

export interface IngestConfig {
  readonly paths: readonly string[]
  readonly tokens: readonly Token[]
  /** Largest body as sent, and after decompression, in bytes. */
  readonly maxBody: number
  readonly maxDecompressed: number
  /** Most events in one body. */
  readonly maxEvents: number
  /** Requests a minute for one token or address. */
  readonly requestsPerMinute: number
  /** HTTP status when every event of a request was rejected. */
  readonly allRejectedStatus: 200 | 422
  /** Field that names an event uniquely (a `fingerprint` filter's target), if there is one. */
  readonly eventIdField?: string
  /** Where the host of an event is found, by kind of event; dotted paths, the first one present counts. */
  readonly host: Readonly<Record<string, readonly string[]>>
}

/** A web address that takes alerts, and what is needed to post there. */
export interface WebhookTarget {
  readonly url: string
  /** Signs each body: `X-Stashwatch-Signature: sha256=<HMAC in hex>`. */
  readonly secret?: string
  readonly headers: Readonly<Record<string, string>>
  /** Whether addresses of private networks may be posted to. */
  readonly allowPrivate: boolean
  readonly timeout: Millis
}

export interface AlertmanagerTarget {
  /** Base addresses of one cluster's members; each gets every alert. */
  readonly urls: readonly string[]
  readonly user?: string
  readonly password?: string
  readonly token?: string
  readonly timeout: Millis
}

/** The ways out of a receiver that are no mail; with their secrets, so that they stay out of the journal. */
export interface Targets {
  readonly webhook?: WebhookTarget
  readonly alertmanager?: AlertmanagerTarget
}

/** One mail server. */
export interface SmtpConfig {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly requireTls: boolean
  readonly user?: string
  readonly password?: string
  readonly oauth2?: OAuth2
  /** How stashwatch names itself in EHLO. */
  readonly ehloName?: string
  /** The longest that one step of the conversation may take. */
  readonly timeout: Millis
}

/** How to log in with OAuth 2: a token that lasts, or what new ones are asked for with. */
export type OAuth2 =
  | { readonly user: string; readonly accessToken: string }
  | {
      readonly user: string
      readonly clientId: string
      readonly clientSecret: string
      readonly refreshToken: string
      /** Where tokens are asked for; Google's address when absent. */
      readonly accessUrl?: string
    }

/** Signs mails for a domain: the public part is in the DNS under `SELECTOR._domainkey.DOMAIN`. */
export interface DkimKey {
  readonly domain: string
  readonly selector: string
  /** RSA private key, PEM. */
  readonly key: string
}

/** The mail servers, the preferred one first, and what holds for all of them. */
export interface MailConfig {
  readonly from: Recipient
  readonly servers: readonly SmtpConfig[]
  /** Most attempts to send in any minute, over all servers. */
  readonly ratePerMinute?: number
  readonly dkim: readonly DkimKey[]
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
  readonly smtp?: MailConfig
  /** By receiver. */
  readonly targets: ReadonlyMap<string, Targets>
  /** An address with `{{host}}`, `{{from}}` and `{{to}}` (ISO instants) in it, for links to what the user looks with. */
  readonly kibana?: string
  readonly engine: EngineConfig
}
