import type { AlertState, Millis, RejectCount } from '../../model.ts'
import { addReject, isBuiltinRule } from '../../model.ts'
import { addLoad, emptyLoads, loadOf, mergeLoads } from './utilization-rows.ts'
import {
  add,
  addLoads,
  type Counted,
  emptySlice,
  mergeSlices,
  MOST_REJECTS,
  type Slice,
  type Spell,
  type Usage,
} from './periods.ts'
import type { Alert, Fold, Host, State } from '../state.ts'

/** Slices that are kept; with more kinds of reports than this needs, the oldest two become one. */
const MOST_SLICES = 32
/** Episodes that are kept; beyond, the shorter half of those that are over is let go. Those that go on all stay. */
const MOST_SPELLS = 2000

/** Counts something that readers of a report should know of its numbers. */
export function tallyUsage({ usage }: State, what: Counted, by = 1): void {
  if (usage !== undefined) usage.open.counts[what] += by
}

/** Counts what ingest refused, of which the engine sees nothing else. */
export function noteRejects({ usage }: State, rejects: readonly RejectCount[] = []): void {
  if (usage === undefined) return
  for (const one of rejects) addReject(usage.open.rejects, one, MOST_REJECTS)
}

/** Takes a sample of a share in; `limit` bounds the hosts that are told apart. */
export function noteShare(usage: Usage, metric: string, host: Host, share: number, limit: number): void {
  host.row ??= rowOf(usage, host.name, limit)
  if (host.row === undefined) return
  const known = usage.open.loads.get(metric)
  const loads = known ?? emptyLoads(usage.rows.size)
  if (known === undefined) usage.open.loads.set(metric, loads)
  addLoad(loads, host.row, 1, share, share)
}

function rowOf({ rows }: Usage, name: string, limit: number): number | undefined {
  const known = rows.get(name)
  if (known !== undefined || rows.size >= limit) return known
  rows.set(name, rows.size)
  return rows.size - 1
}

/** Takes a step of an alert's life in. */
export function noteStep({ state }: Fold, alert: Alert, to: AlertState): void {
  const { usage } = state
  const { life, severity } = alert
  const { rule, host } = alert.identity
  if (usage === undefined || life.state === 'pending') return
  const known = usage.spells.get(alert.episode)
  const spell = known ?? newSpell(alert, life.since)
  usage.spells.set(alert.episode, spell)
  const isRise = severity === 'critical' && spell.criticalAt === undefined
  spell.severity = severity
  if (isRise) spell.criticalAt = state.now
  spell.peak = life.peak
  spell.until = to === 'resolved' && life.state === 'resolved' ? life.resolvedAt : undefined
  if (isRise && !isBuiltinRule(rule)) usage.open.critical++
  if (known !== undefined) return
  add(usage.open.began, rule, 1)
  if (isBuiltinRule(rule)) return
  usage.open.hosts.add(host)
  add(usage.open.hours, Math.floor(state.now / HOUR), 1)
  if (usage.spells.size > usage.room) prune(usage)
}

const HOUR = 3_600_000

