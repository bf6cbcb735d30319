import type { Severity, Unit } from './configuration.ts'
import type { Matcher } from './telling.ts'
import type { Millis } from './time.ts'

export type AlertState = 'pending' | 'firing' | 'recovering' | 'resolved'

/**
 * Why an alert is over although nothing got better. `retired`: its host or source is gone for good. `gone`: its series is.
 * `reconfigured`: no rule looks at it any more. `accepted`: what was odd is taken for the usual now.
 */
export type Ended = 'retired' | 'gone' | 'reconfigured' | 'accepted'

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
  /** The first breaching window's end, or the last event of what is silent; never ahead of the present. */
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
  /** Set while the data has stopped: the newest sample's time, or the end of its bucket. */
  readonly noDataSince?: Millis
  /** Set while it keeps changing: what share of the last windows did, in percent. */
  readonly flapping?: number
  readonly muted?: Muted
  readonly ack?: Acknowledgement
  /** Windows judged since it began, those of them beyond a bound, and how often it came back. */
  readonly windows?: number
  readonly bad?: number
  readonly flaps?: number
  /** Mails that were decided to be sent about it, and changes or repeats that were not told. */
  readonly sent?: number
  readonly suppressed?: number
  readonly decisions?: readonly Decision[]
  /** What is to be told of it and is not told yet. */
  readonly waits?: readonly Waiting[]
  readonly transitions: readonly { readonly to: AlertState; readonly at: Millis; readonly reason: string }[]
}

/**
 * When an alert was critical: from the end of the first window that was, to the end of the first one that was not (absent
 * while it is critical), and in how many spells. `again` is when the newest of several spells began; absent where an older
 * version counted them.
 */
export interface Critical {
  readonly from: Millis
  readonly until?: Millis
  readonly spells: number
  readonly again?: Millis
}

/** Why somebody is told. */
export type Because =
  | 'fired'
  | 'severity rose'
  | 'severity fell'
  | 'resolved'
  | 'flapping started'
  | 'flapping stopped'
  | 'repeat interval elapsed'
  | 'silence ended'
  | 'escalated'
  | 'mail budget'
  | 'found in the backlog'
  | 'hosts retired'
  | 'not delivered'
  | 'scheduled'

/** Why somebody is not told of something, for now or for good. */
export type Muted =
  | {
      readonly by: 'silence'
      readonly id: string
      readonly until: Millis
      readonly author: string
      readonly comment: string
    }
  | { readonly by: 'maintenance'; readonly name: string }
  | { readonly by: 'inhibition'; readonly episode: string; readonly rule: string; readonly host: string }

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
  readonly from: Millis
  readonly until: Millis
  readonly author: string
  readonly comment: string
  readonly createdAt: Millis
}

/** One decision about an episode that people could ask about: at most some hundred are kept of each. */
export interface Decision {
  readonly at: Millis
  readonly kind: 'notified' | 'suppressed' | 'acknowledged' | 'judged'
  readonly reason: string
  /** Addresses, for `notified`. */
  readonly to?: string
}

/** News that somebody is to hear of an episode, and what it waits for. */
export interface Waiting {
  /** The address; absent while it is open who is to hear of it. */
  readonly to?: string
  readonly news: Because
  /** The key of its group's waits, or what holds it back. */
  readonly for: 'group_wait' | 'group_interval' | 'mail budget' | 'backlog' | 'acknowledgement' | Muted['by']
  /** When it ends at the earliest; absent where no clock knows. */
  readonly until?: Millis
}

/** The buckets around the moment of a step, as they were then; values in the metric's unit. */
export interface Picture {
  /** Width of a bucket, and the start of the first one. */
  readonly width: Millis
  readonly from: Millis
  /** One for each bucket, oldest first; `n` 0 and nulls where nothing was measured or the column is not kept. */
  readonly buckets: readonly PictureBucket[]
  /** The window that decided. */
  readonly window: { readonly from: Millis; readonly to: Millis }
  /** The bounds that the rule compares with. */
  readonly bounds: readonly {
    readonly severity: Severity
    readonly value: number
    readonly clear: number
    readonly upper: boolean
  }[]
}

export interface PictureBucket {
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
export interface Context {
  readonly onHost: readonly BesideAlert[]
  readonly firing: number
  /** How many of them nobody is told of now; absent in mails of older versions. */
  readonly muted?: number
  readonly hosts: number
}

export interface BesideAlert {
  readonly rule: string
  readonly severity: Severity
  readonly since: Millis
  readonly code: string
  /** Set while nobody is told of it. */
  readonly muted?: true
}

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
  /**
   * End of the first breaching window (or the moment it was found, when it was open still), or the last event of what
   * is silent; end of the last judged window; for a resolved alert also its end.
   */
  readonly since: Millis
  readonly at: Millis
  readonly resolvedAt?: Millis
  /** Set on a resolved alert that nothing got better about. */
  readonly ended?: Ended
  /** End of the window after which it counted as firing. */
  readonly firedAt?: Millis
  readonly peak: number | null
  readonly reason: string
  readonly source: string
  readonly subject?: string
  readonly body?: string
  /** What mails about it are called where neither its rule nor its receiver says so. */
  readonly usualSubject?: string
  /** Spans in which the service was down while the alert lasted, or so shortly before that it may have begun there. */
  readonly gaps: readonly { readonly from: Millis; readonly to: Millis }[]
  /** Set where it is no window that is judged, but what is so at `at`: a silence, a clock, a limit. */
  readonly isWindowless?: true
  /** Windows judged since it began, those of them beyond a bound, and how often it came back within the episode. */
  readonly windows?: number
  readonly bad?: number
  readonly flaps?: number
  /** Set while it keeps changing: what share of its last judgements did, in percent. */
  readonly flapping?: number
  /** Set while the data has stopped: the newest sample's time, or the end of its bucket. */
  readonly noDataSince?: Millis
  /** Set once it has been critical, with the bound that it was beyond then: `above 0.98`. */
  readonly critical?: Critical & { readonly bound: string }
  readonly picture?: Picture
  readonly peers?: Peers
  /** How many mails the reader was told of it before this one, and how many changes were held back and never told. */
  readonly sent?: number
  readonly suppressed?: number
  /** Why the reader is told of this one; what goes on firing beside the news has none. */
  readonly because?: Because
  /** What kept it from being told until now; words for an acknowledgement, or where an older version found it. */
  readonly wasMuted?: Muted | string
  readonly ack?: Acknowledgement
}
