import type { HostDetail, HostView, RetireResult, SeriesView } from '../../model.ts'
import { iso } from './fields.ts'

export const showHost = ({ host, lastSeenAt, source, clockSkewSeconds, state, expected, series }: HostView) => ({
  host,
  lastSeenAt: iso(lastSeenAt),
  source,
  clockSkewSeconds,
  state,
  expected,
  seriesCount: series,
})

export const showHostDetail = ({ host, lastSeenAt, source, state, series }: HostDetail) => ({
  host,
  lastSeenAt: iso(lastSeenAt),
  source,
  state,
  series: series.map(showSeries),
})

const showSeries = ({ metric, labels, unit, buckets, newest, window }: SeriesView) => ({
  metric,
  labels,
  unit,
  buckets,
  lastSampleAt: iso(newest),
  window,
})

export const showRetiredHost = ({ host, lastSeenAt, closed }: RetireResult) => ({
  host,
  lastSeenAt: iso(lastSeenAt),
  closedAlerts: closed,
})
