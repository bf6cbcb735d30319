import type { Alerting, Escalation, Repeat } from './notification-policy.ts'
import type { Millis } from './time.ts'

export type Unit = 'ratio' | 'percent' | 'bytes' | 'seconds' | 'celsius' | 'count' | 'none'
/** Unit of what a rule evaluates: that of its metric, or per second for a rate. */
export type MeasureUnit = Unit | `${Unit}/s`

/** Where a metric's values are found in events. `fields` are dotted paths; the first one present is used. */
export interface Metric {
  readonly name: string
  readonly fields: readonly string[]
  readonly unit: Unit
  readonly kind: 'gauge' | 'counter'
  /** What a value, or the growth of a counter per second, can be; absent for the bounds of the unit. */
  readonly min?: number
  readonly max?: number
  /** Labels whose values separate the series of a host: a mount point, an interface. */
  readonly by: readonly string[]
  /** Dotted paths of the fields that hold these values, in the order of `by`. */
  readonly byFields: readonly string[]
}

/** A condition on one field of an event. All tests in it must hold. */
export interface FieldTest extends ValueTest {
  readonly field: string
}

/** Tests that a value must pass, all of them. */
export interface ValueTest {
  /** The value equals one of these; numbers and booleans are compared as text. */
  readonly oneOf?: readonly string[]
  readonly contains?: string
  readonly prefix?: string
  /** An RE2 expression, searched for anywhere in the text. */
  readonly matches?: string
  readonly exists?: boolean
  readonly above?: number
  readonly below?: number
  /** Tests that the field must not pass. A missing field passes. */
  readonly not?: ValueTest
}

/** An aggregation of the samples of a window. `range` is the maximum less the minimum, `p95` is a percentile, from p1 to p99.9. */
export type Of =
  | 'mean'
  | 'sum'
  | 'min'
  | 'max'
  | 'range'
  | 'last'
  | 'stddev'
  | 'count'
  | 'increase'
  | 'rate'
  | Percentile
export type Percentile = `p${number}`

/** Returns the percent of a percentile; undefined for other aggregations. */
export function readPercentile(of: Of): number | undefined {
  return /^p\d/.test(of) ? Number(of.slice(1)) : undefined
}

/** Whether an aggregation gives values in the unit of its metric, and within its samples. */
export function isInUnit(of: Of): boolean {
  return ['mean', 'min', 'max', 'last'].includes(of) || readPercentile(of) !== undefined
}

export type Op = 'above' | 'at_least' | 'below' | 'at_most'
export type Severity = 'warning' | 'critical'

/** A bound, and the value at which an alert that breached it recovers. */
export interface Bound {
  readonly op: Op
  readonly value: number
  readonly clear: number
}

