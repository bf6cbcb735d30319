import { acceptBaseline } from '../../aggregate/throughput.ts'
import type { Source } from '../../aggregate/watermark.ts'
import { type Limit, BUILTIN_RULES, type Reason } from '../../model.ts'
import { IMMEDIATE_TIMERS, builtinResult, builtinAlertId, builtinSubject } from './evaluation.ts'
import { resolveAlert, updateAlert } from '../evaluate/alerts.ts'
import type { Fold } from '../state.ts'

/** A source is degraded when its flow has been too low for this long. */
const DEGRADED_AFTER = 2 * 60_000
/** After this long, what is left is what is to be expected. */
const ACCEPT_AFTER = 30 * 60_000

/**
 * Evaluates a source that delivers less than half of its usual hosts. Their silence is not judged
 * meanwhile: it may be the way to the source that broke. After half an hour the flow is taken for the usual one, and
 * the hosts that are missing are judged like any others.
 */
export function watchThroughput(fold: Fold, source: Source): void {
  const { state, plan } = fold
  const throughput = source.throughput
  const id = builtinAlertId(BUILTIN_RULES.degraded, source.name)
  if (throughput.degradedFor >= ACCEPT_AFTER) {
    const why: Reason = { code: 'flow_accepted', params: { hosts: throughput.delivered, for: ACCEPT_AFTER } }
    acceptBaseline(throughput)
    // The figure is as low as before: nothing is "back to" anything.
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
  const subject = builtinSubject(
    BUILTIN_RULES.degraded,
    source.name,
    'source_hosts',
    source.name,
    plan.config.selfMonitoring,
  )
  const result = builtinResult(fold, isDegraded, 'critical', delivered, { limit: throughputLimit(baseline), why }, true)
  updateAlert(fold, state.alerts, id, subject, result, IMMEDIATE_TIMERS)
}

/** A flow is too low below half of the usual one. */
export function throughputLimit(typical: number): Limit {
  return { op: 'below', value: typical / 2 }
}
