// Written by `npm run generate` from the JSON schemas in schemas/. Change those, not this file.

/**
 * HOST:PORT, an IPv6 host in brackets.
 */
export type Address = string
/**
 * A file system path, relative to the configuration file.
 */
export type Path = string
/**
 * A path that begins with a slash.
 */
export type URLPath = string
/**
 * At most 100 letters, digits, '.', '_' and '-', beginning with a letter or digit.
 */
export type Name = string
/**
 * A secret, preferably as ${VARIABLE} or { file: PATH }.
 */
export type Secret = (string | {
/**
 * File that contains only the secret; a trailing newline is ignored.
 */
file: Path
})
/**
 * Named tokens, one for each sender. Several may have the same name, so that a new one can replace another.
 * 
 * @maxItems 1000
 */
export type IngestTokens = IngestToken[]
/**
 * A number of bytes, or a whole number and its unit: B, kB, MB, GB, KiB, MiB or GiB.
 */
export type Size = (string | number)
/**
 * A whole number and its unit: ms, s, m, h or d.
 */
export type Duration = string
/**
 * Dotted path of an event field; Logstash's [host][name] is written host.name.
 */
export type FieldPath = string
/**
 * A dotted path, or a list; the first field present in an event is used.
 * 
 * @minItems 1
 */
export type FieldPaths = (string | [FieldPath, ...(FieldPath)[]])
/**
 * Named tokens, one for each client. Several may have the same name, so that a new one can replace another.
 * 
 * @maxItems 1000
 */
export type Tokens = Token[]
/**
 * A list of paths, whose last parts are the labels, or { LABEL: PATH }.
 */
export type FieldsOfLabels = (FieldPath[] | {
[k: string]: FieldPath
})
/**
 * The mail server, or a list; the next server is used while the one before it fails.
 * 
 * @minItems 1
 * @maxItems 5
 */
export type MailServer = ({
/**
 * Host name or address of the server.
 */
host: string
/**
 * Port of the server. Default: 465 if secure is true, 25 on loopback, otherwise 587.
 */
port?: number
/**
 * Connect with implicit TLS. Default: true on port 465 only.
 */
secure?: boolean
/**
 * Require STARTTLS; without it no mail is sent. Default: true unless the server is on loopback.
 */
require_tls?: boolean
/**
 * User name; requires password.
 */
user?: string
/**
 * Password; requires user.
 */
password?: Secret
/**
 * OAuth 2 login instead of user and password.
 */
oauth2?: OAuth2Login
/**
 * Sender address of mails. In a list of servers set it on the first server; it applies to all.
 */
from?: EMailAddress
/**
 * How long the server may take over one step, from 1 s to 5 min; once it has a whole mail, at least 10 min.
 */
timeout?: Duration
/**
 * How stashwatch names itself to the server (EHLO): a name that the DNS knows, or an address in brackets. Default: the name of the machine if it has a dot in it, else [127.0.0.1].
 */
ehlo_name?: string
/**
 * Most delivery attempts per minute over all servers; further mails wait. In a list of servers set it on the first server. Default: no limit.
 */
rate_per_minute?: number
/**
 * Signs mails with DKIM. In a list of servers set it on the first server; it applies to all.
 */
dkim?: DKIMKey
} | [MailServer]|[MailServer, MailServer]|[MailServer, MailServer, MailServer]|[MailServer, MailServer, MailServer, MailServer]|[MailServer, MailServer, MailServer, MailServer, MailServer])
/**
 * An address, with or without a name.
 */
export type EMailAddress = string
/**
 * A DKIM key, or a list; each key adds a signature.
 * 
 * @minItems 1
 * @maxItems 5
 */
export type DKIMKey = ({
/**
 * Signing domain, usually that of the sender address.
 */
domain: string
/**
 * Selector of the public key in the DNS: SELECTOR._domainkey.DOMAIN.
 */
selector: string
/**
 * Private RSA key in PEM form, without a passphrase.
 */
key: Secret
} | [DKIMKey]|[DKIMKey, DKIMKey]|[DKIMKey, DKIMKey, DKIMKey]|[DKIMKey, DKIMKey, DKIMKey, DKIMKey]|[DKIMKey, DKIMKey, DKIMKey, DKIMKey, DKIMKey])
/**
 * An address or a list of addresses, with or without names.
 * 
 * @minItems 1
 * @maxItems 100
 */
