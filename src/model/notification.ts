import type { Acknowledgement, AlertSnapshot, NotificationReason, FiringContext, HeldBy, Mute } from './alerts.ts'
import type { Recipient, Severity } from './configuration.ts'
import type { AlertIdentity, Reason, Templates } from './evidence.ts'
import type { Pulse, Report, Top } from './report.ts'
import type { Millis } from './time.ts'

/** A step of an alert that people hear of, as the first fold hands it to the second. */
export interface AlertEvent {
  readonly event:
    | 'fired'
    | 'severity_raised'
    | 'severity_lowered'
    | 'resolved'
    | 'flapping_started'
    | 'flapping_stopped'
  /** Window end (event time) that decided, and when it was found out (the service's clock). */
  readonly eventTime: Millis
  readonly detectedAt: Millis
  readonly notify: readonly string[]
  readonly snapshot: AlertSnapshot
  /** Another alert tells of it. */
  readonly isCoveredByMass?: boolean
}

/** The way a notification leaves. */
export type Channel = 'email' | 'webhook' | 'alertmanager'

/** Who named the receiver of a mail, where the rule itself did not. */
export type NamedBy = 'route' | 'escalation'

/** Something that is no alert and that people should know, in numbers and codes. */
export type Notice =
  /** `counts`: how many there are of each kind, of which `items` are the first ones. */
  | {
      readonly kind: 'hosts_retired'
      readonly items: readonly RetiredItem[]
      readonly counts: Readonly<Record<RetiredItem['kind'], number>>
    }
  | { readonly kind: 'heartbeat'; readonly items: HeartbeatItems }
  /** `count` in all, of which `items` are the first. */
  | { readonly kind: 'undelivered'; readonly items: readonly UndeliveredItem[]; readonly count: number }

/** A notification that its address never got: what it was about, when it was decided, and why no server took it. */
export interface UndeliveredItem {
  readonly address: string
  readonly receiver: string
  readonly about: NotificationSubject
  readonly response: string
  readonly at: Millis
}

/** What a notification is about, in short. */
export type NotificationSubject =
  | { readonly kind: 'alert'; readonly rule: string; readonly host: string; readonly state: 'firing' | 'resolved' }
  | { readonly kind: 'list'; readonly firing: number; readonly resolved: number; readonly closed: number }
  | { readonly kind: 'notice'; readonly notice: Notice['kind'] }
  | { readonly kind: 'report' | 'unknown' }

/** A host or source that is no longer watched, or a mass absence of a source that was closed with the last of its hosts. */
export interface RetiredItem {
  readonly kind: 'host' | 'source' | 'mass_absence'
  readonly name: string
  /**
   * Why it is taken as gone: nothing came for `retire_after`; an operator said so; its source is gone; its last absent host is.
   * `lastSeen` is null where it was never seen.
   */
  readonly why: Reason
  readonly lastSeen: Millis | null
  /** The alerts that this closed: rule and code. */
  readonly closed: readonly ClosedAlert[]
}

/** An alert that was closed without recovery. */
export interface ClosedAlert {
  readonly rule: string
  readonly code: string
}

/** Whether the service receives anything, and what fires. */
export interface HeartbeatItems {
  readonly pulse: Pulse
  /** How many mails were sent since the last heartbeat, and since when; the first one has none. */
  readonly mails: number
  readonly since: Millis
  readonly firing: Top<HeartbeatAlert>
  /** How many of all that fire nobody is notified of now, by what keeps them back; a mute counts before an acknowledgement. */
  readonly held: Readonly<Record<HeldBy['by'], number>>
}

export interface HeartbeatAlert {
  readonly identity: AlertIdentity
  readonly severity: Severity
  readonly since: Millis
  readonly code: string
  readonly muted?: Mute
  readonly ack?: Acknowledgement
}

/** The alerts that one receiver is notified of together. */
export interface NotificationGroup {
  /** The same over all episodes: it follows from the receiver and the labels. */
  readonly key: string
  /** The labels of `group_by` with their values. */
  readonly labels: Readonly<Record<string, string>>
}

/** What one recipient is told in one mail. A digest lists several alerts. */
export interface Notification {
  readonly id: string
  readonly receiver: string
  /** Absent means e-mail. Of the other ways the address is the way and the receiver's name: `webhook:ops`. */
  readonly channel?: Channel
  readonly to: Recipient
  readonly namedBy?: NamedBy
  /** When it was decided, on the service's clock. */
  readonly decidedAt: Millis
  readonly reason: NotificationReason
  readonly kind: 'alert' | 'digest' | 'notice' | 'report'
  /** The conversation that the mail belongs to (an episode, a digest or a notice), and its number in it, from 0. */
  readonly thread: string
  readonly seq: number
  readonly alerts: readonly AlertSnapshot[]
  /** How many of the alerts, the first ones, are what is new; the rest go on firing beside them. Absent: all. */
  readonly newCount?: number
  /** The number of the newest mail of the thread that was sent before this one; null for none. Absent: all were. */
  readonly previousSeq?: number | null
  /** The group that its alerts belong to; absent where it tells of several, or of none. */
  readonly group?: NotificationGroup
  /** What the subject of the thread is about: the first alert of its first mail, and how many other hosts. */
  readonly lead?: { readonly facts: AlertSnapshot; readonly more: number }
  /** What fires beside it, of a mail about one alert. */
  readonly context?: FiringContext
  /** When it is told again if nothing changes. */
  readonly nextRepeatAt?: Millis
  /** The receiver's zone, and its templates. */
  readonly timeZone?: string
  readonly templates?: Templates
  /** Set where the subject is to begin with the state, and not to stay what it was in the thread's first mail. */
  readonly subjectMode?: 'status'
  /**
   * Mails about the same alerts that never got out, when this one takes their place: when the first of them was to be
   * sent, and where there are several how many, and when the last was to be sent.
   */
  readonly replaces?: {
    readonly at: Millis
    readonly because: NotificationReason
    readonly count?: number
    readonly last?: Millis
  }
  /** Mails that this reader should have got and never will, since the newest one that came: when, and about what. */
  readonly undelivered?: readonly { readonly at: Millis; readonly about: NotificationSubject }[]
  /** What a notice says; it is about no alert that is open. */
  readonly notice?: Notice
  readonly report?: Report
}
