import { isReference, type FieldTest } from '../model.ts'
import { compilePattern } from '../labels/pattern.ts'
import { parseNumber } from './number.ts'
import type { Paths } from './paths.ts'

/** Expressions take linear time, but longer text still costs too much. */
const MAX_MATCHED = 32_768

/** An expression of a rule that cannot be compiled. */
export class PatternError extends Error {
  readonly code = 'pattern_invalid'
  override readonly name = 'PatternError'
}

/** Returns true if all tests of a rule match the values read from an event. */
export type Where = (values: readonly unknown[]) => boolean

type ItemTest = (item: unknown) => boolean

/** Compiles a rule's tests. Throws a `PatternError` for an expression that RE2 does not support. */
export function compileWhere(tests: readonly FieldTest[], paths: Paths): Where {
  const compiled = tests.map((test) => ({ slot: paths.add(test.field), holds: compileTest(test) }))
  return (values) => compiled.every(({ slot, holds }) => holds(values[slot]))
}

/**
 * Compiles one test. A missing field (also null, an unresolved reference, and an array without values) fails every test
 * but `exists: false`. An array passes if one of its elements does.
 */
function compileTest(test: FieldTest): ItemTest {
  const checks = itemChecks(test)
  const passes: ItemTest = (item) => isPresent(item) && checks.every((check) => check(item))
  if (test.exists === false) {
    return (value) => checks.length === 0 && !(Array.isArray(value) ? value.some(isPresent) : isPresent(value))
  }
  return (value) => (Array.isArray(value) ? value.some(passes) : passes(value))
}

function itemChecks(test: FieldTest): ItemTest[] {
  const { oneOf, contains, prefix, matches, above, below } = test
  const checks: ItemTest[] = []
  if (oneOf !== undefined) checks.push(onText((text) => oneOf.includes(text)))
  if (contains !== undefined) checks.push(onText((text) => text.includes(contains)))
  if (prefix !== undefined) checks.push(onText((text) => text.startsWith(prefix)))
  if (above !== undefined) checks.push((item) => parseNumber(item) > above)
  if (below !== undefined) checks.push((item) => parseNumber(item) < below)
  if (matches !== undefined) checks.push(onText(compileMatches(matches, test.field)))
  return checks
}

const isPresent = (item: unknown): boolean => item !== undefined && item !== null && !isReference(item)

const onText =
  (check: (text: string) => boolean): ItemTest =>
  (item) =>
    (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') && check(String(item))

function compileMatches(expression: string, field: string): (text: string) => boolean {
  const pattern = compilePattern(expression)
  if ('reason' in pattern) {
    const found = `expected an RE2 expression, found ${JSON.stringify(expression)}`
    throw new PatternError(`where: ${field}: ${found}: ${pattern.reason}`)
  }
  const literal = requiredLiteral(expression)
  return (text) => {
    const head = text.length > MAX_MATCHED ? text.slice(0, MAX_MATCHED) : text
    return head.includes(literal) && pattern.isFoundIn(head)
  }
}

/** Constructs beyond a plain sequence, and classes that are hard to delimit. */
const INVOLVED = /[|(){}]|\\Q|\[\^?\]|\[[^\]]*\[/
const TOKEN = /(\[(?:\\.|[^\]\\])*\]|\\.|[^])([*+?]?)\??/gu

/**
 * Returns the longest text that every match of an expression contains: searching for it first is far cheaper than
 * matching. Empty, which every text contains, for expressions that are not a plain sequence.
 */
export function requiredLiteral(pattern: string): string {
  if (INVOLVED.test(pattern)) return ''
  let longest = ''
  let run = ''
  for (const [, token = '', quantifier] of pattern.matchAll(TOKEN)) {
    const plain = quantifier === '*' || quantifier === '?' ? undefined : plainCharacter(token)
    run = plain === undefined ? '' : run + plain
    if (run.length > longest.length) longest = run
    if (quantifier !== '') run = ''
  }
  return longest
}

/** Returns the character that a token stands for; undefined for classes, anchors and the point. */
function plainCharacter(token: string): string | undefined {
  if (/^\\[^\w\s]$/u.test(token)) return token.slice(1)
  return /^[^\\[\].^$]$/u.test(token) ? token : undefined
}