export type EMailAddresses = (string | [EMailAddress, ...(EMailAddress)[]])
/**
 * Subject of the mail, one line, with placeholders such as {{server}} and {{value | percent}}.
 */
export type Subject = string
/**
 * Text at the top of the mail, with placeholders as in the subject.
 */
export type MailText = string
/**
 * One line of printable ASCII.
 */
export type HeaderValue = string
/**
 * URL of the Alertmanager, or a list of all members of a cluster; each member gets every alert.
 * 
 * @minItems 1
 * @maxItems 50
 */
export type WebAddresses = (string | [WebAddress, ...(WebAddress)[]])
/**
 * Begins with http:// or https://.
 */
export type WebAddress = string
/**
 * IANA name of a time zone.
 */
export type TimeZone = string
/**
 * Hours and minutes, HH:MM, from 00:00 to 23:59.
 */
export type TimeOfDay = string
/**
 * sun, mon, tue, wed, thu, fri or sat.
 */
export type Weekday = string
/**
 * rule, host, source, severity, metric, a by label of the metric, or a label of the rule.
 */
export type Label = string
/**
 * Alerts with equal values of these labels share a mail.
 * 
 * @maxItems 50
 */
export type LabelsToGroupBy = Label[]
/**
 * A duration, never, or { initial, max }. Each interval is twice the one before, up to max.
 */
export type RepeatInterval = (string | {
/**
 * Interval before the first repeated notification, from 1m to 30d.
 */
initial: Duration
/**
 * Longest interval, at most 30d. Default: 24h, or initial if that is longer.
 */
max?: Duration
})
/**
 * LABEL OP VALUE, or a list of matchers that must all match. OP is =, !=, =~ or !~ (anchored RE2 regular expression).
 * 
 * @minItems 1
 * @maxItems 50
 */
export type Matchers = (string | [Matcher, ...(Matcher)[]])
/**
 * LABEL OP VALUE, where OP is =, !=, =~ or !~.
 */
export type Matcher = string
/**
 * Names of receivers.
 * 
 * @minItems 1
 */
export type ReceiversToNotify = [Name, ...(Name)[]]
/**
 * Additional receivers while an alert stays unacknowledged.
 * 
 * @maxItems 50
 */
export type Escalation = StepOfAnEscalation[]
/**
 * HH:MM-HH:MM, or a list of ranges; 24:00 is the end of the day.
 * 
 * @minItems 1
 * @maxItems 50
 */
export type SpansOfTheDay = (string | [SpanOfTheDay, ...(SpanOfTheDay)[]])
/**
 * HH:MM-HH:MM, from 00:00 to 24:00.
 */
export type SpanOfTheDay = string
/**
 * A weekday, a range such as fri-sun, or a list of them.
 * 
 * @minItems 1
 * @maxItems 50
 */
export type Weekdays = (string | [WeekdayOrRange, ...(WeekdayOrRange)[]])
/**
 * A weekday, or a range of weekdays.
 */
export type WeekdayOrRange = string
/**
 * A day from 1 to 31 or, from the end, -1 to -31; a range such as 10-15 or -3:-1; or a list of them.
 * 
 * @minItems 1
 * @maxItems 50
 */
export type DaysOfTheMonth = (number | string | [DayOfTheMonthOrRange, ...(DayOfTheMonthOrRange)[]])
/**
 * A day from 1 to 31 or, from the end, -1 to -31; or a range such as 10-15 or -3:-1.
 */
export type DayOfTheMonthOrRange = (number | string)
/**
 * A month by name or number, a range such as 6-8 or nov-feb, or a list of them.
 * 
 * @minItems 1
 * @maxItems 50
 */
export type Months = (number | string | [MonthOrRange, ...(MonthOrRange)[]])
/**
 * A month by name or number, or a range such as 6-8 or nov-feb.
 */
export type MonthOrRange = (number | string)
/**
 * A year, a range such as 2027-2030, or a list of them.
 * 
 * @minItems 1
 * @maxItems 50
 */
