import { type Clock, type Counter, COUNTERS, type EngineStats, type Millis, type Observer } from '../model.ts'
import { countable, type Families } from './families.ts'

const ALERT_STATES = ['pending', 'firing', 'recovering', 'resolved'] as const
/** A commit takes fractions of a millisecond on a healthy disk. */
const COMMIT_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

type Add = (increase: number) => void

/** What each counter of the engine adds to. */
function createCounters({ counter, counterBy }: Families): Readonly<Record<Counter, Add>> {
  const plain = (name: string, help: string): Add => {
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
  return {
    samples: plain('samples_total', 'Samples folded into windows.'),
    samples_late_merged: plain(
      'samples_late_merged_total',
      'Samples that came after their window was judged, and were still merged.',
    ),
    samples_late_dropped: plain(
      'samples_late_dropped_total',
      'Samples dropped because their bucket is no longer kept.',
    ),
    samples_future: plain(
      'samples_future_total',
      'Samples dated so far ahead of their arrival that they count at their arrival.',
    ),
    samples_unknown: plain(
      'samples_unknown_total',
      'Samples left out because no metric in force is theirs: what was posted around a reload.',
    ),
    duplicates: plain(
      'duplicate_events_total',
      'Events recognised as counted before: in a repeated body, or by their own id.',
    ),
    hosts_retired: plain('hosts_retired_total', 'Hosts forgotten because they are gone for good.'),
    hosts_evicted: plain('hosts_evicted_total', 'Hosts forgotten, least recently seen first, to make room.'),
    series_evicted: plain(
      'series_evicted_total',
      'Series forgotten, idle ones of a host that has too many, to make room.',
    ),
    hosts_refused: (increase) => refused.inc({ kind: 'host' }, increase),
    series_refused: (increase) => refused.inc({ kind: 'series' }, increase),
    sources_refused: (increase) => refused.inc({ kind: 'source' }, increase),
    transitions_pending: (increase) => transitions.inc({ to: 'pending' }, increase),
    transitions_firing: (increase) => transitions.inc({ to: 'firing' }, increase),
    transitions_recovering: (increase) => transitions.inc({ to: 'recovering' }, increase),
    transitions_resolved: (increase) => transitions.inc({ to: 'resolved' }, increase),
  }
}

/**
 * Feeds metrics from counters that count since the process began. A counter that went back was begun anew (the engine
 * came up again inside this process), so its whole value is new.
 */
function createFeed(add: Readonly<Record<Counter, Add>>) {
  const seen = new Map<Counter, number>()
  return (counters: EngineStats['counters']): void => {
    for (const name of COUNTERS) {
      const now = countable(counters[name])
      const before = seen.get(name) ?? 0
      add[name](now < before ? now : now - before)
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

/** What the engine says of itself once a second. */
export function createEngineMetrics(families: Families, clock: Clock): Pick<Observer, 'engine'> {
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
  const feed = createFeed(createCounters(families))
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
      feed(stats.counters)
    },
  }
}
