import type { AlertLookup } from '../../dispatch/groups.ts'
import type { TrackedAlert } from '../../dispatch/state.ts'
import type { Millis } from '../../model.ts'
import { snapshotAlert } from './snapshot.ts'
import { currentSurroundings } from './window.ts'
import { buildPulse, buildReport } from '../report/build.ts'
import type { Alert, Fold } from '../state.ts'

/** An alert that was not evaluated for this long is out of date. */
const STALE = 15 * 60_000

/** Gives dispatch read access to the engine's state. */
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

/** Returns the time between two evaluations of a rule. */
function evaluationGap({ dispatchPlan }: Fold, name: string): Millis {
  const rule = dispatchPlan.rules.get(name)
  return rule === undefined || rule.kind === 'absence' ? 0 : rule.every
}

/** Returns the open alert behind a tracked alert. */
function findAlert({ state }: Fold, { ref, snapshot }: TrackedAlert): Alert | undefined {
  const alerts = ref.host === null ? state.alerts : state.hosts.get(ref.host)?.alerts
  const alert = alerts?.get(ref.id)
  return alert?.episode === snapshot.episode ? alert : undefined
}
