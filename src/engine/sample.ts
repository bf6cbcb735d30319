import { isNegated } from '../labels/pattern.ts'
import { matchesHosts } from '../labels/host-name.ts'
import type { EngineConfig, EventSamples, Millis } from '../model.ts'

/*
 * Samples: what arrives in a play in which an alert fires and resolves. Previews and `check` play them through the fold.
 */

/** One request of a source. */
export interface Arrival {
  readonly source: string
  readonly events: readonly EventSamples[]
}

/** All is well for a while, then something is wrong until the alert has fired, and then all is well again. */
export interface Sample {
  /** What the alert is about: a host, a source, or the service. */
  readonly about: string
  /** For how long all is well at first, and the time from one arrival, and tick, to the next; at first it may be longer. */
  readonly settle: Millis
  readonly every: Millis
  readonly settleEvery?: Millis
  /** The width of the buckets, where it is not that of the configuration. */
  readonly bucket?: Millis
  /** An alert that has not fired, or not resolved, after this long never does. */
  readonly patience: Millis
  /** What arrives after `from` and up to `to`. */
  arrive(phase: 'good' | 'bad', from: Millis, to: Millis): readonly Arrival[]
}

/** The number of steps in which an absence is played. */
const STEPS = 180

/**
 * The time from one arrival to the next where an absence is played: a bucket, or several of a long one. The time in which
 * a source was observed grows by a bucket with each, so such a sample is played with buckets of this width.
 */
export function absencePace(after: Millis, bucket: Millis): Millis {
  return Math.max(1, Math.floor(after / bucket / STEPS)) * bucket
}

/** A source that delivers samples. */
export function sampleSource({
  sources,
  occasionalSources,
}: Pick<EngineConfig, 'sources' | 'occasionalSources'>): string {
  return sources.find((name) => !occasionalSources.includes(name)) ?? 'logstash-a'
}

/** Returns hosts that match the patterns, as many as possible; then others. `*` alone matches any. */
export function sampleHosts(patterns: readonly string[], count: number): readonly string[] {
  const names = new Set<string>()
  const excluded = patterns.filter(isNegated)
  const telling = patterns.filter((pattern) => !isNegated(pattern) && !/^\*+$/.test(pattern))
  for (const pattern of [...telling, 'web-*', 'sample-*']) {
    for (let i = 1; i <= count && names.size < count; i++) {
      const name = pattern.replaceAll('*', String(i)).replaceAll('?', String(i % 10))
      if (matchesHosts(excluded, name)) names.add(name)
    }
  }
  return [...names]
}

/** A request with one event of each host, without any values. */
export function sampleArrival(source: string, hosts: readonly string[], ts: Millis): Arrival {
  return { source, events: hosts.map((host) => sampleEvent(host, ts)) }
}

export function sampleEvent(host: string, ts: Millis): EventSamples {
  return { host, ts, heartbeat: false, series: [], values: [] }
}
