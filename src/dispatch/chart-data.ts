import type { AlertSnapshot, NotificationReason } from '../model.ts'
import type { TrackedAlert, DispatchState } from './state.ts'

/** What is told when it happens: then its picture shows the present. */
const STEPS: readonly NotificationReason[] = [
  'fired',
  'severity_raised',
  'severity_lowered',
  'resolved',
  'flapping_started',
  'flapping_stopped',
]

export function isStep(news: NotificationReason): boolean {
  return STEPS.includes(news)
}

/** A picture belongs into the mail of one alert. */
export function withoutChart(snapshot: AlertSnapshot): AlertSnapshot {
  const { chart: _, ...rest } = snapshot
  return rest
}

/** Lets go of a picture once nobody is to hear, in the next time, of what it was made for. */
export function pruneChart(state: DispatchState, alert: TrackedAlert): void {
  if (alert.snapshot.chart === undefined) return
  const { snapshot, groups, muted } = alert
  const isAwaited = [...groups].some((key) => {
    const member = state.groups.get(key)?.members.get(snapshot.episode)
    return member?.pending !== undefined && isStep(member.pending)
  })
  if (muted !== undefined || !isAwaited) alert.snapshot = withoutChart(snapshot)
}
