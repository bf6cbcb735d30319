import type { Grouping, Millis, Repeat } from '../model.ts'
import { audienceOf, escalationOf } from './audience.ts'
import { groupsOf, tellGroup } from './groups.ts'
import { labelsOf } from './labels.ts'
import type { DispatchPlan } from './plan.ts'
import type { Case, DispatchState, Group, Line } from './state.ts'

const NEVER: Repeat = { first: 0, most: 0 }

/**
 * A new configuration holds for conversations that go on: their repeats and waits are those of now. An address that is
 * no longer to hear of an alert is told its end, and nothing else; one that is to hear of it now hears that it fires.
 */
export function rerouteAll(state: DispatchState, plan: DispatchPlan, now: Millis): void {
  for (const one of state.cases.values()) tellNewcomers(state, plan, one, now)
  for (const group of state.groups.values()) {
    const line = lineNow(state, plan, group)
    group.line = line === undefined ? { ...group.line, repeat: NEVER } : { ...line, grouping: sameLabels(group, line.grouping) }
    group.rests = 0
  }
}

function tellNewcomers(state: DispatchState, plan: DispatchPlan, one: Case, now: Millis): void {
  if (one.facts.state !== 'firing' || state.backlog.episodes.has(one.facts.episode)) return
  const known = new Set(groupsOf(state, one).map(({ line }) => line.to.address))
  const labels = labelsOf(one.facts)
  const lines = audienceOf(plan, { facts: one.facts, notify: notifyNow(plan, one) }, labels)
  for (const line of lines) if (!known.has(line.to.address)) tellGroup(state, line, one, labels, 'fired', now)
}

function notifyNow(plan: DispatchPlan, one: Case): readonly string[] {
  return plan.rules.get(one.facts.rule)?.notify ?? one.notify
}

/** What belongs together in a conversation that goes on stays so. */
function sameLabels({ line }: Group, grouping: Grouping): Grouping {
  return { ...grouping, by: line.grouping.by }
}

function lineNow(state: DispatchState, plan: DispatchPlan, { line, members }: Group): Line | undefined {
  for (const episode of members.keys()) {
    const one = state.cases.get(episode)
    const found = one === undefined ? undefined : linesOf(plan, one).find(({ to }) => to.address === line.to.address)
    if (found !== undefined) return found
  }
  return undefined
}

/** All who may hear of a case, by its rule as it is now. */
function linesOf(plan: DispatchPlan, one: Case): readonly Line[] {
  const now = { facts: one.facts, notify: notifyNow(plan, one) }
  const labels = labelsOf(one.facts)
  return [...audienceOf(plan, now, labels), ...escalationOf(plan, now, labels).flatMap(({ lines }) => lines)]
}
