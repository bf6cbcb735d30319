import type { Severity } from './configuration.ts'
import type { AlertIdentity, Evidence, Limit, SeverityLimit, Templates } from './evidence.ts'
import type { Matcher } from './notification-policy.ts'
import type { Millis } from './time.ts'

export type AlertState = 'pending' | 'firing' | 'recovering' | 'resolved'

/**
 * Why an alert was closed without recovery. `host_retired`: its host or source is gone for good. `series_gone`: its series is.
 * `rule_changed`: no rule evaluates it any more. `baseline_accepted`: the new level counts as normal.
 */
export type CloseReason = 'host_retired' | 'series_gone' | 'rule_changed' | 'baseline_accepted'

/** What an alert looks like from outside the engine. Values are in the metric's unit. */
export interface AlertView {
  readonly identity: AlertIdentity
  readonly state: AlertState
  readonly severity: Severity
  /** The firing-to-resolved life: a long id, and a short code for people. Absent while pending. */
  readonly episode?: string
  readonly code?: string
  /** The first breaching window's end, or the last event of what is silent; never ahead of the present. */
  readonly startsAt: Millis
  readonly firedAt?: Millis
  readonly resolvedAt?: Millis
  /** Set on a resolved alert that nothing got better about. */
  readonly closeReason?: CloseReason
  /** End of the last judged window. */
  readonly evaluatedAt: Millis
  readonly value: number | null
  readonly evidence: Evidence
  readonly peak: number | null
  /** Set while the data has stopped: the newest sample's time, or the end of its bucket. */
  readonly noDataSince?: Millis
  /** Set while it keeps changing: what share of the last windows did, in percent. */
  readonly flapping?: number
  readonly muted?: Mute
  readonly ack?: Acknowledgement
  /** Windows judged since it began, those of them beyond a bound, and how often it came back. */
  readonly evaluations?: number
  readonly breaches?: number
  readonly refirings?: number
  /** Mails that were decided to be sent about it, and changes or repeats that were not told. */
  readonly notificationCount?: number
  readonly suppressed?: number
  readonly decisions?: readonly Decision[]
  /** What is to be told of it and is not told yet. */
  readonly pending?: readonly PendingNotification[]
  readonly transitions: readonly Transition[]
}

/** A step of an alert: when, what was measured then, and why. */
export interface Transition {
  readonly to: AlertState
  readonly at: Millis
  readonly value: number | null
  readonly evidence: Evidence
}

/**
 * When an alert was critical: from the end of the first window that was, to the end of the first one that was not (absent
 * while it is critical), and in how many spells. `again` is when the newest of several spells began.
 */
export interface CriticalSpan {
  readonly from: Millis
  readonly until?: Millis
  readonly count: number
  readonly lastFrom?: Millis
}

/** Why a receiver is notified. */
export type NotificationReason =
  | 'fired'
  | 'severity_raised'
  | 'severity_lowered'
  | 'resolved'
  | 'flapping_started'
  | 'flapping_stopped'
  | 'repeat_interval'
  | 'silence_ended'
  | 'escalated'
  | 'rate_limited'
  | 'backlog'
  | 'hosts_retired'
  | 'undelivered'
  | 'scheduled'

/** What keeps an alert from being notified. */
export type Mute =
  | {
      readonly by: 'silence'
      readonly id: string
      readonly until: Millis
      readonly author: string
      readonly comment: string
    }
  | { readonly by: 'maintenance'; readonly name: string }
  | { readonly by: 'inhibition'; readonly episode: string; readonly rule: string; readonly host: string }

/** What held news back until they were notified late: a mute, or an acknowledgement. */
export type HeldBy = Mute | { readonly by: 'acknowledgement'; readonly author: string; readonly until: Millis }

/**
 * Why a receiver is not notified of something. `no_receiver`: neither the rule nor a route names one. `receiver_removed`: its
 * address left the configuration at `at`. `not_routed`: the configuration no longer names it for this alert. `undone`: a rise
 * was over before it could be sent. `resolved_in_group_wait`: the alert was over before its group was sent. `never_notified`:
 * nobody was notified that it fired, so nobody is notified that it is over.
 */
export type Suppression =
  | HeldBy
  | { readonly by: 'no_receiver' | 'not_routed' | 'undone' | 'resolved_in_group_wait' | 'never_notified' }
  | { readonly by: 'receiver_removed'; readonly at: Millis }

/** A promise of somebody to look after an episode: mutes repeats and escalations until its end or a rise. */
export interface Acknowledgement {
  readonly at: Millis
  readonly until: Millis
  readonly author: string
  readonly note: string
}

/** Alerts that fit are not told between `from` and `until`. */
export interface Silence {
  readonly id: string
  readonly matchers: readonly Matcher[]
  readonly startsAt: Millis
  readonly endsAt: Millis
  readonly createdBy: string
  readonly comment: string
  readonly createdAt: Millis
}

