import { type FieldTest, isReference, type ValueTest } from '../model.ts'
import type { StepBudget } from '../labels/automaton.ts'
import { compilePattern, type Pattern } from '../labels/pattern.ts'
import { parseNumber } from './number.ts'
import type { Paths } from './paths.ts'

/** An expression of a rule that cannot be compiled. */
class PatternError extends Error {
  readonly code = 'pattern_invalid'
  override readonly name = 'PatternError'
}

/**
 * Returns true if all tests of a rule match the values read from an event; undefined where the budget does not suffice
 * to know. Whatever one test costs, another that fails decides.
 */
export type Where = (values: readonly unknown[], budget: StepBudget) => boolean | undefined

type ItemTest = (item: unknown, budget: StepBudget) => boolean | undefined

/** Compiles a rule's tests. Throws a `PatternError` for an expression that RE2 does not support. */
export function compileWhere(tests: readonly FieldTest[], paths: Paths): Where {
  const cheapestFirst = tests.toSorted((a, b) => Number(hasExpression(a)) - Number(hasExpression(b)))
  const compiled = cheapestFirst.map((test) => ({ slot: paths.add(test.field), holds: compileTest(test, test.field) }))
  return (values, budget) => everyOf(compiled, ({ slot, holds }) => holds(values[slot], budget))
}

function hasExpression({ matches, not }: ValueTest): boolean {
  return matches !== undefined || (not !== undefined && hasExpression(not))
}

/** Like `every`, with a third answer: unknown, unless one is false. */
function everyOf<T>(items: readonly T[], test: (item: T) => boolean | undefined): boolean | undefined {
  let result: boolean | undefined = true
  for (const item of items) {
    const one = test(item)
    if (one === false) return false
    if (one === undefined) result = undefined
  }
  return result
}

/** Like `some`, with a third answer: unknown, unless one is true. */
function someOf(items: readonly unknown[], test: (item: unknown) => boolean | undefined): boolean | undefined {
  let result: boolean | undefined = false
  for (const item of items) {
    const one = test(item)
    if (one === true) return true
    if (one === undefined) result = undefined
  }
  return result
}

/** Compiles the tests of a field. `not` is the exact opposite of its tests: it passes where they fail, and only there. */
function compileTest({ not, ...tests }: ValueTest, field: string): ItemTest {
  const passes = compilePositive(tests, field)
  if (not === undefined) return passes
  const isOnly = Object.keys(tests).every((key) => key === 'field')
  const excluded = compileTest(not, field)
  const passesNot: ItemTest = (value, budget) => {
    const result = excluded(value, budget)
    return result === undefined ? undefined : !result
  }
  return isOnly ? passesNot : (value, budget) => everyOf([passes, passesNot], (one) => one(value, budget))
}

/**
 * Compiles tests without `not`. A missing field (also null, an unresolved reference, and an array without values) fails
 * every test but `exists: false`. An array passes if one of its elements does.
 */
function compilePositive(test: ValueTest, field: string): ItemTest {
  const checks = itemChecks(test, field)
  const passes: ItemTest = (item, budget) => isPresent(item) && everyOf(checks, (check) => check(item, budget))
  if (test.exists === false) {
    return (value) => checks.length === 0 && !(Array.isArray(value) ? value.some(isPresent) : isPresent(value))
  }
  return (value, budget) =>
    Array.isArray(value) ? someOf(value, (item) => passes(item, budget)) : passes(value, budget)
}

function itemChecks(test: ValueTest, field: string): ItemTest[] {
  const { oneOf, contains, prefix, matches, above, below } = test
  const checks: ItemTest[] = []
  if (oneOf !== undefined) checks.push(onText((text) => oneOf.includes(text)))
  if (contains !== undefined) checks.push(onText((text) => text.includes(contains)))
  if (prefix !== undefined) checks.push(onText((text) => text.startsWith(prefix)))
  if (above !== undefined) checks.push((item) => parseNumber(item) > above)
  if (below !== undefined) checks.push((item) => parseNumber(item) < below)
  if (matches !== undefined) checks.push(onText(compileMatches(matches, field)))
  return checks
}

const isPresent = (item: unknown): boolean => item !== undefined && item !== null && !isReference(item)

const onText =
  (check: (text: string, budget: StepBudget) => boolean | undefined): ItemTest =>
  (item, budget) =>
    (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') && check(String(item), budget)

function compileMatches(expression: string, field: string): Pattern['isFoundIn'] {
  const pattern = compilePattern(expression)
  if (!('reason' in pattern)) return (text, budget) => pattern.isFoundIn(text, budget)
  const found = `expected an RE2 expression, found ${JSON.stringify(expression)}`
  throw new PatternError(`where: ${field}: ${found}: ${pattern.reason}`)
}
