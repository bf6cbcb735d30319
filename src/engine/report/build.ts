import { localTime } from '../../dispatch/calendar.ts'
import type { ReportRequest } from '../../dispatch/groups.ts'
import { isAcknowledged } from '../../dispatch/suppress.ts'
import type {
  Millis,
  Pulse,
  RejectCount,
  Report,
  ReportAlerts,
  ReportEpisode,
  ReportQuality,
  ReportRejects,
  ReportRule,
  Top,
} from '../../model.ts'
import { isBuiltinRule, UNKNOWN_HOST, BUILTIN_RULES } from '../../model.ts'
import { usedSince } from './collect.ts'
import { type PeriodCounter, mergeCounts, type Period, type EpisodeSummary } from './periods.ts'
import type { Fold, State } from '../state.ts'
import { completeStats } from './stats.ts'

/** The most entries in a list of a report. */
const MAX_LISTED = 10
const HOUR = 3_600_000
const DAY = 24 * HOUR
/** A host that was seen within this time counts as reporting. */
const SEEN_WITHIN = 15 * 60_000

/** Builds the report of everything gathered since `from`. */
export function buildReport(fold: Fold, { every, from, zone }: ReportRequest): Report {
  const { state } = fold
  const { reportStats, now } = state
  if (reportStats !== undefined) completeStats(state, reportStats)
  const periods =
    reportStats === undefined ? [] : [...reportStats.periods.filter(({ to }) => to > from), reportStats.open]
  const episodes = [...(reportStats?.episodes.values() ?? [])].filter(
    ({ endsAt }) => endsAt === undefined || endsAt >= from,
  )
  const sum = periods.length === 0 ? undefined : mergeCounts(periods)
  const builtin = episodes.filter(({ identity }) => isBuiltinRule(identity.rule))
  const others = episodes.filter(({ identity }) => !isBuiltinRule(identity.rule))
  const span = { from, to: now }
  return {
    every,
    ...span,
    hosts: seenSince(fold, from),
    alerts: alertsIn(fold, others, sum, span, zone),
    rules: rulesIn(sum),
    outside: timeOutside(others, span),
    utilization: fold.plan.config.metrics.flatMap(({ name }) =>
      reportStats === undefined ? [] : usedSince(reportStats, from, name),
    ),
    quality: qualityIn(state, builtin, sum, span),
  }
}

function seenSince({ state }: Fold, from: Millis): number {
  let count = 0
  for (const { name, lastSeenAt } of state.hosts.values()) if (name !== UNKNOWN_HOST && lastSeenAt >= from) count++
  return count
}

interface TimeSpan {
  readonly from: Millis
  readonly to: Millis
}

function alertsIn(
  fold: Fold,
  episodes: readonly EpisodeSummary[],
  sum: Period | undefined,
  period: TimeSpan,
  zone: string,
): ReportAlerts {
  const before = episodes.filter(({ startsAt }) => startsAt < period.from)
  const hosts = new Set([...(sum?.hosts ?? []), ...before.map(({ identity }) => identity.host)])
  const ordered = episodes.toSorted((a, b) => episodeSpan(b, period) - episodeSpan(a, period))
  const started = total([...(sum?.started ?? [])].filter(([rule]) => !isBuiltinRule(rule)))
  return {
    started,
    alreadyOpen: before.length,
    critical: (sum?.critical ?? 0) + before.filter(({ criticalAt = Infinity }) => criticalAt < period.from).length,
    open: episodes.filter(({ endsAt }) => endsAt === undefined).length,
    hosts: hosts.size,
    days: countByDay(fold, sum, period, zone),
    longest: {
      total: started + before.length,
      first: ordered
        .slice(0, MAX_LISTED)
        .map((episode) => ({ ...reportEpisode(episode), ...openFields(fold, episode) })),
    },
  }
}

function reportEpisode({ identity, severity, startsAt, endsAt, peak }: EpisodeSummary): ReportEpisode {
  return { identity, severity, startsAt, ...(endsAt === undefined ? {} : { endsAt }), peak }
}

/** Returns the dispatch state of an alert that is still open. */
function openFields({ state }: Fold, spell: EpisodeSummary): Pick<ReportEpisode, 'muted' | 'ack'> {
  if (spell.endsAt !== undefined) return {}
  const [episode = ''] = [...(state.reportStats?.episodes ?? [])].find(([, one]) => one === spell) ?? []
  const one = state.dispatch.alerts.get(episode)
  return {
    ...(one?.muted === undefined ? {} : { muted: one.muted.by }),
    ...(one?.ack !== undefined && isAcknowledged(one, state.now) ? { ack: one.ack.author } : {}),
  }
}

function episodeSpan({ startsAt, endsAt }: EpisodeSummary, { from, to }: TimeSpan): Millis {
  return Math.max(0, Math.min(endsAt ?? to, to) - Math.max(startsAt, from))
}

