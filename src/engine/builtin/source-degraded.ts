import { acceptBaseline, HISTORY_BUCKETS, MIN_HOSTS } from '../../aggregate/throughput.ts'
import type { Source } from '../../aggregate/watermark.ts'
import { type Limit, BUILTIN_RULES, type Millis, type Reason } from '../../model.ts'
import { resolveAlert, updateAlert } from '../evaluate/alerts.ts'
import { sampleArrival, sampleHosts, sampleSource } from '../sample.ts'
import type { Fold } from '../state.ts'
import { IMMEDIATE_TIMERS, builtinResult, builtinAlertId, builtinSubject, stateMeasure } from './evaluation.ts'
import type { BuiltinStateRule, Observation } from './rule.ts'

/** A source is degraded when its throughput has been too low for this long. */
const DEGRADED_AFTER: Millis = 2 * 60_000
/** After this long, the remaining throughput becomes the baseline. */
const ACCEPT_AFTER: Millis = 30 * 60_000

/**
 * A source delivers less than half of its usual hosts. Their absence is not evaluated meanwhile, because the network to
 * the source may be broken. After half an hour the throughput becomes the baseline, and the missing hosts are evaluated
 * like any others.
 */
export const sourceDegraded: BuiltinStateRule = {
  name: BUILTIN_RULES.degraded,
  severities: () => ['critical'],
  watchSource,
  observe({ state }, of) {
    const source = state.sources.get(of)
    return source === undefined ? undefined : observe(source)
  },
  sample(config) {
    const source = sampleSource(config)
    const hosts = sampleHosts([], 2 * MIN_HOSTS)
    if (hosts.length > config.limits.hosts) return undefined
    const left = hosts.slice(0, MIN_HOSTS / 2)
    return {
      about: source,
      settle: (HISTORY_BUCKETS + 2) * config.bucket,
      every: config.bucket,
      patience: ACCEPT_AFTER,
      arrive: (phase, _, to) => [sampleArrival(source, phase === 'good' ? hosts : left, to)],
    }
  },
}

function watchSource(fold: Fold, source: Source): void {
  const { state, plan } = fold
  const { throughput, name } = source
  const id = builtinAlertId(BUILTIN_RULES.degraded, name)
  if (throughput.degradedFor >= ACCEPT_AFTER) {
    const why: Reason = { code: 'flow_accepted', params: { hosts: throughput.delivered, for: ACCEPT_AFTER } }
    acceptBaseline(throughput)
    // The value is still low, so it is not "back to" normal.
    const alert = state.alerts.get(id)
    if (alert !== undefined) alert.value = null
    resolveAlert(fold, state.alerts, id, 'baseline_accepted', why)
    return
  }
  const isKnown = state.alerts.has(id)
  const isDegraded = throughput.notRecoveringFor >= DEGRADED_AFTER || (isKnown && throughput.degradedFor > 0)
  if (!isDegraded && !isKnown) return
  const { delivered, baseline } = throughput
  const why: Reason = isDegraded
    ? { code: 'hosts_missing', params: { hosts: delivered, usual: baseline } }
    : { code: 'hosts_back', params: { hosts: delivered } }
  const subject = builtinSubject(BUILTIN_RULES.degraded, name, 'source_hosts', name, plan.config.selfMonitoring)
  const result = builtinResult(fold, isDegraded, 'critical', delivered, { limit: limitFor(baseline), why }, true)
  updateAlert(fold, state.alerts, id, subject, result, IMMEDIATE_TIMERS)
}

/** Returns the threshold: half of the baseline. */
function limitFor(baseline: number): Limit {
  return { op: 'below', value: baseline / 2 }
}

function observe({ throughput: { baseline, delivered } }: Source): Observation {
  const evidence =
    baseline === 0
      ? { why: { code: 'usual_unknown', params: {} } }
      : { limit: limitFor(baseline), why: { code: 'hosts_usual', params: { usual: baseline } } }
  return { measure: stateMeasure('source_hosts'), value: delivered, evidence }
}
