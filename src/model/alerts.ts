import type { Recipient, Severity, Unit } from './configuration.ts'
import type { Millis } from './time.ts'

export type AlertState = 'pending' | 'firing' | 'recovering' | 'resolved'

/** Why an alert is over although nothing got better. `retired`: what it is about is gone for good. */
export type Ended = 'retired'

/** What an alert looks like from outside the engine. Values are in the metric's unit. */
export interface AlertView {
  readonly rule: string
  readonly host: string
  /** The `by` fields and their values. */
  readonly labels: Readonly<Record<string, string>>
  readonly state: AlertState
  readonly severity: Severity
  /** The firing-to-resolved life: a long id, and a short code for people. Absent while pending. */
  readonly episode?: string
  readonly code?: string
  /** The first breaching window's end. */
  readonly since: Millis
  readonly firedAt?: Millis
  readonly resolvedAt?: Millis
  /** Set on a resolved alert that nothing got better about. */
  readonly ended?: Ended
  /** End of the last judged window. */
  readonly at: Millis
  readonly value: number | null
  readonly bound: string
  readonly peak: number | null
  readonly unit: Unit
  readonly reason: string
  /** Set while the data has stopped: the newest sample's time. */
  readonly noDataSince?: Millis
  readonly transitions: readonly { readonly to: AlertState; readonly at: Millis; readonly reason: string }[]
}

/** Why somebody is told. */
export type Because = 'fired' | 'severity rose' | 'resolved' | 'mail budget' | 'found in the backlog' | 'hosts retired'

/** One alert as a mail tells it. */
export interface AlertFacts {
  readonly episode: string
  readonly code: string
  readonly rule: string
  readonly host: string
  readonly labels: Readonly<Record<string, string>>
  /** The labels that the rule was given in the configuration. */
  readonly ruleLabels?: Readonly<Record<string, string>>
  /** What was measured, in words: `mean of cpu over 2m`. */
  readonly what: string
  readonly metric: string
  readonly unit: Unit
  readonly state: 'firing' | 'resolved'
  readonly severity: Severity
  readonly value: number | null
  /** The bound in words and numbers: `above 0.9`. */
  readonly bound: string
  /** The bound that ends the alert, in words and numbers. */
  readonly clear: string
  /** First breaching window's end; end of the deciding window; for a resolved alert also its end. */
  readonly since: Millis
  readonly at: Millis
  readonly resolvedAt?: Millis
  readonly peak: number | null
  readonly reason: string
  readonly source: string
  readonly subject?: string
  readonly body?: string
  /** Spans in which the service was down and that touch this alert's window. */
  readonly gaps: readonly { readonly from: Millis; readonly to: Millis }[]
}

/** A step of an alert that people hear of, as the first fold hands it to the second. */
export interface Announcement {
  readonly because: 'fired' | 'severity rose' | 'resolved'
  /** Window end (event time) that decided, and when it was found out (the service's clock). */
  readonly at: Millis
  readonly found: Millis
  readonly notify: readonly string[]
  readonly facts: AlertFacts
}

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
  readonly to: Recipient
  /** When it was decided, on the service's clock. */
  readonly at: Millis
  readonly because: Because
  readonly kind: 'alert' | 'digest' | 'notice'
  /** The conversation that the mail belongs to (an episode, a digest or a notice), and its number in it, from 0. */
  readonly thread: string
  readonly seq: number
  readonly alerts: readonly AlertFacts[]
  /** What a notice says; it is about no alert that is open. */
  readonly notice?: { readonly title: string; readonly lines: readonly string[] }
}