/** Counts the alerts that began on each date of the period, for the last ten dates at most. */
function countByDay(
  { dispatchPlan }: Fold,
  sum: Period | undefined,
  { from, to }: TimeSpan,
  zone: string,
): ReportAlerts['days'] {
  const dayOf = (at: Millis): Millis => localTime(at, zone, dispatchPlan.clocks).day
  const days = new Map<Millis, number>()
  const last = dayOf(to)
  const first = Math.max(dayOf(from), last - 9 * DAY)
  for (let day = first; day <= last; day += DAY) days.set(day, 0)
  for (const [hour, count] of sum?.startedByHour ?? []) {
    const day = Math.max(first, dayOf(Math.min(to, Math.max(from, hour * HOUR))))
    days.set(day, (days.get(day) ?? 0) + count)
  }
  return [...days].toSorted(([a], [b]) => a - b).map(([day, started]) => ({ day, started }))
}

/** Returns the rules, ordered by mails, then by how often they fired. */
function rulesIn(sum: Period | undefined): Top<ReportRule> {
  const names = new Set([...(sum?.mails.keys() ?? []), ...(sum?.started.keys() ?? [])])
  const rules = [...names].map((rule) => ({
    rule,
    started: sum?.started.get(rule) ?? 0,
    mails: sum?.mails.get(rule) ?? 0,
  }))
  return top(rules.toSorted((a, b) => b.mails - a.mails || b.started - a.started || compare(a.rule, b.rule)))
}

/** Returns how long each host was out of bounds. Overlapping episodes count once. */
function timeOutside(episodes: readonly EpisodeSummary[], period: TimeSpan): Report['outside'] {
  const hosts = [...Map.groupBy(episodes, ({ identity }) => identity.host)].map(([host, theirs]) => ({
    host,
    span: covered(theirs, period),
  }))
  const some = hosts.filter(({ span }) => span > 0)
  return top(some.toSorted((a, b) => b.span - a.span || compare(a.host, b.host)))
}

function covered(episodes: readonly EpisodeSummary[], { from, to }: TimeSpan): Millis {
  let span = 0
  let end = from
  for (const { startsAt, endsAt = to } of episodes.toSorted((a, b) => a.startsAt - b.startsAt)) {
    const start = Math.max(startsAt, end)
    const stop = Math.min(endsAt, to)
    span += Math.max(0, stop - start)
    end = Math.max(end, stop)
  }
  return span
}

function qualityIn(
  { gaps }: State,
  builtin: readonly EpisodeSummary[],
  sum: Period | undefined,
  period: TimeSpan,
): ReportQuality {
  const of = (rule: string): readonly EpisodeSummary[] => builtin.filter(({ identity }) => identity.rule === rule)
  const clocks = [...new Set(of(BUILTIN_RULES.clock).map(({ identity }) => identity.host))]
  const sources = [...Map.groupBy(of(BUILTIN_RULES.source), ({ identity }) => identity.host)].map(
    ([source, episodes]) => {
      return { source, span: covered(episodes, period), times: episodes.length }
    },
  )
  const count = (what: PeriodCounter): number => sum?.counts[what] ?? 0
  return {
    merged: count('merged'),
    dropped: count('dropped'),
    future: count('future'),
    refused: count('refused'),
    rejects: rejectsIn(sum),
    skewedClocks: top(clocks.toSorted(compare)),
    sources: top(sources.toSorted((a, b) => b.span - a.span || compare(a.source, b.source))),
    downtime: count('down'),
    stops: count('stops'),
    isRecovered: gaps.some(({ to, isRecovered }) => to > period.from && isRecovered === true),
  }
}

/** Returns the events that ingest rejected, by source, each with its reasons. */
function rejectsIn(sum: Period | undefined): ReportRejects {
  const all = [...(sum?.rejects.values() ?? [])]
  const bySource = [...Map.groupBy(all, ({ source }) => source)].map(([source, theirs]) => ({
    source,
    events: rejectCount(theirs),
    reasons: top(
      theirs
        .map(({ code, count, path }) => ({ code, count, path }))
        .toSorted((a, b) => b.count - a.count || compare(a.code, b.code)),
    ),
  }))
  return {
    events: rejectCount(all),
    sources: top(bySource.toSorted((a, b) => b.events - a.events || compare(a.source, b.source))),
  }
}

function rejectCount(rejects: readonly RejectCount[]): number {
  return rejects.reduce((sum, { count }) => sum + count, 0)
}

/** Returns which hosts and sources report now. */
export function buildPulse({ state }: Fold): Pulse {
  const hosts = [...state.hosts.values()].filter(({ name }) => name !== UNKNOWN_HOST)
  const sources = [...state.sources.values()].map(({ name, lastSeenAt }) => ({ source: name, lastSeenAt }))
  const newest = hosts.reduce((last, { lastSeenAt }) => Math.max(last, lastSeenAt), -Infinity)
  const gap = state.gaps.findLast(({ to }) => to > state.now - DAY)
  return {
    hosts: hosts.length,
    hostsSeen: hosts.filter(({ lastSeenAt }) => lastSeenAt >= state.now - SEEN_WITHIN).length,
    sources: top(sources.toSorted((a, b) => compare(a.source, b.source))),
    ...(newest === -Infinity ? {} : { lastEvent: newest }),
    ...(gap === undefined ? {} : { gap }),
  }
}

function top<T>(all: readonly T[]): Top<T> {
  return { total: all.length, first: all.slice(0, MAX_LISTED) }
}

function total(counts: readonly (readonly [string, number])[]): number {
  return counts.reduce((sum, [, count]) => sum + count, 0)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
