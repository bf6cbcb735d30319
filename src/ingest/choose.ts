import { Ajv, type ValidateFunction } from 'ajv'

/** The keyword of an event schema that says which events it judges. */
export const MATCH_KEYWORD = 'x-stashwatch-match'

/** A match rule that cannot be read; the message says what was expected. */
export class MatchError extends Error {
  readonly code = 'match_invalid'
  override readonly name = 'MatchError'
}

type Schema = Readonly<Record<string, unknown>>

/**
 * Compiles the match rules of schemas, in the order in which the schemas are asked: each a list of alternatives, each
 * a map from a dotted path to the value that must be there (in an array: among its elements), to a list of such
 * values, or to true for "is there and not null". A schema without a rule matches nothing by itself. The result maps
 * a nested event to the index of the first schema that matches, or -1. Throws a `MatchError` for any other rule.
 */
export function compileMatch(rules: readonly unknown[]): (event: object) => number {
  const ajv = new Ajv({ strict: false })
  const matchers = rules.flatMap((rule, index) => (rule === undefined ? [] : [{ index, differs: compile(ajv, rule) }]))
  return (event) => {
    for (const { index, differs } of matchers) {
      if (!differs(event)) return index
    }
    return -1
  }
}

/** Asks for the opposite, because only inside `not` is a schema compiled without the making of errors. */
function compile(ajv: Ajv, rule: unknown): ValidateFunction {
  if (!Array.isArray(rule) || rule.length === 0) throw malformed(rule)
  return ajv.compile({ not: { anyOf: rule.map((alternative: unknown) => alternativeSchema(alternative)) } })
}

function alternativeSchema(alternative: unknown): Schema {
  const tests = typeof alternative === 'object' && alternative !== null ? Object.entries(alternative) : []
  if (tests.length === 0 || Array.isArray(alternative)) throw malformed(alternative)
  return { allOf: tests.map(([path, want]) => pathSchema(path.split('.'), want)) }
}

function pathSchema([key, ...rest]: readonly string[], want: unknown): Schema {
  if (key === undefined) return valueSchema(want)
  return { type: 'object', required: [key], properties: { [key]: pathSchema(rest, want) } }
}

function valueSchema(want: unknown): Schema {
  if (want === true) return { not: { type: 'null' } }
  const values: unknown[] = Array.isArray(want) ? want : [want]
  const scalars = values.every((value) => typeof value === 'string' || typeof value === 'number')
  if (!scalars || values.length === 0) throw malformed(want)
  return { anyOf: [{ enum: values }, { type: 'array', contains: { enum: values } }] }
}

function malformed(found: unknown): MatchError {
  const example = '[{ "event.dataset": "system.cpu" }, { "machine.id": true }]'
  return new MatchError(`${MATCH_KEYWORD}: expected a list such as ${example}, found ${JSON.stringify(found)}`)
}