export type Years = (number | string | [YearOrRange, ...(YearOrRange)[]])
/**
 * A year, or a range such as 2027-2030.
 */
export type YearOrRange = (number | string)
/**
 * A value, a list of values of which one must be equal, or a mapping of tests that must all pass.
 * 
 * @minItems 1
 * @maxItems 1000
 */
export type FieldTest = (string | number | boolean | [FieldValue, ...(FieldValue)[]] | {
/**
 * Text that the field contains (case-sensitive).
 */
contains?: string
/**
 * Text that the field starts with (case-sensitive).
 */
prefix?: string
/**
 * RE2 regular expression, matched anywhere in the first 8192 characters of the field.
 */
matches?: string
/**
 * Whether the field exists.
 */
exists?: boolean
/**
 * The field is a number above this value.
 */
above?: number
/**
 * The field is a number below this value.
 */
below?: number
/**
 * A value, a list or tests that the field must not pass. A missing field passes.
 */
not?: FieldTest
})
/**
 * A value; numbers and booleans are compared as text.
 */
export type FieldValue = (string | number | boolean)
/**
 * Aggregation of a window, for metrics: a statistic, or a percentile from p1 to p99.9. increase and rate (per second) are for counters.
 */
export type Aggregation = string
/**
 * A host pattern or a list; * matches any text and ? any single character, and a pattern that begins with ! excludes hosts.
 * 
 * @minItems 1
 * @maxItems 1000
 */
export type HostPatterns = (string | [HostPattern, ...(HostPattern)[]])
/**
 * A host name; * matches any text and ? any single character.
 */
export type HostPattern = string
/**
 * One line of text, a number, true or false.
 */
export type LabelValue = (string | number | boolean)
/**
 * Names of hosts, or a file with names.
 */
export type NamesOfHosts = (string[] | {
/**
 * File with one name per line; empty lines and comments (#) are ignored. Read again on reload.
 */
file: Path
})

/**
 * The configuration of stashwatch. Omitted keys take their defaults; unknown keys are errors. Secrets may be written as ${VARIABLE} or { file: PATH }. Paths are relative to the configuration file.
 */
export interface Configuration {
/**
 * Address to listen on for HTTP: HOST:PORT. Port 0 selects a free port.
 */
listen?: Address
/**
 * Directory of the journal and the mailbox; created if it does not exist.
 */
data?: Path
/**
 * Directory of your own event schemas, KIND.schema.json (draft-07). A schema adds a kind of event, or replaces the built-in schema of the same kind. Checked when the configuration is loaded.
 */
schemas?: Path
/**
 * External URL of this service; the base of links in mails. Links to hosts and alerts also need api.tokens.
 */
url?: string
/**
 * Logging of the service itself.
 */
log?: {
/**
 * Lowest level that is logged.
 */
level?: ("debug" | "info" | "warn" | "error")
}
/**
 * How events are received from Logstash.
 */
ingest?: Ingest
/**
 * The HTTP API under /api/v1.
 */
api?: {
/**
 * Tokens for the API. Without tokens the API is available on loopback only, and not through a proxy.
 */
tokens?: Tokens
}
/**
 * Metrics by name: the fields of events that hold their values. Replaces the built-in metrics (cpu, memory, swap, load, disk, net_in, net_out, gpu, gpu_memory, gpu_temperature, machine.cpu, machine.memory); a file with metrics must also have rules.
 */
metrics?: {
[k: string]: Metric
}
/**
 * The mail server, or a list of them in order of preference. Without it mails are written to the mailbox: files in the data directory, shown at /mailbox.
 */
smtp?: MailServer
/**
 * Receivers of notifications, by name: people, programs, or both. Replaces the built-in receiver admin (admin@localhost).
 */
receivers?: {
[k: string]: Receiver
}
/**
 * Subject and text of mails for rules and receivers without their own.
 */
templates?: Templates
/**
 * How alerts are grouped, repeated and rate limited.
 */
alerting?: Alerting
/**
 * Selects receivers for the alerts of rules without notify: the first matching route applies. A last route without matchers is the default route.
 * 
 * @minItems 1
 * @maxItems 200
 */
routes?: [Route, ...(Route)[]]
/**
 * Recurring times in which matching alerts send no notifications.
 * 
 * @maxItems 200
 */
maintenance_windows?: MaintenanceWindow[]
/**
 * Suppress the notifications of some alerts while others fire.
 * 
 * @maxItems 200
 */
inhibit_rules?: InhibitionRule[]
/**
 * Links in mails.
 */
links?: {
/**
 * URL of the page that shows a host's events. {{host}}, {{from}} and {{to}} (ISO 8601) are replaced.
 */
kibana?: string
}
/**
 * Alerts of the service itself: silent sources, wrong clocks, limits reached.
 */
self_monitoring?: {
/**
 * Receivers of the service's own alerts and, without routes, of rules without notify. Default: the only receiver; required with several receivers.
 */
notify?: ReceiversToNotify
}
/**
 * Alerting rules. Replaces the built-in rules (cpu-high, memory-high, host-silent).
 */
rules?: Rule[]
/**
 * Expected hosts, and when other hosts are retired.
 */
hosts?: {
/**
 * Full names of hosts that must exist: absent even if they never sent an event, and never retired. A list, or { file: PATH } with one name per line.
 */
expected?: NamesOfHosts
/**
 * Retires a host that is not expected, and closes its alerts, when it has sent nothing for this long while its source delivered. Default: 24h, or twice the longest absence.after of the rules.
 */
retire_after?: Duration
}
/**
 * Limits on memory. Whatever exceeds a limit is refused or evicted, counted in the metrics, and notified.
 */
limits?: {
/**
 * Most hosts at a time.
 */
hosts?: number
/**
 * Most series of all hosts together. A series is a host, a metric and the values of its by labels.
 */
series?: number
/**
 * Most series of one host.
 */
series_per_host?: number
/**
 * Most sources (Logstash instances).
 */
sources?: number
}
}
/**
 * How events are received from Logstash.
 */
