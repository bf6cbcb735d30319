import type * as Raw from '../../generated/config.ts'
import type { FieldTest } from '../../model.ts'
import { compilePattern } from '../../labels/pattern.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'

type RawTests = Exclude<Raw.FieldTest, string | number | boolean | readonly unknown[]>

/** Reads the tests of a `where`: a value, a list of values, or a mapping of tests for each field. */
export function readWhere(
  raw: Readonly<Record<string, Raw.FieldTest>>,
  pointer: string,
  diagnostics: Diagnostics,
): readonly FieldTest[] {
  return Object.entries(raw).map(([field, test]) => {
    if (Array.isArray(test)) return { field, oneOf: test.map(String) }
    if (typeof test !== 'object') return { field, oneOf: [String(test)] }
    checkTests(test, below(pointer, field), diagnostics)
    return { field, ...test }
  })
}

function checkTests(tests: RawTests, pointer: string, diagnostics: Diagnostics): void {
  if (tests.exists === false && Object.keys(tests).length > 1) {
    diagnostics.error(
      `${pointer}/exists`,
      describe('a field that does not exist fails every other test', { fix: "remove 'exists' or the other tests" }),
    )
  }
  if (tests.above !== undefined && tests.below !== undefined && tests.above >= tests.below) {
    diagnostics.error(
      `${pointer}/above`,
      `no number is above ${tests.above} and below ${tests.below}: did you mean to swap them?`,
    )
  }
  if (tests.matches !== undefined) checkExpression(tests.matches, `${pointer}/matches`, diagnostics)
}

function checkExpression(expression: string, pointer: string, diagnostics: Diagnostics): void {
  const pattern = compilePattern(expression)
  if ('reason' in pattern) {
    diagnostics.error(
      pointer,
      describe(`the regular expression is not valid: ${pattern.reason}`, {
        found: diagnostics.describeValue(pointer),
        expected: 'RE2 syntax',
      }),
    )
  }
}
