import type { AlertState, Millis, RejectCount } from '../../model.ts'
import { countReject, clampToNow, isBuiltinRule } from '../../model.ts'
import { addToRow, emptyRows, readRow, mergeRows } from './utilization-rows.ts'
import {
  add,
  addUtilization,
  type PeriodCounter,
  emptyPeriod,
  mergePeriods,
  MAX_REJECTS,
  type Period,
  type EpisodeSummary,
  type ReportStats,
} from './periods.ts'
import type { Alert, Fold, Host, State } from '../state.ts'

/** The most periods kept. Beyond that, which takes more kinds of reports than usual, the two oldest are merged. */
const MAX_PERIODS = 32
/** The most episodes kept. Beyond that, the shorter half of the finished ones is dropped. Open episodes all stay. */
const MAX_EPISODES = 2000

/** Counts an event that affects the quality of a report's data. */
export function countInReport({ reportStats }: State, what: PeriodCounter, by = 1): void {
  if (reportStats !== undefined) reportStats.open.counts[what] += by
}

/** Counts the events that ingest rejected. The engine learns nothing else about them. */
export function recordRejects({ reportStats }: State, rejects: readonly RejectCount[] = []): void {
  if (reportStats === undefined) return
  for (const one of rejects) countReject(reportStats.open.rejects, one, MAX_REJECTS)
}

/** Records a utilization sample. `limit` bounds the number of hosts that have a row. */
export function recordUtilization(stats: ReportStats, metric: string, host: Host, share: number, limit: number): void {
  host.reportRow ??= reportRow(stats, host.name, limit)
  if (host.reportRow === undefined) return
  const known = stats.open.utilization.get(metric)
  const rows = known ?? emptyRows(stats.rows.size)
  if (known === undefined) stats.open.utilization.set(metric, rows)
  addToRow(rows, host.reportRow, 1, share, share)
}

function reportRow({ rows }: ReportStats, name: string, limit: number): number | undefined {
  const known = rows.get(name)
  if (known !== undefined || rows.size >= limit) return known
  rows.set(name, rows.size)
  return rows.size - 1
}

/** Records a transition of an alert. */
export function recordTransition({ state }: Fold, alert: Alert, to: AlertState): void {
  const { reportStats } = state
  const { lifecycle, severity } = alert
  const { rule, host } = alert.identity
  if (reportStats === undefined || lifecycle.state === 'pending') return
  const known = reportStats.episodes.get(alert.episode)
  const episode = known ?? startEpisode(alert, lifecycle.since)
  reportStats.episodes.set(alert.episode, episode)
  const isRise = severity === 'critical' && episode.criticalAt === undefined
  episode.severity = severity
  if (isRise) episode.criticalAt = state.now
  episode.peak = lifecycle.peak
  episode.endsAt = to === 'resolved' && lifecycle.state === 'resolved' ? lifecycle.resolvedAt : undefined
  if (isRise && !isBuiltinRule(rule)) reportStats.open.critical++
  if (known !== undefined) return
  add(reportStats.open.started, rule, 1)
  if (isBuiltinRule(rule)) return
  reportStats.open.hosts.add(host)
  add(reportStats.open.startedByHour, Math.floor(state.now / HOUR), 1)
  if (reportStats.episodes.size > reportStats.pruneAt) pruneEpisodes(reportStats)
}

const HOUR = 3_600_000

function startEpisode({ identity, severity }: Alert, startsAt: Millis): EpisodeSummary {
  return { identity, severity, criticalAt: undefined, startsAt, endsAt: undefined, peak: null }
}

/**
 * Drops the shorter half of the finished episodes. The next pruning waits until as many new episodes were added,
 * however many are open.
 */
function pruneEpisodes(stats: ReportStats): void {
  const { episodes } = stats
  const over = [...episodes].flatMap(([id, { startsAt, endsAt }]) =>
    endsAt === undefined ? [] : [{ id, span: endsAt - startsAt }],
  )
  const shortest = over.toSorted((a, b) => a.span - b.span).slice(0, Math.ceil(over.length / 2))
  for (const { id } of shortest) episodes.delete(id)
  stats.pruneAt = Math.max(MAX_EPISODES, 2 * episodes.size)
}

/**
 * Runs once a tick: starts gathering when a receiver has reports enabled, starts a new period after a report was sent,
 * and stops with the last such receiver.
 */
export function maintainStats(fold: Fold): void {
  const { state, dispatchPlan } = fold
  const { schedules } = state.dispatch
  const isWanted = dispatchPlan.scheduled.some(({ kind }) => kind === 'report')
  if (!isWanted || schedules.size === 0) {
    if (state.reportStats !== undefined) stop(state)
    return
  }
  if (state.reportStats === undefined) {
    begin(state)
    return
  }
  const { reportStats } = state
  // Rows keep their positions while a report is built from them.
  if (reportStats.mayCompact && reportStats.build === undefined) compact(fold, reportStats)
  addMailCounts(state, reportStats)
  reportStats.open.to = state.now
  const marks = [...schedules].flatMap(([key, { lastRunAt }]) => (key.startsWith('report') ? [lastRunAt] : []))
  const isReported = marks.some((mark) => mark > reportStats.open.from)
  const rows = finishReport(reportStats, isReported)
  if (isReported) closePeriod(fold, reportStats, Math.min(...marks), rows)
}