export interface Ingest {
/**
 * URL paths that accept events.
 * 
 * @minItems 1
 */
paths?: [URLPath, ...(URLPath)[]]
/**
 * Tokens for posting events. Without tokens any client that reaches the service may post, except web pages.
 */
tokens?: IngestTokens
/**
 * Kinds of events that are about a host but come from elsewhere, such as a controller. Rules evaluate them; they are no sign that the host is alive.
 * 
 * @maxItems 100
 */
remote_kinds?: string[]
/**
 * Most sources of one token. Beside a token, the header X-Source: NAME names the source TOKEN/NAME. Further names count under the token's own name; 0 ignores the header.
 */
sub_sources?: number
/**
 * Largest request body as sent (compressed).
 */
max_body?: (Size & string)
/**
 * Largest request body after decompression; at least max_body.
 */
max_decompressed?: (Size & string)
/**
 * A request body must bring 16 KiB in every such span, whatever it takes in all; else its connection is closed, and Logstash sends it again. From 1s to 10m.
 */
body_timeout?: Duration
/**
 * Most events in one request.
 */
max_events?: number
/**
 * Most requests per minute for one token, or for one address without tokens. Requests over the limit get 429, and Logstash retries them. With format `json` the Logstash output sends one request per event.
 */
requests_per_minute?: number
/**
 * HTTP status when every event of a request was rejected. Use 200 for senders that resend after every 4xx, such as syslog-ng.
 */
all_rejected_status?: (422 | 200)
/**
 * Field with a unique ID of the event, such as the target of a fingerprint filter. Events of one host with a known ID are dropped as duplicates.
 */
event_id_field?: FieldPath
/**
 * Fields that hold the host of an event, by kind of event; the first field present is used. Omitted kinds keep their default; the key default is for all other events.
 */
host?: {
/**
 * Domain to remove from the names of hosts, or a list: with example.org, web-1.example.org is web-1. Host patterns of rules are compared with the name that is left.
 * 
 * @minItems 1
 */
strip_domain?: (string | [string, ...(string)[]])
[k: string]: FieldPaths | string | [string, ...(string)[]] | undefined
}
}
/**
 * A token and its name.
 */
