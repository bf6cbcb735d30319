/**
 * The vocabulary of stashwatch: the words an operator uses, the types that cross folders, and the ports.
 * The model imports nothing but itself and runs nothing.
 *
 * - event: what was posted, one JSON object, judged by its schema. source: the sender, one Logstash instance.
 *   host: whom the event is about.
 * - sample: one number of one series at one instant. series: a host, a metric, and the values of its `by` fields.
 * - bucket: a slice of event time, folded; buckets merge. window: the closed buckets that a rule looks at.
 * - rule: which metric, which window, which detector, how often, how long, whom to tell. detector: judges windows,
 *   knows nothing of rules or people. verdict: normal, anomalous, learning or no data.
 * - alert: one rule on one series, through pending, firing, recovering, resolved. episode: one firing-to-resolved
 *   life, with its id. transition: an alert's step from one state to the next, with its reason.
 * - notification: what one recipient is told, once, with the named reason why. receiver: a named list of recipients.
 * - frame: the binary form of the samples of one request. entry: one record of the journal.
 * - effect: what the folds want done outside (a mail), with a deterministic id. outbox: the effects that are due.
 */
export * from './model/time.ts'
export type * from './model/configuration.ts'
export type * from './model/notification-policy.ts'
export * from './model/events.ts'
export * from './model/alerting.ts'
export * from './model/limits.ts'
export * from './model/builtin-rules.ts'
export * from './model/ratio.ts'
export * from './model/tiers.ts'
export type * from './model/journal.ts'
export type * from './model/evidence.ts'
export type * from './model/alerts.ts'
export type * from './model/notification.ts'
export type * from './model/report.ts'
export * from './model/engine.ts'
