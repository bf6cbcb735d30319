import { measurementSpan, measureThroughput } from '../../aggregate/throughput.ts'
import type { Source } from '../../aggregate/watermark.ts'
import { type Millis, UNKNOWN_HOST } from '../../model.ts'
import type { Fold } from '../state.ts'

/** A source that was heard within this time is delivering. */
const DELIVERING = 60_000

interface Count {
  readonly source: Source
  /** Arrivals after this instant count. */
  readonly after: Millis
  heard: number
  hosts: number
}

/** Counts the hosts that each source delivers, once a bucket and in one pass over the hosts. */
export function measureThroughputs(fold: Fold, now: Millis): void {
  const { state, plan } = fold
  const { bucket } = plan.config
  const current = Math.floor(now / bucket)
  const counts = new Map<string, Count>()
  for (const source of state.sources.values()) {
    if (source.watching === current || source.watching < 0) continue
    counts.set(source.name, { source, after: now - measurementSpan(source.throughput), heard: 0, hosts: 0 })
  }
  if (counts.size === 0) return
  for (const host of state.hosts.values()) {
    if (host.name === UNKNOWN_HOST) continue
    const own = counts.get(host.source)
    if (own !== undefined) own.hosts++
    for (const [name, at] of host.lastSeenBySource) {
      const heard = counts.get(name)
      if (heard !== undefined && at > heard.after) heard.heard++
    }
  }
  for (const { source, heard, hosts } of counts.values()) {
    measureThroughput(source.throughput, heard, hosts, bucket, now - source.lastSeenAt < DELIVERING)
  }
}
