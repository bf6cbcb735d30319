import type { Severity, Unit } from './configuration.ts'
import type { RejectCount } from './events.ts'
import type { Millis } from './time.ts'

/** The first of a list, and how many there are in all. */
export interface Top<T> {
  readonly total: number
  readonly first: readonly T[]
}

/** What a report tells: plain and bounded, however large the site. Shares of a whole go from 0 to 1. */
export interface Report {
  readonly every: 'day' | 'week'
  /** What it covers, on the service's clock. */
  readonly from: Millis
  readonly to: Millis
  /** Hosts that were heard within it. */
  readonly hosts: number
  readonly alerts: ReportAlerts
  /** Rules by how much they were told of, and hosts by how long they were outside their bounds. */
  readonly rules: Top<ReportRule>
  readonly outside: Top<{ readonly host: string; readonly span: Millis }>
  /** One for each metric that is a share of a whole, such as cpu and memory. */
  readonly shares: readonly ReportShare[]
  readonly quality: ReportQuality
}

export interface ReportAlerts {
  /** Began within the period; went on from before it; critical among both; open at its end. */
  readonly began: number
  readonly before: number
  readonly critical: number
  readonly open: number
  /** Hosts with alerts. */
  readonly hosts: number
  /** How many began on each day by the calendar of the receiver's zone; `day` is the UTC midnight of the date. */
  readonly days: readonly { readonly day: Millis; readonly began: number }[]
  readonly longest: Top<ReportEpisode>
}

export interface ReportEpisode {
  readonly rule: string
  readonly host: string
  readonly labels: Readonly<Record<string, string>>
  readonly severity: Severity
  readonly since: Millis
  /** Absent while it goes on. */
  readonly until?: Millis
  readonly peak: number | null
  readonly unit: Unit
  /** Of one that goes on: what keeps it from being told, and who looks after it. */
  readonly muted?: 'silence' | 'maintenance' | 'inhibition'
  readonly ack?: string
}

export interface ReportRule {
  readonly rule: string
  readonly began: number
  readonly mails: number
}

/** How much of a whole was used. A host counts by the mean of its samples, and each host alike. */
export interface ReportShare {
  readonly metric: string
  readonly hosts: number
  readonly mean: number
  /** What was left on average. */
  readonly unused: number
  readonly busiest: readonly ReportLoad[]
  readonly idlest: readonly ReportLoad[]
  /** Hosts that stayed under a tenth the whole time. */
  readonly idle: Top<string>
}

export interface ReportLoad {
  readonly host: string
  readonly mean: number
  readonly max: number
}

/** What the reader should know of the numbers: what came late, was lost, or was not watched. */
export interface ReportQuality {
  /** Samples that came after their window was judged and counted all the same, and those that came too late. */
  readonly merged: number
  readonly dropped: number
  /** Samples that were dated in the future, and so taken by their arrival. */
  readonly future: number
  /** Events of which a limit refused the host or a series. */
  readonly refused: number
  /** Events that were refused as invalid. */
  readonly rejects: ReportRejects
  /** Hosts whose clock was wrong. */
  readonly clocks: Top<string>
  readonly sources: Top<{ readonly source: string; readonly span: Millis; readonly times: number }>
  /** For how long the service was down, and how often. */
  readonly down: Millis
  readonly stops: number
}

/** A body that could not be read counts as one event. Sources and reasons are in order, those with the most first. */
export interface ReportRejects {
  readonly events: number
  readonly sources: Top<{
    readonly source: string
    readonly events: number
    readonly reasons: Top<Omit<RejectCount, 'source'>>
  }>
}

/** Whether the service hears anything, for the mail that says that it lives. */
export interface Pulse {
  /** Hosts that are known, and those heard within the last quarter of an hour. */
  readonly hosts: number
  readonly heard: number
  /** When a request of each came last. */
  readonly sources: Top<{ readonly source: string; readonly heard: Millis }>
  readonly lastEvent?: Millis
  /** The newest time in which the service was down. */
  readonly gap?: { readonly from: Millis; readonly to: Millis }
}
