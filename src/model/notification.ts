import type {
  Acknowledgement,
  AlertChange,
  AlertSnapshot,
  NotificationReason,
  FiringContext,
  HeldBy,
  Mute,
} from './alerts.ts'
import type { Recipient, Severity } from './configuration.ts'
import type { AlertIdentity, Reason, Templates } from './evidence.ts'
import type { Pulse, Report, Top } from './report.ts'
import type { Millis } from './time.ts'

/** A change of an alert that receivers are notified of: the engine's input to dispatch. */
export interface AlertEvent {
  readonly event: AlertChange
  /** End of the deciding window (event time), and when it was detected (the service's clock). */
  readonly eventTime: Millis
  readonly detectedAt: Millis
  readonly notify: readonly string[]
  readonly snapshot: AlertSnapshot
  /** Id of the mass-absence alert that notifies of it instead. */
  readonly massAbsence?: string
}

export type Channel = 'email' | 'webhook' | 'alertmanager'

/** What named the receiver, other than the rule. */
export type NamedBy = 'route' | 'escalation'

/** A message that is not about one alert, in numbers and codes. */
export type Notice =
  /** `counts` has the total of each kind; `items` are the first ones. */
  | {
      readonly kind: 'hosts_retired'
      readonly items: readonly RetiredItem[]
      readonly counts: Readonly<Record<RetiredItem['kind'], number>>
    }
  | { readonly kind: 'heartbeat'; readonly items: HeartbeatItems }
  | { readonly kind: 'rules_unmatched'; readonly items: readonly UnmatchedRule[] }
  /** `count` is the total; `items` are the first ones. */
  | { readonly kind: 'undelivered'; readonly items: readonly UndeliveredItem[]; readonly count: number }

/** The result of an attempt at one server. */
interface AttemptResult {
  /** The server's own text: one clean line, without secrets. */
  readonly response?: string
  /** Why there is no response, or an addition to it: a code of `text/delivery.ts`. */
  readonly why?: Reason
}

export interface ServerReply extends AttemptResult {
  readonly server: string
}

/** The result of an attempt. If several servers or members were tried, `replies` has one for each. */
export interface DeliveryResult extends AttemptResult {
  readonly replies?: readonly ServerReply[]
}

/** A notification that was not delivered: its subject, the time of the decision, and the result of the last attempt. */
export interface UndeliveredItem {
  readonly address: string
  readonly receiver: string
  readonly subject: NotificationSubject
  readonly result: DeliveryResult
  readonly at: Millis
}

/** What a notification is about, in short. */
export type NotificationSubject =
  | {
      readonly kind: 'alert'
      readonly rule: string
      readonly host: string
      readonly state: 'firing' | 'resolved' | 'closed'
    }
  | { readonly kind: 'list'; readonly firing: number; readonly resolved: number; readonly closed: number }
  | { readonly kind: 'notice'; readonly notice: Notice['kind'] }
  | { readonly kind: 'report' | 'unknown' }

/** A rule that has matched no series, or no host, for 24 hours, and why. */
export interface UnmatchedRule {
  readonly rule: string
  readonly reason: Reason
}

/** A retired host or source, or a mass-absence alert that was closed with the last of its hosts. */
export interface RetiredItem {
  readonly kind: 'host' | 'source' | 'mass_absence'
  readonly name: string
  /**
   * Why it was retired: nothing arrived for `retire_after`, an operator retired it, its source was retired, or its last
   * absent host was. `lastSeen` is null if it was never seen.
   */
  readonly reason: Reason
  readonly lastSeenAt: Millis | null
  /** The alerts that this closed. */
  readonly closed: readonly ClosedAlert[]
}

/** An alert that was closed without recovery. */
export interface ClosedAlert {
  readonly rule: string
  readonly code: string
}

/** The content of a heartbeat mail: whether the service receives events, and what fires. */
export interface HeartbeatItems {
  readonly pulse: Pulse
  /** Mails sent since the last heartbeat, and the time of that heartbeat; the first one counts from the setup. */
  readonly mails: number
  readonly since: Millis
  readonly firing: Top<HeartbeatAlert>
  /** How many firing alerts are muted or acknowledged, by cause. A mute counts before an acknowledgement. */
  readonly suppressed: Readonly<Record<HeldBy['by'], number>>
}

export interface HeartbeatAlert {
  readonly identity: AlertIdentity
  readonly severity: Severity
  readonly startsAt: Millis
  readonly code: string
  readonly muted?: Mute
  readonly ack?: Acknowledgement
}

/** The alerts that one receiver is notified of together. */
export interface NotificationGroup {
  /** Derived from the receiver and the labels, so it is the same for all episodes. */
  readonly key: string
  /** The `group_by` labels with their values. */
  readonly labels: Readonly<Record<string, string>>
}

/** One message to one recipient. A digest lists several alerts. */
export interface Notification {
  readonly id: string
  readonly receiver: string
  /** On channels other than email the address is the channel and the receiver's name: `webhook:ops`. */
  readonly channel: Channel
  readonly to: Recipient
  readonly namedBy?: NamedBy
  /** When it was decided, on the service's clock. */
  readonly decidedAt: Millis
  readonly reason: NotificationReason
  readonly kind: 'alert' | 'digest' | 'notice' | 'report'
  /** The thread that the mail belongs to (an episode, a digest or a notice), and its number in it, from 0. */
  readonly thread: string
  readonly seq: number
  readonly alerts: readonly AlertSnapshot[]
  /** The first `newCount` alerts are the news; the rest fire beside them. Absent: all are news. */
  readonly newCount?: number
  /** The `seq` of the thread's newest mail that was delivered before this one; null for none. Absent: all were. */
  readonly previousSeq?: number | null
  /** The group of its alerts; absent where it spans several groups or none. */
  readonly group?: NotificationGroup
  /** What the thread's subject names: the first alert of its first mail, and the number of other hosts. */
  readonly lead?: { readonly alert: AlertSnapshot; readonly more: number }
  /** Other firing alerts, in a mail about one alert. */
  readonly context?: FiringContext
  /** When it is sent again if nothing changes. */
  readonly nextRepeatAt?: Millis
  /** Set where the end of its alerts is not notified. */
  readonly sendResolved?: false
  /** The receiver's time zone and templates. */
  readonly timeZone?: string
  readonly templates?: Templates
  /** Set where the subject begins with the state instead of staying as in the thread's first mail. */
  readonly subjectMode?: 'status'
  /**
   * Earlier mails about the same alerts that were not delivered and that this one replaces: when the first was due, and
   * for several their number and when the last was due.
   */
  readonly replaces?: {
    readonly at: Millis
    readonly reason: NotificationReason
    readonly count?: number
    readonly last?: Millis
  }
  /**
   * Mails to this recipient that failed for good since the last delivered one: when they were decided, and about what.
   */
  readonly undelivered?: readonly { readonly at: Millis; readonly subject: NotificationSubject }[]
  /** Set if the kind is `notice`. */
  readonly notice?: Notice
  readonly report?: Report
}
