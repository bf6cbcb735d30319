import type { AlertSnapshot } from '../../model.ts'
import { flappingPercent } from './flapping.ts'
import type { Alert, Fold } from '../state.ts'

/** What a mail can say of an alert as it is now. */
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

/** What the life of an alert was like. */
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

/** How many windows were judged, where there are any. */
export function evaluationCounts({ lifecycle, identity }: Alert): CountFields {
  if (lifecycle.state === 'pending' || identity.measure.kind === 'state') return {}
  const { evaluations, breaches } = lifecycle
  return { evaluations, breaches }
}

/** The times in which the service was down while the alert lasted, or so shortly before that it may have begun there. */
function gapsDuring({ state }: Fold, { lifecycle, lookback }: Alert): AlertSnapshot['gaps'] {
  const end = lifecycle.state === 'resolved' ? lifecycle.resolvedAt : Infinity
  return state.gaps.filter(({ from, to }) => to > lifecycle.since - lookback && from < end)
}
