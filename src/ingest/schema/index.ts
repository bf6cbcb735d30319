import { fileURLToPath } from 'node:url'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { createSelector, MATCH_KEYWORD, readMatch } from './match.ts'
import type { Rejection } from '../../model.ts'
import { BASE, guard, readSchemaFiles, SchemaError } from './files.ts'
import type { SchemaFile } from './files.ts'
import { shapeEvent } from './shape.ts'

export { SchemaError } from './files.ts'

/** All schemas stand in this one folder as far as references go, wherever their files are. */
const ID = 'https://schemas.stashwatch.example/events/'
/** Numeric text: what `parseNumber` of extraction reads; a test holds the two together. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const MAX_NUMBER_LENGTH = 100
/** What nvidia-smi, Slurm and access logs write where there is no number. */
const NO_READING: ReadonlySet<string> = new Set(['', '-', 'N/A', '[N/A]', 'n/a', '[Not Supported]', '[Unknown Error]'])
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** What our own formats mean, in words for a reason. */
const FORMAT_WORDS: Readonly<Record<string, string>> = {
  numeric: 'a number',
  percent: 'a number from 0 to 100',
  reading: 'a number or a mark for none, such as null, "-" or "N/A"',
  uuid: 'a UUID',
}
/** So much of a wrong value is repeated in a reason. */
const MAX_SHOWN = 40

/** An event that its schema accepts, in nested form, and the kind that the schema is for. */
export interface Accepted {
  readonly kind: string
  readonly event: object
}

/** Why an event is refused. */
export type Refused = Omit<Rejection, 'index'>

export interface Schemas {
  /** The kinds that have a schema: the user's own first, then the built-in ones, by name. */
  readonly kinds: readonly string[]
  /** Those of them that the user's own schemas are for. */
  readonly own: readonly string[]
  /**
   * Judges one parsed event by its shape and by the schema of its kind, which a refusal names if it got that far.
   * Never throws with the built-in schemas, whatever was posted.
   */
  judge(event: unknown): Accepted | (Refused & { readonly kind?: string })
}

interface Kind {
  readonly kind: string
  readonly validate: ValidateFunction
}

/**
 * Reads a folder of JSON schemas (draft-07), one `<kind>.schema.json` a kind of event, among them `base.schema.json`
 * for events of no other kind, and compiles them once. The schemas of a second folder, the user's own, are asked
 * first and may replace those of the same kind. Throws a `SchemaError` that names the file at fault.
 */
export function createSchemas(folder: URL | string, own?: string): Schemas {
  const files = readSchemaFiles(typeof folder === 'string' ? folder : fileURLToPath(folder), own)
  const ajv = createAjv()
  for (const { file, kind, schema } of files) {
    guard(file, () => ajv.addSchema({ ...schema, $id: schemaId(kind) }))
  }
  const kinds = files.map((file): Kind => ({ kind: file.kind, validate: compile(file, ajv) }))
  const base = kinds.find(({ kind }) => kind === BASE)
  if (base === undefined) throw new SchemaError('base.schema.json', 'expected this file beside the other schemas')
  const choose = createSelector(files.flatMap((file, i) => matchRule(file, kinds[i] ?? base)))
  return {
    kinds: kinds.map(({ kind }) => kind),
    own: files.filter(({ isOwn }) => isOwn).map(({ kind }) => kind),
    judge(value) {
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
  const validate = guard(file, () => ajv.getSchema(schemaId(kind)))
  if (validate === undefined) throw new SchemaError(file, 'the schema could not be compiled')
  return validate
}

/** The base schema judges what is left over, and needs no rule of its own. */
function matchRule({ file, kind, schema }: SchemaFile, value: Kind): Parameters<typeof createSelector<Kind>>[0] {
  const rule = schema[MATCH_KEYWORD]
  return kind === BASE && rule === undefined ? [] : [{ alternatives: guard(file, () => readMatch(rule)), value }]
}

function createAjv(): Ajv {
  // Unknown keywords and required fields that are nowhere described are typing errors; a missing type is a choice.
  const ajv = new Ajv({ strict: true, strictTypes: false, allErrors: false, verbose: true })
  ajv.addKeyword(MATCH_KEYWORD)
  ajv.addFormat('numeric', { type: 'string', validate: (text: string) => !Number.isNaN(readNumber(text)) })
  ajv.addFormat('reading', {
    type: 'string',
    validate: (text: string) => NO_READING.has(text.trim()) || !Number.isNaN(readNumber(text)),
  })
  ajv.addFormat('uuid', UUID)
  ajv.addFormat('percent', {
    type: 'string',
    validate: (text: string) => readNumber(text) >= 0 && readNumber(text) <= 100,
  })
  return ajv
}

/** The number in a text, NaN when there is none. */
function readNumber(text: string): number {
  if (text.length > MAX_NUMBER_LENGTH || !DECIMAL.test(text)) return Number.NaN
  const number = Number(text)
  return Number.isFinite(number) ? number : Number.NaN
}

/** Says in plain words what was found and what was expected. Only the first fault of an event is looked for. */
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

/** A wrong value as JSON would write it, cut to a length that is safe to repeat. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'number' && !Number.isFinite(value)) return 'a number beyond the range of a double'
  if (typeof value !== 'string') return String(value)
  const text = JSON.stringify(value.slice(0, MAX_SHOWN).toWellFormed())
  return value.length > MAX_SHOWN ? `${text}...` : text
}