export interface IngestToken {
/**
 * Name of the source.
 */
name: Name
/**
 * Bearer token, or password for Basic authentication: printable ASCII, at least 8 characters.
 */
token: Secret
/**
 * Whether source-down fires if this source is silent for 150 seconds, or never connects. False for one that sends only now and then.
 */
expected?: boolean
}
/**
 * A token and its name.
 */
export interface Token {
/**
 * Name of the client.
 */
name: Name
/**
 * Bearer token, or password for Basic authentication: printable ASCII, at least 8 characters.
 */
token: Secret
}
/**
 * A numeric field of events.
 */
export interface Metric {
/**
 * Event field that holds the value: a dotted path, or a list; the first field present is used.
 */
field: FieldPaths
/**
 * Unit of the values. A ratio is from 0 to 1.
 */
unit?: ("ratio" | "percent" | "bytes" | "seconds" | "celsius" | "count" | "none")
/**
 * Smallest possible value; of a counter, its smallest growth per second. Readings below are left out. Default: -0.01 for ratio, -1 for percent, -90 for celsius, -1 EiB for bytes (0 per second for counters), none for other units.
 */
min?: number
/**
 * Largest possible value; of a counter, its largest growth per second. Readings above are left out. Default: 1024 for ratio, 102400 for percent, 1000 for celsius, 1 EiB for bytes (1 PiB per second for counters), none for other units.
 */
max?: number
/**
 * A gauge can go up and down; a counter only increases and resets to zero on restart.
 */
kind?: ("gauge" | "counter")
/**
 * Fields whose values separate the series of a host, such as a mount point or an interface. In a list the last part of each path is its label (mount_point); { LABEL: PATH } names the labels.
 */
by?: FieldsOfLabels
}
/**
 * A long-lived access_token; or client_id, client_secret and refresh_token to request access tokens.
 */
export interface OAuth2Login {
/**
 * The mail account.
 */
user: string
/**
 * Client ID of the registered application.
 */
client_id?: string
/**
 * Client secret of the registered application.
 */
client_secret?: Secret
/**
 * Token used to request access tokens.
 */
refresh_token?: Secret
/**
 * Token endpoint. Default: Google's.
 */
access_url?: string
/**
 * A long-lived access token, if the server issues them.
 */
access_token?: Secret
}
/**
 * A destination of notifications: at least one of email, webhook and alertmanager.
 */
export interface Receiver {
/**
 * Mail to one or more addresses; each address gets its own mail.
 */
email?: {
to: EMailAddresses
/**
 * Subject of this receiver's mails for rules without one.
 */
subject?: Subject
/**
 * Text at the top of this receiver's mails for rules without one.
 */
body?: MailText
/**
 * thread: all mails of a thread keep its first subject, so that mail clients show one conversation. status: the subject starts with the state, such as [resolved]; clients that thread by subject (Gmail) show each state separately.
 */
subject_mode?: ("thread" | "status")
}
/**
 * A URL that alerts are posted to as JSON.
 */
webhook?: Webhook
/**
 * An Alertmanager, or all members of a cluster, that alerts are sent to.
 */
alertmanager?: Alertmanager
/**
 * Notify the receiver when an alert resolves. An Alertmanager is always notified.
 */
send_resolved?: boolean
/**
 * Time zone of the receiver: for times in its mails, and for report and heartbeat. Default: UTC.
 */
time_zone?: TimeZone
/**
 * A daily or weekly summary mail, sent even without alerts.
 */
report?: {
/**
 * How often the report is sent.
 */
every?: ("day" | "week")
/**
 * Time of day in the receiver's time_zone.
 */
at?: TimeOfDay
/**
 * Day of the week for weekly reports. Default: mon.
 */
weekday?: Weekday
}
/**
 * A daily mail that confirms that stashwatch is running, with the current state.
 */
heartbeat?: {
/**
 * Time of day in the receiver's time_zone.
 */
at?: TimeOfDay
}
}
/**
 * A URL that alerts are posted to as JSON.
 */
export interface Webhook {
/**
 * URL of the webhook, http:// or https://. Treated as a secret.
 */
url: string
/**
 * Key of the HMAC signature of each request body.
 */
secret?: Secret
/**
 * Additional request headers. Their values are treated as secrets.
 */
headers?: {
[k: string]: HeaderValue
}
/**
 * Allow loopback and private network addresses.
 */
allow_private?: boolean
/**
 * Timeout of a request, from 1s to 5m.
 */
timeout?: Duration
}
/**
 * An Alertmanager, or all members of a cluster, that alerts are sent to.
 */