function newSpell({ identity, severity }: Alert, since: Millis): Spell {
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
function prune(usage: Usage): void {
  const { spells } = usage
  const over = [...spells].flatMap(([id, { since, until }]) =>
    until === undefined ? [] : [{ id, span: until - since }],
  )
  const shortest = over.toSorted((a, b) => a.span - b.span).slice(0, Math.ceil(over.length / 2))
  for (const { id } of shortest) spells.delete(id)
  usage.room = Math.max(MOST_SPELLS, 2 * spells.size)
}

/** Once a tick: begins to gather when a report is wanted, and a new slice when one was made; ends with the last receiver. */
export function keepUsage(fold: Fold): void {
  const { state, dispatchPlan } = fold
  const { turns } = state.dispatch
  const isWanted = dispatchPlan.scheduled.some(({ kind }) => kind === 'report')
  if (!isWanted || turns.size === 0) {
    if (state.usage !== undefined) stop(state)
    return
  }
  if (state.usage === undefined) {
    begin(state)
    return
  }
  const { usage } = state
  // Rows stay where they are while a report is made of them.
  if (usage.isCut && usage.making === undefined) compact(fold, usage)
  takeMails(state, usage)
  usage.open.to = state.now
  const marks = [...turns].flatMap(([key, { since }]) => (key.startsWith('report') ? [since] : []))
  const isTold = marks.some((mark) => mark > usage.open.from)
  const loads = endMaking(usage, isTold)
  if (isTold) cut(fold, usage, Math.min(...marks), loads)
}

/**
 * Samples that came while a report was made are of the slice that begins when it is told; if none was told, of the one
 * that goes on.
 *
 * @returns what the next slice begins with.
 */
function endMaking(usage: Usage, isTold: boolean): Slice['loads'] {
  const { making, open } = usage
  if (making === undefined) return new Map()
  usage.open = { ...open, loads: making.loads }
  delete usage.making
  if (isTold) return open.loads
  addLoads(making.loads, open.loads)
  return new Map()
}

function takeMails({ dispatch: { mailed } }: State, { open }: Usage): void {
  for (const [rule, count] of mailed.byRule) add(open.mails, rule, count)
  mailed.byRule.clear()
}

/** Brings what is gathered up to the present, before it is told. */
export function completeUsage(state: State, usage: Usage): void {
  takeMails(state, usage)
  takeOpen(state, usage)
}

function stop(state: State): void {
  state.usage = undefined
  for (const host of state.hosts.values()) host.row = undefined
}

/** What fires already went on from before, and was told before. */
function begin(state: State): void {
  const usage: Usage = {
    rows: new Map(),
    slices: [],
    open: emptySlice(state.now),
    spells: new Map(),
    isCut: false,
    room: MOST_SPELLS,
  }
  state.usage = usage
  takeOpen(state, usage)
  state.dispatch.mailed.byRule.clear()
}

/** What is known of episodes that go on, and of those that are gone without a word. */
function takeOpen(state: State, { spells }: Usage): void {
  const open = new Set<string>()
  const take = (alert: Alert): void => {
    const { life, episode } = alert
    if (life.state === 'pending' || life.state === 'resolved' || episode === '') return
    open.add(episode)
    const spell = spells.get(episode) ?? newSpell(alert, life.since)
    spell.severity = alert.severity
    if (spell.severity === 'critical') spell.criticalAt ??= -Infinity
    spell.peak = life.peak
    spells.set(episode, spell)
  }
  for (const alert of state.alerts.values()) take(alert)
  for (const { alerts } of state.hosts.values()) {
    if (alerts.size > 0) for (const alert of alerts.values()) take(alert)
  }
  for (const [id, spell] of spells) if (spell.until === undefined && !open.has(id)) spell.until = state.now
}

/** Closes the slice, and lets go of what no report will cover any more. */
function cut(fold: Fold, usage: Usage, oldest: Millis, loads: Slice['loads']): void {
  usage.slices = [...usage.slices, usage.open].filter(({ to }) => to > oldest)
  usage.open = { ...emptySlice(fold.state.now), loads }
  while (usage.slices.length > MOST_SLICES) {
    const [first, second, ...rest] = usage.slices as [Slice, Slice, ...Slice[]]
    usage.slices = [mergeSlices([first, second]), ...rest]
  }
  for (const [id, { until }] of usage.spells) if (until !== undefined && until < oldest) usage.spells.delete(id)
  usage.isCut = true
}

/** Gives the rows of hosts that are gone, and in no slice any more, to new ones: at the tick after a cut, which is long enough. */
function compact({ state }: Fold, usage: Usage): void {
  usage.isCut = false
  const slices = [...usage.slices, usage.open]
  const all = slices.flatMap(({ loads }) => [...loads.values()])
  const kept = [...usage.rows].filter(
    ([name, row]) => state.hosts.has(name) || all.some((loads) => loadOf(loads, row).n > 0),
  )
  if (kept.length === usage.rows.size) return
  const order = kept.map(([, row]) => row)
  for (const { loads } of slices) {
    for (const [metric, old] of loads) loads.set(metric, mergeLoads(emptyLoads(order.length), old, order))
  }
  usage.rows = new Map(kept.map(([name], row) => [name, row]))
  for (const host of state.hosts.values()) host.row = usage.rows.get(host.name)
}

/** The service was down for a while. */
export function noteDown(state: State, span: Millis): void {
  tallyUsage(state, 'stops')
  tallyUsage(state, 'down', span)
}

/** The service's clock was set back to `now`: nothing that is remembered lies ahead of it. */
export function rewindUsage({ usage }: State, now: Millis): void {
  if (usage === undefined) return
  for (const slice of [...usage.slices, usage.open]) {
    slice.from = Math.min(slice.from, now)
    slice.to = Math.min(slice.to, now)
  }
  for (const spell of usage.spells.values()) {
    spell.since = Math.min(spell.since, now)
    if (spell.criticalAt !== undefined) spell.criticalAt = Math.min(spell.criticalAt, now)
    if (spell.until !== undefined) spell.until = Math.min(spell.until, now)
  }
}
