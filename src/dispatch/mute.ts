import type { MaintenanceWindow, Millis, Mute, Silence } from '../model.ts'
import { windowsInForce } from './calendar.ts'
import { type Labels, alertLabels } from '../labels/matcher.ts'
import { type DispatchPlan, silencesInForce, type Compiled } from './plan.ts'
import type { DispatchState } from './state.ts'
import { updateInhibitions } from './inhibition.ts'

/**
 * Returns the silences and maintenance windows in force as one text. Mutes are recalculated when it changes, or when
 * alerts do.
 */
export function describeMutesInForce(plan: DispatchPlan, state: DispatchState, now: Millis): string {
  const silences = [...state.silences.values()].filter(({ startsAt, endsAt }) => startsAt <= now && now < endsAt)
  const windows = windowsInForce(plan.config.alerting.maintenanceWindows, now, plan.clocks)
  return JSON.stringify([silences.map(({ id, endsAt }) => [id, endsAt]), windows.map(({ name }) => name)])
}

/**
 * Sets what mutes each open alert. A silence takes precedence over a maintenance window, and that over an inhibition.
 */
export function updateMutes(plan: DispatchPlan, state: DispatchState, now: Millis): void {
  const silences = silencesInForce(plan, state, now)
  const inForce = new Set(windowsInForce(plan.config.alerting.maintenanceWindows, now, plan.clocks))
  const windows = plan.maintenanceWindows.filter(({ source }) => inForce.has(source))
  const find = (labels: Labels): Mute | undefined => findSilence(silences, labels) ?? findWindow(windows, labels)
  for (const alert of state.alerts.values()) if (!alert.isClosed) alert.muted = find(alertLabels(alert.snapshot))
  updateInhibitions(plan, state, (labels) => find(labels) !== undefined)
}

function findSilence(silences: readonly Compiled<Silence>[], labels: Labels): Mute | undefined {
  const found = silences.find(({ matches }) => matches(labels))
  if (found === undefined) return undefined
  const { id, endsAt, createdBy, comment } = found.source
  return { by: 'silence', id, until: endsAt, author: createdBy, comment }
}

function findWindow(windows: readonly Compiled<MaintenanceWindow>[], labels: Labels): Mute | undefined {
  const found = windows.find(({ matches }) => matches(labels))
  return found && { by: 'maintenance', name: found.source.name }
}
