import type * as Raw from '../generated/config.ts'
import type { FieldTest } from '../model.ts'
import { compilePattern } from '../pattern.ts'
import { below } from './mistakes.ts'
import type { Report } from './mistakes.ts'

type RawTests = Exclude<Raw.FieldTest, string | number | boolean | readonly unknown[]>

/** The tests of a `where`: a value, a list of values, or a mapping of tests for each field. */
export function readWhere(
  raw: Readonly<Record<string, Raw.FieldTest>>,
  pointer: string,
  report: Report,
): readonly FieldTest[] {
  return Object.entries(raw).map(([field, test]) => {
    if (Array.isArray(test)) return { field, oneOf: test.map(String) }
    if (typeof test !== 'object') return { field, oneOf: [String(test)] }
    checkTests(test, below(pointer, field), report)
    return { field, ...test }
  })
}

function checkTests(tests: RawTests, pointer: string, report: Report): void {
  if (tests.exists === false && Object.keys(tests).length > 1) {
    report.mistake(`${pointer}/exists`, 'a field that does not exist passes no other test; remove one of them')
  }
  if (tests.above !== undefined && tests.below !== undefined && tests.above >= tests.below) {
    report.mistake(`${pointer}/above`, `no number is above ${tests.above} and below ${tests.below}`)
  }
  if (tests.matches !== undefined) checkExpression(tests.matches, `${pointer}/matches`, report)
}

function checkExpression(expression: string, pointer: string, report: Report): void {
  const pattern = compilePattern(expression)
  if ('fault' in pattern) {
    report.mistake(pointer, `expected an RE2 expression, found ${report.written(pointer)}: ${pattern.fault}`)
  }
}
