import { RE2JS } from 're2js'

/** A compiled RE2 expression. Matching takes time linear in the length of the text. */
interface Pattern {
  /** Returns true if the expression matches anywhere in the text. */
  isFoundIn(text: string): boolean
  /** Returns true if the expression matches the whole text. */
  matches(text: string): boolean
}

/** Why an expression cannot be compiled, as the end of a sentence. */
interface InvalidPattern {
  readonly reason: string
}

/** Compiles an RE2 expression. Returns the fault, instead of throwing, if it is invalid. */
export function compilePattern(expression: string): Pattern | InvalidPattern {
  try {
    const compiled = RE2JS.compile(expression)
    return { isFoundIn: (text) => compiled.test(text), matches: (text) => compiled.testExact(text) }
  } catch (error) {
    const known = error instanceof Error && 'error' in error && typeof error.error === 'string'
    const reason = known ? String(error.error) : 'it cannot be read'
    const why = /\(\?<?[=!]|\\[1-9]/.test(expression) ? '; RE2 has no look-ahead, look-behind or back-references' : ''
    return { reason: `${reason}${why}` }
  }
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
