import type { AlertState, Millis, RejectCount } from '../../model.ts'
import { addReject, clampToNow, isBuiltinRule } from '../../model.ts'
import { addSample, emptyRows, readRow, mergeRows } from './utilization-rows.ts'
import {
  add,
  addUtilization,
  type PeriodCounter,
  emptyPeriod,
  mergePeriods,
  MOST_REJECTS,
  type Period,
  type EpisodeSummary,
  type ReportStats,
} from './periods.ts'
import type { Alert, Fold, Host, State } from '../state.ts'

/** The most periods kept. Beyond that, which takes more kinds of reports than usual, the two oldest are merged. */
const MOST_SLICES = 32
/** The most episodes kept. Beyond that, the shorter half of the finished ones is dropped. Open episodes all stay. */
const MOST_SPELLS = 2000

/** Counts an event that affects the quality of a report's data. */
export function countInReport({ reportStats }: State, what: PeriodCounter, by = 1): void {
  if (reportStats !== undefined) reportStats.open.counts[what] += by
}

/** Counts the events that ingest rejected. The engine learns nothing else about them. */
export function recordRejects({ reportStats }: State, rejects: readonly RejectCount[] = []): void {
  if (reportStats === undefined) return
  for (const one of rejects) addReject(reportStats.open.rejects, one, MOST_REJECTS)
}

/** Records a utilization sample. `limit` bounds the number of hosts that have a row. */
export function recordUtilization(usage: ReportStats, metric: string, host: Host, share: number, limit: number): void {
  host.reportRow ??= reportRow(usage, host.name, limit)
  if (host.reportRow === undefined) return
  const known = usage.open.loads.get(metric)
  const loads = known ?? emptyRows(usage.rows.size)
  if (known === undefined) usage.open.loads.set(metric, loads)
  addSample(loads, host.reportRow, 1, share, share)
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
  const known = reportStats.spells.get(alert.episode)
  const spell = known ?? startEpisode(alert, lifecycle.since)
  reportStats.spells.set(alert.episode, spell)
  const isRise = severity === 'critical' && spell.criticalAt === undefined
  spell.severity = severity
  if (isRise) spell.criticalAt = state.now
  spell.peak = lifecycle.peak
  spell.until = to === 'resolved' && lifecycle.state === 'resolved' ? lifecycle.resolvedAt : undefined
  if (isRise && !isBuiltinRule(rule)) reportStats.open.critical++
  if (known !== undefined) return
  add(reportStats.open.began, rule, 1)
  if (isBuiltinRule(rule)) return
  reportStats.open.hosts.add(host)
  add(reportStats.open.hours, Math.floor(state.now / HOUR), 1)
  if (reportStats.spells.size > reportStats.room) prune(reportStats)
}

const HOUR = 3_600_000

function startEpisode({ identity, severity }: Alert, since: Millis): EpisodeSummary {
  return { identity, severity, criticalAt: undefined, since, until: undefined, peak: null }
}

/**
 * Drops the shorter half of the finished episodes. The next pruning waits until as many new episodes were added,
 * however many are open.
 */
function prune(usage: ReportStats): void {
  const { spells } = usage
  const over = [...spells].flatMap(([id, { since, until }]) =>
    until === undefined ? [] : [{ id, span: until - since }],
  )
  const shortest = over.toSorted((a, b) => a.span - b.span).slice(0, Math.ceil(over.length / 2))
  for (const { id } of shortest) spells.delete(id)
  usage.room = Math.max(MOST_SPELLS, 2 * spells.size)
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
  if (reportStats.isCut && reportStats.making === undefined) compact(fold, reportStats)
  takeMails(state, reportStats)
  reportStats.open.to = state.now
  const marks = [...schedules].flatMap(([key, { lastRunAt }]) => (key.startsWith('report') ? [lastRunAt] : []))
  const isTold = marks.some((mark) => mark > reportStats.open.from)
  const loads = finishReport(reportStats, isTold)
  if (isTold) cut(fold, reportStats, Math.min(...marks), loads)
}

/**
 * Ends a report build. Samples that arrived during the build belong to the period that begins when the report is sent;
 * without a report, to the current period.
 *
 * @returns the utilization that the next period starts with.
 */
