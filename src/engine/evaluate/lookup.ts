import type { AlertLookup } from '../../dispatch/groups.ts'
import type { TrackedAlert } from '../../dispatch/state.ts'
import type { Millis } from '../../model.ts'
import { snapshotAlert } from './snapshot.ts'
import { currentSurroundings } from './window.ts'
import { buildPulse, buildReport } from '../report/build.ts'
import type { Alert, Fold } from '../state.ts'

/** An alert of which nothing was heard for this long is no news. */
const STALE = 15 * 60_000

/** What the second fold may ask of the first. */
export function alertLookup(fold: Fold): AlertLookup {
  return {
    snapshot(one) {
      const alert = findAlert(fold, one)
      return alert === undefined ? undefined : snapshotAlert(fold, alert)
    },
    surroundings(one) {
      const alert = findAlert(fold, one)
      return alert === undefined ? {} : currentSurroundings(fold, alert)
    },
    isCurrent(one) {
      const alert = findAlert(fold, one)
      if (alert === undefined || fold.state.now - alert.evaluatedAt >= STALE + evaluationGap(fold, alert.identity.rule))
        return false
      return alert.lifecycle.state === 'firing' || alert.lifecycle.state === 'recovering'
    },
    report: (request) => buildReport(fold, request),
    pulse: () => buildPulse(fold),
  }
}

/** How long a rule says nothing between two of its windows. */
function evaluationGap({ dispatchPlan }: Fold, name: string): Millis {
  const rule = dispatchPlan.rules.get(name)
  return rule === undefined || rule.kind === 'absence' ? 0 : rule.every
}

/** The open alert of a case. */
function findAlert({ state }: Fold, { ref, snapshot }: TrackedAlert): Alert | undefined {
  const alerts = ref.host === null ? state.alerts : state.hosts.get(ref.host)?.alerts
  const alert = alerts?.get(ref.id)
  return alert?.episode === snapshot.episode ? alert : undefined
}