export interface Alertmanager {
url: WebAddresses
/**
 * User name; requires password.
 */
user?: string
/**
 * Password; requires user.
 */
password?: Secret
/**
 * Bearer token instead of user and password.
 */
token?: Secret
/**
 * Timeout of a request, from 1s to 5m.
 */
timeout?: Duration
}
/**
 * Subject and text of mails.
 */
export interface Templates {
/**
 * Subject of mails for rules and receivers without one.
 */
subject?: Subject
/**
 * Text at the top of mails for rules and receivers without one.
 */
body?: MailText
}
/**
 * How alerts are grouped, repeated and rate limited.
 */
export interface Alerting {
/**
 * Alerts with equal values of these labels share a mail. Without host, alerts of several hosts share a mail.
 */
group_by?: LabelsToGroupBy
/**
 * How long to wait for more alerts before the first mail of a group; at most 1h. Default: 0s, or 30s if group_by lacks host.
 */
group_wait?: Duration
/**
 * Shortest time between mails about changes in a group; at most 1d. Default: 0s, or 5m if group_by lacks host.
 */
group_interval?: Duration
/**
 * Interval between notifications for an alert that keeps firing.
 */
repeat_interval?: (RepeatInterval & string)
/**
 * Most single mails per minute. Alerts over a limit are listed in one mail for each recipient.
 */
rate_limit?: {
/**
 * Most mails per minute to one address.
 */
per_recipient?: number
/**
 * Most mails per minute to all addresses together.
 */
total?: number
}
/**
 * Notify only when an alert starts and stops flapping, instead of for each change.
 */
flapping?: boolean
}
/**
 * Matching alerts and their receivers.
 */
export interface Route {
/**
 * Alerts that the route applies to. Default: all.
 */
matchers?: Matchers
/**
 * Receivers of the matching alerts.
 */
notify: ReceiversToNotify
/**
 * Continue with the routes after this one.
 */
continue?: boolean
/**
 * Alerts with equal values of these labels share a mail. Default: alerting.group_by.
 */
group_by?: LabelsToGroupBy
/**
 * How long to wait for more alerts before the first mail of a group; at most 1h. Default: 0s, or 30s if group_by lacks host.
 */
group_wait?: Duration
/**
 * Shortest time between mails about changes in a group; at most 1d. Default: 0s, or 5m if group_by lacks host.
 */
group_interval?: Duration
/**
 * Interval between notifications for an alert that keeps firing. Default: alerting.repeat_interval.
 */
repeat_interval?: RepeatInterval
/**
 * Additional receivers while an alert stays unacknowledged.
 */
escalation?: Escalation
}
/**
 * A delay and the receivers to notify then.
 */
export interface StepOfAnEscalation {
/**
 * Time without acknowledgement before these receivers are notified, from 1s to 30d.
 */
after: Duration
/**
 * Additional receivers.
 */
notify: ReceiversToNotify
}
/**
 * A recurring time in which matching alerts send no notifications. Omitted keys match any time.
 */
export interface MaintenanceWindow {
/**
 * Unique name of the window, shown in mails and the API.
 */
name: Name
/**
 * Alerts that the window applies to.
 */
matchers: Matchers
/**
 * Time ranges. A range that crosses midnight belongs to the day on which it begins. Default: all day.
 */
times?: SpansOfTheDay
/**
 * Days of the week.
 */
weekdays?: Weekdays
/**
 * Days of the month; -1 is the last.
 */
days_of_month?: DaysOfTheMonth
/**
 * Months, by name or number.
 */
months?: Months
/**
 * Years.
 */
years?: Years
/**
 * Time zone of the times and days.
 */
time_zone?: TimeZone
}
/**
 * Suppresses the notifications of the target alerts while a source alert fires.
 */
