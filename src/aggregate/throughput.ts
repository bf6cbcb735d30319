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
  readonly meanPauses: Millis[]
  /** Pauses that ended in the current bucket: their sum, and their number. */
  pauseSum: Millis
  pauseCount: number
  /** How long the throughput has been under half of the baseline while the source delivered. */
  degradedFor: Millis
  /** The part of `degradedFor` in which the throughput did not grow: hosts that return after an outage make it grow. */
  notRecoveringFor: Millis
}

/** From this many hosts on, half of them say more than a single one. */
export const MIN_HOSTS = 20
/** Number of buckets that the baseline is learned from. */
export const HISTORY_BUCKETS = 60
/** The shortest time in which every live host is expected to deliver. */
const MIN_SPAN = 60_000

export function createThroughput(): Throughput {
  return {
    delivered: 0,
    hosts: 0,
    baseline: 0,
    recent: [],
    meanPauses: [],
    pauseSum: 0,
    pauseCount: 0,
    degradedFor: 0,
    notRecoveringFor: 0,
  }
}

/**
 * Records that a host delivers after a pause; events of one bucket have none between them. All pauses of a bucket weigh
 * the same, so that the order of its hosts makes no difference.
 */
export function recordPause(throughput: Throughput, pause: Millis): void {
  if (pause <= 0) return
  throughput.pauseSum += pause
  throughput.pauseCount++
}

/** Returns the span in which a host counts as delivered: two usual pauses, at least a minute. */
export function measurementSpan(throughput: Throughput): Millis {
  return Math.max(MIN_SPAN, 2 * median(throughput.meanPauses))
}

/**
 * Returns true if the source delivers at least half of its usual hosts. Always true with few hosts, or before the
 * baseline is learned. Hosts that moved to another source are not missed.
 */
export function isFlowing(throughput: Throughput): boolean {
  const expected = Math.min(throughput.baseline, throughput.hosts)
  return throughput.recent.length < HISTORY_BUCKETS || expected < MIN_HOSTS || 2 * throughput.delivered >= expected
}

/**
 * Ends a bucket: records its throughput, and learns from it unless it is unusually low.
 *
 * @param isDelivering whether a request of the source arrived within the last minute; otherwise the source itself is
 *   down, not its hosts.
 */
export function measureThroughput(
  throughput: Throughput,
  delivered: number,
  hosts: number,
  bucket: Millis,
  isDelivering: boolean,
): void {
  const grew = delivered > throughput.delivered
  throughput.delivered = delivered
  throughput.hosts = hosts
  if (isFlowing(throughput)) {
    throughput.degradedFor = 0
    throughput.notRecoveringFor = 0
    updateBaseline(throughput, bucket)
  } else if (isDelivering) {
    throughput.degradedFor += bucket
    if (!grew) throughput.notRecoveringFor += bucket
  }
  throughput.pauseSum = 0
  throughput.pauseCount = 0
}

function updateBaseline(throughput: Throughput, bucket: Millis): void {
  // In whole buckets, so that the measurement span never ends within one.
  if (throughput.pauseSum > 0)
    pushBounded(throughput.meanPauses, Math.ceil(throughput.pauseSum / (throughput.pauseCount || 1) / bucket) * bucket)
  if (throughput.delivered === 0) return
  pushBounded(throughput.recent, throughput.delivered)
  throughput.baseline = median(throughput.recent)
}

/** Makes the current throughput the baseline. */
export function acceptBaseline(throughput: Throughput): void {
  throughput.recent.fill(throughput.delivered)
  throughput.baseline = throughput.delivered
  throughput.degradedFor = 0
  throughput.notRecoveringFor = 0
}

function pushBounded(list: number[], value: number): void {
  list.push(value)
  if (list.length > HISTORY_BUCKETS) list.shift()
}

/** Returns the median, the larger of the two middle values for an even count: their mean is not a number of hosts. */
function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
}
