// Written by `npm run generate` from the JSON schemas in schemas/. Change those, not this file.

/**
 * HOST:PORT, an IPv6 host in brackets.
 */
export type Address = string
/**
 * A path of the file system, relative to the configuration file.
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
 * A secret: better ${VARIABLE} or { file: PATH } than written here.
 */
export type Secret = (string | {
/**
 * File that holds the secret and nothing else; a newline at its end does not count.
 */
file: Path
})
/**
 * Named tokens, so that each sender has its own and one can be changed alone.
 * 
 * @maxItems 1000
 */
export type Tokens = Token[]
/**
 * A number of bytes, or a whole number and its unit: B, kB, MB, GB, KiB, MiB or GiB.
 */
export type Size = (string | number)
/**
 * The dotted path of a field of an event; Logstash's [host][name] is host.name here.
 */
export type FieldPath = string
/**
 * One dotted path, or a list of them of which the first one present in an event counts.
 * 
 * @minItems 1
 */
export type FieldPaths = (string | [FieldPath, ...(FieldPath)[]])
/**
 * The mail server that takes the mails, or a list of servers: the next one is asked when the one before it is in trouble.
 * 
 * @minItems 1
 * @maxItems 5
 */
export type MailServer = ({
/**
 * The server's name or address.
 */
host: string
/**
 * Default: 465 where secure is true, 25 on loopback, else 587.
 */
port?: number
/**
 * TLS from the first byte. Default: true on port 465 only.
 */
secure?: boolean
/**
 * STARTTLS, or no mail at all. Default: true unless the server is on loopback.
 */
require_tls?: boolean
/**
 * Name to log in with; goes with password.
 */
user?: string
/**
 * Password to log in with; goes with user.
 */
password?: Secret
/**
 * Login with OAuth 2 in the place of user and password.
 */
oauth2?: OAuth2Login
/**
 * Sender of the mails. Of several servers the first one has it, for all.
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
 * Most attempts to send in any minute, over all servers; mails wait for their turn. Of several servers the first one has it. Default: no limit.
 */
rate_per_minute?: number
/**
 * Signs the mails for the sender's domain. Of several servers the first one has it, for all.
 */
dkim?: DKIMKey
} | [MailServer]|[MailServer, MailServer]|[MailServer, MailServer, MailServer]|[MailServer, MailServer, MailServer, MailServer]|[MailServer, MailServer, MailServer, MailServer, MailServer])
/**
 * An address, with or without a name.
 */
export type EMailAddress = string
/**
 * A whole number and its unit: ms, s, m, h or d.
 */
export type Duration = string
/**
 * The key that mails are signed with, or a list of keys, each of which signs.
 * 
 * @minItems 1
 * @maxItems 5
 */
export type DKIMKey = ({
/**
 * Domain that signs, as a rule that of the sender's address.
 */
domain: string
/**
 * Name under which the public key stands in the DNS: SELECTOR._domainkey.DOMAIN.
 */
selector: string
/**
 * Private RSA key in PEM form, without a passphrase.
 */
key: Secret
} | [DKIMKey]|[DKIMKey, DKIMKey]|[DKIMKey, DKIMKey, DKIMKey]|[DKIMKey, DKIMKey, DKIMKey, DKIMKey]|[DKIMKey, DKIMKey, DKIMKey, DKIMKey, DKIMKey])
/**
 * One address, or a list of them, with or without names.
 * 
 * @minItems 1
 * @maxItems 100
 */
export type EMailAddresses = (string | [EMailAddress, ...(EMailAddress)[]])
/**
 * Subject of the mail, in one line; {{server}}, {{value | percent}} and other placeholders are filled in.
 */
export type Subject = string
/**
 * Text at the top of the mail, with placeholders as in the subject.
 */
export type MailText = string
/**
 * Text in one line.
 */
