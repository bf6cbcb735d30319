import { RE2JS } from 're2js'

/** An RE2 expression, compiled. What a match costs grows with the text, and with nothing else. */
export interface Pattern {
  /** Whether it is found anywhere in the text. */
  isIn(text: string): boolean
  /** Whether it fits the text from its first to its last character. */
  fits(text: string): boolean
}

/** Why an expression cannot be compiled, as the end of a sentence. */
export interface PatternFault {
  readonly fault: string
}

export function compilePattern(expression: string): Pattern | PatternFault {
  try {
    const compiled = RE2JS.compile(expression)
    return { isIn: (text) => compiled.test(text), fits: (text) => compiled.testExact(text) }
  } catch (error) {
    const known = error instanceof Error && 'error' in error && typeof error.error === 'string'
    const reason = known ? String(error.error) : 'it cannot be read'
    const why = /\(\?<?[=!]|\\[1-9]/.test(expression) ? '; RE2 has no look-ahead, look-behind or back-references' : ''
    return { fault: `${reason}${why}` }
  }
}