export interface InhibitionRule {
/**
 * Alerts that suppress others while they fire.
 */
source_matchers: Matchers
/**
 * Alerts that are suppressed.
 */
target_matchers: Matchers
/**
 * Labels that must have the same value in the source and the target alert.
 * 
 * @maxItems 50
 */
equal?: Label[]
}
/**
 * A condition, how often it is evaluated, and who is notified.
 */
export interface Rule {
/**
 * Unique name of the rule, shown in mails and the API.
 */
name: Name
/**
 * The condition: a metric or a count of events over a window, and the detector that judges it; or absence.
 */
when: Condition
/**
 * Evaluation interval: a multiple of the bucket (10s; 1m if over exceeds 1h, 1h if it exceeds 24h), at most 24h. Default: the bucket.
 */
every?: Duration
/**
 * How long the condition must hold before the alert fires; at most 7d.
 */
for?: Duration
/**
 * How long the condition must be clear before the alert resolves; at most 7d.
 */
keep_firing_for?: Duration
/**
 * Notify when a critical alert becomes a warning. Otherwise the next notification is for its resolution.
 */
notify_on_downgrade?: boolean
/**
 * Notify when an alert resolves. An Alertmanager is always notified.
 */
send_resolved?: boolean
/**
 * Severity of alerts, unless the threshold has warning: and critical: bounds.
 */
severity?: ("warning" | "critical")
/**
 * Receivers. Default: selected by the routes; without routes, self_monitoring.notify.
 */
notify?: ReceiversToNotify
/**
 * Alerts of the rule with equal values of these labels share a mail; with [rule] all hosts share one. Default: that of the route, or alerting.group_by.
 */
group_by?: LabelsToGroupBy
/**
 * Interval between notifications for an alert that keeps firing. Default: that of the route, or alerting.repeat_interval.
 */
repeat_interval?: RepeatInterval
/**
 * Additional receivers while an alert stays unacknowledged.
 */
escalation?: Escalation
/**
 * Subject of the mail, one line, with placeholders such as {{server}} and {{value | percent}}.
 */
subject?: Subject
/**
 * Text at the top of the mail, with placeholders as in the subject.
 */
body?: MailText
/**
 * Hosts that the rule applies to. Default: all.
 */
hosts?: HostPatterns
/**
 * Labels added to the alerts of the rule; {{label.team}} in templates.
 */
labels?: {
[k: string]: LabelValue
}
/**
 * Fire when at_least of the last so many evaluated windows are anomalous. Default: the last one alone.
 */
breaches?: {
/**
 * Fewest anomalous windows.
 */
at_least: number
/**
 * Number of windows, at most 16. A window without data is none of them.
 */
of: number
}
/**
 * Fewest samples needed to evaluate a window. Default: half of the host's usual number.
 */
min_samples?: number
/**
 * Other bounds for some hosts; the last matching override applies.
 * 
 * @maxItems 1000
 */
overrides?: Override[]
/**
 * Set to false to disable the rule.
 */
enabled?: boolean
}
/**
 * metric or count with over and one detector, such as threshold; or absence alone.
 */
export interface Condition {
/**
 * Name of the metric to evaluate.
 */
metric?: Name
/**
 * Counts the events that match, per host.
 */
count?: {
/**
 * Tests by dotted field path; all must pass. {} counts every event.
 */
where: {
[k: string]: FieldTest
}
/**
 * Fields whose values separate the counts of a host: one alert for each value, such as a user or an address. Labels as in a metric's by.
 */
by?: FieldsOfLabels
}
/**
 * The host sent nothing while its source delivered.
 */
absence?: {
/**
 * Time without events, from 90s to 30d.
 */
after: Duration
}
/**
 * Length of the window, from 10s to 7d: a multiple of 10s up to 1h, of 1m up to 24h, of 1h beyond.
 */
over?: Duration
/**
 * Aggregation of the window and its bounds, either directly or under warning: and critical:.
 */
threshold?: Threshold
/**
 * How far the value of the window may be from that of the window before it, the reference.
 */
change?: Change
/**
 * A value that stopped moving, although it moved in at least 90 % of its earlier windows.
 */
flat?: Flat
}
/**
 * Aggregation of the window and its bounds, either directly or under warning: and critical:.
 */
