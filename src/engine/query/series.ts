import { newestBucket, sumShift, type Store, oldestBucket } from '../../aggregate/store.ts'
import { isLater, computeSum } from '../../aggregate/partial.ts'
import { type Window, readWindow } from '../../aggregate/window.ts'
import type { AggregateView, Millis, Query, SeriesView } from '../../model.ts'
import { watchedSeries } from '../evaluate/window.ts'
import type { Fold, Host, KeyInfo } from '../state.ts'

interface Figures {
  count: number
  sum: number
  mean: number | null
  min: number | null
  max: number | null
  last: number | null
}

/**
 * Aggregates the buckets that overlap `[from, to)`, of the finest tier that reaches back to `from`; null if the host or
 * the metric is unknown.
 */
export function aggregate(fold: Fold, query: Query & { kind: 'aggregate' }): AggregateView | null {
  const host = fold.state.hosts.get(query.host)
  const asked = parseMetric(query.metric)
  if (host === undefined) return null
  const figures: Figures & { lastTs: number } = { ...emptyFigures(), lastTs: -Infinity }
  let isKnown = false
  for (const [id, slot] of host.series) {
    const info = fold.state.keys.infos[id] as KeyInfo
    if (info.metric !== asked.metric || !hasLabels(fold, info, asked.labels)) continue
    isKnown = true
    const { store, width } = findTier(fold, host, id, query.from)
    const span = { from: Math.floor(query.from / width), to: Math.ceil(query.to / width) }
    addWindow(figures, readWindow(store, slot, span), sumShift(store, slot))
  }
  if (!isKnown) return null
  const { count, sum, min, max, last } = figures
  const mean = count === 0 ? null : sum / count
  return { host: query.host, metric: query.metric, from: query.from, to: query.to, count, sum, mean, min, max, last }
}

/** Returns the finest tier of a series that reaches back to an instant, or else the one that reaches back furthest. */
function findTier(fold: Fold, host: Host, id: number, from: Millis): { store: Store; width: Millis } {
  const tiers = watchedSeries(fold, host, id).map(({ store, slot }) => ({ store, slot, width: store.layout.width }))
  return (tiers.find(({ store, slot, width }) => oldestBucket(store, slot) * width <= from) ??
    tiers.at(-1)) as (typeof tiers)[number]
}

function emptyFigures(): Figures {
  return { count: 0, sum: 0, mean: null, min: null, max: null, last: null }
}

/** Columns that are not kept are null. */
function addWindow(figures: Figures & { lastTs: number }, window: Window, k: number): void {
  if (window.n === 0) return
  figures.count += window.n
  figures.sum += computeSum(window, k)
  if (!Number.isNaN(window.min)) figures.min = Math.min(figures.min ?? Infinity, window.min)
  if (!Number.isNaN(window.max)) figures.max = Math.max(figures.max ?? -Infinity, window.max)
  if (Number.isNaN(window.last) || !isLater(window.lastTs, window.last, figures.lastTs, figures.last ?? NaN)) return
  figures.last = window.last
  figures.lastTs = window.lastTs
}

/** `disk`, or `disk{mount_point="/home"}`. */
function parseMetric(text: string): { metric: string; labels: ReadonlyMap<string, string> } {
  const brace = text.indexOf('{')
  if (brace < 0 || !text.endsWith('}')) return { metric: text, labels: new Map() }
  const labels = new Map<string, string>()
  for (const [, name = '', value = ''] of text.slice(brace + 1, -1).matchAll(/([^\s=,"]+)\s*=\s*"([^"]*)"/g))
    labels.set(name, value)
  return { metric: text.slice(0, brace), labels }
}

function hasLabels(fold: Fold, info: KeyInfo, labels: ReadonlyMap<string, string>): boolean {
  const by = fold.plan.metrics.get(info.metric)?.metric.by ?? []
  return [...labels].every(([name, value]) => by.includes(name) && info.values[by.indexOf(name)] === value)
}

/** Lists the series of a host with figures of their buckets. */
export function viewSeries(fold: Fold, host: Host): readonly SeriesView[] {
  return [...host.series].map(([id, slot]) => {
    const info = fold.state.keys.infos[id] as KeyInfo
    const metric = fold.plan.metrics.get(info.metric)?.metric
    const store = fold.state.stores.get(info.metric) as Store
    const [tail, head] = [oldestBucket(store, slot), newestBucket(store, slot)]
    const figures = { ...emptyFigures(), lastTs: -Infinity }
    addWindow(figures, readWindow(store, slot, { from: tail, to: head + 1 }), sumShift(store, slot))
    const { lastTs: _, ...shown } = figures
    return {
      metric: info.metric,
      labels: Object.fromEntries((metric?.by ?? []).map((field, i) => [field, info.values[i] ?? ''])),
      unit: metric?.unit ?? 'none',
      buckets: store.layout.cells,
      // A bucket ends after its samples: no series is newer than the newest event of its host.
      newest: Math.min((head + 1) * store.layout.width, host.newestEvent),
      window: { ...shown, mean: figures.count === 0 ? null : figures.sum / figures.count },
    }
  })
}
