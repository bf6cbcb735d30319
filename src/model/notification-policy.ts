import type { Millis } from './time.ts'

/** A condition on one label of an alert. A missing label has the empty value. */
export interface Matcher {
  readonly label: string
  /** `=` and `!=` compare; `=~` and `!~` match an RE2 expression against the whole value. */
  readonly op: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** Which alerts share a mail, and when it is sent. */
export interface Grouping {
  /** Labels whose values separate groups. */
  readonly by: readonly string[]
  /** How long the first alert of a group waits for others. */
  readonly wait: Millis
  /** The shortest time between two mails of a group about changes. */
  readonly interval: Millis
}

/** When a firing alert is notified again: after `initial`, then after twice as long, up to `max`. 0 means never. */
export interface Repeat {
  readonly initial: Millis
  readonly max: Millis
}

/** Receivers to notify in addition when an alert is not acknowledged for `after`. */
export interface Escalation {
  readonly after: Millis
  readonly notify: readonly string[]
}

/** Chooses receivers for alerts whose rule names none. All matchers must match; the first matching route is used. */
export interface Route {
  readonly matchers: readonly Matcher[]
  readonly notify: readonly string[]
  /** Whether the routes after this one are tried too. */
  readonly continue: boolean
  readonly grouping?: Grouping
  readonly repeat?: Repeat
  readonly escalation?: readonly Escalation[]
}

/** While an alert that matches `source` fires, mutes those that match `target` and have the same values of `equal`. */
export interface Inhibition {
  readonly sourceMatchers: readonly Matcher[]
  readonly targetMatchers: readonly Matcher[]
  readonly equal: readonly string[]
}

/** A range of whole numbers, both ends included. Negative days of the month count from its end. */
export interface NumberRange {
  readonly from: number
  readonly to: number
}

/** A recurring time in which matching alerts are muted. An empty list means any. */
export interface MaintenanceWindow {
  readonly name: string
  readonly matchers: readonly Matcher[]
  /** IANA name of the time zone. */
  readonly timeZone: string
  /**
   * Minutes of the day, the end excluded (1440 for midnight). A range whose end is before its start passes midnight.
   */
  readonly times: readonly NumberRange[]
  /** 0 is Sunday. */
  readonly weekdays: readonly NumberRange[]
  readonly daysOfMonth: readonly NumberRange[]
  /** 1 is January. */
  readonly months: readonly NumberRange[]
  readonly years: readonly NumberRange[]
}

/** The `alerting` section: who is notified of alerts, and when. */
export interface Alerting {
  readonly grouping: Grouping
  readonly repeat: Repeat
  readonly routes: readonly Route[]
  readonly maintenanceWindows: readonly MaintenanceWindow[]
  readonly inhibitRules: readonly Inhibition[]
  /** The most single mails per minute to all addresses together. Beyond it, each address gets one list. */
  readonly totalPerMinute: number
  /** Whether a flapping alert is notified once, as flapping, instead of at every change. */
  readonly flapping: boolean
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The default timing of groups that hold alerts of several hosts: they wait for each other. */
export const OVER_HOSTS = { wait: MINUTE / 2, interval: 5 * MINUTE }

/** The default notification settings: one group per rule and host without waiting, repeats after 4 h up to 24 h. */
export const ALERTING: Alerting = {
  grouping: { by: ['rule', 'host'], wait: 0, interval: 0 },
  repeat: { initial: 4 * HOUR, max: 24 * HOUR },
  routes: [],
  maintenanceWindows: [],
  inhibitRules: [],
  totalPerMinute: 60,
  flapping: true,
}
