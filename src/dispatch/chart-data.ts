import type { AlertFacts, Because } from '../model.ts'
import type { Case, DispatchState } from './state.ts'

/** What is told when it happens: then its picture shows the present. */
const STEPS: readonly Because[] = [
  'fired',
  'severity_raised',
  'severity_lowered',
  'resolved',
  'flapping_started',
  'flapping_stopped',
]

export function isStep(news: Because): boolean {
  return STEPS.includes(news)
}

/** A picture belongs into the mail of one alert. */
export function withoutPicture(facts: AlertFacts): AlertFacts {
  const { picture: _, ...rest } = facts
  return rest
}

/** Lets go of a picture once nobody is to hear, in the next time, of what it was made for. */
export function forgetPicture(state: DispatchState, one: Case): void {
  if (one.facts.picture === undefined) return
  const { facts, groups, muted } = one
  const isAwaited = [...groups].some((key) => {
    const member = state.groups.get(key)?.members.get(facts.episode)
    return member?.news !== undefined && isStep(member.news)
  })
  if (muted !== undefined || !isAwaited) one.facts = withoutPicture(facts)
}
