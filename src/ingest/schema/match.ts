import { isReference } from '../../model.ts'

/** Keyword of an event schema with its match rule: the events that the schema validates. */
export const MATCH_KEYWORD = 'x-stashwatch-match'

/** An invalid match rule. The message says what was expected. */
class MatchError extends Error {
  readonly code = 'match_invalid'
  override readonly name = 'MatchError'
}

type Scalar = string | number

/** A field of an event must hold one of these values; `any`: any value but null. */
interface FieldMatch {
  readonly path: readonly string[]
  readonly want: ReadonlySet<Scalar> | 'any'
}

/** One alternative of a rule: all of its tests must match. */
type Alternative = readonly FieldMatch[]

/** An alternative in a lookup, without the test that it is indexed by. A lower rank wins. */
interface Candidate<T> {
  readonly rank: number
  readonly tests: Alternative
  readonly value: T
}

/** Branches by the value of one field. */
interface ValueIndex<T> {
  readonly path: readonly string[]
  readonly byValue: Map<Scalar, Candidate<T>[]>
}

/** Branches that only require presence, by the top-level field of their first test. */
interface PresenceRule<T> {
  readonly root: string
  readonly candidates: Candidate<T>[]
}

/** Returns the value of the first rule that matches an event in nested form. */
type SelectSchema<T> = (event: object) => T | undefined

interface SchemaRule<T> {
  readonly alternatives: readonly Alternative[]
  readonly value: T
}

const DATASET = 'event.dataset'

/**
 * Parses a match rule: a list of alternatives, each a map from a dotted path to the required value (in an array: one of
 * its elements), to a list of such values, or to true for "present and not null". Throws a `MatchError` for any other
 * form.
 */
export function readMatch(rule: unknown): readonly Alternative[] {
  if (!Array.isArray(rule) || rule.length === 0) throw malformed(rule)
  return rule.map((alternative: unknown) => {
    const tests = isNode(alternative) ? Object.entries(alternative) : []
    if (tests.length === 0) throw malformed(alternative)
    return tests.map(([path, want]) => ({ path: readPath(path), want: readWant(want) }))
  })
}

/**
 * Compiles rules into one lookup, so that more rules do not make it slower: an alternative is indexed by the value of a
 * field that it names, preferably `event.dataset`. Alternatives with that field take precedence over others; among
 * equals the earlier rule wins.
 */
export function createSelector<T>(rules: readonly SchemaRule<T>[]): SelectSchema<T> {
  const datasets = new Map<Scalar, Candidate<T>[]>()
  const switches: ValueIndex<T>[] = []
  const doors: PresenceRule<T>[] = []
  for (const [rank, { alternatives, value }] of rules.entries()) {
    for (const tests of alternatives) {
      const key = tests.find(({ path, want }) => want !== 'any' && path.join('.') === DATASET)
      const pivot = key ?? tests.findLast(({ want }) => want !== 'any')
      const branch = { rank, tests: tests.filter((test) => test !== pivot), value }
      if (pivot === undefined) addPresenceRule(doors, branch)
      else addCases(key === undefined ? listCases(switches, pivot.path) : datasets, pivot, branch)
    }
  }
  return (event) => {
    const named = pick(datasets, readDataset(event), event, undefined)
    if (named !== undefined) return named.value
    let best: Candidate<T> | undefined
    for (const { path, byValue } of switches) best = pick(byValue, valueAt(event, path), event, best)
    for (const { root, candidates } of doors) {
      if ((event as Readonly<Record<string, unknown>>)[root] !== undefined) best = better(candidates, event, best)
    }
    return best?.value
  }
}

function addPresenceRule<T>(doors: PresenceRule<T>[], branch: Candidate<T>): void {
  const root = branch.tests[0]?.path[0] ?? ''
  const door = doors.find((known) => known.root === root)
  if (door === undefined) doors.push({ root, candidates: [branch] })
  else door.candidates.push(branch)
}

function addCases<T>(cases: Map<Scalar, Candidate<T>[]>, pivot: FieldMatch, branch: Candidate<T>): void {
  if (pivot.want === 'any') return
  for (const value of pivot.want) cases.set(value, [...(cases.get(value) ?? []), branch])
}

function listCases<T>(switches: ValueIndex<T>[], path: readonly string[]): Map<Scalar, Candidate<T>[]> {
  const known = switches.find((one) => one.path.join('.') === path.join('.'))
  if (known !== undefined) return known.byValue
  const byValue = new Map<Scalar, Candidate<T>[]>()
  switches.push({ path, byValue })
  return byValue
}

function pick<T>(
  cases: ReadonlyMap<Scalar, readonly Candidate<T>[]>,
  found: unknown,
  event: object,
  best: Candidate<T> | undefined,
): Candidate<T> | undefined {
  if (!Array.isArray(found)) return better(cases.get(found as Scalar), event, best)
  return found.reduce(
    (best: Candidate<T> | undefined, item: unknown) => better(cases.get(item as Scalar), event, best),
    best,
  )
}

/**
 * Returns the better of `best` and the first branch that matches. Branches are ordered by rank, so the first match is
 * the best of them.
 */
function better<T>(
  branches: readonly Candidate<T>[] | undefined,
  event: object,
  best: Candidate<T> | undefined,
): Candidate<T> | undefined {
  if (branches === undefined) return best
  for (const branch of branches) {
    if (best !== undefined && branch.rank >= best.rank) return best
    if (branch.tests.every(({ path, want }) => holds(valueAt(event, path), want))) return branch
  }
  return best
}

function holds(value: unknown, want: FieldMatch['want']): boolean {
  if (want === 'any') return value !== undefined && value !== null && !isReference(value)
  return Array.isArray(value) ? value.some((item) => want.has(item as Scalar)) : want.has(value as Scalar)
}

/**
 * Returns the dataset of an event. Written out because every event passes here, and property names in the code are read
 * fastest.
 */
function readDataset(event: { readonly event?: unknown }): unknown {
  const node = event.event
  return isNode(node) ? node['dataset'] : undefined
}

function valueAt(event: object, path: readonly string[]): unknown {
  let value: unknown = event
  for (const key of path) {
    if (!isNode(value)) return undefined
    value = value[key]
  }
  return value
}

const isNode = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Rejects names that every object inherits: they would be found in each event. */
function readPath(path: string): readonly string[] {
  const segments = path.split('.')
  const wrong = segments.find((segment) => segment === '' || segment in Object.prototype)
  if (wrong === undefined) return segments
  throw new MatchError(`${MATCH_KEYWORD}: expected a dotted path of field names, found ${JSON.stringify(path)}`)
}

function readWant(want: unknown): FieldMatch['want'] {
  if (want === true) return 'any'
  const values: unknown[] = Array.isArray(want) ? want : [want]
  const scalars = values.filter((value): value is Scalar => typeof value === 'string' || typeof value === 'number')
  if (scalars.length !== values.length || values.length === 0) throw malformed(want)
  return new Set(scalars)
}

function malformed(found: unknown): MatchError {
  const example = '[{ "event.dataset": "system.cpu" }, { "machine.id": true }]'
  return new MatchError(`${MATCH_KEYWORD}: expected a list such as ${example}, found ${JSON.stringify(found)}`)
}
