import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Clock, EngineStats, Millis, Observer } from './model.ts'

/** What `createMetrics` needs to know. */
export interface MetricsOptions {
  /** The product's version, for `stashwatch_build_info`. */
  readonly version: string
  /** Read when a scrape asks how old the oldest waiting mail is. */
  readonly clock: Clock
}

/** One answer to a scrape. */
export interface Exposition {
  readonly contentType: string
  readonly body: string
}

/** The self metrics of one process. */
export interface Metrics {
  readonly observer: Observer
  /** Says how the last attempt to load the configuration ended. A process that started has loaded one. */
  readonly reloaded: (successful: boolean) => void
  /** Every metric, in OpenMetrics 1.0.0 when the Accept header prefers that, otherwise in text format 0.0.4. */
  readonly render: (accept: string | undefined) => Promise<Exposition>
}

const EVENT_CODES = 'schema timestamp host not_object empty too_deep too_many_fields cardinality internal'
const EITHER_CODES = 'json too_large'
const BODY_CODES = 'utf8 gzip encoding too_many'

/** Codes of refusals that are told apart; any other counts as `other`, so that the label stays bounded. */
export const REJECT_CODES: readonly string[] = `${EVENT_CODES} ${EITHER_CODES} ${BODY_CODES} other`.split(' ')

const STATUSES = ['200', '400', '401', '403', '404', '405', '408', '413', '415', '422', '429', '500', '503', 'other']
const ALERT_STATES = ['pending', 'firing', 'recovering', 'resolved'] as const
const RECEIVER_TYPES = ['email', 'mailbox', 'webhook', 'alertmanager'] as const
const OUTCOMES = ['sent', 'failed', 'retry', 'withdrawn'] as const

/** Logstash waits 10 s for an answer; a commit takes fractions of a millisecond on a healthy disk. */
const ANSWER_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const COMMIT_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const BODY_BYTES = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864]
const LATENCY_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 14_400]

/** Default metrics that `promtool check metrics` refuses: gauges named like counters, units that are none. */
const REFUSED_DEFAULTS = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
]

/** Counts only what is a count: an observer never throws into the part that reports. */
const countable = (value: number): number => (Number.isFinite(value) && value > 0 ? value : 0)

/** Declares families in a registry, in this product's name. Every value of a label is known, and starts at 0. */
function createFamilies(registry: Registry) {
  const registers = [registry]
  const full = (name: string): string => `stashwatch_${name}`
  return {
    counter: (name: string, help: string): Counter => new Counter({ name: full(name), help, registers }),
    counterBy: (name: string, help: string, label: string, values: readonly string[]): Counter<string> => {
      const family = new Counter<string>({ name: full(name), help, labelNames: [label], registers })
      for (const value of values) family.inc({ [label]: value }, 0)
      return family
    },
    gauge: (name: string, help: string, collect?: (gauge: Gauge) => void): Gauge => {
      const family: Gauge = new Gauge({
        name: full(name),
        help,
        registers,
        ...(collect && { collect: () => collect(family) }),
      })
      return family
    },
    gaugeBy: (name: string, help: string, label: string, values: readonly string[]): Gauge<string> => {
      const family = new Gauge<string>({ name: full(name), help, labelNames: [label], registers })
      for (const value of values) family.set({ [label]: value }, 0)
      return family
    },
    histogram: (name: string, help: string, buckets: readonly number[]): ((value: number) => void) => {
      const family = new Histogram({ name: full(name), help, buckets: [...buckets], registers })
      return (value) => {
        if (Number.isFinite(value)) family.observe(Math.max(0, value))
      }
    },
  }
}

type Families = ReturnType<typeof createFamilies>

