import type { AlertSnapshot } from '../../model.ts'
import { flappingPercent } from './flapping.ts'
import type { Alert, Fold } from '../state.ts'

/** Returns an alert as notifications carry it, at this moment. */
export function snapshotAlert(fold: Fold, alert: Alert): AlertSnapshot {
  const {
    identity,
    episode,
    code,
    ruleLabels,
    templates,
    value,
    evidence,
    evaluatedAt,
    closeReason,
    source,
    lifecycle,
    events,
  } = alert
  const flapping = flappingPercent(fold, alert)
  return {
    identity,
    episode,
    code,
    ruleLabels,
    templates,
    state: lifecycle.state === 'resolved' ? 'resolved' : 'firing',
    severity: lifecycle.severity,
    value,
    evidence,
    startsAt: lifecycle.since,
    evaluatedAt,
    ...(lifecycle.state === 'resolved' ? { resolvedAt: lifecycle.resolvedAt } : {}),
    ...(closeReason === undefined ? {} : { closeReason }),
    peak: lifecycle.state === 'pending' ? null : lifecycle.peak,
    source,
    ...lifecycleFields(alert),
    ...(flapping === undefined ? {} : { flapping }),
    gaps: gapsDuring(fold, alert),
    ...(events.length === 0 ? {} : { events }),
  }
}

/** Returns the history of an alert. */
function lifecycleFields(
  alert: Alert,
): CountFields & Pick<AlertSnapshot, 'firedAt' | 'refirings' | 'noDataSince' | 'critical'> {
  const { lifecycle, criticalLimit: limit } = alert
  if (lifecycle.state === 'pending') return {}
  const { firedAt, refirings, noDataSince, critical } = lifecycle
  return {
    firedAt,
    ...evaluationCounts(alert),
    refirings,
    ...(noDataSince === undefined ? {} : { noDataSince }),
    ...(critical === undefined ? {} : { critical: { ...critical, ...(limit === undefined ? {} : { limit }) } }),
  }
}

type CountFields = Pick<AlertSnapshot, 'evaluations' | 'breaches'>

/** Returns the number of evaluations, if the rule has windows. */
export function evaluationCounts({ lifecycle, identity }: Alert): CountFields {
  if (lifecycle.state === 'pending' || identity.measure.kind === 'state') return {}
  const { evaluations, breaches } = lifecycle
  return { evaluations, breaches }
}

/** Returns the downtimes of the service during the alert, and those just before it in which it may have started. */
function gapsDuring({ state }: Fold, { lifecycle, lookback }: Alert): AlertSnapshot['gaps'] {
  const end = lifecycle.state === 'resolved' ? lifecycle.resolvedAt : Infinity
  return state.gaps.filter(({ from, to }) => to > lifecycle.since - lookback && from < end)
}
