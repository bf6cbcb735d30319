import type { AlertState, Millis, RejectCount } from '../../model.ts'
import { addReject, isBuiltinRule } from '../../model.ts'
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

/** Slices that are kept; with more kinds of reports than this needs, the oldest two become one. */
const MOST_SLICES = 32
/** Episodes that are kept; beyond, the shorter half of those that are over is let go. Those that go on all stay. */
const MOST_SPELLS = 2000

/** Counts something that readers of a report should know of its numbers. */
export function countInReport({ reportStats }: State, what: PeriodCounter, by = 1): void {
  if (reportStats !== undefined) reportStats.open.counts[what] += by
}

/** Counts what ingest refused, of which the engine sees nothing else. */
export function recordRejects({ reportStats }: State, rejects: readonly RejectCount[] = []): void {
  if (reportStats === undefined) return
  for (const one of rejects) addReject(reportStats.open.rejects, one, MOST_REJECTS)
}

/** Records a sample of a share; `limit` bounds the number of hosts. */
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

/** Takes a step of an alert's life in. */
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
  const { rule, host, labels, measure } = identity
  return {
    rule,
    host,
    labels,
    severity,
    criticalAt: undefined,
    since,
    until: undefined,
    peak: null,
    unit: measure.unit,
  }
}

/** Looks through all of them only once so many came anew, however many go on. */
function prune(usage: ReportStats): void {
  const { spells } = usage
  const over = [...spells].flatMap(([id, { since, until }]) =>
    until === undefined ? [] : [{ id, span: until - since }],
  )
  const shortest = over.toSorted((a, b) => a.span - b.span).slice(0, Math.ceil(over.length / 2))
  for (const { id } of shortest) spells.delete(id)
  usage.room = Math.max(MOST_SPELLS, 2 * spells.size)
}

/** Once a tick: begins to gather when a report is wanted, and a new slice when one was made; ends with the last receiver. */
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
  // Rows stay where they are while a report is made of them.
  if (reportStats.isCut && reportStats.making === undefined) compact(fold, reportStats)
  takeMails(state, reportStats)
  reportStats.open.to = state.now
  const marks = [...schedules].flatMap(([key, { lastRunAt }]) => (key.startsWith('report') ? [lastRunAt] : []))
  const isTold = marks.some((mark) => mark > reportStats.open.from)
  const loads = finishReport(reportStats, isTold)
  if (isTold) cut(fold, reportStats, Math.min(...marks), loads)
}

/**
 * Samples that came while a report was made belong to the period that starts when it is sent; if none was sent, to the one
 * that goes on.
 *
 * @returns what the next slice begins with.
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

/** Brings the statistics up to the present before a report is sent. */
export function completeStats(state: State, usage: ReportStats): void {
  takeMails(state, usage)
  takeOpen(state, usage)
}

function stop(state: State): void {
  state.reportStats = undefined
  for (const host of state.hosts.values()) host.reportRow = undefined
}

/** What fires already went on from before, and was told before. */
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

/** What is known of episodes that go on, and of those that are gone without a word. */
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

/** Closes the slice, and lets go of what no report will cover any more. */
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

/** Gives the rows of hosts that are gone, and in no slice any more, to new ones: at the tick after a cut, which is long enough. */
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

/** The service was down for a while. */
export function recordDowntime(state: State, span: Millis): void {
  countInReport(state, 'stops')
  countInReport(state, 'down', span)
}

/** The service's clock was set back to `now`: nothing that is remembered lies ahead of it. */
export function rewindStats({ reportStats }: State, now: Millis): void {
  if (reportStats === undefined) return
  for (const slice of [...reportStats.slices, reportStats.open]) {
    slice.from = Math.min(slice.from, now)
    slice.to = Math.min(slice.to, now)
  }
  for (const spell of reportStats.spells.values()) {
    spell.since = Math.min(spell.since, now)
    if (spell.criticalAt !== undefined) spell.criticalAt = Math.min(spell.criticalAt, now)
    if (spell.until !== undefined) spell.until = Math.min(spell.until, now)
  }
}