function createIngestMetrics(families: Families): Pick<Observer, 'events' | 'rejects' | 'unusable' | 'answered'> {
  const { counter, counterBy, histogram } = families
  const events = counterBy('events_total', 'Events received, by what became of them.', 'result', [
    'accepted',
    'rejected',
    'duplicate',
  ])
  const rejects = counterBy('rejects_total', 'Events or unreadable bodies refused, by reason.', 'reason', REJECT_CODES)
  const unusable = counter('samples_unusable_total', 'Values in accepted events that a metric asks for and that are no numbers.')
  const requests = counterBy('ingest_requests_total', 'Answers to posted bodies, by HTTP status.', 'status', STATUSES)
  const duration = histogram(
    'ingest_duration_seconds',
    'Time from the head of a posted request to its answer.',
    ANSWER_SECONDS,
  )
  const size = histogram('ingest_body_bytes', 'Size of posted bodies on the wire, before inflating.', BODY_BYTES)
  return {
    events: (result, count) => events.inc({ result }, countable(count)),
    rejects(code, count) {
      rejects.inc({ reason: REJECT_CODES.includes(code) ? code : 'other' }, countable(count))
    },
    unusable: (count) => unusable.inc(countable(count)),
    answered(status, seconds, bytes) {
      const known = String(status)
      requests.inc({ status: STATUSES.includes(known) ? known : 'other' })
      duration(seconds)
      size(bytes)
    },
  }
}

function createNotifyMetrics(families: Families, registry: Registry): Pick<Observer, 'notified'> {
  const sends = new Counter({
    name: 'stashwatch_notifications_total',
    help: 'Attempts to deliver a notification, by type of receiver and outcome.',
    labelNames: ['receiver_type', 'outcome'],
    registers: [registry],
  })
  for (const receiver_type of RECEIVER_TYPES) {
    for (const outcome of OUTCOMES) sends.inc({ receiver_type, outcome }, 0)
  }
  const latency = families.histogram(
    'notification_latency_seconds',
    'Time from the end of the window that decided to the acceptance by the mail server or the receiver.',
    LATENCY_SECONDS,
  )
  return {
    notified(receiver_type, outcome, latencySeconds) {
      sends.inc({ receiver_type, outcome })
      if (outcome === 'sent' && latencySeconds !== undefined) latency(latencySeconds)
    },
  }
}

/** What to add to the counter behind each tally of the engine. */
function createTallyCounters({ counter, counterBy }: Families): ReadonlyMap<string, (increase: number) => void> {
  const plain = (name: string, help: string): ((increase: number) => void) => {
    const family = counter(name, help)
    return (increase) => family.inc(increase)
  }
  const refused = counterBy(
    'cardinality_refused_total',
    'Samples or events left out because a cap on hosts, series or sources is reached.',
    'kind',
    ['host', 'series', 'source'],
  )
  const transitions = counterBy('transitions_total', 'Steps of alerts from one state to the next.', 'to', ALERT_STATES)
  return new Map([
    ['samples', plain('samples_total', 'Samples folded into windows.')],
    [
      'samples_late_merged',
      plain('samples_late_merged_total', 'Samples that came after their window was judged, and were still merged.'),
    ],
    [
      'samples_late_dropped',
      plain('samples_late_dropped_total', 'Samples dropped because their bucket is no longer kept.'),
    ],
    ['samples_future', plain('samples_future_total', 'Samples dated so far ahead of their arrival that they count at their arrival.')],
    [
      'duplicates',
      plain('duplicate_events_total', 'Events recognised as counted before: in a repeated body, or by their own id.'),
    ],
    ['hosts_retired', plain('hosts_retired_total', 'Hosts forgotten because they are gone for good.')],
    ['hosts_evicted', plain('hosts_evicted_total', 'Hosts forgotten, least recently seen first, to make room.')],
    ['hosts_refused', (increase: number) => refused.inc({ kind: 'host' }, increase)],
    ['series_refused', (increase: number) => refused.inc({ kind: 'series' }, increase)],
    ['sources_refused', (increase: number) => refused.inc({ kind: 'source' }, increase)],
    ...ALERT_STATES.map((to): [string, (increase: number) => void] => [
      `transitions:${to}`,
      (increase) => transitions.inc({ to }, increase),
    ]),
  ])
}

