import { measurementSpan, measureThroughput } from '../../aggregate/throughput.ts'
import type { Source } from '../../aggregate/watermark.ts'
import { type Millis, UNKNOWN_HOST } from '../../model.ts'
import type { Fold } from '../state.ts'

/** A source with a request within this time is delivering. */
const DELIVERING_WITHIN = 60_000

interface DeliveryCount {
  readonly source: Source
  /** Only arrivals after this instant count. */
  readonly after: Millis
  delivered: number
  hosts: number
}

/** Counts the hosts that each source delivers, once per bucket in one pass over the hosts. */
export function measureThroughputs(fold: Fold, now: Millis): void {
  const { state, plan } = fold
  const { bucket } = plan.config
  const current = Math.floor(now / bucket)
  const counts = new Map<string, DeliveryCount>()
  for (const source of state.sources.values()) {
    if (source.currentBucket === current || source.currentBucket < 0) continue
    counts.set(source.name, { source, after: now - measurementSpan(source.throughput), delivered: 0, hosts: 0 })
  }
  if (counts.size === 0) return
  for (const host of state.hosts.values()) {
    // A source does not deliver a host that it only mentions.
    if (host.name === UNKNOWN_HOST || host.lastSeenAt === -Infinity) continue
    const homeCount = counts.get(host.source)
    if (homeCount !== undefined) homeCount.hosts++
    // Most hosts have one source.
    if (host.deliveries.size === 1) {
      countDelivery(homeCount, host.deliveries.get(host.source)?.at)
      continue
    }
    for (const [name, { at }] of host.deliveries) countDelivery(counts.get(name), at)
  }
  for (const { source, delivered, hosts } of counts.values()) {
    measureThroughput(source.throughput, delivered, hosts, bucket, now - source.lastSeenAt < DELIVERING_WITHIN)
  }
}

function countDelivery(count: DeliveryCount | undefined, at: Millis | undefined): void {
  if (count !== undefined && at !== undefined && at > count.after) count.delivered++
}