/** Which detector judges the windows of a rule, and its part of the rule: plain data that only that detector reads. */
interface Condition {
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
  /** Templates: `{{server}}`, `{{value | percent}}`, ... Absent: the receiver's templates, then the default. */
  readonly subject?: string
  readonly body?: string
  /** Overrides the general `group_by`. With `[rule]`, all hosts share a mail. */
  readonly groupBy?: readonly string[]
  readonly repeat?: Repeat
  readonly escalation?: readonly Escalation[]
  /** Set where the end of an alert is not notified. */
  readonly sendResolved?: false
  /** Patterns of the hosts that the rule applies to; empty means all. */
  readonly hosts: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

interface WindowRule extends RuleBase {
  /** Length of the window, 10 s to 7 d; a multiple of its bucket width (see `bucketWidth`). */
  readonly over: Millis
  /** The evaluation interval: a window ends at each multiple of it. */
  readonly every: Millis
  readonly for: Millis
  readonly keepFiringFor: Millis
  /** Whether to notify when a critical alert drops to warning. */
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

/** Evaluates the number of matching events, per host and per value of the `by` fields. */
export interface CountRule extends WindowRule, Pick<Metric, 'by' | 'byFields'> {
  readonly kind: 'count'
  readonly where: readonly FieldTest[]
}

/** Fires when a host has sent nothing for `after`. Only time in which its source delivers counts. */
export interface AbsenceRule extends RuleBase {
  readonly kind: 'absence'
  readonly after: Millis
}

export type Rule = MetricRule | CountRule | AbsenceRule

export interface Recipient {
  readonly name?: string
  readonly address: string
}

/** A time of day, or of the week, for scheduled mails. */
export interface Schedule {
  /** Minutes after midnight. */
  readonly at: number
  /** 0 is Sunday; absent means every day. */
  readonly weekday?: number
}

/** A named list of recipients. URLs and secrets of its other channels are in `Config.targets`. */
export interface Receiver {
  readonly name: string
  readonly email: readonly Recipient[]
  /** IANA name of the receiver's time zone; UTC when absent. */
  readonly timeZone?: string
  /** Templates for its mails, used where the rule has none. */
  readonly subject?: string
  readonly body?: string
  /** Set where subjects begin with the state. By default the subject stays the same throughout a thread. */
  readonly subjectMode?: 'status'
  readonly webhook?: boolean
  readonly alertmanager?: boolean
  /** Set where the end of an alert is not notified. */
  readonly sendResolved?: false
  /** When the report and the heartbeat mail are sent. */
  readonly report?: Schedule
  readonly heartbeat?: Schedule
}

interface Limits {
  readonly hosts: number
  readonly series: number
  readonly seriesPerHost: number
  readonly sources: number
}

export interface Inventory {
  /** Hosts that must exist: reported as missing even before their first event, and never retired automatically. */
  readonly expected: readonly string[]
  /** Retires any other host after it was absent this long. Only time in which its source delivers counts. */
  readonly retireAfter: Millis
}

/** The part of the configuration that the folds use: plain JSON, the data of a `config` entry. */
export interface EngineConfig {
  readonly bucket: Millis
  readonly lateness: Millis
  readonly metrics: readonly Metric[]
  readonly rules: readonly Rule[]
  readonly receivers: readonly Receiver[]
  /** Receivers of `self_monitoring`: the built-in alerts about sources, clocks and limits, and notices. */
  readonly selfMonitoring: readonly string[]
  /** The names of the ingest tokens. These sources are expected to send. */
  readonly sources: readonly string[]
  /** Those of them that send only now and then: nobody is notified of their silence. */
  readonly occasionalSources: readonly string[]
  /** The most sources below each of these, which `X-Source` headers name. */
  readonly subSources: number
  readonly hosts: Inventory
  /** The most mails per minute to one recipient. */
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
  /** The most sources below one token that `X-Source` headers may name; 0 ignores the header. */
  readonly subSources: number
  /** Largest body in bytes: as sent, and after decompression. */
  readonly maxBody: number
  readonly maxDecompressed: number
  /** A body must bring 16 KiB in every such span. */
  readonly bodyTimeout: Millis
  /** The most events in one body. */
  readonly maxEvents: number
  /** Requests per minute for one token or client address. */
  readonly requestsPerMinute: number
  /** HTTP status when every event of a request was rejected. */
  readonly allRejectedStatus: 200 | 422
  /** Field that identifies an event uniquely (a `fingerprint` filter's target), if there is one. */
  readonly eventIdField?: string
  /** Fields that hold the host, by kind of event: dotted paths, the first one present is used. */
  readonly host: Readonly<Record<string, readonly string[]>>
  /** Domains that are removed from the names of hosts. */
  readonly stripDomain: readonly string[]
  /** Kinds of events that are about a host and come from elsewhere. */
  readonly remoteKinds: readonly string[]
}

/** A URL that alerts are posted to, and the settings for posting. */
export interface WebhookTarget {
  readonly url: string
  /** Signs each body: `X-Stashwatch-Signature: sha256=<HMAC in hex>`. */
  readonly secret?: string
  readonly headers: Readonly<Record<string, string>>
  /** Whether addresses in private networks are allowed. */
  readonly allowPrivate: boolean
  readonly timeout: Millis
}

export interface AlertmanagerTarget {
  /** Base URLs of the members of one cluster. Each receives every alert. */
  readonly urls: readonly string[]
  readonly user?: string
  readonly password?: string
  readonly token?: string
  readonly timeout: Millis
}

/** A receiver's channels other than email. They hold secrets, so they stay out of the journal. */
export interface Targets {
  readonly webhook?: WebhookTarget
  readonly alertmanager?: AlertmanagerTarget
}

export interface SmtpConfig {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly requireTls: boolean
  readonly user?: string
  readonly password?: string
  readonly oauth2?: OAuth2
  /** The name sent in EHLO. */
  readonly ehloName?: string
  /** Timeout of one step of the SMTP dialogue. */
  readonly timeout: Millis
}

/** OAuth 2 login: a fixed access token, or the credentials to request new ones. */
export type OAuth2 =
  | { readonly user: string; readonly accessToken: string }
  | {
      readonly user: string
      readonly clientId: string
      readonly clientSecret: string
      readonly refreshToken: string
      /** Token endpoint; Google's when absent. */
      readonly accessUrl?: string
    }

/** Signs mails of a domain. Its public key is in DNS under `SELECTOR._domainkey.DOMAIN`. */
export interface DkimKey {
  readonly domain: string
  readonly selector: string
  /** RSA private key, PEM. */
  readonly key: string
}

/** The mail servers, preferred one first, and the settings they share. */
export interface MailConfig {
  readonly from: Recipient
  readonly servers: readonly SmtpConfig[]
  /** The most send attempts in any minute, over all servers. */
  readonly ratePerMinute?: number
  readonly dkim: readonly DkimKey[]
}

/** The whole configuration: validated, defaults filled in, secrets resolved, frozen. */
export interface Config {
  readonly file?: string
  readonly listen: { readonly host: string; readonly port: number }
  /** Absolute path of the folder that holds the journal and the mailbox. */
  readonly data: string
  /** Absolute path of the folder with the user's own event schemas. */
  readonly schemas?: string
  /** Base URL of the service in links: `https://stashwatch.example.org`. */
  readonly url?: string
  /** The same where its API answers the readers of mails: to their tokens, or on this machine. */
  readonly apiUrl?: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly ingest: IngestConfig
  readonly api: { readonly tokens: readonly Token[] }
  readonly smtp?: MailConfig
  /** By receiver name. */
  readonly targets: ReadonlyMap<string, Targets>
  /** URL template with `{{host}}`, `{{from}}` and `{{to}}` (ISO instants), for links to the user's dashboards. */
  readonly kibana?: string
  readonly engine: EngineConfig
}
