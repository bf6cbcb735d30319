import type { Millis } from './time.ts'

/** One reason why an event was refused; `path` is a JSON pointer into the event. */
export interface Rejection {
  readonly index: number
  readonly path: string
  readonly reason: string
  /** A short word for metrics: `schema`, `timestamp`, `host`, `too_deep`, ... */
  readonly code: string
}

/**
 * What one event contributes. `host` is `NO_HOST` when the event names none. `ts` is the event's own time, NaN when
 * it has none. Values are aligned with series; a series is a metric's name and its `by` values, joined by `SEP`.
 */
export interface EventSamples {
  /** What names the event uniquely, where `ingest.event_id_field` is configured and present. */
  readonly id?: string
  readonly host: string
  readonly ts: Millis
  readonly heartbeat: boolean
  readonly series: readonly string[]
  readonly values: readonly number[]
  /** Metrics whose field is there and holds no number; not part of a frame. */
  readonly unusable?: readonly string[]
}

/** The samples of one request, as the engine reads them from a `batch` entry. */
export interface Frame {
  readonly source: string
  /** Sixteen hex digits from a hash of the inflated body. */
  readonly batchId: string
  /** The body was an array (or lines) of two or more events: known by its content, if all of them carry times. */
  readonly many: boolean
  /** The answer to an equal body may not have arrived. */
  readonly maybeRetry: boolean
  readonly rcv: Millis
  readonly events: readonly EventSamples[]
}

/** How many events of a source were refused for one reason; a body that could not be read counts as one. */
export interface RejectCount {
  readonly source: string
  /** The short code of a rejection. */
  readonly code: string
  readonly count: number
  /** Where it was found in one of them: a JSON pointer, shortened; empty where it has no place. */
  readonly path: string
}

/**
 * Adds to counts that are kept by source and code, the first path with them. Beyond `most` of them, sources that are
 * not among them yet share one record for each code.
 */
export function addReject(counts: Map<string, RejectCount>, one: RejectCount, most: number): void {
  const fits = counts.size < most || counts.has(rejectKey(one.source, one.code))
  const source = fits ? one.source : OTHERS
  const key = rejectKey(source, one.code)
  const { count, path } = counts.get(key) ?? { count: 0, path: '' }
  counts.set(key, { source, code: one.code, count: count + one.count, path: path === '' ? one.path : path })
}

function rejectKey(source: string, code: string): string {
  return `${source}\n${code}`
}

/** Stands for the sources that are too many to be told apart. */
export const OTHERS = 'others'
export const UNKNOWN_HOST = 'no host'
export const SEP = '\u001f'
