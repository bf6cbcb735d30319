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
 * An address, with or without a name.
 */
export type EMailAddress = string
/**
 * A whole number and its unit: ms, s, m, h or d.
 */
export type Duration = string
/**
 * One address, or a list of them, with or without names.
 * 
 * @minItems 1
 * @maxItems 100
 */
export type EMailAddresses = (string | [EMailAddress, ...(EMailAddress)[]])
/**
 * Names of receivers.
 * 
 * @minItems 1
 */
export type ReceiversToNotify = [Name, ...(Name)[]]
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
 * The mail server. Without it mails go to the mailbox: files under the data folder, shown at /mailbox.
 */
smtp?: MailServer
/**
 * Lists of people, by name. Takes the place of the built-in receiver admin (admin@localhost).
 */
receivers?: {
[k: string]: Receiver
}
/**
 * The service's own alerts (silent sources, wrong clocks, limits reached), and its manners.
 */
system?: {
/**
 * Receivers of the service's own alerts, and of rules that name none. Default: the only receiver; with several receivers it must be said.
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
 * The mail server that takes the mails.
 */
export interface MailServer {
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
 * Sender of the mails.
 */
from: EMailAddress
/**
 * How long the server may take over one step, from 1 s to 5 min.
 */
timeout?: Duration
}
/**
 * People who are told together.
 */
export interface Receiver {
/**
 * Mail to people; each gets a mail of their own.
 */
email: {
to: EMailAddresses
}
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
 * How grave it is, where the threshold does not say it by warning: and critical:.
 */
severity?: ("warning" | "critical")
/**
 * Receivers who hear of it. Default: those of system.notify.
 */
notify?: ReceiversToNotify
/**
 * Subject of the mail, in one line; {{server}}, {{value | percent}} and other placeholders are filled in.
 */
subject?: string
/**
 * Text at the top of the mail, with placeholders as in the subject.
 */
body?: string
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
 * The value at which the alert is over again. Default: 5 % inside the bound.
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
 * The value at which the alert is over again. Default: 5 % inside the bound.
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
 * The value at which the alert is over again. Default: 5 % inside the bound.
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