export type HeaderValue = string
/**
 * Its address, or those of all members of a cluster; each gets every alert.
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
 * The IANA name of a time zone.
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
 * rule, host, source, severity, metric, a by field of the metric, or a label of the rule.
 */
export type Label = string
/**
 * Alerts that agree in these labels share a mail.
 * 
 * @maxItems 50
 */
export type LabelsToGroupBy = Label[]
/**
 * A duration after which an alert that goes on is told again, never, or first and most; each wait is twice the one before, up to most.
 */
export type Repeat = (string | {
/**
 * When it is told again for the first time; from 1m to 30d.
 */
first: Duration
/**
 * The longest wait, at most 30d. Default: 24h, or first where that is longer.
 */
most?: Duration
})
/**
 * LABEL OP VALUE, or a list of them that must all hold. OP is =, !=, =~ or !~ (an RE2 expression for the whole value).
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
 * Who is told as well when nobody has acknowledged the alert for so long.
 * 
 * @maxItems 50
 */
export type Escalation = StepOfAnEscalation[]
/**
 * HH:MM-HH:MM, or a list of such spans; 24:00 is midnight at the end of the day.
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
 * A weekday, or two of them with '-' between.
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
 * A value that the field equals, a list of which it equals one, or a mapping of tests that all hold.
 * 
 * @minItems 1
 * @maxItems 1000
 */
export type FieldTest = (string | number | boolean | [FieldValue, ...(FieldValue)[]] | {
/**
 * Text that the field contains, in the same case.
 */
contains?: string
/**
 * Text that the field begins with, in the same case.
 */
prefix?: string
/**
 * RE2 expression that is found anywhere in the field.
 */
matches?: string
/**
 * true: the field is there. false: it is not.
 */
exists?: boolean
/**
 * The field is a number above this.
 */
above?: number
/**
 * The field is a number below this.
 */
below?: number
})
/**
 * A value that the field may equal; numbers and booleans are compared as text.
 */
export type FieldValue = (string | number | boolean)
/**
 * One host or a list; * stands for any text and ? for any one character.
 * 
 * @minItems 1
 * @maxItems 1000
 */
export type HostPatterns = (string | [HostPattern, ...(HostPattern)[]])
/**
 * A host, where * stands for any text and ? for any one character.
 */
export type HostPattern = string
/**
 * Text in one line, a number, true or false.
 */
export type LabelValue = (string | number | boolean)
/**
 * Names of hosts, or the file that holds them.
 */
export type NamesOfHosts = (string[] | {
/**
 * File with one name a line; empty lines, and what begins with #, do not count. Read again at each reload.
 */
file: Path
})

/**
 * The configuration of stashwatch. What is left out takes its default; unknown keys are errors. Secrets may be written as ${VARIABLE} or { file: PATH }, and paths are relative to the configuration file.
 */