/**
 * Ends a report build. Samples that arrived during the build belong to the period that begins when the report is sent;
 * without a report, to the current period.
 *
 * @returns the utilization that the next period starts with.
 */
function finishReport(stats: ReportStats, isReported: boolean): Period['utilization'] {
  const { build, open } = stats
  if (build === undefined) return new Map()
  stats.open = { ...open, utilization: build.utilization }
  delete stats.build
  if (isReported) return open.utilization
  addUtilization(build.utilization, open.utilization)
  return new Map()
}

function addMailCounts({ dispatch: { mailCounts } }: State, { open }: ReportStats): void {
  for (const [rule, count] of mailCounts.byRule) add(open.mails, rule, count)
  mailCounts.byRule.clear()
}

/** Brings the statistics up to date before a report is built. */
export function completeStats(state: State, stats: ReportStats): void {
  addMailCounts(state, stats)
  updateOpenEpisodes(state, stats)
}

function stop(state: State): void {
  state.reportStats = undefined
  for (const host of state.hosts.values()) host.reportRow = undefined
}

/** Alerts that fire already began before gathering did, and so did their mails: neither counts. */
function begin(state: State): void {
  const stats: ReportStats = {
    rows: new Map(),
    periods: [],
    open: emptyPeriod(state.now),
    episodes: new Map(),
    mayCompact: false,
    pruneAt: MAX_EPISODES,
  }
  state.reportStats = stats
  updateOpenEpisodes(state, stats)
  state.dispatch.mailCounts.byRule.clear()
}

/** Updates open episodes, and ends those whose alert is gone without a transition. */
function updateOpenEpisodes(state: State, { episodes }: ReportStats): void {
  const open = new Set<string>()
  const take = (alert: Alert): void => {
    const { lifecycle, episode } = alert
    if (lifecycle.state === 'pending' || lifecycle.state === 'resolved' || episode === '') return
    open.add(episode)
    const spell = episodes.get(episode) ?? startEpisode(alert, lifecycle.since)
    spell.severity = alert.severity
    if (spell.severity === 'critical') spell.criticalAt ??= -Infinity
    spell.peak = lifecycle.peak
    episodes.set(episode, spell)
  }
  for (const alert of state.alerts.values()) take(alert)
  for (const { alerts } of state.hosts.values()) {
    if (alerts.size > 0) for (const alert of alerts.values()) take(alert)
  }
  for (const [id, spell] of episodes) if (spell.endsAt === undefined && !open.has(id)) spell.endsAt = state.now
}

/** Closes the period and drops what no later report covers. */
function closePeriod(fold: Fold, stats: ReportStats, oldest: Millis, utilization: Period['utilization']): void {
  stats.periods = [...stats.periods, stats.open].filter(({ to }) => to > oldest)
  stats.open = { ...emptyPeriod(fold.state.now), utilization }
  while (stats.periods.length > MAX_PERIODS) {
    const [first, second, ...rest] = stats.periods as [Period, Period, ...Period[]]
    stats.periods = [mergePeriods([first, second]), ...rest]
  }
  for (const [id, { endsAt }] of stats.episodes) if (endsAt !== undefined && endsAt < oldest) stats.episodes.delete(id)
  stats.mayCompact = true
}

/** Reuses the rows of removed hosts that are in no period any more. Runs at the tick after a cut. */
function compact({ state }: Fold, stats: ReportStats): void {
  stats.mayCompact = false
  const periods = [...stats.periods, stats.open]
  const all = periods.flatMap(({ utilization }) => [...utilization.values()])
  const kept = [...stats.rows].filter(
    ([name, row]) => state.hosts.has(name) || all.some((rows) => readRow(rows, row).n > 0),
  )
  if (kept.length === stats.rows.size) return
  const order = kept.map(([, row]) => row)
  for (const { utilization: loads } of periods) {
    for (const [metric, old] of loads) loads.set(metric, mergeRows(emptyRows(order.length), old, order))
  }
  stats.rows = new Map(kept.map(([name], row) => [name, row]))
  for (const host of state.hosts.values()) host.reportRow = stats.rows.get(host.name)
}

/** Records downtime of the service. */
export function recordDowntime(state: State, span: Millis): void {
  countInReport(state, 'stops')
  countInReport(state, 'down', span)
}

/** Moves all timestamps ahead of `now` back to it, after the service's clock was set back. */
export function rewindStats({ reportStats }: State, now: Millis): void {
  if (reportStats === undefined) return
  for (const period of [...reportStats.periods, reportStats.open]) clampToNow(period, now, 'from', 'to')
  for (const episode of reportStats.episodes.values()) clampToNow(episode, now, 'since', 'criticalAt', 'until')
}
