import { RE2JS } from 're2js'
import { type CompiledPattern, createSearch, readProgram, type StepBudget } from './automaton.ts'

/** A compiled RE2 expression. Matching takes time linear in the length of the text. */
export interface Pattern {
  /**
   * The most steps that a search can take: those of a text of `MAX_SEARCHED` characters in which every character keeps
   * every instruction busy.
   */
  readonly maxSteps: number
  /**
   * Searches the first `MAX_SEARCHED` characters of a text, and takes its steps from the budget. Returns undefined where
   * the budget does not suffice. The steps depend on the expression and the text only.
   */
  isFoundIn(text: string, budget: StepBudget): boolean | undefined
  /** Returns true if the expression matches the whole text. */
  matches(text: string): boolean
}

/** Why an expression cannot be compiled, as the end of a sentence. */
interface InvalidPattern {
  readonly reason: string
}

/** Longer texts are searched up to here. */
export const MAX_SEARCHED = 8192
/** The most instructions of an expression: each takes memory, and a step at each character. */
const MAX_SIZE = 10_000
/** So many characters are looked through for a literal in the time of one step. */
const LITERAL_PER_STEP = 64

/** Compiles an RE2 expression. Returns the fault, instead of throwing, if it is invalid. */
export function compilePattern(expression: string): Pattern | InvalidPattern {
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(expression)
  } catch (error) {
    const known = error instanceof Error && 'error' in error && typeof error.error === 'string'
    const reason = known ? String(error.error) : 'it cannot be read'
    const why = /\(\?<?[=!]|\\[1-9]/.test(expression) ? '; RE2 has no look-ahead, look-behind or back-references' : ''
    return { reason: `${reason}${why}` }
  }
  const size = compiled.programSize()
  if (size <= MAX_SIZE) return createPattern(compiled, size)
  return {
    reason: `it compiles to ${size} instructions, at most ${MAX_SIZE} are possible; a repetition such as {0,1000} is compiled that many times`,
  }
}

function createPattern(compiled: RE2JS, size: number): Pattern {
  const mayMatch = compileLiterals(compiled.re2().prefilter as Literals | null)
  const search = createSearch(readProgram(compiled.re2().prog as CompiledPattern))
  return {
    maxSteps: size * MAX_SEARCHED,
    isFoundIn(text, budget) {
      const head = text.length > MAX_SEARCHED ? text.slice(0, MAX_SEARCHED) : text
      return mayMatch(head, budget) && search(head, budget)
    },
    matches: (text) => compiled.testExact(text),
  }
}

/** The texts that every match contains, as re2js finds them in an expression: one, all of several, or one of several. */
interface Literals {
  readonly type: number
  readonly str: string
  readonly subs: readonly Literals[]
}

const LITERAL = { none: 0, exact: 1, all: 2 }

/** Returns a test that texts without these literals fail. To search for them first is far cheaper than to match. */
function compileLiterals(literals: Literals | null): (text: string, budget: StepBudget) => boolean {
  if (literals === null || literals.type === LITERAL.none) return () => true
  if (literals.type === LITERAL.exact) {
    return (text, budget) => {
      budget.left -= Math.ceil(text.length / LITERAL_PER_STEP)
      return text.includes(literals.str)
    }
  }
  const tests = literals.subs.map(compileLiterals)
  return literals.type === LITERAL.all
    ? (text, budget) => tests.every((test) => test(text, budget))
    : (text, budget) => tests.some((test) => test(text, budget))
}

/**
 * Returns true if a pattern with `*` (any text) and `?` (one character) matches the whole name. Without recursion; in
 * the worst case the time is proportional to the product of the lengths.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let star = -1
  let mark = 0
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++
      mark = n
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p++
      n++
    } else if (star >= 0) {
      p = star + 1
      n = ++mark
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** Returns true if a pattern has wildcards. */
export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern)
}

/** Begins a pattern of hosts to which something does not apply. */
const NOT = '!'

export function isNegated(pattern: string): boolean {
  return pattern.startsWith(NOT)
}

/** Returns a pattern without its `!`. */
export function withoutNot(pattern: string): string {
  return isNegated(pattern) ? pattern.slice(NOT.length) : pattern
}
