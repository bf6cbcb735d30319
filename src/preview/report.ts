import type { AlertSnapshot, EngineConfig, Millis, Pulse, Report, ReportUtilizationRow } from '../model.ts'
import { SAMPLE_AT } from './play.ts'

const MINUTE: Millis = 60_000
const DAY: Millis = 24 * 60 * MINUTE
const HOSTS = 24
/** Maximum number of metrics in a report, and of alerts in its sample. */
const UTILIZATION = 4
const ALERTS = 3

/** Returns a sample report of a quiet day or week with some of these alerts. */
export function sampleReport(config: EngineConfig, every: Report['every'], resolved: readonly AlertSnapshot[]): Report {
  const days = every === 'week' ? 7 : 1
  const from = SAMPLE_AT - days * DAY
  const snapshots = resolved.slice(0, ALERTS)
  const spans = snapshots.map((_, i) => (3 - i) * 14 * MINUTE)
  const longest = snapshots.map(({ identity, severity, peak }, i) => {
    const startsAt = from + (i + 1) * 3 * 60 * MINUTE
    return { identity, severity, peak, startsAt, endsAt: startsAt + (spans[i] ?? 0) }
  })
  const hosts = [...new Set(snapshots.map(({ identity }) => identity.host))]
  const midnight = from - (from % DAY)
  const started = snapshots.length
  const all = <T>(first: readonly T[]): { readonly total: number; readonly first: readonly T[] } => ({
    total: first.length,
    first,
  })
  return {
    every,
    from,
    to: SAMPLE_AT,
    hosts: HOSTS,
    alerts: {
      started,
      alreadyOpen: 0,
      critical: snapshots.filter(({ severity }) => severity === 'critical').length,
      open: 0,
      hosts: hosts.length,
      days: Array.from({ length: days + 1 }, (_, i) => ({ day: midnight + i * DAY, started: i === 0 ? started : 0 })),
      longest: all(longest),
    },
    rules: all(snapshots.map(({ identity }) => ({ rule: identity.rule, started: 1, mails: 2 }))),
    outside: all(hosts.map((host, i) => ({ host, span: spans[i] ?? 0 }))),
    utilization: sampleUtilization(config),
    quality: {
      merged: 0,
      dropped: 0,
      future: 0,
      refused: 0,
      rejects: { events: 0, sources: all([]) },
      skewedClocks: all([]),
      sources: all([]),
      downtime: 0,
      stops: 0,
    },
  }
}

function sampleUtilization({ metrics }: EngineConfig): Report['utilization'] {
  const load = (host: string, mean: number, max: number): ReportUtilizationRow => ({ host, mean, max })
  return metrics
    .filter(({ unit, by, kind }) => (unit === 'ratio' || unit === 'percent') && by.length === 0 && kind === 'gauge')
    .slice(0, UTILIZATION)
    .map(({ name }) => ({
      metric: name,
      hosts: HOSTS,
      mean: 0.39,
      unused: 0.61,
      busiest: [load('web-1', 0.81, 0.97), load('db-1', 0.72, 0.95)],
      idlest: [load('web-9', 0.03, 0.08), load('web-8', 0.06, 0.31)],
      idle: { total: 1, first: ['web-9'] },
    }))
}

/** The state of a service that receives events from all hosts. */
export const SAMPLE_PULSE: Pulse = {
  hosts: HOSTS,
  hostsSeen: HOSTS,
  sources: { total: 1, first: [{ source: 'logstash-a', lastSeenAt: SAMPLE_AT - 2000 }] },
  lastEvent: SAMPLE_AT - 2000,
}