/**
 * Feeds counters from tallies that count since the process began. A tally that went back was begun anew (the engine
 * came up again inside this process), so its whole value is new.
 */
function createTallyFeed(counters: ReadonlyMap<string, (increase: number) => void>) {
  const seen = new Map<string, number>()
  return (tallies: EngineStats['tallies']): void => {
    for (const [name, add] of counters) {
      const now = countable(tallies[name] ?? 0)
      const before = seen.get(name) ?? 0
      add(now < before ? now : now - before)
      seen.set(name, now)
    }
  }
}

function createOutboxGauges({ gauge }: Families, clock: Clock): (stats: EngineStats) => void {
  const state: { oldest?: Millis } = {}
  const pending = gauge('outbox_pending', 'Notifications that wait to be delivered.')
  gauge(
    'outbox_oldest_age_seconds',
    'Age of the oldest notification that waits to be delivered; 0 when none waits.',
    // The age is computed at the scrape: it must grow even while the engine, which reports the instant, is stuck.
    (age) => age.set(state.oldest === undefined ? 0 : countable((clock.now() - state.oldest) / 1000)),
  )
  return ({ outbox }) => {
    pending.set(countable(outbox.pending))
    if (outbox.oldest === undefined) delete state.oldest
    else state.oldest = outbox.oldest
  }
}

function createEngineMetrics(families: Families, clock: Clock): Pick<Observer, 'engine'> {
  const { gauge, gaugeBy, histogram } = families
  const hosts = gauge('hosts', 'Hosts known.')
  const series = gauge('series', 'Series kept.')
  const sources = gauge('sources', 'Senders known.')
  const alerts = gaugeBy('alerts', 'Alerts, by state.', 'state', ALERT_STATES)
  const lag = gauge('journal_lag_entries', 'Entries of the journal that the newest snapshot does not cover.')
  const commits = histogram('journal_commit_seconds', 'Time that one commit to the journal took.', COMMIT_SECONDS)
  const reported = gauge(
    'engine_last_report_timestamp_seconds',
    'When the engine last reported its figures, in seconds since the epoch; 0 before the first report.',
  )
  const outbox = createOutboxGauges(families, clock)
  const feed = createTallyFeed(createTallyCounters(families))
  return {
    engine(stats) {
      hosts.set(countable(stats.hosts))
      series.set(countable(stats.series))
      sources.set(countable(stats.sources))
      for (const state of ALERT_STATES) alerts.set({ state }, countable(stats.alerts[state]))
      lag.set(countable(stats.lag))
      for (const seconds of stats.commits) commits(seconds)
      reported.set(clock.now() / 1000)
      outbox(stats)
      feed(stats.tallies)
    },
  }
}

function createReloadGauges({ gauge }: Families, clock: Clock): (successful: boolean) => void {
  const successful = gauge('config_last_reload_successful', 'Whether the last load of the configuration worked.')
  const at = gauge(
    'config_last_reload_success_timestamp_seconds',
    'When the configuration in force was loaded, in seconds since the epoch.',
  )
  const reloaded = (worked: boolean): void => {
    successful.set(worked ? 1 : 0)
    if (worked) at.set(clock.now() / 1000)
  }
  reloaded(true)
  return reloaded
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

/** Declares every self metric and returns what feeds and shows them. Nothing here ever throws at those who report. */
export function createMetrics({ version, clock }: MetricsOptions): Metrics {
  const registry = new Registry()
  const families = createFamilies(registry)
  const observer: Observer = {
    ...createIngestMetrics(families),
    ...createNotifyMetrics(families, registry),
    ...createEngineMetrics(families, clock),
  }
  const reloaded = createReloadGauges(families, clock)
  families.gaugeBy('build_info', 'Always 1; the label tells the version.', 'version', [version]).set({ version }, 1)
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