function finishReport(usage: ReportStats, isTold: boolean): Period['loads'] {
  const { making, open } = usage
  if (making === undefined) return new Map()
  usage.open = { ...open, loads: making.loads }
  delete usage.making
  if (isTold) return open.loads
  addUtilization(making.loads, open.loads)
  return new Map()
}

function takeMails({ dispatch: { mailCounts } }: State, { open }: ReportStats): void {
  for (const [rule, count] of mailCounts.byRule) add(open.mails, rule, count)
  mailCounts.byRule.clear()
}

/** Brings the statistics up to date before a report is built. */
export function completeStats(state: State, usage: ReportStats): void {
  takeMails(state, usage)
  takeOpen(state, usage)
}

function stop(state: State): void {
  state.reportStats = undefined
  for (const host of state.hosts.values()) host.reportRow = undefined
}

/** Alerts that fire already began before gathering did, and so did their mails: neither counts. */
function begin(state: State): void {
  const usage: ReportStats = {
    rows: new Map(),
    slices: [],
    open: emptyPeriod(state.now),
    spells: new Map(),
    isCut: false,
    room: MOST_SPELLS,
  }
  state.reportStats = usage
  takeOpen(state, usage)
  state.dispatch.mailCounts.byRule.clear()
}

/** Updates open episodes, and ends those whose alert is gone without a transition. */
function takeOpen(state: State, { spells }: ReportStats): void {
  const open = new Set<string>()
  const take = (alert: Alert): void => {
    const { lifecycle, episode } = alert
    if (lifecycle.state === 'pending' || lifecycle.state === 'resolved' || episode === '') return
    open.add(episode)
    const spell = spells.get(episode) ?? startEpisode(alert, lifecycle.since)
    spell.severity = alert.severity
    if (spell.severity === 'critical') spell.criticalAt ??= -Infinity
    spell.peak = lifecycle.peak
    spells.set(episode, spell)
  }
  for (const alert of state.alerts.values()) take(alert)
  for (const { alerts } of state.hosts.values()) {
    if (alerts.size > 0) for (const alert of alerts.values()) take(alert)
  }
  for (const [id, spell] of spells) if (spell.until === undefined && !open.has(id)) spell.until = state.now
}

/** Closes the period and drops what no later report covers. */
function cut(fold: Fold, usage: ReportStats, oldest: Millis, loads: Period['loads']): void {
  usage.slices = [...usage.slices, usage.open].filter(({ to }) => to > oldest)
  usage.open = { ...emptyPeriod(fold.state.now), loads }
  while (usage.slices.length > MOST_SLICES) {
    const [first, second, ...rest] = usage.slices as [Period, Period, ...Period[]]
    usage.slices = [mergePeriods([first, second]), ...rest]
  }
  for (const [id, { until }] of usage.spells) if (until !== undefined && until < oldest) usage.spells.delete(id)
  usage.isCut = true
}

/** Gives the rows of hosts that are gone and in no period any more to new hosts. Runs at the tick after a cut. */
function compact({ state }: Fold, usage: ReportStats): void {
  usage.isCut = false
  const slices = [...usage.slices, usage.open]
  const all = slices.flatMap(({ loads }) => [...loads.values()])
  const kept = [...usage.rows].filter(
    ([name, row]) => state.hosts.has(name) || all.some((loads) => readRow(loads, row).n > 0),
  )
  if (kept.length === usage.rows.size) return
  const order = kept.map(([, row]) => row)
  for (const { loads } of slices) {
    for (const [metric, old] of loads) loads.set(metric, mergeRows(emptyRows(order.length), old, order))
  }
  usage.rows = new Map(kept.map(([name], row) => [name, row]))
  for (const host of state.hosts.values()) host.reportRow = usage.rows.get(host.name)
}

/** Records downtime of the service. */
export function recordDowntime(state: State, span: Millis): void {
  countInReport(state, 'stops')
  countInReport(state, 'down', span)
}

/** Moves all timestamps ahead of `now` back to it, after the service's clock was set back. */
export function rewindStats({ reportStats }: State, now: Millis): void {
  if (reportStats === undefined) return
  for (const slice of [...reportStats.slices, reportStats.open]) clampToNow(slice, now, 'from', 'to')
  for (const spell of reportStats.spells.values()) clampToNow(spell, now, 'since', 'criticalAt', 'until')
}
