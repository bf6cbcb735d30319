/** The keyword of an event schema that says which events it judges. */
export const MATCH_KEYWORD = 'x-stashwatch-match'

/** A match rule that cannot be read; the message says what was expected. */
export class MatchError extends Error {
  readonly code = 'match_invalid'
  override readonly name = 'MatchError'
}

type Schema = Readonly<Record<string, unknown>>

/**
 * Turns a match rule into a JSON schema that accepts the events, in nested form, which the rule does NOT match: only
 * inside `not` is a schema compiled without the making of errors, and most events differ from most rules. A rule is a
 * list of alternatives, each a map from a dotted path to the value that must be there (in an array: among its
 * elements), to a list of such values, or to true for "is there and not null". Throws a `MatchError` for another form.
 */
export function differenceSchema(rule: unknown): Schema {
  if (!Array.isArray(rule) || rule.length === 0) throw malformed(rule)
  return { not: { anyOf: rule.map((alternative: unknown) => alternativeSchema(alternative)) } }
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