export interface Configuration {
/**
 * Where the service answers HTTP: HOST:PORT. Port 0 takes any free port.
 */
listen?: Address
/**
 * Folder of the journal and the mailbox; created when it is missing.
 */
data?: Path
/**
 * Folder with schemas of your own, KIND.schema.json (draft-07): for events that no built-in schema describes, or in place of a built-in one of the same kind. Checked when the configuration is loaded.
 */
schemas?: Path
/**
 * How people reach this service; links in mails begin with it.
 */
url?: string
/**
 * The service's own log lines.
 */
log?: {
/**
 * The least severe lines that are written.
 */
level?: ("debug" | "info" | "warn" | "error")
}
/**
 * How events are taken from Logstash.
 */
ingest?: Ingest
/**
 * The read API under /api/v1.
 */
api?: {
/**
 * Who may use the API. Without tokens it answers on loopback only.
 */
tokens?: Tokens
}
/**
 * The numbers to watch, by name, and where events carry them. Takes the place of the built-in metrics (cpu, memory, swap, load, disk, net_in, net_out, gpu, gpu_memory, gpu_temperature, machine.cpu, machine.memory); a file with metrics also has rules.
 */
metrics?: {
[k: string]: Metric
}
/**
 * The mail server, or a list of them, the preferred one first. Without it mails go to the mailbox: files under the data folder, shown at /mailbox.
 */
smtp?: MailServer
/**
 * Who is told, by name: people, programs, or both. Takes the place of the built-in receiver admin (admin@localhost).
 */
receivers?: {
[k: string]: Receiver
}
/**
 * Subject and text of mails, where neither the rule nor the receiver has its own.
 */
templates?: Templates
/**
 * Which alerts share a mail, and how often people are told.
 */
alerting?: Alerting
/**
 * Chooses receivers for the alerts of rules without notify: the first route that fits counts. A last route without match is for all the rest.
 * 
 * @minItems 1
 * @maxItems 200
 */
routes?: [Route, ...(Route)[]]
/**
 * Recurring times in which alerts that fit are not told.
 * 
 * @maxItems 200
 */
maintenance?: MaintenanceWindow[]
/**
 * Alerts that are not told while another one fires.
 * 
 * @maxItems 200
 */
inhibit?: Inhibition[]
/**
 * Pages that mails link to.
 */
links?: {
/**
 * Where the user looks at events. {{host}}, {{from}} and {{to}} (ISO instants) are filled in.
 */
kibana?: string
}
/**
 * The service's own alerts (silent sources, wrong clocks, limits reached), and its manners.
 */
system?: {
/**
 * Receivers of the service's own alerts, and, where there are no routes, of rules that name none. Default: the only receiver; with several receivers it must be said.
 */
notify?: ReceiversToNotify
/**
 * Most mails a minute to one person; what does not fit is listed in one mail.
 */
mails_per_minute?: number
}
/**
 * When to tell whom. Takes the place of the built-in rules (cpu-high, memory-high, host-silent).
 */
rules?: Rule[]
/**
 * Which hosts there are, and when one that has left is forgotten.
 */
hosts?: {
/**
 * Hosts that must exist, by their whole names: missed although they were never heard, and never forgotten. A list, or { file: PATH } with one name a line.
 */
expected?: NamesOfHosts
/**
 * A host that is not expected is forgotten, with its alerts, after so much silence while its source delivered. Default: 24h, or twice the longest absence that a rule waits for.
 */
forget_after?: Duration
}
/**
 * Caps on memory. What is beyond them is refused or evicted, counted, and told.
 */
limits?: {
/**
 * Most hosts that are watched at a time.
 */
hosts?: number
/**
 * Most series of all hosts together; a series is a host, a metric and the values of its by fields.
 */
series?: number
/**
 * Most series of one host.
 */
series_per_host?: number
/**
 * Most senders (Logstash instances) that are told apart.
 */
sources?: number
}
}
/**
 * How events are taken from Logstash.
 */
export interface Ingest {
/**
 * URL paths that take events.
 * 
 * @minItems 1
 */
paths?: [URLPath, ...(URLPath)[]]
/**
 * Who may post events. Without tokens everybody may who can reach the service.
 */
tokens?: Tokens
/**
 * Largest body on the wire.
 */
max_body?: (Size & string)
/**
 * Largest body after inflating; not less than max_body.
 */
max_inflated?: (Size & string)
/**
 * Most events in one body.
 */
max_events?: number
/**
 * Most requests a minute for one token, or for one address when there are no tokens. With the output's format `json` every event is a request; more than this is answered 429, and Logstash waits and comes again.
 */
requests_per_minute?: number
/**
 * Answer when no event of a body was accepted. 200 is for senders that resend after every 4xx, such as syslog-ng.
 */
invalid_status?: (422 | 200)
/**
 * Field that names an event uniquely, such as the target of a fingerprint filter; makes duplicates certain to be found.
 */
id_field?: FieldPath
/**
 * Where the host of an event is found, by kind of event: dotted paths, of which the first one present counts. Kinds that are left out keep their default; default serves all other events.
 */
host?: {
[k: string]: FieldPaths
}
}
/**
 * A token and its name.
 */
