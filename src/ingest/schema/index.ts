import { fileURLToPath } from 'node:url'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { EVENT_STEPS, type StepBudget } from '../../labels/automaton.ts'
import { compilePattern } from '../../labels/pattern.ts'
import { createSelector, MATCH_KEYWORD, readMatch } from './match.ts'
import type { Rejection } from '../../model.ts'
import { BASE, nameFileInErrors, readSchemaFiles, SchemaError } from './files.ts'
import type { SchemaFile } from './files.ts'
import { shapeEvent } from './shape.ts'

export { SchemaError } from './files.ts'

/** Base URI of all schemas: references see them in one folder, wherever their files are. */
const ID = 'https://schemas.stashwatch.example/events/'
/** Numeric text, as `parseNumber` of extraction reads it; a test keeps the two equal. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const MAX_NUMBER_LENGTH = 100
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** Descriptions of the custom formats, for reasons. */
const FORMAT_WORDS: Readonly<Record<string, string>> = {
  numeric: 'a number',
  percent: 'a number from 0 to 100',
  uuid: 'a UUID',
}
/** The most characters of a wrong value that a reason repeats. */
const MAX_SHOWN = 40

/** An event that its schema accepts, in nested form, and its kind. */
export interface Accepted {
  readonly kind: string
  readonly event: object
}

/** Why an event is rejected. */
type Refused = Omit<Rejection, 'index'>

export interface Schemas {
  /** Kinds that have a schema: custom ones first, then built-in ones, by name. */
  readonly kinds: readonly string[]
  /** Kinds with a custom schema. */
  readonly customKinds: readonly string[]
  /**
   * Validates the shape of one parsed event, then its content by the schema of its kind. A rejection names the kind if
   * it was determined. With the built-in schemas this never throws, whatever was posted. A `pattern` takes its steps from
   * the budget; one for which it does not suffice does not match.
   */
  judge(event: unknown, budget?: StepBudget): Accepted | (Refused & { readonly kind?: string })
}

interface Kind {
  readonly kind: string
  readonly validate: ValidateFunction
}

/**
 * Reads and compiles a folder of JSON schemas (draft-07), one `<kind>.schema.json` per kind of event, with
 * `base.schema.json` for events of no other kind. The custom schemas of a second folder take precedence and may replace
 * those of the same kind. Throws a `SchemaError` that names the invalid file.
 */
export function createSchemas(folder: URL | string, own?: string): Schemas {
  const files = readSchemaFiles(typeof folder === 'string' ? folder : fileURLToPath(folder), own)
  const patterns: PatternSteps = { budget: { left: 0 } }
  const ajv = createAjv(patterns)
  for (const { file, kind, schema } of files) {
    nameFileInErrors(file, () => ajv.addSchema({ ...schema, $id: schemaId(kind) }))
  }
  const kinds = files.map((file): Kind => ({ kind: file.kind, validate: compile(file, ajv) }))
  const base = kinds.find(({ kind }) => kind === BASE)
  if (base === undefined) throw new SchemaError('base.schema.json', 'expected this file beside the other schemas')
  const choose = createSelector(files.flatMap((file, i) => matchRule(file, kinds[i] ?? base)))
  return {
    kinds: kinds.map(({ kind }) => kind),
    customKinds: files.filter(({ isCustom }) => isCustom).map(({ kind }) => kind),
    judge(value, budget = { left: EVENT_STEPS }) {
      patterns.budget = budget
      const shaped = shapeEvent(value)
      if (!('event' in shaped)) return shaped
      const { event } = shaped
      const { kind, validate } = choose(event) ?? base
      return validate(event) ? { kind, event } : { kind, ...explain(validate.errors?.[0]) }
    },
  }
}

const schemaId = (kind: string): string => `${ID}${kind}.schema.json`

function compile({ file, kind }: SchemaFile, ajv: Ajv): ValidateFunction {
  const validate = nameFileInErrors(file, () => ajv.getSchema(schemaId(kind)))
  if (validate === undefined) throw new SchemaError(file, 'the schema could not be compiled')
  return validate
}

/** Returns the match rule of a schema. The base schema is the fallback and needs none. */
function matchRule({ file, kind, schema }: SchemaFile, value: Kind): Parameters<typeof createSelector<Kind>>[0] {
  const rule = schema[MATCH_KEYWORD]
  return kind === BASE && rule === undefined
    ? []
    : [{ alternatives: nameFileInErrors(file, () => readMatch(rule)), value }]
}

/** The steps that patterns of schemas may take for the current event. */
interface PatternSteps {
  budget: StepBudget
}

function createAjv(patterns: PatternSteps): Ajv {
  const regExp = Object.assign((pattern: string) => createTest(pattern, patterns), { code: 'new RegExp' })
  // Unknown keywords, and required fields without a description, are typing errors; a missing type is a choice.
  const ajv = new Ajv({ strict: true, strictTypes: false, allErrors: false, verbose: true, code: { regExp } })
  ajv.addKeyword(MATCH_KEYWORD)
  ajv.addFormat('numeric', { type: 'string', validate: (text: string) => !Number.isNaN(readNumber(text)) })
  ajv.addFormat('uuid', UUID)
  ajv.addFormat('percent', {
    type: 'string',
    validate: (text: string) => readNumber(text) >= 0 && readNumber(text) <= 100,
  })
  return ajv
}

/** Patterns are compiled as RE2 expressions too, because senders may post anything. */
function createTest(source: string, patterns: PatternSteps): { test(text: string): boolean } {
  const pattern = compilePattern(source)
  if (!('reason' in pattern)) return { test: (text) => pattern.isFoundIn(text, patterns.budget) === true }
  throw new Error(`pattern: expected an RE2 regular expression, found ${JSON.stringify(source)}: ${pattern.reason}`)
}

/** Returns the number in a text; NaN if there is none. */
function readNumber(text: string): number {
  if (text.length > MAX_NUMBER_LENGTH || !DECIMAL.test(text)) return Number.NaN
  const number = Number(text)
  return Number.isFinite(number) ? number : Number.NaN
}

/** Describes what was found and what was expected. Only the first error of an event is reported. */
function explain(error: ErrorObject | null | undefined): Refused {
  const { instancePath: path = '', keyword } = error ?? {}
  const code = path === '/@timestamp' ? 'timestamp' : 'schema'
  const missing: unknown = error?.params.missingProperty
  if (keyword === 'required' && typeof missing === 'string') {
    return { path: `${path}/${missing}`, reason: `expected the field "${missing}", found none`, code }
  }
  return { path, reason: `expected ${expected(error)}, found ${show(error?.data)}`, code }
}

function expected(error: ErrorObject | null | undefined): string {
  const { format, type } = (error?.parentSchema ?? {}) as { readonly format?: string; readonly type?: unknown }
  const words = FORMAT_WORDS[format ?? '']
  if (words !== undefined) return words
  return error?.keyword === 'type' ? typeWords(type) : `what the schema asks for (${error?.message ?? 'no reason'})`
}

function typeWords(type: unknown): string {
  const names = [type].flat().map(String)
  const words = names.map((name) => (name === 'null' ? 'null' : `${/^[aeio]/.test(name) ? 'an' : 'a'} ${name}`))
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words.at(-1)}` : words.join('')
}

/** Returns a wrong value as JSON, cut to a length that is safe to repeat. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'number' && !Number.isFinite(value)) return 'a number beyond the range of a double'
  if (typeof value !== 'string') return String(value)
  const text = JSON.stringify(value.slice(0, MAX_SHOWN).toWellFormed())
  return value.length > MAX_SHOWN ? `${text}...` : text
}
