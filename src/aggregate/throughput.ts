import type { Millis } from '../model.ts'

/** How many hosts a source delivers, against how many it usually does. */
export interface Throughput {
  /** Distinct hosts that were heard through it lately, at the end of the newest bucket. */
  delivered: number
  /** Hosts that were heard through it last of all, however long ago. */
  hosts: number
  /**
   * What is usual: the median of `recent`. It is a robust figure, since up to half of the flows in it may be odd (a
   * decay just before an outage, the first minutes after it) and it still stands.
   */
  baseline: number
  /** The flows of the newest buckets, oldest first, without those under half of what was usual then. */
  readonly recent: number[]
  /** Mean pauses of hosts between two deliveries, in time that the source was observed; one of each bucket. */
  readonly gaps: Millis[]
  /** The pauses that ended in the bucket that is being watched: their sum, and how many they are. */
  gap: Millis
  pauses: number
  /** For how long the flow has been under half of the usual while the source delivered. */
  degradedFor: Millis
  /** The part of `weak` in which the flow did not even grow: hosts that come back after an outage make it grow. */
  notRecoveringFor: Millis
}

/** From so many hosts on, half of them tell more than a single one. */
export const MANY = 20
/** How many buckets the usual figures are learnt from. */
const MEMORY = 60
/** The shortest time in which a host that is alive is expected to be heard. */
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
 * A host is heard again after a pause; none between events of one bucket. All pauses of a bucket count alike, so that
 * the order in which its hosts are heard makes no difference.
 */
export function recordPause(flow: Throughput, pause: Millis): void {
  if (pause <= 0) return
  flow.gap += pause
  flow.pauses++
}

/** The span in which a host counts as heard: two of the usual pauses, and at least a minute. */
export function measurementSpan(flow: Throughput): Millis {
  return Math.max(SHORTEST, 2 * median(flow.gaps))
}

/**
 * Whether the source delivers at least half of its usual hosts; of few hosts, or before the
 * usual number is learnt, nobody can tell. Hosts that have moved to another source are not missed.
 */
export function isFlowing(flow: Throughput): boolean {
  const expected = Math.min(flow.baseline, flow.hosts)
  return flow.recent.length < MEMORY || expected < MANY || 2 * flow.delivered >= expected
}

/**
 * A bucket is over: takes its flow, and learns from it unless it is an odd one.
 *
 * @param isDelivering whether the source was heard within the last minute; else its silence is not its hosts' matter.
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
  // In whole buckets, so that the span in which hosts count as heard never ends within one.
  if (flow.gap > 0) keep(flow.gaps, Math.ceil(flow.gap / (flow.pauses || 1) / bucket) * bucket)
  if (flow.delivered === 0) return
  keep(flow.recent, flow.delivered)
  flow.baseline = median(flow.recent)
}

/** Takes the present flow for the usual one. */
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

/** Of the two figures in the middle the larger one, where there are two: a mean of them is no number of hosts. */
function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
}
