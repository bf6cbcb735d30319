import { type Clock, type Counter, COUNTERS, type EngineStats, type Millis, type Observer } from '../model.ts'
import { countable, type CounterBy, type Families } from './families.ts'

const ALERT_STATES = ['pending', 'firing', 'recovering', 'resolved'] as const
/** A commit takes fractions of a millisecond on a healthy disk. */
const COMMIT_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

type Add = (increase: number) => void

/** Returns what each counter of the engine adds to. */
function createCounters(families: Families, dropped: CounterBy): Readonly<Record<Counter, Add>> {
  return { ...createPlainCounters(families), ...createLabeledCounters(families, dropped) }
}

function createPlainCounters({ counter }: Families) {
  const plain = (name: string, help: string): Add => {
    const family = counter(name, help)
    return (increase) => family.inc(increase)
  }
  return {
    samples: plain('samples_total', 'Total number of samples added to windows.'),
    events_future: plain(
      'events_future_total',
      'Total number of events with a timestamp too far in the future; their arrival time is used instead.',
    ),
    events_unmatched: plain(
      'events_unmatched_total',
      'Total number of events that could not be matched with a rule because its expression takes too many steps on them.',
    ),
    hosts_retired: plain('hosts_retired_total', 'Total number of hosts retired.'),
    hosts_evicted: plain('hosts_evicted_total', 'Total number of least recently seen hosts evicted to make room.'),
    series_evicted: plain('series_evicted_total', 'Total number of idle series evicted to make room.'),
  }
}

const LIMITS_HELP =
  'Total number of events or samples dropped, and requests counted under another source, because a limit was reached, by limit.'
const LATE_HELP = 'Total number of samples received after their window was evaluated, by result.'
const TRANSITIONS_HELP = 'Total number of alert state transitions, by new state.'

function createLabeledCounters({ counterBy }: Families, dropped: CounterBy) {
  const by = (family: CounterBy, label: string, value: string): Add => {
    return (increase) => family.inc({ [label]: value }, increase)
  }
  const exceeded = counterBy('limit_exceeded_total', LIMITS_HELP, 'limit', [
    'hosts',
    'series',
    'sources',
    'sub_sources',
  ])
  const late = counterBy('samples_late_total', LATE_HELP, 'result', ['merged', 'dropped'])
  const transitions = counterBy('alert_transitions_total', TRANSITIONS_HELP, 'state', ALERT_STATES)
  return {
    samples_no_metric: by(dropped, 'reason', 'no_metric'),
    samples_out_of_range: by(dropped, 'reason', 'out_of_range'),
    samples_late_merged: by(late, 'result', 'merged'),
    samples_late_dropped: by(late, 'result', 'dropped'),
    hosts_refused: by(exceeded, 'limit', 'hosts'),
    series_refused: by(exceeded, 'limit', 'series'),
    sources_refused: by(exceeded, 'limit', 'sources'),
    sub_sources_refused: by(exceeded, 'limit', 'sub_sources'),
    transitions_pending: by(transitions, 'state', 'pending'),
    transitions_firing: by(transitions, 'state', 'firing'),
    transitions_recovering: by(transitions, 'state', 'recovering'),
    transitions_resolved: by(transitions, 'state', 'resolved'),
  }
}

/**
 * Feeds metrics from counters that count since the process began. A counter that decreased was reset (the engine was
 * restarted inside this process), so its whole value is new.
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
  const pending = gauge('notifications_pending', 'Current number of notifications waiting to be delivered.')
  gauge(
    'notifications_oldest_pending_age_seconds',
    'Age of the oldest pending notification; 0 if none is pending.',
    // The age is computed at the scrape: it must grow even while the engine, which reports the instant, is stuck.
    (age) => age.set(state.oldest === undefined ? 0 : countable((clock.now() - state.oldest) / 1000)),
  )
  return ({ outbox }) => {
    pending.set(countable(outbox.pending))
    if (outbox.oldest === undefined) delete state.oldest
    else state.oldest = outbox.oldest
  }
}

/** Exposes the figures that the engine reports once a second. @param dropped the counter of dropped samples. */
export function createEngineMetrics(families: Families, clock: Clock, dropped: CounterBy): Pick<Observer, 'engine'> {
  const { gauge, gaugeBy, histogram } = families
  const hosts = gauge('hosts', 'Current number of hosts.')
  const series = gauge('series', 'Current number of series.')
  const sources = gauge('sources', 'Current number of sources.')
  const alerts = gaugeBy('alerts', 'Current number of alerts, by state.', 'state', ALERT_STATES)
  const lag = gauge('journal_lag_entries', 'Number of journal entries after the latest snapshot.')
  const commits = histogram('journal_commit_duration_seconds', 'Duration of journal commits.', COMMIT_SECONDS)
  const reported = gauge(
    'engine_last_report_timestamp_seconds',
    'Timestamp of the last report of the engine; 0 before the first one.',
  )
  const outbox = createOutboxGauges(families, clock)
  const feed = createFeed(createCounters(families, dropped))
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