export interface Token {
/**
 * Whose token it is. Events that come with it are from the source of this name.
 */
name: Name
/**
 * Bearer token, or password of Basic authentication: printable ASCII, at least 8 characters.
 */
token: Secret
}
/**
 * A number in events.
 */
export interface Metric {
/**
 * Where events carry it: a dotted path, or a list of which the first one present counts.
 */
field: FieldPaths
/**
 * How its values are to be read and printed. A ratio goes from 0 to 1.
 */
unit?: ("ratio" | "percent" | "bytes" | "seconds" | "count" | "none")
/**
 * A gauge is a value now; a counter only grows, and starts again from zero after a restart.
 */
kind?: ("gauge" | "counter")
/**
 * Fields whose values tell the series of a host apart: a mount point, an interface.
 */
by?: FieldPath[]
}
/**
 * An access_token that lasts; or client_id, client_secret and refresh_token, with which access tokens are asked for.
 */
export interface OAuth2Login {
/**
 * The mail account.
 */
user: string
/**
 * Id under which the application is registered.
 */
client_id?: string
/**
 * Secret of the registered application.
 */
client_secret?: Secret
/**
 * Token with which access tokens are asked for.
 */
refresh_token?: Secret
/**
 * Where access tokens are asked for. Default: Google's address.
 */
access_url?: string
/**
 * An access token that lasts, where the server gives such.
 */
access_token?: Secret
}
/**
 * People and programs that are told together: at least one of email, webhook and alertmanager.
 */
export interface Receiver {
/**
 * Mail to people; each gets a mail of their own.
 */
email?: {
to: EMailAddresses
/**
 * Subject of this receiver's mails, where the rule has none of its own.
 */
subject?: Subject
/**
 * Text at the top of this receiver's mails, where the rule has none of its own.
 */
body?: MailText
/**
 * thread: all mails of a conversation keep its first subject, so that mail programs show them as one. status: the subject begins with the state, such as [resolved], and mail programs that go by the subject (Gmail) show each state apart.
 */
subject_mode?: ("thread" | "status")
}
/**
 * A web address that alerts are posted to as JSON.
 */
webhook?: Webhook
/**
 * An Alertmanager, or all members of a cluster, that alerts are handed to.
 */
alertmanager?: Alertmanager
/**
 * Time zone of the people: instants in their mails, and the times below, are of it. Default: UTC.
 */
zone?: TimeZone
/**
 * A mail that sums up what has happened, alert or not, each day or week.
 */
report?: {
/**
 * How often it is written.
 */
every?: ("day" | "week")
/**
 * When it is written, by the clock in the receiver's zone.
 */
at?: TimeOfDay
/**
 * On which day of the week, where it is written each week. Default: mon.
 */
weekday?: Weekday
}
/**
 * A mail each day that says that stashwatch lives and that all is quiet.
 */
heartbeat?: {
/**
 * When it is written, by the clock in the receiver's zone.
 */
at?: TimeOfDay
}
}
/**
 * A web address that alerts are posted to as JSON.
 */
export interface Webhook {
/**
 * The address: https://, or http:// where nobody listens in. It is treated as a secret.
 */
url: string
/**
 * Signs each body, so that the other side knows who posted it.
 */
secret?: Secret
/**
 * Headers of each request; their values are treated as secrets.
 */
headers?: {
[k: string]: HeaderValue
}
/**
 * Whether addresses of this machine and of private networks may be posted to.
 */
allow_private?: boolean
/**
 * How long the other side may take to answer, from 1 s to 5 min.
 */
timeout?: Duration
}
/**
 * An Alertmanager, or all members of a cluster, that alerts are handed to.
 */
export interface Alertmanager {
url: WebAddresses
/**
 * Name to log in with; goes with password.
 */
user?: string
/**
 * Password to log in with; goes with user.
 */
password?: Secret
/**
 * Bearer token, in the place of user and password.
 */
token?: Secret
/**
 * How long it may take to answer, from 1 s to 5 min.
 */
timeout?: Duration
}
/**
 * Subject and text of mails.
 */
