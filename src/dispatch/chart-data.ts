import type { AlertSnapshot, NotificationReason } from '../model.ts'
import type { TrackedAlert, DispatchState } from './state.ts'
import { muteFor } from './suppress.ts'

/** Reasons that notify at the moment of a change, so that the chart of the change shows the present. */
const STEPS: readonly NotificationReason[] = [
  'fired',
  'severity_raised',
  'severity_lowered',
  'resolved',
  'flapping_started',
  'flapping_stopped',
]

export function isStep(event: NotificationReason): boolean {
  return STEPS.includes(event)
}

/** Returns a snapshot without its chart. Only a mail about a single alert has a chart. */
export function withoutChart(snapshot: AlertSnapshot): AlertSnapshot {
  const { chart: _, ...rest } = snapshot
  return rest
}

/** Drops an alert's chart once no pending notification can use it: charts take memory. */
export function pruneChart(state: DispatchState, alert: TrackedAlert): void {
  if (alert.snapshot.chart === undefined) return
  const { snapshot, groups } = alert
  const isAwaited = [...groups].some((key) => {
    const group = state.groups.get(key)
    const pending = group?.members.get(snapshot.episode)?.pending
    return pending !== undefined && isStep(pending) && muteFor(alert, group?.target.to.address ?? '') === undefined
  })
  if (!isAwaited) alert.snapshot = withoutChart(snapshot)
}
