import { Registry, collectDefaultMetrics } from 'prom-client'
import { createEngineMetrics } from './metrics/engine.ts'
import { createFamilies, type Families } from './metrics/families.ts'
import { createHttpMetrics, createIngestMetrics } from './metrics/ingest.ts'
import { createNotifyMetrics } from './metrics/notify.ts'
import type { Clock, Observer } from './model.ts'

/** What `createMetrics` needs to know. */
interface MetricsOptions {
  /** The product's version, for `stashwatch_build_info`. */
  readonly version: string
  /** Read at each scrape for the age of the oldest pending notification. */
  readonly clock: Clock
}

/** One answer to a scrape. */
interface Exposition {
  readonly contentType: string
  readonly body: string
}

/** The self metrics of one process. */
export interface Metrics {
  readonly observer: Observer
  /** Records how the last attempt to load the configuration ended. A process that started has loaded one. */
  readonly reloaded: (successful: boolean) => void
  /** Every metric, in OpenMetrics 1.0.0 when the Accept header prefers that, otherwise in text format 0.0.4. */
  readonly render: (accept: string | undefined) => Promise<Exposition>
}

/** Default metrics that `promtool check metrics` refuses: gauges named like counters, units that are none. */
const REFUSED_DEFAULTS = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
]

function createReloadGauges({ gauge }: Families, clock: Clock): (successful: boolean) => void {
  const successful = gauge(
    'config_last_reload_successful',
    'Whether the last configuration reload attempt was successful.',
  )
  const at = gauge(
    'config_last_reload_success_timestamp_seconds',
    'Timestamp of the last successful configuration reload.',
  )
  const reloaded = (worked: boolean): void => {
    successful.set(worked ? 1 : 0)
    if (worked) at.set(clock.now() / 1000)
  }
  reloaded(true)
  return reloaded
}

/** Declares every self metric and returns what feeds and shows them. Nothing here throws into the code that reports. */
export function createMetrics({ version, clock }: MetricsOptions): Metrics {
  const registry = new Registry()
  const families = createFamilies(registry)
  const dropped = families.counterBy(
    'samples_dropped_total',
    'Total number of samples dropped before they reached a window, by reason.',
    'reason',
    ['non_numeric', 'no_metric', 'out_of_range'],
  )
  const observer: Observer = {
    ...createHttpMetrics(families),
    ...createIngestMetrics(families, dropped),
    ...createNotifyMetrics(families, registry),
    ...createEngineMetrics(families, clock, dropped),
  }
  const reloaded = createReloadGauges(families, clock)
  families
    .gaugeBy('build_info', 'A metric with a constant value of 1, labeled by the version of stashwatch.', 'version', [
      version,
    ])
    .set({ version }, 1)
  collectDefaultMetrics({ register: registry })
  for (const name of REFUSED_DEFAULTS) registry.removeSingleMetric(name)
  return {
    observer,
    reloaded,
    async render(accept) {
      // The client writes a missing number in a way that strict readers do not know.
      const text = (await registry.metrics()).replaceAll(/ Nan$/gm, ' NaN')
      return prefersOpenMetrics(accept ?? '')
        ? { contentType: Registry.OPENMETRICS_CONTENT_TYPE, body: toOpenMetrics(text) }
        : { contentType: Registry.PROMETHEUS_CONTENT_TYPE, body: text }
    },
  }
}

/** One media range of an Accept header: its type, parameters and weight. */
interface MediaRange {
  readonly type: string
  readonly version: string | undefined
  readonly weight: number
}

function mediaRanges(accept: string): readonly MediaRange[] {
  return accept.split(',').map((range) => {
    const [type = '', ...rest] = range.split(';').map((part) => part.trim().toLowerCase())
    const parameters = new Map(rest.map((part) => [part.split('=')[0], part.split('=')[1]?.replaceAll('"', '')]))
    const weight = Number(parameters.get('q') ?? '1')
    return { type, version: parameters.get('version'), weight: Number.isNaN(weight) ? 0 : weight }
  })
}

/** OpenMetrics must be asked for by name, in the version that is spoken here, and at least as warmly as plain text. */
function prefersOpenMetrics(accept: string): boolean {
  const ranges = mediaRanges(accept)
  const weightOf = (fits: (range: MediaRange) => boolean): number =>
    Math.max(0, ...ranges.filter(fits).map((range) => range.weight))
  const open = weightOf(
    ({ type, version }) => type === 'application/openmetrics-text' && (version ?? '1.0.0') === '1.0.0',
  )
  const text = weightOf(({ type, version }) => type === 'text/plain' && (version ?? '0.0.4') === '0.0.4')
  return open > 0 && open >= text
}

/**
 * Turns text format 0.0.4 into OpenMetrics 1.0.0: a counter's family goes without the suffix of its samples, no empty
 * lines, an end mark. (The client's own OpenMetrics output renames the counters for good, so that the next plain
 * scrape would show other names.)
 */
function toOpenMetrics(text: string): string {
  const counters = new Set([...text.matchAll(/^# TYPE (\S+)_total counter$/gm)].map(([, name]) => name))
  const lines = text.split('\n').filter((line) => line !== '')
  const renamed = lines.map((line) =>
    line.replace(/^(# (?:HELP|TYPE) )(\S+)_total /, (head: string, start: string, name: string) =>
      counters.has(name) ? `${start}${name} ` : head,
    ),
  )
  return `${renamed.join('\n')}\n# EOF\n`
}
