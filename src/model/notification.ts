import type { AlertFacts, Because, Context } from './alerts.ts'
import type { Recipient } from './configuration.ts'
import type { Report } from './report.ts'
import type { Millis } from './time.ts'

/** A step of an alert that people hear of, as the first fold hands it to the second. */
export interface Announcement {
  readonly because: 'fired' | 'severity rose' | 'severity fell' | 'resolved' | 'flapping started' | 'flapping stopped'
  /** Window end (event time) that decided, and when it was found out (the service's clock). */
  readonly at: Millis
  readonly found: Millis
  readonly notify: readonly string[]
  readonly facts: AlertFacts
  /** Another alert tells of it. */
  readonly quiet?: boolean
}

/** The way a notification leaves. */
export type Via = 'email' | 'webhook' | 'alertmanager'

/** Who named the receiver of a mail, where the rule itself did not. */
export type NamedBy = 'route' | 'escalation'

/** Something that is no alert and that people should know: one sentence, and one line for each thing it is about. */
export interface Notice {
  readonly because: Because
  readonly title: string
  readonly lines: readonly string[]
}

/** What one recipient is told in one mail. A digest lists several alerts. */
export interface Notification {
  readonly id: string
  readonly receiver: string
  /** Absent means e-mail. Of the other ways the address is the way and the receiver's name: `webhook:ops`. */
  readonly via?: Via
  readonly to: Recipient
  readonly namedBy?: NamedBy
  /** When it was decided, on the service's clock. */
  readonly at: Millis
  readonly because: Because
  readonly kind: 'alert' | 'digest' | 'notice' | 'report'
  /** The conversation that the mail belongs to (an episode, a digest or a notice), and its number in it, from 0. */
  readonly thread: string
  readonly seq: number
  readonly alerts: readonly AlertFacts[]
  /** How many of the alerts, the first ones, are what is new; the rest go on firing beside them. Absent: all. */
  readonly news?: number
  /** The number of the newest mail of the thread that was sent before this one; null for none. Absent: all were. */
  readonly previous?: number | null
  /** What the subject of the thread is about: the first alert of its first mail, and how many other hosts. */
  readonly lead?: { readonly facts: AlertFacts; readonly more: number }
  /** What fires beside it, of a mail about one alert. */
  readonly context?: Context
  /** When it is told again if nothing changes. */
  readonly nextAt?: Millis
  /** The receiver's zone, and its templates. */
  readonly zone?: string
  readonly templates?: { readonly subject?: string; readonly body?: string }
  /** Set where the subject is to begin with the state, and not to stay what it was in the thread's first mail. */
  readonly subjectMode?: 'status'
  /**
   * Mails about the same alerts that never got out, when this one takes their place: when the first of them was to be
   * sent, and where there are several how many, and when the last was to be sent.
   */
  readonly insteadOf?: {
    readonly at: Millis
    readonly because: Because
    readonly count?: number
    readonly last?: Millis
  }
  /** Mails that this reader should have got and never will, since the newest one that came: when, and about what. */
  readonly undelivered?: readonly { readonly at: Millis; readonly what: string }[]
  /** What a notice says; it is about no alert that is open. */
  readonly notice?: { readonly title: string; readonly lines: readonly string[] }
  readonly report?: Report
}
