import type { AlertFacts } from '../../model.ts'
import { flappingOf } from './flapping.ts'
import type { Alert, Fold } from '../state.ts'

/** What a mail can say of an alert as it is now. */
export function factsOf(fold: Fold, alert: Alert): AlertFacts {
  const { identity, episode, code, ruleLabels, templates, value, evidence, at, ended, source, life } = alert
  const flapping = flappingOf(fold, alert)
  return {
    identity,
    episode,
    code,
    ruleLabels,
    templates,
    state: life.state === 'resolved' ? 'resolved' : 'firing',
    severity: life.severity,
    value,
    evidence,
    since: life.since,
    at,
    ...(life.state === 'resolved' ? { resolvedAt: life.resolvedAt } : {}),
    ...(ended === undefined ? {} : { ended }),
    peak: life.state === 'pending' ? null : life.peak,
    source,
    ...told(alert),
    ...(flapping === undefined ? {} : { flapping }),
    gaps: gapsOf(fold, alert),
  }
}

/** What the life of an alert was like. */
function told(alert: Alert): Course & Pick<AlertFacts, 'firedAt' | 'flaps' | 'noDataSince' | 'critical'> {
  const { life, criticalLimit: limit } = alert
  if (life.state === 'pending') return {}
  const { firedAt, flaps, noDataSince, critical } = life
  return {
    firedAt,
    ...countsOf(alert),
    flaps,
    ...(noDataSince === undefined ? {} : { noDataSince }),
    ...(critical === undefined ? {} : { critical: { ...critical, ...(limit === undefined ? {} : { limit }) } }),
  }
}

type Course = Pick<AlertFacts, 'windows' | 'bad'>

/** How many windows were judged, where there are any. */
export function countsOf({ life, identity }: Alert): Course {
  if (life.state === 'pending' || identity.measure.kind === 'state') return {}
  const { windows, bad } = life
  return { windows, bad }
}

/** The times in which the service was down while the alert lasted, or so shortly before that it may have begun there. */
function gapsOf({ state }: Fold, { life, reach }: Alert): AlertFacts['gaps'] {
  const end = life.state === 'resolved' ? life.resolvedAt : Infinity
  return state.gaps.filter(({ from, to }) => to > life.since - reach && from < end)
}
