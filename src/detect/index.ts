import type { Severity } from '../model.ts'
import type { AnyDetector } from './detector.ts'
import { change } from './change/index.ts'
import { flat } from './flat/index.ts'
import { threshold } from './threshold/index.ts'

/** The detectors, one line each. Nothing else knows them by name. */
export const DETECTORS: readonly AnyDetector[] = [threshold, change, flat]

export function findDetector(name: string): AnyDetector {
  const found = DETECTORS.find((detector) => detector.name === name)
  if (found === undefined) throw new Error(`no detector is called ${name}`)
  return found
}

/** The part of a rule that its detector understands. */
interface Judging {
  readonly condition: { readonly detector: string; readonly params: unknown }
  readonly overrides: readonly { readonly params: unknown }[]
}

/** The params of a rule and of its overrides. */
export function listParams({ condition, overrides }: Judging): readonly unknown[] {
  return [condition.params, ...overrides.map(({ params }) => params)]
}

/** The severities that a rule's alerts can have, the lowest first. */
export function ruleSeverities(rule: Judging): readonly Severity[] {
  const detector = findDetector(rule.condition.detector)
  const found = listParams(rule).flatMap((params) => detector.severities(params))
  return (['warning', 'critical'] as const).filter((severity) => found.includes(severity))
}

/** Returns true if a rule evaluates empty windows, so that events without a match are distinguished from no events. */
export function countsZeroes(rule: Judging): boolean {
  const detector = findDetector(rule.condition.detector)
  return listParams(rule).some((params) => detector.needs(params).zeroes)
}
