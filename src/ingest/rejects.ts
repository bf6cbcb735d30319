import { countReject, type Clock, type Log, type Millis, type RejectCount, type Rejection } from '../model.ts'
import { excerpt } from './mask.ts'
import { createLogThrottle, type LogThrottle } from './log-throttle.ts'

/** One rejected event, or one body that could not be read. */
export interface RejectedEvent extends Partial<Rejection> {
  readonly reason: string
  readonly code: string
  readonly event?: unknown
}

/** Rejects of one body. */
interface RefusedBatch {
  readonly source: string
  /** Counts by the short code of the reason. */
  readonly counts: ReadonlyMap<string, number>
  /** Some of the rejected events. */
  readonly samples: readonly RejectedEvent[]
}

/** Stores rejects with their reasons: counts since the process started, and the newest samples. */
export interface Rejects {
  add(batch: RefusedBatch): void
  /**
   * Records events that were accepted although values in them are unusable, or a rule could not be matched: stored with
   * the rejected ones, not counted.
   */
  recordUnusable(batch: {
    readonly source: string
    readonly counts: Partial<Incomplete>
    readonly samples: readonly RejectedEvent[]
  }): void
  /** Records events that were accepted with their arrival time. One an hour is stored and logged, of each source. */
  recordUntimed(batch: { readonly source: string; readonly count: number; readonly sample: RejectedEvent }): void
  /** Stores something else to look at, with the rejected events. It is neither counted nor logged here. */
  note(source: string, sample: RejectedEvent): void
  /**
   * Returns the rejects since the last call, for the journal. Those of the engine's own limits are left out, since the
   * engine counts them itself.
   */
  take(): readonly RejectCount[]
  /** Returns counts that did not reach the journal, so that the next `take` returns them again. */
  giveBack(counts: readonly RejectCount[]): void
  /** Lists samples, newest first, with secrets masked and long events cut. */
  list(): RejectList
}

/**
 * What of accepted events was not used: values that are no numbers or out of range, results of rules that could not be
 * matched, and times that could not be read.
 */
export type Incomplete = Readonly<Record<'non_numeric' | 'out_of_range' | 'unmatched' | 'untimed', number>>

export interface RejectList {
  readonly counts: Readonly<Record<string, number>>
  readonly incomplete: Incomplete
  readonly recent: readonly unknown[]
}

/** The most samples kept of one body, so that it does not displace those of others. */
export const SAMPLES_PER_BODY = 10
const MAX_SAMPLES = 100
const MAX_SAMPLE_LENGTH = 3500
const MAX_REASON_LENGTH = 300
/** Maximum number of counts per tick, and of characters of a path: they are written to the journal each second. */
const MAX_COUNTS = 50
const MAX_PATH_LENGTH = 100
/** Rejected by the engine's limits. */
const CARDINALITY_CODE = 'cardinality'
/** At most one log line in this time. */
const LOG_INTERVAL: Millis = 10_000
/** Minimum interval between two reports about a source whose events have no times. */
const UNTIMED_INTERVAL: Millis = 3_600_000
/** Maximum number of sources with an interval of their own. */
const MAX_SOURCES = 1000

/** Adds counts to others. Returns their sum. */
function addCounts(to: Record<keyof Incomplete, number>, added: Partial<Incomplete>): number {
  let sum = 0
  for (const [kind, count] of Object.entries(added) as [keyof Incomplete, number][]) {
    to[kind] += count
    sum += count
  }
  return sum
}

export function createRejects({ clock, log }: { readonly clock: Clock; readonly log: Log }): Rejects {
  const counts = new Map<string, number>()
  const recent = createRecent(clock)
  const unreported = new Map<string, RejectCount>()
  const incomplete = { non_numeric: 0, out_of_range: 0, unmatched: 0, untimed: 0 }
  const throttleOf = createSourceThrottles(clock)
  const throttle = createLogThrottle(clock, LOG_INTERVAL)
  const throttleNotes = createLogThrottle(clock, LOG_INTERVAL)

  return {
    recordUnusable({ source, counts: added, samples }) {
      const count = addCounts(incomplete, added)
      if (count === 0) return
      recent.keep(samples, source)
      const reason = samples[0]?.reason
      throttleNotes(count, (values) => {
        log.warn({ source, values, reason }, 'values of accepted events were skipped: see /api/v1/rejects')
      })
    },
    recordUntimed({ source, count, sample }) {
      incomplete.untimed += count
      throttleOf(source)(count, (events) => {
        recent.keep([sample], source)
        log.warn({ source, events, reason: sample.reason }, 'events have no valid time: see /api/v1/rejects')
      })
    },
    note(source, sample) {
      recent.keep([sample], source)
    },
    add(batch) {
      let refused = 0
      for (const [code, count] of batch.counts) {
        counts.set(code, (counts.get(code) ?? 0) + count)
        refused += count
        if (code === CARDINALITY_CODE) continue
        const path = batch.samples.find((sample) => sample.code === code)?.path ?? ''
        countReject(unreported, { source: batch.source, code, count, path: path.slice(0, MAX_PATH_LENGTH) }, MAX_COUNTS)
      }
      recent.keep(batch.samples, batch.source)
      const [sample] = batch.samples
      if (sample === undefined) return
      const { path, reason, code } = sample
      throttle(refused, (rejected) => {
        log.warn({ source: batch.source, rejected, path, reason, code }, 'events were rejected: see /api/v1/rejects')
      })
    },
    take() {
      const taken = [...unreported.values()]
      unreported.clear()
      return taken
    },
    giveBack(taken) {
      for (const one of taken) countReject(unreported, one, MAX_COUNTS)
    },
    list: () => ({
      counts: Object.fromEntries(counts),
      incomplete: { ...incomplete },
      recent: recent.list(),
    }),
  }
}

interface RecentSamples {
  keep(samples: readonly RejectedEvent[], source: string): void
  /** Lists samples, newest first. */
  list(): readonly unknown[]
}

function createRecent(clock: Clock): RecentSamples {
  // JSON text, which holds no reference to the body that an event came from.
  const recent: string[] = []
  return {
    keep(samples, source) {
      for (const sample of samples.slice(0, SAMPLES_PER_BODY)) recent.push(asText(sample, source, clock.now()))
      if (recent.length > MAX_SAMPLES) recent.splice(0, recent.length - MAX_SAMPLES)
    },
    list: () => recent.map((text): unknown => JSON.parse(text)).reverse(),
  }
}

function createSourceThrottles(clock: Clock): (source: string) => LogThrottle {
  const throttles = new Map<string, LogThrottle>()
  return (source) => {
    if (throttles.size >= MAX_SOURCES && !throttles.has(source)) throttles.clear()
    const throttle = throttles.get(source) ?? createLogThrottle(clock, UNTIMED_INTERVAL)
    throttles.set(source, throttle)
    return throttle
  }
}

function asText({ index, path, reason, code, event }: RejectedEvent, source: string, now: Millis): string {
  return JSON.stringify({
    receivedAt: new Date(now).toISOString(),
    source,
    index,
    path: path?.slice(0, MAX_REASON_LENGTH),
    reason: reason.slice(0, MAX_REASON_LENGTH),
    code,
    event: excerpt(event, MAX_SAMPLE_LENGTH),
  })
}