export interface Templates {
/**
 * Subject of mails whose rule and receiver have none of their own.
 */
subject?: Subject
/**
 * Text at the top of mails whose rule and receiver have none of their own.
 */
body?: MailText
}
/**
 * Which alerts share a mail, and how often people are told.
 */
export interface Alerting {
/**
 * Alerts that agree in these labels share a mail. Without host the alerts of many hosts do.
 */
group_by?: LabelsToGroupBy
/**
 * How long the first alert of a group waits for others; at most 1h. Default: 0s, and 30s where group_by lacks host.
 */
group_wait?: Duration
/**
 * The shortest time between two mails of a group that tell changes; at most 1d. Default: 0s, and 5m where group_by lacks host.
 */
group_interval?: Duration
/**
 * When an alert that goes on is told again.
 */
repeat?: (Repeat & string)
/**
 * Most mails a minute to all addresses together; what does not fit is listed in one mail each. For each address there is system.mails_per_minute.
 */
mails_per_minute?: number
/**
 * Whether an alert that keeps changing is told once when that starts and once when it has settled.
 */
flapping?: boolean
}
/**
 * Alerts that fit, and who hears of them.
 */
export interface Route {
/**
 * Which alerts it is for. Default: all.
 */
match?: Matchers
/**
 * Receivers who hear of them.
 */
notify: ReceiversToNotify
/**
 * Whether the routes after this one are looked at too.
 */
continue?: boolean
/**
 * Alerts that agree in these labels share a mail. Default: alerting.group_by.
 */
group_by?: LabelsToGroupBy
/**
 * How long the first alert of a group waits for others; at most 1h. Default: 0s, and 30s where group_by lacks host.
 */
group_wait?: Duration
/**
 * The shortest time between two mails of a group that tell changes; at most 1d. Default: 0s, and 5m where group_by lacks host.
 */
group_interval?: Duration
/**
 * When an alert that goes on is told again. Default: alerting.repeat.
 */
repeat?: Repeat
/**
 * Who is told as well when nobody has acknowledged an alert for so long.
 */
escalate?: Escalation
}
/**
 * A time, and whom to tell then.
 */
export interface StepOfAnEscalation {
/**
 * How long the alert fires and nobody has acknowledged it; from 1s to 30d.
 */
after: Duration
/**
 * Receivers who are told as well.
 */
notify: ReceiversToNotify
}
/**
 * A recurring time in which alerts that fit are not told. What is left out means any.
 */