/** One decision about an episode that people could ask about: at most some hundred are kept of each. */
export type Decision = { readonly at: Millis } & (
  | {
      readonly kind: 'evaluated'
      readonly event: NotificationReason
      readonly value: number | null
      readonly evidence: Evidence
    }
  /** `to` is the address. `beside`: others of its group were notified. `list`: in a list, or late for it. */
  | {
      readonly kind: 'notified'
      readonly to: string
      readonly event: NotificationReason | 'beside'
      readonly heldBy?: HeldBy
      readonly list?: { readonly because: NotificationReason; readonly isAlone: boolean }
    }
  | {
      readonly kind: 'suppressed'
      readonly event: NotificationReason | 'all'
      readonly why: Suppression
      readonly to?: string
    }
  | {
      readonly kind: 'acknowledged'
      readonly author: string
      readonly until: Millis
      readonly note: string
    }
  /** The acknowledgement is over: it was withdrawn, its time has passed, or the severity rose. */
  | {
      readonly kind: 'unacknowledged'
      readonly author: string
      readonly because: 'withdrawn' | 'expired' | 'severity_raised'
    }
)

/** News that a receiver is to be notified of, and what they wait for. */
export interface PendingNotification {
  /** The address; absent while it is open who is notified. */
  readonly to?: string
  readonly event: NotificationReason
  /** The key of its group's waits, or what holds it back. */
  readonly reason: 'group_wait' | 'group_interval' | 'rate_limit' | 'backlog' | HeldBy['by']
  /** When it ends at the earliest; absent where no clock knows. */
  readonly until?: Millis
}

/** The buckets around the moment of a step, as they were then; values in the metric's unit. */
export interface ChartData {
  /** Width of a bucket, and the start of the first one. */
  readonly width: Millis
  readonly from: Millis
  /** One for each bucket, oldest first; `n` 0 and nulls where nothing was measured or the column is not kept. */
  readonly buckets: readonly ChartBucket[]
  /** The window that decided. */
  readonly window: { readonly from: Millis; readonly to: Millis }
  /** The limits that the rule compares with, and where they clear; empty where they do not compare with single buckets. */
  readonly limits: readonly SeverityLimit[]
  /** What was expected, as a line and as a band, where a detector says so. */
  readonly expected?: number
  readonly range?: readonly [number, number]
}

export interface ChartBucket {
  readonly n: number
  readonly mean: number | null
  readonly min: number | null
  readonly max: number | null
  readonly last: number | null
}

/** What other hosts measured in the same window: the median, and of how many hosts. */
export interface Peers {
  readonly median: number
  readonly hosts: number
  /** How many other hosts are known, where not all were looked at. */
  readonly known?: number
}

/** What else fires when a mail is written: on the same host, the newest first, and in all. */
export interface FiringContext {
  readonly onHost: readonly ContextAlert[]
  readonly firing: number
  /** How many of them nobody is told of now. */
  readonly muted: number
  readonly hosts: number
}

export interface ContextAlert {
  readonly rule: string
  readonly severity: Severity
  readonly startsAt: Millis
  readonly code: string
  /** Set while nobody is told of it. */
  readonly muted?: true
}

/** One alert at one moment, as mails, webhooks and charts are made from it: numbers and codes, no words. */
export interface AlertSnapshot {
  readonly identity: AlertIdentity
  readonly episode: string
  readonly code: string
  /** The labels that the rule was given in the configuration. */
  readonly ruleLabels: Readonly<Record<string, string>>
  /** The rule's own templates. */
  readonly templates: Templates
  readonly state: 'firing' | 'resolved'
  readonly severity: Severity
  readonly value: number | null
  readonly evidence: Evidence
  /**
   * End of the first breaching window (or the moment it was found, when it was open still), or the last event of what
   * is absent; end of the last evaluated window; for a resolved alert also its end.
   */
  readonly startsAt: Millis
  readonly evaluatedAt: Millis
  readonly resolvedAt?: Millis
  /** Set on a resolved alert that was closed without recovery. */
  readonly closeReason?: CloseReason
  /** End of the window after which it counted as firing. */
  readonly firedAt?: Millis
  readonly peak: number | null
  /** The source that its host was seen through last; "" where there is none. */
  readonly source: string
  /** Spans in which the service was down while the alert lasted, or so shortly before that it may have begun there. */
  readonly gaps: readonly { readonly from: Millis; readonly to: Millis }[]
  /** Windows evaluated since it began, those of them that breached, and how often it fired again within the episode. */
  readonly evaluations?: number
  readonly breaches?: number
  readonly refirings?: number
  /** Set while it flaps: what share of its last evaluations changed, in percent. */
  readonly flapping?: number
  /** Set while the data has stopped: the newest sample's time, or the end of its bucket. */
  readonly noDataSince?: Millis
  /** Set once it has been critical, with the limit that it was beyond then. */
  readonly critical?: CriticalSpan & { readonly limit?: Limit }
  readonly chart?: ChartData
  readonly peers?: Peers
  /** How many mails the reader got about it before this one, and how many changes were suppressed. */
  readonly notifications?: number
  readonly suppressed?: number
  /** Why the reader is notified of this one; what goes on firing beside the news has none. */
  readonly reason?: NotificationReason
  /** What kept it from being notified until now. */
  readonly heldBy?: HeldBy
  readonly ack?: Acknowledgement
}
