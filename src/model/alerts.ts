import type { Severity } from './configuration.ts'
import type { MatchedEvent } from './events.ts'
import {
  type AlertIdentity,
  type Evidence,
  isUpper,
  type Limit,
  type SeverityLimit,
  type Templates,
} from './evidence.ts'
import type { Matcher } from './notification-policy.ts'
import type { Millis } from './time.ts'

export type AlertState = 'pending' | 'firing' | 'recovering' | 'resolved'

/**
 * Why an alert was closed without recovery. `host_retired`: its host or source was retired. `series_gone`: its series
 * was removed. `rule_changed`: no rule evaluates it any more. `baseline_accepted`: the new level counts as normal.
 */
export type CloseReason = 'host_retired' | 'series_gone' | 'rule_changed' | 'baseline_accepted'

/** An alert as queries return it. Values are in the metric's unit. */
export interface AlertView {
  readonly identity: AlertIdentity
  readonly state: AlertState
  readonly severity: Severity
  /** The episode's long id, and its short code for people. Absent while pending. */
  readonly episode?: string
  readonly code?: string
  /** End of the first breaching window, or time of the last event of what is absent. Never in the future. */
  readonly startsAt: Millis
  readonly firedAt?: Millis
  readonly resolvedAt?: Millis
  /** Set on a resolved alert that was closed without recovery. */
  readonly closeReason?: CloseReason
  /** End of the last evaluated window. */
  readonly evaluatedAt: Millis
  readonly value: number | null
  readonly evidence: Evidence
  readonly peak: number | null
  /** Set while data is missing: time of the newest sample, or the end of its bucket. */
  readonly noDataSince?: Millis
  /** Set while the alert flaps: the percentage of its last evaluations that changed. */
  readonly flapping?: number
  readonly muted?: Mute
  readonly ack?: Acknowledgement
  /** Windows evaluated since the alert began, those that breached, and how often it fired again within the episode. */
  readonly evaluations?: number
  readonly breaches?: number
  readonly refirings?: number
  /** Notifications decided, and changes or repeats that were suppressed. */
  readonly notificationCount?: number
  readonly suppressed?: number
  readonly decisions?: readonly Decision[]
  /** Some of the events that its rule counted, oldest first. */
  readonly events?: readonly MatchedEvent[]
  /** Notifications that are decided but not sent yet. */
  readonly pending?: readonly PendingNotification[]
  readonly transitions: readonly Transition[]
}

/** A change of state: when, the value measured then, and the evidence. */
export interface Transition {
  readonly to: AlertState
  readonly at: Millis
  readonly value: number | null
  readonly evidence: Evidence
}

/**
 * When an alert was critical. `from` is the end of the first critical window, `until` the end of the first window that
 * was not (absent while it is critical), and `count` the number of critical periods. `lastFrom` is the start of the
 * newest of several periods.
 */
export interface CriticalSpan {
  readonly from: Millis
  readonly until?: Millis
  readonly count: number
  readonly lastFrom?: Millis
}

/** A change of an alert that receivers are notified of. */
export type AlertChange =
  | 'fired'
  | 'severity_raised'
  | 'severity_lowered'
  | 'resolved'
  | 'flapping_started'
  | 'flapping_stopped'

export type NotificationReason =
  | AlertChange
  | 'repeat_interval'
  | 'silence_ended'
  | 'escalated'
  | 'rate_limited'
  | 'backlog'
  | 'hosts_retired'
  | 'rules_unmatched'
  | 'undelivered'
  | 'scheduled'

/** What mutes an alert: no notification is sent while it lasts. */
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

/** Why a notification was held: a mute, or an acknowledgement. */
export type HeldBy = Mute | { readonly by: 'acknowledgement'; readonly author: string; readonly until: Millis }

/**
 * Why a notification was not sent. `no_receiver`: neither the rule nor a route names a receiver. `receiver_removed`:
 * its address left the configuration at `at`. `not_routed`: the configuration no longer routes this alert to it.
 * `undone`: a change of severity was reverted before it was sent. `resolved_in_group_wait`: the alert resolved before
 * its group was sent. `never_notified`: no notification said that it fired, so none says that it resolved.
 * `send_resolved`: its rule or its receiver has `send_resolved: false`.
 */
export type Suppression =
  | HeldBy
  | {
      readonly by:
        | 'no_receiver'
        | 'not_routed'
        | 'undone'
        | 'resolved_in_group_wait'
        | 'never_notified'
        | 'send_resolved'
    }
  | { readonly by: 'receiver_removed'; readonly at: Millis }

/** Takes responsibility for an episode: stops repeats and escalations until `until`, or until the severity rises. */
export interface Acknowledgement {
  readonly at: Millis
  readonly until: Millis
  readonly author: string
  readonly note: string
}

/** Mutes the alerts that match all its matchers, from `startsAt` until before `endsAt`. */
export interface Silence {
  readonly id: string
  readonly matchers: readonly Matcher[]
  readonly startsAt: Millis
  readonly endsAt: Millis
  readonly createdBy: string
  readonly comment: string
  readonly createdAt: Millis
}

