import { type EventSamples, type MatchedEvent, type Millis, SEP, SHOWN_EVENTS } from '../../model.ts'
import type { Alert, Fold, Host, MatchedEvents, State } from '../state.ts'

/** Limits of memory: characters of `recent`, overhead of an event besides its texts, and open alerts with events. */
const MAX_SIZE = 4 << 20
const OVERHEAD = 100
const MAX_ALERTS = 2000

/** Records an event under each series of a count rule that it matched. */
export function recordMatches({ state, plan }: Fold, host: Host, event: EventSamples, ts: Millis): void {
  const { shown: fields, series, values } = event
  if (fields === undefined) return
  for (const [i, key] of series.entries()) {
    const id = state.keys.ids.get(key)
    const isShown = plan.metrics.get(key.split(SEP, 1)[0] ?? '')?.showsEvents === true
    if (isShown && values[i] === 1 && id !== undefined && host.series.has(id))
      addRecent(state.matched, seriesOf(host.name, key), { ts, fields })
  }
}

function addRecent(matched: MatchedEvents, series: string, event: MatchedEvent): void {
  const known = matched.recent.get(series) ?? []
  const events = [...known, event].toSorted((a, b) => a.ts - b.ts).slice(-SHOWN_EVENTS.first)
  forgetSeries(matched, series)
  matched.recent.set(series, events)
  matched.size += sizeOf(series, events)
  if (matched.size > MAX_SIZE) makeRoom(matched)
}

/** Removes a quarter in one pass: finding the first key of a map after deletions is slow. */
function makeRoom(matched: MatchedEvents): void {
  for (const series of matched.recent.keys()) {
    if (matched.size <= 0.75 * MAX_SIZE) return
    forgetSeries(matched, series)
  }
}

function forgetSeries(matched: MatchedEvents, series: string): void {
  const events = matched.recent.get(series)
  if (events === undefined) return
  matched.recent.delete(series)
  matched.size -= sizeOf(series, events)
}

function sizeOf(series: string, events: readonly MatchedEvent[]): number {
  const texts = events.flatMap(({ fields }) => fields.flat())
  return series.length + OVERHEAD * (1 + events.length) + texts.reduce((sum, { length }) => sum + length, 0)
}

function seriesOf(host: string, key: string): string {
  return `${host}\n${key}`
}

/** Forgets the events of a series that is dropped. */
export function forgetMatches({ matched }: State, host: string, key: string): void {
  forgetSeries(matched, seriesOf(host, key))
}

/** Returns the newest matching events of a series since `from`. */
export function matchesSince({ matched }: State, host: string, key: string, from: Millis): readonly MatchedEvent[] {
  return (matched.recent.get(seriesOf(host, key)) ?? []).filter(({ ts }) => ts >= from)
}

/** Adds events to those that an alert shows. Further alerts over the maximum show none. */
export function showEvents({ matched }: State, alert: Alert, events: readonly MatchedEvent[]): void {
  if (events.length === 0) return
  if (alert.events.length === 0) {
    if (matched.alerts >= MAX_ALERTS) return
    matched.alerts++
  }
  alert.events = mergeEvents(alert.events, events)
}

/** Records that an alert is not open any more. */
export function releaseEvents({ matched }: State, { events }: Alert): void {
  if (events.length > 0) matched.alerts--
}

/** Keeps the first events and the newest. */
function mergeEvents(known: readonly MatchedEvent[], more: readonly MatchedEvent[]): readonly MatchedEvent[] {
  const { first, newest } = SHOWN_EVENTS
  const fresh = more.filter((event) => !known.some((other) => isSame(event, other)))
  const all = [...known, ...fresh].toSorted((a, b) => a.ts - b.ts)
  return all.length <= first + newest ? all : [...all.slice(0, first), ...all.slice(-newest)]
}

function isSame(a: MatchedEvent, b: MatchedEvent): boolean {
  return a.ts === b.ts && JSON.stringify(a.fields) === JSON.stringify(b.fields)
}

/** Drops the recent events when the clock is set back, because they would seem newer than new ones. */
export function rewindMatches({ matched }: State): void {
  matched.recent.clear()
  matched.size = 0
}
