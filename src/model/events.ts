import type { Millis } from './time.ts'

/** Why an event was rejected. `path` is a JSON pointer into the event. */
export interface Rejection {
  readonly index: number
  readonly path: string
  readonly reason: string
  /** A short code for metrics: `schema`, `timestamp`, `host`, `too_deep`, ... */
  readonly code: string
}

/** The agent that collected an event: a Beat, by its own id, and the id of its machine where it adds one. */
export interface Agent {
  readonly id: string
  readonly type: string
  readonly machine?: string
}

/**
 * Fields of an event as they are shown, each with its text: bounded, secrets masked. `message` comes first where the
 * event has one.
 */
export type EventFields = readonly (readonly [field: string, text: string])[]

/** An event that a rule counted, as its alert shows it. */
export interface MatchedEvent {
  readonly ts: Millis
  readonly fields: EventFields
}

/** The most events that an alert shows: the first ones that it counted, and the newest ones. */
export const SHOWN_EVENTS = { first: 3, newest: 2 } as const

/**
 * The samples of one event. `host` is `UNKNOWN_HOST` when the event names none. `ts` is the event time, NaN when it has
 * none. `values` are aligned with `series`; a series is the metric's name and its `by` values, joined by `SEP`.
 */
export interface EventSamples {
  /** The event's unique id, where `ingest.event_id_field` is configured and present. */
  readonly id?: string
  readonly host: string
  readonly ts: Millis
  readonly heartbeat: boolean
  /** The event comes from elsewhere and is about the host: it is no sign that the host is alive. */
  readonly remote?: true
  readonly series: readonly string[]
  readonly values: readonly number[]
  /** What alerts show of the event; present where a rule that counts too many events counts this one. */
  readonly shown?: EventFields
  /** Metrics whose field is present and not numeric. Not part of a frame. */
  readonly nonNumeric?: readonly string[]
  /** Rules that could not be matched, whose sample is NaN. Not part of a frame. */
  readonly unmatched?: readonly string[]
  /** Not part of a frame. */
  readonly agent?: Agent
}

/** The samples of one request, as the engine reads them from a `batch` entry. */
export interface Frame {
  readonly source: string
  /** Sixteen hex digits of a hash of the decompressed body. */
  readonly batchId: string
  /**
   * Whether the body was an array, or lines, of two or more events. If all of them have times, the engine recognizes a
   * repeated body by its content.
   */
  readonly isBatch: boolean
  /** Whether this may be a retry: the response to an equal body may not have reached the sender. */
  readonly isMaybeRetry: boolean
  readonly receivedAt: Millis
  readonly events: readonly EventSamples[]
}

/** How many events of a source were rejected for one reason. A body that cannot be parsed counts as one. */
export interface RejectCount {
  readonly source: string
  /** The rejection's short code. */
  readonly code: string
  readonly count: number
  /** Shortened JSON pointer from one of the events; "" where the rejection has no path. */
  readonly path: string
}

/**
 * Adds a count to those kept by source and code, with the first path found. Once `counts` has `most` records, sources
 * without a record for the code share one per code, under `OTHERS`.
 */
export function countReject(counts: Map<string, RejectCount>, one: RejectCount, max: number): void {
  const fits = counts.size < max || counts.has(rejectKey(one.source, one.code))
  const source = fits ? one.source : OTHERS
  const key = rejectKey(source, one.code)
  const { count, path } = counts.get(key) ?? { count: 0, path: '' }
  counts.set(key, { source, code: one.code, count: count + one.count, path: path === '' ? one.path : path })
}

function rejectKey(source: string, code: string): string {
  return `${source}\n${code}`
}

/** Returns true if a text contains a field reference that Logstash left unresolved: `node-%{[host][name]}`. */
export function containsReference(text: string): boolean {
  return text.includes('%{')
}

const REFERENCES = /^(?:%\{[^}]*\})+$/

/** Returns true if a value is nothing but such references: its field was missing, so there is no value. */
export function isReference(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('%{') && REFERENCES.test(value)
}

/** The source name that stands for all sources beyond the limit. */
export const OTHERS = 'others'
export const UNKNOWN_HOST = 'no host'
export const SEP = '\u001f'

type HostList = 'machine' | 'slurm.node' | 'syslog' | 'default'

/**
 * Paths to the host of an event; the first usable one wins. `syslog` also applies to authentication lines: a central
 * shipper's own name is in `host.name`, so the host in the line itself comes first. Events of Slurm's controller about
 * a node belong to the node. Elsewhere an agent's name comes before a plain-string `host`: a log line parsed as JSON may
 * bring one, such as the Host header of a request, which any client may invent.
 */
export const DEFAULT_HOST_PATHS: Readonly<Record<HostList, readonly string[]>> = {
  machine: ['machine.id'],
  'slurm.node': ['slurm.node.name'],
  syslog: [
    'log.syslog.hostname',
    'logsource',
    'syslog_hostname',
    'host.hostname',
    'host.name',
    'host',
    'agent.hostname',
    'beat.hostname',
    'agent.name',
    'host.ip',
    'hostname',
    'HOST',
  ],
  default: [
    'host.name',
    'host.hostname',
    'agent.hostname',
    'beat.hostname',
    'agent.name',
    'logsource',
    'syslog_hostname',
    'host',
    'host.ip',
    'hostname',
    'HOST',
  ],
}