/** One decision about an episode, for `why` and the API. The list is bounded per episode. */
export type Decision = { readonly at: Millis } & (
  | {
      readonly kind: 'evaluated'
      readonly event: NotificationReason
      readonly value: number | null
      readonly evidence: Evidence
    }
  /**
   * `to` is the address. `beside`: other alerts of its group were the news. `list`: sent in a list, or later because of
   * one.
   */
  | {
      readonly kind: 'notified'
      readonly to: string
      readonly event: NotificationReason | 'beside'
      readonly heldBy?: HeldBy
      readonly list?: { readonly reason: NotificationReason; readonly isAlone: boolean }
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
  /** The acknowledgement ended: it was withdrawn, it expired, or the severity rose. */
  | {
      readonly kind: 'unacknowledged'
      readonly author: string
      readonly reason: 'withdrawn' | 'expired' | 'severity_raised'
    }
)

/** A notification that waits to be sent, and the reason. */
export interface PendingNotification {
  /** The address; absent while routing is not decided. */
  readonly to?: string
  readonly event: NotificationReason
  /** The timer of its group, a rate limit, the backlog, or what mutes or acknowledges the alert. */
  readonly reason: 'group_wait' | 'group_interval' | 'rate_limit' | 'backlog' | HeldBy['by']
  /** The earliest end of the wait; absent where it depends on more than time. */
  readonly until?: Millis
}

/** The buckets around a transition, as they were then. Values are in the metric's unit. */
export interface ChartData {
  /** Width of a bucket, and start of the first one. */
  readonly width: Millis
  readonly from: Millis
  /** Oldest first. `n` is 0 and values are null where nothing was measured or the column is not kept. */
  readonly buckets: readonly ChartBucket[]
  /** The window that decided the transition. */
  readonly window: { readonly from: Millis; readonly to: Millis }
  /** The rule's limits with their recovery limits; empty where the rule does not compare single buckets. */
  readonly limits: readonly SeverityLimit[]
  /** The expected value, and the range that counts as normal, where the detector reports them. */
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

/** The same window on other hosts: the median, and the number of hosts measured. */
export interface Peers {
  readonly median: number
  readonly hosts: number
  /** Number of other hosts, set where only some of them were measured. */
  readonly known?: number
}

/** Other firing alerts at the moment a mail is written: those on the same host (newest first), and totals. */
export interface FiringContext {
  readonly onHost: readonly ContextAlert[]
  readonly firing: number
  /** How many of the firing alerts are muted. */
  readonly muted: number
  readonly hosts: number
}

export interface ContextAlert {
  readonly identity: AlertIdentity
  readonly severity: Severity
  readonly startsAt: Millis
  readonly code: string
  /** Set while the alert is muted. */
  readonly muted?: true
}

/** A downtime of the service. `isRecovered`: events of that time arrived afterwards, and were evaluated. */
export interface Gap {
  readonly from: Millis
  readonly to: Millis
  readonly isRecovered?: true
}

/** One alert at one moment, the input of mails, webhooks and charts: numbers and codes, no words. */
export interface AlertSnapshot {
  readonly identity: AlertIdentity
  readonly episode: string
  readonly code: string
  /** Labels from the rule's configuration. */
  readonly ruleLabels: Readonly<Record<string, string>>
  /** The rule's own templates. */
  readonly templates: Templates
  readonly state: 'firing' | 'resolved'
  readonly severity: Severity
  readonly value: number | null
  readonly evidence: Evidence
  /**
   * `startsAt`: end of the first breaching window (the time of detection if that window was still open), or time of the
   * last event of what is absent. `evaluatedAt`: end of the last evaluated window. `resolvedAt`: set on resolved alerts
   * only.
   */
  readonly startsAt: Millis
  readonly evaluatedAt: Millis
  readonly resolvedAt?: Millis
  /** Set on a resolved alert that was closed without recovery. */
  readonly closeReason?: CloseReason
  /** End of the window that made it fire. */
  readonly firedAt?: Millis
  readonly peak: number | null
  /** The source that last delivered events of the host; "" if there is none. */
  readonly source: string
  /** Downtime of the service during the alert, or so shortly before it that the alert may have begun then. */
  readonly gaps: readonly Gap[]
  /** Windows evaluated since the alert began, those that breached, and how often it fired again within the episode. */
  readonly evaluations?: number
  readonly breaches?: number
  readonly refirings?: number
  /** Set while the alert flaps: the percentage of its last evaluations that changed. */
  readonly flapping?: number
  /** Set while data is missing: time of the newest sample, or the end of its bucket. */
  readonly noDataSince?: Millis
  /** Set once the alert has been critical, with the limit that it breached then. */
  readonly critical?: CriticalSpan & { readonly limit?: Limit }
  readonly chart?: ChartData
  readonly peers?: Peers
  /** Some of the events that its rule counted, oldest first. In lists only the newest. */
  readonly events?: readonly MatchedEvent[]
  /** Earlier notifications of this alert to the recipient, and changes that were suppressed. */
  readonly notifications?: number
  readonly suppressed?: number
  /** Why the recipient is notified of this alert. Absent for alerts that are listed beside the news. */
  readonly reason?: NotificationReason
  /** What held the notification until now. */
  readonly heldBy?: HeldBy
  readonly ack?: Acknowledgement
}

/** Sorts alerts: what fires first, critical before warning, and then what is furthest beyond its limit. */
export function worstFirst(alerts: readonly AlertSnapshot[]): readonly AlertSnapshot[] {
  const ranked = alerts.map((alert) => ({ alert, rank: rankOf(alert), excess: excessOf(alert) }))
  return ranked.toSorted((a, b) => a.rank - b.rank || b.excess - a.excess).map(({ alert }) => alert)
}

function rankOf({ state, severity, closeReason }: AlertSnapshot): number {
  if (state === 'firing') return severity === 'critical' ? 0 : 1
  return closeReason === undefined ? 3 : 2
}

/** Returns how far a firing value is beyond its limit, as a share of the limit: what differs in unit is comparable. */
function excessOf({ state, value, evidence: { limit } }: AlertSnapshot): number {
  if (state !== 'firing' || value === null || limit === undefined) return 0
  const beyond = isUpper(limit.op) ? value - limit.value : limit.value - value
  return beyond / (Math.abs(limit.value) || 1)
}