export interface Threshold {
of?: Aggregation
/**
 * Upper bound, exclusive: breached above this value.
 */
above?: number
/**
 * Upper bound, inclusive: breached at this value and above.
 */
at_least?: number
/**
 * Lower bound, exclusive: breached below this value.
 */
below?: number
/**
 * Lower bound, inclusive: breached at this value and below.
 */
at_most?: number
/**
 * The value at which the alert is over again. Default: 5 % inside the bound, as far as the unit can reach; the bound itself for counts, for min, max and last, and for below and at_most of what has no unit.
 */
clear?: number
/**
 * Bounds of a warning.
 */
warning?: Bounds
/**
 * Bounds of a critical alert.
 */
critical?: Bounds
}
/**
 * A bound, or one on each side, and the recovery threshold.
 */
export interface Bounds {
/**
 * Upper bound, exclusive: breached above this value.
 */
above?: number
/**
 * Upper bound, inclusive: breached at this value and above.
 */
at_least?: number
/**
 * Lower bound, exclusive: breached below this value.
 */
below?: number
/**
 * Lower bound, inclusive: breached at this value and below.
 */
at_most?: number
/**
 * The value at which the alert is over again. Default: 5 % inside the bound, as far as the unit can reach; the bound itself for counts, for min, max and last, and for below and at_most of what has no unit.
 */
clear?: number
}
/**
 * How far the value of the window may be from that of the window before it, the reference.
 */
export interface Change {
of?: Aggregation
/**
 * Anomalous if the value rises by this much or more, in the metric's unit.
 */
up?: number
/**
 * Anomalous if the value falls by this much or more, in the metric's unit.
 */
down?: number
/**
 * Anomalous if the value rises to this many times the reference or more.
 */
up_factor?: number
/**
 * Anomalous if the value falls to the reference divided by this, or less.
 */
down_factor?: number
/**
 * Smallest change that a factor applies to, in the metric's unit. Default: 0.05 for ratios, 5 for percentages, 10 for counts of events; otherwise required.
 */
min_change?: number
/**
 * The alert resolves when the difference to the reference is at most this share of the change that starts one.
 */
clear?: number
}
/**
 * A value that stopped moving, although it moved in at least 90 % of its earlier windows.
 */
export interface Flat {
/**
 * The value has not moved if it varies by this much or less, in the metric's unit.
 */
tolerance?: number
}
/**
 * Other bounds for some hosts.
 */
export interface Override {
/**
 * Hosts that the override applies to.
 */
hosts: HostPatterns
/**
 * Bounds that replace the rule's; an omitted severity keeps the rule's bounds.
 */
threshold?: {
/**
 * Upper bound, exclusive: breached above this value.
 */
above?: number
/**
 * Upper bound, inclusive: breached at this value and above.
 */
at_least?: number
/**
 * Lower bound, exclusive: breached below this value.
 */
below?: number
/**
 * Lower bound, inclusive: breached at this value and below.
 */
at_most?: number
/**
 * The value at which the alert is over again. Default: 5 % inside the bound, as far as the unit can reach; the bound itself for counts, for min, max and last, and for below and at_most of what has no unit.
 */
clear?: number
/**
 * Bounds of a warning.
 */
warning?: Bounds
/**
 * Bounds of a critical alert.
 */
critical?: Bounds
}
/**
 * Changes that replace the rule's; an omitted direction keeps the rule's.
 */
change?: {
/**
 * Anomalous if the value rises by this much or more, in the metric's unit.
 */
up?: number
/**
 * Anomalous if the value falls by this much or more, in the metric's unit.
 */
down?: number
/**
 * Anomalous if the value rises to this many times the reference or more.
 */
up_factor?: number
/**
 * Anomalous if the value falls to the reference divided by this, or less.
 */
down_factor?: number
/**
 * Smallest change that a factor applies to, in the metric's unit. Default: 0.05 for ratios, 5 for percentages, 10 for counts of events; otherwise required.
 */
min_change?: number
/**
 * The alert resolves when the difference to the reference is at most this share of the change that starts one.
 */
clear?: number
}
/**
 * A tolerance that replaces the rule's.
 */
flat?: {
/**
 * The value has not moved if it varies by this much or less, in the metric's unit.
 */
tolerance?: number
}
}
