import type { Gap } from './alerts.ts'
import type { Severity } from './configuration.ts'
import type { RejectCount } from './events.ts'
import type { AlertIdentity } from './evidence.ts'
import type { Millis } from './time.ts'

/** The first elements of a list, and its total length. */
export interface Top<T> {
  readonly total: number
  readonly first: readonly T[]
}

/** The content of a report: plain data of bounded size, however many hosts there are. Ratios go from 0 to 1. */
export interface Report {
  readonly every: 'day' | 'week'
  /** The period covered, on the service's clock. */
  readonly from: Millis
  readonly to: Millis
  /** Hosts that sent events within the period. */
  readonly hosts: number
  readonly alerts: ReportAlerts
  /** Rules with the most notifications, and hosts with the longest time out of bounds. */
  readonly rules: Top<ReportRule>
  readonly outside: Top<{ readonly host: string; readonly span: Millis }>
  /** One for each metric that is a ratio of a whole, such as CPU and memory. */
  readonly utilization: readonly ReportUtilization[]
  readonly quality: ReportQuality
}

export interface ReportAlerts {
  /**
   * Alerts that began within the period, that continued from before it, critical ones among both, and open at its end.
   */
  readonly started: number
  readonly alreadyOpen: number
  readonly critical: number
  readonly open: number
  /** Hosts with alerts. */
  readonly hosts: number
  /** How many began on each day in the receiver's time zone. `day` is the UTC midnight of the date. */
  readonly days: readonly { readonly day: Millis; readonly started: number }[]
  readonly longest: Top<ReportEpisode>
}

export interface ReportEpisode {
  readonly identity: AlertIdentity
  readonly severity: Severity
  readonly startsAt: Millis
  /** Absent while it is open. */
  readonly endsAt?: Millis
  readonly peak: number | null
  /** Set on an open episode: what mutes it, and who acknowledged it. */
  readonly muted?: 'silence' | 'maintenance' | 'inhibition'
  readonly ack?: string
}

export interface ReportRule {
  readonly rule: string
  readonly started: number
  readonly mails: number
}

/** Utilization. A host counts with the mean of its samples, and all hosts weigh the same. */
export interface ReportUtilization {
  readonly metric: string
  readonly hosts: number
  readonly mean: number
  /** The unused part, averaged over the hosts: `1 - mean` of each, at least 0. */
  readonly unused: number
  readonly busiest: readonly ReportUtilizationRow[]
  readonly idlest: readonly ReportUtilizationRow[]
  /** Hosts that stayed below 10% for the whole period. */
  readonly idle: Top<string>
}

export interface ReportUtilizationRow {
  readonly host: string
  readonly mean: number
  readonly max: number
}

/** Limits of the data: late, lost or unwatched. */
export interface ReportQuality {
  /** Late samples: those still counted after their window was evaluated, and those dropped as too late. */
  readonly merged: number
  readonly dropped: number
  /** Samples with a time in the future, counted at their arrival time instead. */
  readonly future: number
  /** Events whose host or series was refused by a limit. */
  readonly refused: number
  /** Events rejected as invalid. */
  readonly rejects: ReportRejects
  /** Hosts with a wrong clock. */
  readonly skewedClocks: Top<string>
  readonly sources: Top<{ readonly source: string; readonly span: Millis; readonly times: number }>
  /** How long the service was down in total, and how often. */
  readonly downtime: Millis
  readonly stops: number
  /** Whether events of a downtime arrived after it. */
  readonly isRecovered?: boolean
}

/** A body that cannot be parsed counts as one event. Sources and reasons are sorted by count, highest first. */
export interface ReportRejects {
  readonly events: number
  readonly sources: Top<{
    readonly source: string
    readonly events: number
    readonly reasons: Top<Omit<RejectCount, 'source'>>
  }>
}

/** Whether the service receives events, for the heartbeat mail. */
export interface Pulse {
  /** Known hosts, and those seen within the last 15 minutes. */
  readonly hosts: number
  readonly hostsSeen: number
  /** The time of each source's last request. */
  readonly sources: Top<{ readonly source: string; readonly lastSeenAt: Millis }>
  readonly lastEvent?: Millis
  /** The latest downtime of the service. */
  readonly gap?: Gap
}
