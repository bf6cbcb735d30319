/**
 * The vocabulary of stashwatch: the types that cross folders, and the ports. The model imports only itself and runs
 * nothing.
 *
 * - event: one posted JSON object, validated by its schema. source: the sender, one Logstash instance. host: the
 *   machine that the event describes.
 * - sample: one number of one series at one instant. series: a host, a metric, and the values of its `by` fields.
 * - bucket: the aggregate of a slice of event time; buckets merge. window: the closed buckets that a rule evaluates.
 * - rule: a metric, a window, a detector, durations and receivers. detector: judges a window and is unaware of rules and
 *   people. evaluation: one verdict of a rule on one series: normal,
 *   anomalous or no data. evidence: the numbers and codes behind it (`Evidence`); words are made at the edges.
 * - alert: one rule on one series (`AlertIdentity`), in state pending, firing, recovering or resolved. transition: a
 *   change of state, with its evidence. episode: one life from firing to resolved, with its id and a short code.
 * - snapshot: an alert at one moment (`AlertSnapshot`), as notifications carry it. The word also names the saved state
 *   of the folds (`Snapshot`).
 * - tracked alert (`TrackedAlert`): an episode with its groups, mute, acknowledgement and decisions, as dispatch keeps
 *   it.
 * - receiver: a named list of recipients. channel: email, webhook or alertmanager. target (`Target`): one address on
 *   one channel, with its grouping and repeat interval.
 * - group: the alerts that one target is notified of together. thread: the mails that a mail program shows together.
 * - notification: one message to one recipient, with its `NotificationReason`. notice: a notification that is not about
 *   an alert. deferred alert: waits for a list, because a rate limit was reached.
 * - mute: a silence, a maintenance window or an inhibition. Muted and acknowledged news is held; a `Suppression` says
 *   why a notification was not sent.
 * - frame: the binary form of the samples of one request. entry: one record of the journal.
 * - effect: a notification that the folds request, with a deterministic id. outbox: the effects that are not delivered
 *   yet.
 */
export * from './model/time.ts'
export * from './model/configuration.ts'
export * from './model/notification-policy.ts'
export * from './model/events.ts'
export * from './model/bounds.ts'
export * from './model/builtin-rules.ts'
export * from './model/journal.ts'
export * from './model/evidence.ts'
export * from './model/alerts.ts'
export type * from './model/notification.ts'
export type * from './model/report.ts'
export * from './model/engine.ts'
