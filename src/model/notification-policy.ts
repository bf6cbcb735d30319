import type { Millis } from './time.ts'

/** One condition on a label of an alert; a label that is missing is the empty text. */
export interface Matcher {
  readonly label: string
  /** Equal, not equal; fits, does not fit an RE2 expression from its first to its last character. */
  readonly op: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** Which alerts are told in one mail, and when. */
export interface Grouping {
  /** Labels whose values tell groups apart. */
  readonly by: readonly string[]
  /** How long the first alert of a group waits for others. */
  readonly wait: Millis
  /** The shortest time between two mails of a group that tell changes. */
  readonly interval: Millis
}

/** An alert that goes on is told again after `first`, then after twice as long, up to `most`. 0 means never. */
export interface Repeat {
  readonly first: Millis
  readonly most: Millis
}

/** Who is told as well when nobody has acknowledged an alert for so long. */
export interface Escalation {
  readonly after: Millis
  readonly notify: readonly string[]
}

/** Chooses receivers for the alerts of rules that name none. All matchers must hold; the first route that fits counts. */
export interface Route {
  readonly matchers: readonly Matcher[]
  readonly notify: readonly string[]
  /** Whether the routes after this one are looked at too. */
  readonly continue: boolean
  readonly grouping?: Grouping
  readonly repeat?: Repeat
  readonly escalate?: readonly Escalation[]
}

/** While an alert that fits `source` fires, those that fit `target` and agree with it in `equal` are not told. */
export interface Inhibition {
  readonly source: readonly Matcher[]
  readonly target: readonly Matcher[]
  readonly equal: readonly string[]
}

/** A span of whole numbers, both ends included; negative days of the month count from its end. */
export interface NumberRange {
  readonly from: number
  readonly to: number
}

/** A recurring time in which alerts that fit are not told. An empty list means any. */
export interface MaintenanceWindow {
  readonly name: string
  readonly matchers: readonly Matcher[]
  /** IANA name of the zone that the times are of. */
  readonly zone: string
  /** Minutes of the day, the end excluded (1440 for midnight); a span whose end is before its start passes midnight. */
  readonly times: readonly NumberRange[]
  /** 0 is Sunday. */
  readonly weekdays: readonly NumberRange[]
  readonly daysOfMonth: readonly NumberRange[]
  /** 1 is January. */
  readonly months: readonly NumberRange[]
  readonly years: readonly NumberRange[]
}

/** What people hear of alerts, and when. */
export interface Alerting {
  readonly grouping: Grouping
  readonly repeat: Repeat
  readonly routes: readonly Route[]
  readonly maintenance: readonly MaintenanceWindow[]
  readonly inhibit: readonly Inhibition[]
  /** At most so many single mails a minute to all addresses together; what does not fit is listed in one mail each. */
  readonly totalPerMinute: number
  /** Whether an alert that keeps changing is told once, as flapping. */
  readonly flapping: boolean
}