export interface MaintenanceWindow {
/**
 * How it is called in mails and the API; one window only has it.
 */
name: Name
/**
 * Which alerts it is for.
 */
match: Matchers
/**
 * Spans of the day. One that passes midnight belongs to the day on which it begins. Default: all day.
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
zone?: TimeZone
}
/**
 * Alerts that are not told while another one fires.
 */
export interface Inhibition {
/**
 * The alerts that hold others back while they fire.
 */
source: Matchers
/**
 * The alerts that are held back.
 */
target: Matchers
/**
 * Labels in which both must agree.
 * 
 * @maxItems 50
 */
equal?: Label[]
}
/**
 * A condition, how often it is judged, and who hears of it.
 */
export interface Rule {
/**
 * The rule's name, in mails and the API; one rule only has it.
 */
name: Name
/**
 * The condition: a metric or a count over a window against a threshold, or absence.
 */
when: Condition
/**
 * How often the window is judged: a multiple of its bucket (10s; 1m where over is beyond 1h, 1h where it is beyond 24h), at most 24h. Default: the bucket.
 */
every?: Duration
/**
 * How long the condition must hold before the alert fires; at most 7d.
 */
for?: Duration
/**
 * How long all must be well before the alert is over; at most 7d.
 */
keep_firing_for?: Duration
/**
 * Whether people hear that a critical alert is only a warning by now. Without it they hear when it is over.
 */
notify_on_downgrade?: boolean
/**
 * How grave it is, where the threshold does not say it by warning: and critical:.
 */
severity?: ("warning" | "critical")
/**
 * Receivers who hear of it. Default: those that routes choose, or without routes those of system.notify.
 */
notify?: ReceiversToNotify
/**
 * Alerts of the rule that agree in these labels share a mail; with [rule] all hosts do. Default: that of the route, or alerting.group_by.
 */
group_by?: LabelsToGroupBy
/**
 * When an alert that goes on is told again. Default: that of the route, or alerting.repeat.
 */
repeat?: Repeat
/**
 * Who is told as well when nobody has acknowledged an alert for so long.
 */
escalate?: Escalation
/**
 * Subject of the mail, in one line; {{server}}, {{value | percent}} and other placeholders are filled in.
 */
subject?: Subject
/**
 * Text at the top of the mail, with placeholders as in the subject.
 */
body?: MailText
/**
 * Hosts that the rule is for. Default: all.
 */
hosts?: HostPatterns
/**
 * Words of your own that go with the alert; {{label.team}} in templates.
 */
labels?: {
[k: string]: LabelValue
}
/**
 * Fewest samples in a window for a verdict. Default: half of what the host usually sends in such a window.
 */
min_samples?: number
/**
 * Other bounds for some hosts; the last override that fits a host wins.
 * 
 * @maxItems 1000
 */
overrides?: Override[]
/**
 * false puts the rule aside.
 */
enabled?: boolean
}
/**
 * metric with over and threshold; or count with over and threshold; or absence alone.
 */
export interface Condition {
/**
 * The metric to judge, one of metrics.
 */
metric?: Name
/**
 * Counts the events that match, per host.
 */
count?: {
/**
 * Tests by dotted path of a field; all must hold. {} counts every event.
 */
where: {
[k: string]: FieldTest
}
}
/**
 * The host has sent nothing, while its Logstash delivered.
 */
absence?: {
/**
 * How long nothing came; 90s at least, 30d at most.
 */
after: Duration
}
/**
 * Length of the window, 10s to 7d: a multiple of 10s up to 1h, of 1m up to 24h, of 1h beyond.
 */
over?: Duration
/**
 * Bounds for the window's value.
 */
threshold?: Threshold
}
/**
 * What of the window is judged, and its bounds: either directly, or under warning: and critical:.
 */
export interface Threshold {
/**
 * What of the window is judged; for metrics. increase and rate (per second) are for counters.
 */
of?: ("mean" | "sum" | "min" | "max" | "last" | "stddev" | "count" | "increase" | "rate")
/**
 * Too much: more than this.
 */
above?: number
/**
 * Too much: this or more.
 */
at_least?: number
/**
 * Too little: less than this.
 */
below?: number
/**
 * Too little: this or less.
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
 * A bound, or one on each side, and where the alert is over.
 */
export interface Bounds {
/**
 * Too much: more than this.
 */
above?: number
/**
 * Too much: this or more.
 */
at_least?: number
/**
 * Too little: less than this.
 */
below?: number
/**
 * Too little: this or less.
 */
at_most?: number
/**
 * The value at which the alert is over again. Default: 5 % inside the bound, as far as the unit can reach; the bound itself for counts, for min, max and last, and for below and at_most of what has no unit.
 */
clear?: number
}
/**
 * Other bounds for some hosts.
 */
export interface Override {
/**
 * Hosts that the other bounds are for.
 */
hosts: HostPatterns
/**
 * Bounds that take the place of the rule's; a severity that is not named keeps the rule's.
 */
threshold: {
/**
 * Too much: more than this.
 */
above?: number
/**
 * Too much: this or more.
 */
at_least?: number
/**
 * Too little: less than this.
 */
below?: number
/**
 * Too little: this or less.
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
}
