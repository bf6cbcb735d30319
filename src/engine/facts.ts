import type { AlertFacts } from '../model.ts'
import { flappingOf } from './flaps.ts'
import type { Alert, Fold } from './state.ts'

/** What a mail can say of an alert as it is now. */
export function factsOf(fold: Fold, alert: Alert): AlertFacts {
  const { rule, host, labels, what, metric, unit, episode, code, value, bound, clear, at, reason, source, life } = alert
  const flapping = flappingOf(fold, alert)
  return {
    episode,
    code,
    rule,
    host,
    labels,
    ruleLabels: alert.ruleLabels,
    what,
    metric,
    unit,
    state: life.state === 'resolved' ? 'resolved' : 'firing',
    severity: life.severity,
    value,
    bound,
    clear,
    since: life.since,
    at,
    ...(life.state === 'resolved' ? { resolvedAt: life.resolvedAt } : {}),
    ...(alert.ended === undefined ? {} : { ended: alert.ended }),
    peak: life.state === 'pending' ? null : life.peak,
    reason,
    source,
    ...(alert.subject === undefined ? {} : { subject: alert.subject }),
    ...(alert.body === undefined ? {} : { body: alert.body }),
    ...(alert.usualSubject === undefined ? {} : { usualSubject: alert.usualSubject }),
    ...told(alert),
    ...(flapping === undefined ? {} : { flapping }),
    gaps: gapsOf(fold, alert),
  }
}

/** What the life of an alert was like. */
function told(alert: Alert): Course & Pick<AlertFacts, 'firedAt' | 'flaps' | 'noDataSince' | 'critical'> {
  const { life, criticalBound: bound = '' } = alert
  if (life.state === 'pending') return {}
  const { firedAt, flaps, noDataSince, critical } = life
  return {
    firedAt,
    ...countsOf(alert),
    flaps,
    ...(noDataSince === undefined ? {} : { noDataSince }),
    ...(critical === undefined ? {} : { critical: { ...critical, bound } }),
  }
}

type Course = Pick<AlertFacts, 'isWindowless' | 'windows' | 'bad'>

/** How many windows were judged, where there are any. */
export function countsOf({ life, isWindowless }: Alert): Course {
  if (life.state === 'pending') return {}
  if (isWindowless) return { isWindowless }
  const { windows, bad } = life
  return { windows, bad }
}

/** The times in which the service was down while the alert lasted, or so shortly before that it may have begun there. */
function gapsOf({ state }: Fold, { life, reach }: Alert): AlertFacts['gaps'] {
  const end = life.state === 'resolved' ? life.resolvedAt : Infinity
  return state.gaps.filter(({ from, to }) => to > life.since - reach && from < end)
}
