import type { Alerts } from '../../dispatch/groups.ts'
import type { Case } from '../../dispatch/state.ts'
import type { Millis } from '../../model.ts'
import { factsOf } from './snapshot.ts'
import { pulseOf, reportOf } from '../report/build.ts'
import type { Alert, Fold } from '../state.ts'

/** An alert of which nothing was heard for this long is no news. */
const STALE = 15 * 60_000

/** What the second fold may ask of the first. */
export function alertsOf(fold: Fold): Alerts {
  return {
    facts(one) {
      const alert = findAlert(fold, one)
      return alert === undefined ? undefined : factsOf(fold, alert)
    },
    isCurrent(one) {
      const alert = findAlert(fold, one)
      if (alert === undefined || fold.state.now - alert.at >= STALE + pauseOf(fold, alert.identity.rule)) return false
      return alert.life.state === 'firing' || alert.life.state === 'recovering'
    },
    report: (wish) => reportOf(fold, wish),
    pulse: () => pulseOf(fold),
  }
}

/** How long a rule says nothing between two of its windows. */
function pauseOf({ dispatchPlan }: Fold, name: string): Millis {
  const rule = dispatchPlan.rules.get(name)
  return rule === undefined || rule.kind === 'absence' ? 0 : rule.every
}

/** The open alert of a case. */
function findAlert({ state }: Fold, { ref, facts }: Case): Alert | undefined {
  const alerts = ref.host === null ? state.alerts : state.hosts.get(ref.host)?.alerts
  const alert = alerts?.get(ref.id)
  return alert?.episode === facts.episode ? alert : undefined
}
