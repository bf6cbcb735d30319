import type { Millis } from '../model.ts'

/** How many hosts a source delivers, compared with its baseline. */
export interface Throughput {
  /** Distinct hosts that it delivered lately, at the end of the newest bucket. */
  delivered: number
  /** Hosts that it delivered last, however long ago. */
  hosts: number
  /**
   * The usual number: the median of `recent`. It is robust: up to half of the values in `recent` may be unusual (a
   * decay just before an outage, the first minutes after it).
   */
  baseline: number
  /**
   * The number of hosts in the newest buckets, oldest first, without buckets under half of the baseline at that time.
   */
  readonly recent: number[]
  /** Mean pauses of hosts between two deliveries, in observed time of the source; one per bucket. */
  readonly gaps: Millis[]
  /** Pauses that ended in the current bucket: their sum, and their number. */
  gap: Millis
  pauses: number
  /** How long the throughput has been under half of the baseline while the source delivered. */
  degradedFor: Millis
  /** The part of `degradedFor` in which the throughput did not grow: hosts that return after an outage make it grow. */
  notRecoveringFor: Millis
}

/** From this many hosts on, half of them say more than a single one. */
export const MANY = 20
/** Number of buckets that the baseline is learned from. */
const MEMORY = 60
/** The shortest time in which every live host is expected to deliver. */
const SHORTEST = 60_000

export function createThroughput(): Throughput {
  return {
    delivered: 0,
    hosts: 0,
    baseline: 0,
    recent: [],
    gaps: [],
    gap: 0,
    pauses: 0,
    degradedFor: 0,
    notRecoveringFor: 0,
  }
}

/**
 * Records that a host delivers after a pause; events of one bucket have none between them. All pauses of a bucket weigh
 * the same, so that the order of its hosts makes no difference.
 */
export function recordPause(flow: Throughput, pause: Millis): void {
  if (pause <= 0) return
  flow.gap += pause
  flow.pauses++
}

/** Returns the span in which a host counts as delivered: two usual pauses, at least a minute. */
export function measurementSpan(flow: Throughput): Millis {
  return Math.max(SHORTEST, 2 * median(flow.gaps))
}

/**
 * Returns true if the source delivers at least half of its usual hosts. Always true with few hosts, or before the
 * baseline is learned. Hosts that moved to another source are not missed.
 */
export function isFlowing(flow: Throughput): boolean {
  const expected = Math.min(flow.baseline, flow.hosts)
  return flow.recent.length < MEMORY || expected < MANY || 2 * flow.delivered >= expected
}

/**
 * Ends a bucket: records its throughput, and learns from it unless it is unusually low.
 *
 * @param isDelivering whether a request of the source arrived within the last minute; otherwise the source itself is
 *   down, not its hosts.
 */
export function measureThroughput(
  flow: Throughput,
  heard: number,
  hosts: number,
  bucket: Millis,
  isDelivering: boolean,
): void {
  const grew = heard > flow.delivered
  flow.delivered = heard
  flow.hosts = hosts
  if (isFlowing(flow)) {
    flow.degradedFor = 0
    flow.notRecoveringFor = 0
    learn(flow, bucket)
  } else if (isDelivering) {
    flow.degradedFor += bucket
    if (!grew) flow.notRecoveringFor += bucket
  }
  flow.gap = 0
  flow.pauses = 0
}

function learn(flow: Throughput, bucket: Millis): void {
  // In whole buckets, so that the measurement span never ends within one.
  if (flow.gap > 0) keep(flow.gaps, Math.ceil(flow.gap / (flow.pauses || 1) / bucket) * bucket)
  if (flow.delivered === 0) return
  keep(flow.recent, flow.delivered)
  flow.baseline = median(flow.recent)
}

/** Makes the current throughput the baseline. */
export function acceptBaseline(flow: Throughput): void {
  flow.recent.fill(flow.delivered)
  flow.baseline = flow.delivered
  flow.degradedFor = 0
  flow.notRecoveringFor = 0
}

function keep(list: number[], value: number): void {
  list.push(value)
  if (list.length > MEMORY) list.shift()
}

/** Returns the median, the larger of the two middle values for an even count: their mean is not a number of hosts. */
function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
}
