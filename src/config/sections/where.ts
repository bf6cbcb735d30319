import type * as Raw from '../../generated/config.ts'
import type { FieldTest, ValueTest } from '../../model.ts'
import { EVENT_STEPS } from '../../labels/automaton.ts'
import { compilePattern, MAX_SEARCHED } from '../../labels/pattern.ts'
import { below, describe } from '../../text/diagnostic.ts'
import type { Diagnostics } from '../file/diagnostics.ts'

type RawTests = Exclude<Raw.FieldTest, string | number | boolean | readonly unknown[]>

/** Reads the tests of a `where`: a value, a list of values, or a mapping of tests for each field. */
export function readWhere(
  raw: Readonly<Record<string, Raw.FieldTest>>,
  pointer: string,
  diagnostics: Diagnostics,
): readonly FieldTest[] {
  return Object.entries(raw).map(([field, test]) => ({ field, ...readTest(test, below(pointer, field), diagnostics) }))
}

function readTest(raw: Raw.FieldTest, pointer: string, diagnostics: Diagnostics): ValueTest {
  if (Array.isArray(raw)) return { oneOf: raw.map(String) }
  if (typeof raw !== 'object') return { oneOf: [String(raw)] }
  checkTests(raw, pointer, diagnostics)
  const { not, ...tests } = raw
  return not === undefined ? tests : { ...tests, not: readTest(not, below(pointer, 'not'), diagnostics) }
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

/** Expressions that may take more steps are warned of: a few such rules take all that an event has. */
const COSTLY = EVENT_STEPS / 5

const millions = (steps: number): string => `${Number((steps / 1e6).toFixed(1))} million`

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
  } else if (pattern.maxSteps > COSTLY) {
    const cost = `${millions(pattern.maxSteps)} steps on a text of ${MAX_SEARCHED} characters`
    const what = `the expression may take ${cost}, of the ${millions(EVENT_STEPS)} that an event has for all rules`
    const fix = 'replace a repetition with a large upper limit, such as {0,200}, by *, or test other fields too'
    diagnostics.warn(pointer, describe(what, { fix }))
  }
}
